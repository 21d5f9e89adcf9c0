"""Fifty viewers on one cold 16 MiB piece from an origin that sends 8 MiB/s: one at once, the others a second later.

Peers: nginx's proxy_cache with its lock, as it comes and with its timeouts raised, and with slices."""

import os
import uuid
from statistics import median

from paced_origin import PacedOrigin
from servers import Nginx, load

VIEWERS, SIZE, PACE, JOIN_MS, ROUNDS = 50, 16 << 20, 8 << 20, 1000, 3
LATE_BAR_MS = 10
CACHE = "proxy_cache c; proxy_cache_valid any 1h; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_cache_lock on;"


def conf(build, root, origin):
    servers = {
        "nginx, proxy_cache_lock": f"{CACHE} proxy_cache_key $uri; proxy_pass http://origin;",
        "nginx, lock, timeouts 60 s": f"{CACHE} proxy_cache_lock_timeout 60s; proxy_cache_lock_age 60s; proxy_cache_key $uri; proxy_pass http://origin;",
        "nginx, lock and slice 1m": f"{CACHE} slice 1m; proxy_cache_key $uri$slice_range; proxy_set_header Range $slice_range; proxy_pass http://origin;",
    }
    more, addresses = "", {"weir": "127.0.0.1"}
    for number, (name, text) in enumerate(servers.items(), 2):
        addresses[name] = f"127.0.0.{number}"
        more += f"server {{ listen 127.0.0.{number}:%%PORT%%; location / {{ {text} }} }}\n"
    return addresses, Nginx(
        build,
        http=f"""weir_store zone=films:16m path=%%DIR%%/store max_size=2g;
    proxy_cache_path %%DIR%%/cache keys_zone=c:8m max_size=2g inactive=1h;
    upstream origin {{ server 127.0.0.1:{origin.port}; keepalive 8; }}""",
        server=f"""
        location / {{ weir_title; weir_origin @origin; weir_cache films; }}
        location @origin {{ proxy_pass http://origin; include {root}/conf.d/fetch.conf; }}
        location = /_weir/status {{ weir_status; }}""",
        more=more)


def run(build, root):
    body = os.urandom(SIZE)
    rounds = {}
    with PacedOrigin(body, PACE) as origin:
        addresses, nginx = conf(build, root, origin)
        with nginx as edge:
            expected = edge.dir / "expected"
            expected.write_bytes(body)
            one = load(build, edge, f"/p/{uuid.uuid4()}", "--once", "--connections", 1)["viewers"][0]["finish_ms"]
            origin.take_counts()
            for _ in range(ROUNDS):
                for who, address in addresses.items():
                    viewers = load(build, edge, f"/p/{uuid.uuid4()}", "--once", "--connections", VIEWERS, "--join-ms", JOIN_MS,
                                   "--expect", expected, address=address)["viewers"]
                    asked, sent = origin.take_counts()
                    late = sorted(v["first_byte_ms"] for v in viewers[1:])
                    rounds.setdefault(who, []).append((asked, sent, late[len(late) // 2], late[-1], viewers[0]["finish_ms"],
                                                       max(v["finish_ms"] for v in viewers[1:])))
    rows = []
    for who, results in rounds.items():
        asked, sent, late, worst, first_done, late_done = (median(column) for column in zip(*results))
        rows.append({
            "who": who, "origin requests": int(asked), "origin MiB": round(sent / 2**20), "late first byte ms p50": round(late, 1),
            "max": round(worst, 1), "first viewer s": round(first_done / 1000, 2), "late viewer s": round(late_done / 1000, 2),
            "vs one viewer": round(first_done / one, 3), "bar": "1 request, 10 ms" if who == "weir" else None,
            "good": who != "weir" or (max(r[0] for r in results) == 1 and worst <= LATE_BAR_MS),
        })
    return {"title": f"{VIEWERS} viewers on a cold 16 MiB piece, origin at 8 MiB/s (49 join after 1 s); one viewer alone {one / 1000:.2f} s", "rows": rows}
