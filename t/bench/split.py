"""Splitting with encryption, and merging, against the slower of OpenSSL's AES-256-GCM and writing to this disk."""

import pathlib
import re
import subprocess
import tempfile
import time
from statistics import median

from title import make_film, make_title, tool

BAR, MIB, REPEATS = 0.5, 384, 3


def openssl_mb_s():
    text = subprocess.run(["openssl", "speed", "-evp", "aes-256-gcm", "-bytes", "16384", "-seconds", "1"], capture_output=True, text=True).stdout
    return float(re.search(r"^AES-256-GCM\s+([\d.]+)k", text, re.M | re.I)[1]) / 1000


def timed(what):
    begun = time.monotonic()
    what()
    return time.monotonic() - begun


def disk_write(source, target):
    subprocess.run(["dd", f"if={source}", f"of={target}", "bs=4M", "conv=fdatasync", "status=none"], check=True)
    target.unlink()


def run(build, _root):
    (build.parent / "bench").mkdir(exist_ok=True)
    # On the disk of the build, which is a real one; /tmp may be memory.
    with tempfile.TemporaryDirectory(prefix="split-", dir=build.parent / "bench") as place:
        here = pathlib.Path(place)
        film = make_film(here / "film.mp4", MIB)
        mb = film.stat().st_size / 1e6
        rates = {"openssl aes-256-gcm, 16 KiB": [], "disk": [], "weir split, file": [], "weir split, file and ts": [], "weir merge": []}
        for i in range(REPEATS):
            key, back = here / f"{i}.key", here / "back.mp4"
            rates["openssl aes-256-gcm, 16 KiB"].append(openssl_mb_s())
            rates["disk"].append(mb / timed(lambda: disk_write(film, here / "copy")))
            rates["weir split, file"].append(mb / timed(lambda: make_title(build, film, here / f"file{i}", key)))
            rates["weir split, file and ts"].append(mb / timed(lambda: make_title(build, film, here / f"both{i}", key, rendition="both")))
            rates["weir merge"].append(mb / timed(lambda: tool(
                build, "merge", here / f"file{i}" / "titles" / "film" / "header.enp", "-o", back, "--pieces", here / f"file{i}" / "pieces",
                "--key-file", key)))
            if subprocess.run(["cmp", "-s", film, back]).returncode != 0:
                raise SystemExit("bench: what was merged is not what was split")
            subprocess.run(["rm", "-r", back, here / f"file{i}", here / f"both{i}"], check=True)
    peer = min(median(rates["openssl aes-256-gcm, 16 KiB"]), median(rates["disk"]))
    rows = []
    for who, values in rates.items():
        ours, ratio = who.startswith("weir"), median(values) / peer
        barred = who in ("weir split, file", "weir merge")
        rows.append({"who": who, "MB/s": round(median(values)), "ratio": round(ratio, 2) if ours else None,
                     "bar": BAR if barred else None, "good": not barred or ratio >= BAR})
    return {"title": f"A film of {mb:.0f} MB, against the slower of cipher and disk", "rows": rows}
