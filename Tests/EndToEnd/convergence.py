"""Lets random crowds walk through stations that meet now and then, and checks that all of them agree.

The work is done by the suite `Random crowds`; a broken run prints its seed, and PROFBILET_SEED=… PROFBILET_RUNS=1
repeats it alone. Usage: python3 Tests/EndToEnd/convergence.py RUNS [SEED]
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**12
    environment = dict(os.environ, PROFBILET_RUNS=str(runs), PROFBILET_SEED=str(seed))
    test = subprocess.run(["swift", "test", "--skip-build", "--filter", "Random crowds"], cwd=ROOT, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    done = {"runs": 0, "entries": 0, "moves": 0, "annulments": 0}
    for line in re.findall(r"crowds: (.*)", test.stdout):
        for name, value in re.findall(r"(\w+)=(\d+)", line):
            done[name] += int(value)
    faults = re.findall(r"seed \d+[:,].*", test.stdout)
    # A filter that finds no test would pass too.
    passed = test.returncode == 0 and not faults and done["runs"] == runs
    rows = [{"name": "random crowds agree, and bound the truth", "value": done["runs"], "unit": "runs", "floor": None,
             "ratio": None, "target": "same state in any order, min ≤ truth ≤ max", "passed": passed}]
    print(f"{done['runs']} crowds from seed {seed}: {done['entries']} entries, {done['moves']} moves, "
          f"{done['annulments']} annulments  {'ok' if passed else 'BROKEN'}")
    for fault in faults[:20]:
        print("    " + fault)
    if not passed and not faults:
        print(test.stdout[-1500:])
    reports = ROOT / ".build/reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "chaos-station.json").write_text(
        json.dumps({"passed": passed, "rows": rows}, indent=1, ensure_ascii=False))
    print(f"{int(passed)} passed, {int(not passed)} failed")
    sys.exit(0 if passed else 1)


main()
