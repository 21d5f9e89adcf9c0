"""Hit ratios of eviction policies over made-up video traces: ours against the published ones. Runs no server."""

import json
import statistics
import subprocess

BAR = 3.0


def run(build, root):
    lines = json.loads(subprocess.run([build / "cache_policy_bench"], check=True, capture_output=True, text=True).stdout)
    rows, gains = [], {}
    for line in lines:
        name = f"{line['trace']}, {line['cache']:g} %"
        if not rows or rows[-1]["trace, cache"] != name:
            rows.append({"trace, cache": name, "bar": None, "good": True})
        rows[-1][line["policy"]] = f"{line['requests']:.1f}/{line['bytes']:.1f}"
        gains.setdefault(line["trace"], {}).setdefault(line["policy"], []).append(line["requests"])
    for trace, by_policy in gains.items():
        gain = statistics.mean(by_policy["weir/8"]) - statistics.mean(by_policy["lru"])
        rows.append({"trace, cache": f"{trace}: weir/8 over LRU", "bar": f"+{BAR:g}", "good": gain >= BAR, "lru": "", "weir/8": f"+{gain:.1f}"})
    rows = [{**dict.fromkeys(rows[0]), **row} for row in rows]
    return {"title": "hit ratio in % of requests/bytes, cache size in % of the catalogue; weir/8: in units of 8 MiB", "rows": rows, "lines": lines}
