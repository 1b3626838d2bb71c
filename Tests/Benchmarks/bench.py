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

from figures import BENCH, PROGRAM, finish, row


def run(data, *arguments, codes=(0,)):
    environment = dict(
        os.environ, PROFBILET_DATA=str(data), PROFBILET_USER="bench", PROFBILET_PASSPHRASE="register phrase",
        PROFBILET_ROOT_PASSPHRASE="root phrase", PROFBILET_USER_PASSPHRASE="bench phrase")
    started = time.monotonic()
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in codes:
        sys.exit(f"{arguments}: {output[-400:]}{process.stderr.read()[-400:]}")
    return time.monotonic() - started, usage.ru_maxrss / 1024, output


def office(folder, name, organisations):
    data = folder / name
    run(data, "init", "--specimen")
    for path in organisations:
        run(data, "organisation", "import", path)
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
        run(folder / "none", "sample", "roster", "--rows", count, "--seed", 1, "--dirt", 0, "--out", roster)
        lists = [f"{roster}.organisations.csv"]
        floors, rates, peaks = [], [], []
        for number in range(options.rounds):
            floors.append(bare_import(folder, roster, count))
            data = office(folder, f"empty{number}", lists)
            seconds, peak, _ = run(data, "roster", "import", roster)
            rates.append(count / seconds)
            peaks.append(peak)
            if number + 1 < options.rounds:
                shutil.rmtree(data)
        rate = statistics.median(rates)
        row(f"roster import of {count} rows", rate, "rows/s", statistics.median(floors), 0.25)
        row("its peak memory", max(peaks), "MB", None, 200, is_at_most=True)
        for seed in (2, 3):
            more = folder / f"more{seed}.csv"
            run(data, "sample", "roster", "--rows", count, "--seed", seed, "--dirt", 0, "--out", more)
            run(data, "organisation", "import", f"{more}.organisations.csv")
            run(data, "roster", "import", more, codes=(0, 2))
            more.unlink()
        last = folder / "last.csv"
        run(data, "sample", "roster", "--rows", count, "--seed", 4, "--dirt", 0, "--out", last)
        run(data, "organisation", "import", f"{last}.organisations.csv")
        seconds, _, _ = run(data, "roster", "import", last, codes=(0, 2))
        row("the same into a register three times its size", count / seconds, "rows/s", rate, 0.7)
        micro = {}
        for line in subprocess.run([BENCH], capture_output=True, text=True, check=True).stdout.splitlines():
            figure = json.loads(line)
            micro[figure["name"]] = figure["rate"]
        row("payload verdicts on one core", micro["verdict"], "per s", micro["verification"], 0.85)
        shutil.rmtree(data)
        data = office(folder, "orders", lists)
        run(data, "roster", "import", roster)
        run(data, "order", "create", "--organisation", "99", "--submit", codes=(0, 2))
        run(data, "order", "approve", "--organisation", "99")
        issue = ["ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/", "--json"]
        seconds, _, output = run(data, *issue)
        cards = json.loads(output)["cards"]
        # Opening the register and refusing, for nothing is approved any more.
        idle, _, _ = run(data, *issue, codes=range(1, 9))
        row(f"{cards} numbers allotted, signed and stored", cards / (seconds - idle), "per s",
            micro["signing on both cores"], 0.3)
        run(data, "status", "publish", folder / "published")
        seconds, _, _ = run(data, "status", "publish", folder / "published", "--rebuild-all")
        idle, _, _ = run(data, "status", "publish", folder / "published")
        rebuilt = len(list((folder / "published/status-lists").glob("*.cwt")))
        row("status list of a region rebuilt, signed as CWT and JWT", rebuilt / max(seconds - idle, 0.001),
            "per s", micro["zlib level 9 of a status list"], 0.7)
    finish("bench")


main()
