"""What the benchmarks share: where the programs are, a row a figure, and the report."""

import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build-release/release/profbilet"))
BENCH = os.path.join(os.path.dirname(PROGRAM), "profbilet-bench")
rows = []


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
