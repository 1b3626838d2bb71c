"""What the benchmarks share: where the programs are, a row a figure, and the report."""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build-release/release/profbilet"))
BENCH = os.path.join(os.path.dirname(PROGRAM), "profbilet-bench")
rows = []


def run(environment, *arguments, codes=(0,)):
    """Seconds, peak megabytes and output of one command.

    What this process ever held counts as a peak of its children too (getrusage(2), Notes), so benchmarks keep no
    great tables in their own memory.
    """
    started = time.monotonic()
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in codes:
        sys.exit(f"{arguments}: {output[-400:]}{process.stderr.read()[-400:]}")
    return time.monotonic() - started, usage.ru_maxrss / 1024, output


def row(name, value, unit, floor, target, is_at_most=False):
    """A figure against its floor; with no target it only tells."""
    ratio = value / floor if floor else None
    measure = ratio if ratio is not None else value
    passed = target is None or (measure <= target if is_at_most else measure >= target)
    rows.append({"name": name, "value": round(value, 1), "unit": unit,
                 "floor": round(floor, 1) if floor else None,
                 "ratio": round(ratio, 3) if ratio is not None else None, "target": target, "passed": passed})
    beside = f"{floor:12.1f}  ratio {ratio:6.3f}" if floor else f"{'none':>12}  ratio {'none':>6}"
    print(f"{name:52} {value:12.1f} {unit:10} floor {beside}  target {'≤' if is_at_most else '≥'} {target or 'none'}  "
          f"{'ok' if passed else 'SHORT'}", flush=True)


def finish(name):
    """Writes .build/reports/NAME.json and ends the program."""
    passed = all(item["passed"] for item in rows)
    reports = ROOT / ".build/reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / f"{name}.json").write_text(json.dumps({"passed": passed, "rows": rows}, indent=1, ensure_ascii=False))
    print(f"{sum(item['passed'] for item in rows)} passed, {sum(not item['passed'] for item in rows)} failed")
    sys.exit(0 if passed else 1)
