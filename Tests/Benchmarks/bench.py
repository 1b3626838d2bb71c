"""Measures the register against floors taken in the same run.

Usage: PROFBILET=release/profbilet python3 Tests/Benchmarks/bench.py [--rows N] [--rounds N]
"""

import argparse
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from figures import BENCH, finish, row, run


def command(data, *arguments, codes=(0,)):
    environment = dict(
        os.environ, PROFBILET_DATA=str(data), PROFBILET_USER="bench", PROFBILET_PASSPHRASE="register phrase",
        PROFBILET_ROOT_PASSPHRASE="root phrase", PROFBILET_USER_PASSPHRASE="bench phrase")
    return run(environment, *arguments, codes=codes)


def office(folder, name, organisations):
    data = folder / name
    command(data, "init", "--specimen")
    for path in organisations:
        command(data, "organisation", "import", path)
    return data


def bare_import(folder, roster, count):
    """sqlite3's own .import of the same file into a table without any index."""
    target = folder / "bare.sqlite"
    target.unlink(missing_ok=True)
    columns = ", ".join(f"c{number} TEXT" for number in range(18))
    started = time.monotonic()
    subprocess.run(["sqlite3", target], input=f"CREATE TABLE t ({columns});\n.mode csv\n.separator ;\n"
                   f".import --skip 1 {roster} t\n", text=True, check=True, capture_output=True)
    seconds = time.monotonic() - started
    with sqlite3.connect(target) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == count
    return count / seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    count = options.rows
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = pathlib.Path(name)
        roster = folder / "roster.csv"
        command(folder / "none", "sample", "roster", "--rows", count, "--seed", 1, "--dirt", 0, "--out", roster)
        lists = [f"{roster}.organisations.csv"]
        floors, rates, peaks = [], [], []
        for number in range(options.rounds):
            floors.append(bare_import(folder, roster, count))
            data = office(folder, f"empty{number}", lists)
            seconds, peak, _ = command(data, "roster", "import", roster)
            rates.append(count / seconds)
            peaks.append(peak)
            if number + 1 < options.rounds:
                shutil.rmtree(data)
        rate = statistics.median(rates)
        row(f"roster import of {count} rows", rate, "rows/s", statistics.median(floors), 0.25)
        row("its peak memory", max(peaks), "MB", None, 200, is_at_most=True)
        for seed in (2, 3):
            more = folder / f"more{seed}.csv"
            command(data, "sample", "roster", "--rows", count, "--seed", seed, "--dirt", 0, "--out", more)
            command(data, "organisation", "import", f"{more}.organisations.csv")
            command(data, "roster", "import", more, codes=(0, 2))
            more.unlink()
        last = folder / "last.csv"
        command(data, "sample", "roster", "--rows", count, "--seed", 4, "--dirt", 0, "--out", last)
        command(data, "organisation", "import", f"{last}.organisations.csv")
        seconds, _, _ = command(data, "roster", "import", last, codes=(0, 2))
        row("the same into a register three times its size", count / seconds, "rows/s", rate, 0.7)
        micro = {}
        for line in subprocess.run([BENCH], capture_output=True, text=True, check=True).stdout.splitlines():
            figure = json.loads(line)
            micro[figure["name"]] = figure["rate"]
        row("payload verdicts on one core", micro["verdict"], "per s", micro["verification"], 0.85)
        shutil.rmtree(data)
        data = office(folder, "orders", lists)
        command(data, "roster", "import", roster)
        command(data, "order", "create", "--organisation", "99", "--submit", codes=(0, 2))
        command(data, "order", "approve", "--organisation", "99")
        issue = ["ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/", "--json"]
        seconds, _, output = command(data, *issue)
        cards = json.loads(output)["cards"]
        # Opening the register and refusing, for nothing is approved any more.
        idle, _, _ = command(data, *issue, codes=range(1, 9))
        row(f"{cards} numbers allotted, signed and stored", cards / (seconds - idle), "per s",
            micro["signing on both cores"], 0.3)
        command(data, "status", "publish", folder / "published")
        seconds, _, _ = command(data, "status", "publish", folder / "published", "--rebuild-all")
        idle, _, _ = command(data, "status", "publish", folder / "published")
        rebuilt = len(list((folder / "published/status-lists").glob("*.cwt")))
        row("status list of a region rebuilt, signed as CWT and JWT", rebuilt / max(seconds - idle, 0.001),
            "per s", micro["zlib level 9 of a status list"], 0.7)
    finish("bench")


main()
