"""Measures the station against floors taken in the same run.

Usage: PROFBILET=release/profbilet python3 Tests/Benchmarks/station.py [--taps N]; needs root for private namespaces.
"""

import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from figures import BENCH, ROOT, finish, row

sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
from chipcards import Batch, emulator, reading  # noqa: E402

READER = "Virtual PCD 1 00 00"


def exchanges(batch, folder, rounds=5, count=2000):
    """One exchange by the driver, against a bare loop in C, round after round in turn."""
    bare = folder / "exchange"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libpcsclite"], capture_output=True, text=True, check=True)
    subprocess.run(["clang", "-O2", "-o", bare, ROOT / "Tests/Benchmarks/exchange.c", *flags.stdout.split()], check=True)

    def median(*command):
        result = subprocess.run([*map(str, command), READER, str(count)], capture_output=True, text=True, check=True)
        return statistics.median(map(int, result.stdout.split()))

    with emulator(batch, "--manual") as chip:
        chip.say()
        if not chip.wait(event="powered"):
            sys.exit(f"the emulated card does not wake up: {chip.seen} {chip.errors}")
        floors, values = [], []
        for _ in range(rounds):
            floors.append(median(bare))
            values.append(median(BENCH, "exchange"))
    row("APDU overhead of the driver", statistics.median(values) / 1000, "µs", statistics.median(floors) / 1000, 1.5,
        is_at_most=True)


def verdicts(batch, count):
    """From the moment a card is noticed to its verdict, live answer included."""
    with reading(batch, "--timeout", count * 2 + 20, "--taps", count) as reader, \
            emulator(batch, "--taps", count, "--hold", 40, "--gap", 430) as chip:
        if not reader.wait(count, count * 2):
            sys.exit(f"taps were lost: {len(reader.all())} of {count}: {chip.errors} {reader.errors}")
        lines = reader.all(level="mutualAuth", verdict="valid")
    if len(lines) != count:
        sys.exit(f"not every tap was right: {len(lines)} of {count}")
    times = sorted(line["microseconds"] / 1000 for line in lines)
    row("event → verdict, NTAG 424 SUN, median", statistics.median(times), "ms", None, 10, is_at_most=True)
    row("event → verdict, NTAG 424 SUN, p99", times[min(count - 1, int(count * 0.99))], "ms", None, 40, is_at_most=True)


def readers(options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        batch = Batch(folder)
        exchanges(batch, folder)
        verdicts(batch, options.taps)


def bare_inserts(folder, mode, count=300):
    """Seconds of each flushed insert of a journal's size into SQLite, as bare as it can be."""
    path = pathlib.Path(folder) / f"bare-{mode}.sqlite"
    times = []
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, bytes BLOB)")
        for _ in range(count):
            begun = time.perf_counter()
            connection.execute("INSERT INTO entry (bytes) VALUES (?)", (os.urandom(350),))
            times.append(time.perf_counter() - begun)
    return times


def core(_):
    """What a station does without a disk and without a card."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([BENCH, "station", "make", folder], check=True)
        # as SQLite comes, each insert flushed; and, to be told beside it, by the write-ahead log a station has
        modes = ("DELETE", "WAL")
        inserts = {mode: bare_inserts(folder, mode) for mode in modes}
        output = subprocess.run([BENCH, "station", "run", folder], check=True, capture_output=True, text=True).stdout
        flushed, logged = (statistics.median(inserts[mode] + bare_inserts(folder, mode)) * 1e6 for mode in modes)
    figures = {figure["name"]: figure["value"] for figure in map(json.loads, output.splitlines())}
    for scan, floor in (("plastic", "one Ed25519 verification"), ("virtual", "one Ed25519 and one P-256 verification")):
        row(f"decide, {scan}, of 100 000 people", figures[f"decide, {scan}"] * 1000, "µs", figures[floor] * 1000, 1.2,
            is_at_most=True)
    row("load of a snapshot of 100 000 people", figures["load of a snapshot"], "ms", None, 2000, is_at_most=True)
    row("load of the status lists of 3.9 M carriers", figures["load of the status lists"], "ms", None, 200,
        is_at_most=True)
    row("peak memory of both", figures["peak"], "MB", None, 150, is_at_most=True)
    row("scan → durable journal entry", figures["scan to durable entry"] * 1000, "µs", flushed, 1.5, is_at_most=True)
    row("the same, of an insert into a write-ahead log", figures["scan to durable entry"] * 1000, "µs", logged, None)
    row("merge of 10 journals of 10 000 entries", figures["merge of ten journals"], "ms", None, 5000, is_at_most=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--taps", type=int, default=100)
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    if not options.inside:
        script = ROOT / "Tests/EndToEnd/isolated-pcscd.sh"
        sys.exit(subprocess.run([script, sys.executable, __file__, "--inside", "--taps", str(options.taps)],
                                env=dict(os.environ)).returncode)
    for part in (core, readers):
        part(options)
    finish("bench-station")


main()
