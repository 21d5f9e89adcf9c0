#!/usr/bin/env python3
"""Holds the rules of t/lint/house.py against this repository, and runs the formatters and linters over it."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house
import tools
from tree import Tree

root = pathlib.Path(__file__).resolve().parents[2]
os.chdir(root)
tree = Tree.of_repository(root)
checks = house.CHECKS + tools.CHECKS
print(f"1..{len(checks)}")
bad = 0
for number, check in enumerate(checks, 1):
    findings = list(check(tree))
    bad += bool(findings)
    print(f"{'not ' if findings else ''}ok {number} - {check.__name__}: {check.__doc__.splitlines()[0]}", flush=True)
    for finding in findings[:40]:
        print(f"#   {finding}", file=sys.stderr)
    if len(findings) > 40:
        print(f"#   and {len(findings) - 40} more", file=sys.stderr)
sys.exit(bool(bad))
