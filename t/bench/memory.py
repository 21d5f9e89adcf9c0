"""Whether an edge's worker grows: its own resident memory over 10,000 requests of every kind, bad ones included."""

import http.client
import os
import pathlib
import tempfile

from hot import ORIGIN
from servers import Nginx
from title import make_film, make_title, make_token

REQUESTS, BAR_KIB = 10_000, 512


def ask(connection, path, headers):
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def mix(token):
    """(path, headers, status), one after the other."""
    good = f"/~{token}/t/film"
    return [
        (f"{good}/header.enp", {}, 200),
        (f"{good}/file.mp4", {"Range": "bytes=100000-300000"}, 206),
        (f"{good}/file.mp4", {"Range": "bytes=-70000"}, 206),
        (f"{good}/file.mp4", {"Range": "bytes=0-1"}, 206),
        (f"{good}/file.mp4", {"Range": "bytes=999999999999-"}, 416),
        (f"{good}/header.enp?format=json", {}, 200),
        (f"/~{token}/p/00000000-0000-4000-8000-000000000000", {}, 404),
        ("/t/film/header.enp", {}, 401),
        (f"/~{token[:-4]}AAAA/t/film/header.enp", {}, 403),
        (f"/~{token}/t/other/header.enp", {}, 403),
    ]


def run(build, root):
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as place:
        os.chmod(place, 0o755)
        here = pathlib.Path(place)
        key = here / "keys" / "film.key"
        key.parent.mkdir()
        make_title(build, make_film(here / "film.mp4", 8), here / "library", key)
        token, jwks = make_token(build, here)
        nginx = Nginx(
            build,
            http="weir_store zone=films:16m path=%%DIR%%/store max_size=1g;\n    upstream origin { server 127.0.0.2:%%PORT%%; keepalive 4; }",
            server=f"""
        location / {{ weir_title keys={key.parent}; weir_origin @origin; weir_cache films; weir_token local keys={jwks}; }}
        {ORIGIN % root}
        location = /_weir/status {{ weir_status; }}""",
            more=f"server {{ listen 127.0.0.2:%%PORT%%; location / {{ weir_title; weir_root {here}/library; }} }}")
        with nginx as edge:
            connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=30)
            requests, wrong = mix(token), {}

            def go(count):
                for i in range(count):
                    path, headers, want = requests[i % len(requests)]
                    got = ask(connection, path, headers)
                    if got != want:
                        wrong[path.replace(token, "TOKEN")] = got

            go(1000)
            before = edge.worker_rss_kib()
            go(REQUESTS)
            after = edge.worker_rss_kib()
            zones = edge.worker_rss_kib("RssShmem")
        if wrong:
            raise SystemExit(f"bench: unexpected answers: {wrong}")
    grown = after - before
    return {"title": f"Own resident memory of an edge's worker over {REQUESTS} requests of {len(requests)} kinds (zones of 16 MiB beside it)", "rows": [
        {"who": "weir", "before KiB": before, "after KiB": after, "grown KiB": grown, "zones KiB": zones, "bar": f"{BAR_KIB} KiB", "good": grown <= BAR_KIB}]}
