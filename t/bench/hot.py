"""A hot piece, from the library and from the store, against nginx's own static file of the same size: one worker."""

import os
import uuid
from statistics import median

from servers import Nginx, side_by_side

BAR = 0.98
SIZES = {"64 KiB": 64 << 10, "4 MiB": 4 << 20}


def piece_path(library, name):
    path = library / "pieces" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


ORIGIN = "location @origin { proxy_pass http://origin; include %s/conf.d/fetch.conf; }"


def serve_pieces(build, root):
    """An nginx that shows the same bytes as a static file and from its library (127.0.0.1), and from its store (127.0.0.2)."""
    return Nginx(
        build,
        http="weir_store zone=hot:16m path=%%DIR%%/store max_size=1g;\n    upstream origin { server 127.0.0.1:%%PORT%%; keepalive 4; }",
        server="""
        location /static/ { root %%DIR%%; }
        location / { weir_title; weir_root %%DIR%%/library; }
        location = /_weir/status { weir_status; }""",
        more=f"""server {{
        listen 127.0.0.2:%%PORT%%;
        location / {{ weir_title; weir_origin @origin; weir_cache hot; }}
        {ORIGIN % root}
    }}""")


def run(build, root):
    rows = []
    with serve_pieces(build, root) as edge:
        for label, size in SIZES.items():
            name = str(uuid.uuid4())
            body = os.urandom(size)
            piece_path(edge.dir / "library", name).write_bytes(body)
            (edge.dir / "static").mkdir(exist_ok=True)
            (edge.dir / "static" / name).write_bytes(body)
            paths = {
                "nginx static file": ("127.0.0.1", f"/static/{name}"), "weir, library": ("127.0.0.1", f"/p/{name}"),
                "weir, store": ("127.0.0.2", f"/p/{name}"),
            }
            for address, path in paths.values():
                if edge.get(path, address)[2] != body:
                    raise SystemExit(f"bench: {path} is not the piece")
            runs = side_by_side(build, edge, paths)
            peer = runs["nginx static file"]
            for who, results in runs.items():
                ratio = median(r["rate"] / p["rate"] for r, p in zip(results, peer))
                cpu_ratio = median(p["cpu_us"] / r["cpu_us"] for r, p in zip(results, peer))
                rows.append({
                    "size": label, "who": who, "req/s": round(median(r["rate"] for r in results)),
                    "cpu us/req": round(median(r["cpu_us"] for r in results), 1),
                    "p99 ms": round(median(r["whole_ms"][1] for r in results), 2), "cpu ratio": round(cpu_ratio, 3), "ratio": round(ratio, 3),
                    "bar": None if results is peer else BAR, "good": results is peer or max(ratio, cpu_ratio) >= BAR,
                })
    return {"title": "Hot pieces, 16 connections, req/s against nginx's static file", "rows": rows}
