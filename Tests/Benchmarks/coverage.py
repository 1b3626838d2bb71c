"""Measures the coverage report by primary organisation as of a past day, against the same counts by one bare SQL scan,
and a member's dossier, in the register that the golden test brings to life (docs/golden.md).

Report and dossier are measured without what every command does: opening the register and signing in.
Usage: PROFBILET=release/profbilet python3 Tests/Benchmarks/coverage.py [--data KEPT] [--scale N] [--rounds N]
"""

import argparse
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from figures import ROOT, finish, row

sys.path.insert(0, str(ROOT / "Tests/Golden"))
import golden  # noqa: E402
import regions as files  # noqa: E402

# The quickest of three ways tried. What the report's count holds, of today's rows alone and without history: members on record, those with active
# plastic, those with an active virtual card, and both, by primary organisation.
SCAN = """
    SELECT organisation, sum(registered), sum(plastic), sum(virtual), sum(both) FROM (
        SELECT organisation, count(*) AS registered, 0 AS plastic, 0 AS virtual, 0 AS both
        FROM member NOT INDEXED WHERE state IN ('active', 'suspended') GROUP BY organisation
        UNION ALL
        SELECT m.organisation, 0, sum(c.plastic), sum(c.virtual), sum(c.plastic * c.virtual) FROM (
            SELECT member_id, max(kind <> 'virtual') AS plastic, max(kind = 'virtual') AS virtual
            FROM carrier NOT INDEXED WHERE state = 'active' GROUP BY member_id
        ) c JOIN member m ON m.id = c.member_id WHERE m.state IN ('active', 'suspended') GROUP BY m.organisation
    ) GROUP BY organisation
"""
CACHE = -400_000


def timed(body):
    started = time.monotonic()
    body()
    return time.monotonic() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", help="a register that make golden KEEP=… left")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = pathlib.Path(name)
        office = golden.Office(pathlib.Path(options.data) if options.data else folder / "data")
        if not options.data:
            files.write(files.scaled(files.read(golden.CARRIED), options.scale), folder / "regions.tsv")
            office.live(folder / "regions.tsv")
        measure(office, folder, options.rounds)
    finish("coverage")


def measure(office, folder, rounds):
    connection = sqlite3.connect(f"file:{office.data}/register.sqlite?mode=ro", uri=True)
    connection.execute(f"PRAGMA cache_size = {CACHE}")
    members = connection.execute("SELECT count(*) FROM member").fetchone()[0]
    # The first of each warms the system's cache.
    scans = [timed(lambda: connection.execute(SCAN).fetchall()) for _ in range(rounds + 1)][1:]

    def opening():
        return timed(lambda: office.run("user", "list", "--json"))

    reports = [timed(lambda: office.run("report", "coverage", "--by", "primary", "--as-of", "08.12.2020", "--format",
                                        "csv", "--out", folder / "report.csv")) - opening()
               for _ in range(rounds + 1)][1:]
    row(f"coverage by primary organisation, past day, {members} members", members / statistics.median(reports),
        "members/s", members / statistics.median(scans), 0.3)
    # The same member is never asked twice: nothing of the answer is in a cache of ours.
    # Rows have gaps, for an import takes their numbers in blocks.
    rows = [connection.execute("SELECT min(id) FROM member WHERE id >= (SELECT max(id) FROM member) * ? / 10",
                               (number,)).fetchone()[0] for number in range(1, 10)]
    asked = [timed(lambda: office.run("dossier", f"#{row_id}", "--json")) - opening() for row_id in rows]
    row(f"dossier in a register of {members} members, beside opening it",
        1000 * statistics.median(asked), "ms", None, 300, is_at_most=True)


main()
