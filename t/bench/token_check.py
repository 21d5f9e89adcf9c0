"""What a token costs a hot 64 KiB piece, one worker. A path with a token is half a kilobyte longer, which costs by itself: so the
check is held against a request as long without one, and the row above says what the length costs."""

import os
import pathlib
import tempfile
import uuid
from statistics import median

from hot import piece_path
from servers import Nginx, side_by_side
from title import make_token

BAR = 0.98


def run(build, _root):
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as place:
        os.chmod(place, 0o755)
        token, jwks = make_token(build, pathlib.Path(place))
        jwks.chmod(0o644)
        nginx = Nginx(
            build, server="location / { weir_title; weir_root %%DIR%%/library; }",
            more=f"server {{ listen 127.0.0.2:%%PORT%%; location / {{ weir_title; weir_root %%DIR%%/library; weir_token local keys={jwks}; }} }}")
        with nginx as edge:
            name = str(uuid.uuid4())
            piece_path(edge.dir / "library", name).write_bytes(os.urandom(64 << 10))
            long = f"/p/{name}?{'x' * (len(token) + 1)}"
            runs = side_by_side(build, edge, {
                "short URL": ("127.0.0.1", f"/p/{name}"), "no token, as long": ("127.0.0.1", long),
                "weir_token local": ("127.0.0.2", f"/~{token}/p/{name}")}, repeats=9)
    rows = []
    for who, results in runs.items():
        ratio = median(r["rate"] / p["rate"] for r, p in zip(results, runs["no token, as long"]))
        cpu_ratio = median(p["cpu_us"] / r["cpu_us"] for r, p in zip(results, runs["no token, as long"]))
        checked = who == "weir_token local"
        rows.append({
            "who": who, "req/s": round(median(r["rate"] for r in results)), "cpu us/req": round(median(r["cpu_us"] for r in results), 1),
            "cpu ratio": round(cpu_ratio, 3), "ratio": round(ratio, 3), "bar": BAR if checked else None, "good": not checked or max(ratio, cpu_ratio) >= BAR,
        })
    return {"title": "The token check on hot 64 KiB pieces, 16 connections", "rows": rows}
