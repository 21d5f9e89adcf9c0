"""An nginx with the module in a directory of its own, and the client that measures it."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

CORES = sorted(os.sched_getaffinity(0))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx:
    """`with Nginx(build, http, server) as edge:` one worker, on the first core; %%DIR%% and %%PORT%% are filled in.

    `more` holds further servers, on other loopback addresses and the same port."""

    def __init__(self, build, server, http="", more="", module=True):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
        self.dir.chmod(0o755)
        self.port = free_port()
        load = f'load_module "{build}/ngx_http_weir_module.so";' if module else ""
        user = "user root;" if os.geteuid() == 0 else ""
        text = f"""
{load}
{user}
worker_processes 1;
worker_cpu_affinity {1 << CORES[0]:b};
daemon off;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log warn;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 100000000;
    proxy_temp_path %%DIR%%/temp; client_body_temp_path %%DIR%%/body; fastcgi_temp_path %%DIR%%/f; uwsgi_temp_path %%DIR%%/u; scgi_temp_path %%DIR%%/s;
    {http}
    server {{
        listen 127.0.0.1:%%PORT%%;
        {server}
    }}
    {more}
}}
"""
        self.text = text

    def __enter__(self):
        text = self.text.replace("%%DIR%%", str(self.dir)).replace("%%PORT%%", str(self.port))
        (self.dir / "nginx.conf").write_text(text)
        self.process = subprocess.Popen(
            ["nginx", "-p", str(self.dir), "-e", str(self.dir / "error.log"), "-c", str(self.dir / "nginx.conf")])
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"bench: nginx did not start:\n{(self.dir / 'error.log').read_text()}")
                time.sleep(0.02)  # poll

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.dir, ignore_errors=True)

    def get(self, path, address="127.0.0.1", **headers):
        request = urllib.request.Request(f"http://{address}:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()

    def status(self):
        return json.loads(self.get("/_weir/status")[2])

    def worker(self):
        """The worker's process id."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        named = [int(c) for c in children if b"worker process" in pathlib.Path(f"/proc/{c}/cmdline").read_bytes()]
        return named[0]

    def worker_cpu_s(self):
        return int(pathlib.Path(f"/proc/{self.worker()}/schedstat").read_text().split()[0]) / 1e9

    def worker_rss_kib(self, kind="RssAnon"):
        """RssAnon: what the worker itself allocated; RssShmem: what it touched of the zones, which never outgrows their size."""
        for line in pathlib.Path(f"/proc/{self.worker()}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1])
        raise SystemExit(f"bench: no {kind}")


def load(build, server, path, *options, address="127.0.0.1"):
    """One run of the load generator, on the last core."""
    done = subprocess.run(
        ["taskset", "-c", str(CORES[-1]), str(build / "http_load"), address, str(server.port), path, *map(str, options)],
        capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: http_load {path}: {done.stderr}")
    result = json.loads(done.stdout)
    if result["errors"]:
        raise SystemExit(f"bench: {result['errors']} errors on {path}")
    return result


def side_by_side(build, server, paths, repeats=5, seconds=1.0, connections=16):
    """Runs each of {name: (address, path)} in turn, over and over, so that noise hits all alike; per name the runs' figures."""
    runs = {name: [] for name in paths}
    for address, path in paths.values():
        load(build, server, path, "--connections", connections, "--seconds", 0.3, address=address)  # warm up
    for _ in range(repeats):
        for name, (address, path) in paths.items():
            before = server.worker_cpu_s()
            result = load(build, server, path, "--connections", connections, "--seconds", seconds, address=address)
            result["rate"] = result["requests"] / result["seconds"]
            result["cpu_us"] = (server.worker_cpu_s() - before) * 1e6 / max(1, result["requests"])
            runs[name].append(result)
    return runs
