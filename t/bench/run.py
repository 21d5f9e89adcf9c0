"""Runs benchmarks by name, prints a table each and writes build/bench/NAME.json. script/bench starts it."""

import importlib
import json
import pathlib
import sys
import time

import machine

ALL = ["hot", "token", "herd", "memory", "split", "policy", "index_log"]


def table(rows):
    heads = [h for h in rows[0] if h != "good"] + [""]
    text = [heads] + [["" if r.get(h) is None else str(r.get(h)) for h in heads[:-1]] + ["" if r.get("bar") is None else "ok" if r["good"] else "SHORT"] for r in rows]
    widths = [max(len(line[i]) for line in text) for i in range(len(heads))]
    for line in text:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main(build, names):
    root = pathlib.Path(__file__).resolve().parents[2]
    out = root / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    wrong = [n for n in names if n not in ALL]
    if wrong:
        sys.exit(f"script/bench: no benchmark '{wrong[0]}': {' '.join(ALL)}")
    short = 0
    for name in names or ALL:
        module = {"token": "token_check"}.get(name, name)  # Python has a token of its own
        where = machine.describe(root)
        started = time.time()
        result = importlib.import_module(module).run(pathlib.Path(build), root)
        result |= {"name": name, "machine": where, "seconds": round(time.time() - started, 1)}
        (out / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        print(f"\n{name}: {result['title']}")
        table(result["rows"])
        print("  " + ", ".join(f"{k} {v}" for k, v in where.items()), flush=True)
        short += sum(not row["good"] for row in result["rows"])
    if short:
        print(f"\n{short} below their bar")
    return short > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
