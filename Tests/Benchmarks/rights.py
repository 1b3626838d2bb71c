"""Measures a member's dossier in a register of 3.9 million members (docs/privacy.md).

What is measured is the command without what every command does: opening the register and signing in.
Usage: PROFBILET=release/profbilet python3 Tests/Benchmarks/rights.py [--rows N]
"""

import argparse
import os
import pathlib
import statistics
import tempfile

from figures import finish, row, run

ROUNDS = 9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3_910_491)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = dict(
            os.environ, PROFBILET_DATA=str(folder / "data"), PROFBILET_USER="tester",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="tester phrase")

        def milliseconds(*arguments, codes=(0,)):
            return 1000 * run(environment, *arguments, codes=codes)[0]

        roster = folder / "roster.csv"
        milliseconds("init", "--specimen")
        milliseconds("sample", "roster", "--rows", rows, "--seed", 3, "--dirt", 0, "--out", roster)
        milliseconds("organisation", "import", f"{roster}.organisations.csv")
        milliseconds("roster", "import", roster, codes=(0, 2))
        roster.unlink()
        # The same member is never asked twice: nothing of the answer is in a cache of ours.
        members = [1 + rows * number // (ROUNDS + 1) for number in range(1, ROUNDS + 1)]
        opening = statistics.median(milliseconds("user", "list", "--json") for _ in range(ROUNDS))
        asked = statistics.median(milliseconds("dossier", f"#{member}", "--json") for member in members)
        row(f"dossier in a register of {rows} members", asked - opening, "ms", None, 300, is_at_most=True)
    finish("rights")


main()
