"""Measures what a station does without a disk against floors taken in the same run (docs/station.md).

Usage: PROFBILET=release/profbilet python3 Tests/Benchmarks/station.py
"""

import json
import subprocess
import tempfile

from figures import BENCH, finish, row


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([BENCH, "station", "make", folder], check=True)
        output = subprocess.run([BENCH, "station", "run", folder], check=True, capture_output=True, text=True).stdout
    figures = {figure["name"]: figure["value"] for figure in map(json.loads, output.splitlines())}
    for scan, floor in (("plastic", "one Ed25519 verification"), ("virtual", "one Ed25519 and one P-256 verification")):
        row(f"decide, {scan}, of 100 000 people", figures[f"decide, {scan}"] * 1000, "µs", figures[floor] * 1000, 1.2,
            is_at_most=True)
    row("load of a snapshot of 100 000 people", figures["load of a snapshot"], "ms", None, 2000, is_at_most=True)
    row("load of the status lists of 3.9 M carriers", figures["load of the status lists"], "ms", None, 200,
        is_at_most=True)
    row("peak memory of both", figures["peak"], "MB", None, 150, is_at_most=True)
    row("merge of 10 journals of 10 000 entries", figures["merge of ten journals"], "ms", None, 5000, is_at_most=True)
    finish("bench-station")


main()
