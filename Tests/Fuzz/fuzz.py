"""Builds the fuzz targets and runs each for so many seconds, two at a time.

A target that traps on a magic word must be found, or the harness itself is broken.
Usage: python3 Tests/Fuzz/fuzz.py SECONDS
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build-fuzz"
TARGETS = ["text", "cose", "publication", "csv", "xlsx", "json", "sealed", "layout", "art", "batch", "profile",
           "apdu", "ndef"]


def seeds(target):
    """A small corpus out of the shared vectors and samples."""
    folder = BUILD / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    vectors = ROOT / "Tests/TicketSealTests/Vectors"
    cases = [case for name in ("ticket-cases", "presentation-cases")
             for case in json.loads((vectors / f"{name}.json").read_text())["cases"]]
    if target == "text":
        found = [case["text"].encode() for case in cases] + [b"177 4815 1623 4216"]
    elif target in ("cose", "publication"):
        found = [bytes.fromhex(case["cose_hex"]) for case in cases if case.get("cose_hex")]
        found.append(bytes.fromhex(json.loads((vectors / "status-list.json").read_text())["cwt"]["hex"]))
        found.append((vectors / "ticket-cases.json").read_bytes()[:600])
    elif target == "csv":
        sample = (ROOT / "Tests/RosterTests/Samples/roster-sample.cp1251.csv").read_bytes()
        found = [sample[:3000], sample[:3000].decode("cp1251", "ignore").encode("utf-16"),
                 sample[:3000].decode("cp1251", "ignore").replace(";", "\t").encode()]
    elif target == "xlsx":
        found = [path.read_bytes() for path in (ROOT / "Tests/RosterTests/Samples").glob("*.xlsx")]
    elif target == "json":
        row = '{"last":"Орлова","first":"Анна","birth":"01.02.1980","cat":"раб.","org":"26-001-0001",' \
              '"join":"2001-09-01","c_pd":"да","phone":"89001234567"}'
        found = [f'{{"schema":"roster/1","members":[{row},{row}]}}'.encode(), f"{row}\n{row}\n".encode()]
    elif target == "sealed":
        found = [b"PBSF\x01\x01\x0a\x08\x01" + bytes(80)]
    elif target == "layout":
        real = (ROOT / "card-layouts/epb-2026/layout.yaml").read_bytes()
        # Reading five fonts takes most of a run: mostly fuzz without them.
        lines = real.split(b"\n")
        found = [real, b"\n".join(line for line in lines if b".ttf" not in line),
                 b"\n".join(line for line in lines if b".ttf" not in line and b"- {id" not in line)]
    elif target == "art":
        # The guilloche's long paths would be cut off at the longest input: shortened here.
        for path in sorted((ROOT / "card-layouts/epb-2026/art").glob("*.svg")):
            lines = path.read_bytes().split(b"\n")
            found.append(b"\n".join(line for line in lines if len(line) < 1500))
            found += [b"\n".join(lines[:3] + [line, b"</svg>"])
                      for line in lines[3:] if 1500 <= len(line) < 12000][:2]
    elif target == "batch":
        found = [path.read_bytes() for path in sorted((ROOT / "batches").glob("*.yaml"))]
    elif target == "profile":
        found = [path.read_bytes() for path in sorted((ROOT / "batches/profiles").glob("*.yaml"))]
    elif target == "apdu":
        # Lengths and bytes of one answer after another: a Type 4 card with a small message, then noise.
        answers = ["04112233445580" "9000", "9000", "9000", "001720010000ff0406e1040100000005" "9000", "9000",
                   "000bd1010755045f41412e7275" "9000", "6110", "6c05", "91af"]
        found = [b"".join(bytes([0, len(a) // 2]) + bytes.fromhex(a) for a in answers),
                 b"".join(bytes([0, len(a) // 2]) + bytes.fromhex(a) for a in ("9000", "e11006000303d00000fe00000000" "00009000")),
                 bytes.fromhex("00a4040007d276000085010100"), bytes.fromhex("00b00000000100")]
    elif target == "ndef":
        uri = b"\0HTTPS://EPB.EXAMPLE.RU/C/1774815162342161?e=" + b"0" * 32 + b"&c=" + b"0" * 16
        found = [bytes([0x91, 1, len(uri), 0x55]) + uri + bytes([0x54, 16, 4]) + b"profbilet.ru:epb\xd2\1\2\3",
                 bytes.fromhex("cc010000000201786907" "08"), bytes.fromhex("0103a00c3400030bd1010755045f41412e7275fe")]
    for number, content in enumerate(found):
        (folder / f"seed-{number}").write_bytes(content)
    return folder


def run(target, seconds):
    artifacts = BUILD / "found" / target
    artifacts.mkdir(parents=True, exist_ok=True)
    folder = seeds(target)
    longest = 65536 if target == "xlsx" else 16384
    started = time.monotonic()
    result = subprocess.run(
        [BUILD / "release/FuzzTargets", f"-max_total_time={seconds}", f"-max_len={longest}", "-timeout=10",
         "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={artifacts}/", folder],
        env=dict(os.environ, FUZZ_TARGET=target), capture_output=True, text=True, errors="replace")
    found = re.search(r"stat::number_of_executed_units:\s*(\d+)", result.stderr)
    coverage = re.findall(r"cov: (\d+)", result.stderr)
    return {"target": target, "code": result.returncode, "runs": int(found[1]) if found else 0,
            "coverage": int(coverage[-1]) if coverage else 0, "seconds": time.monotonic() - started,
            "artifacts": str(artifacts), "tail": result.stderr[-1500:]}


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    build = ["swift", "build", "-c", "release", "--sanitize=fuzzer", "--package-path", ROOT / "Tests/Fuzz",
             "--scratch-path", BUILD]
    if subprocess.run(build, stdout=subprocess.DEVNULL).returncode:
        sys.exit("the fuzz targets do not build")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda target: run(target, seconds), TARGETS))
    planted = run("planted", seconds)
    rows = []
    for result in results:
        is_right = result["code"] == 0 and result["runs"] > 100
        rows.append({"name": result["target"], "value": result["runs"], "unit": "runs", "floor": seconds,
                     "ratio": None, "target": "no crash", "passed": is_right})
        print(f"{result['target']:12} {result['runs']:>10} runs, {result['coverage']:>6} edges, "
              f"{result['seconds']:5.0f} s  {'ok' if is_right else 'CRASH: ' + result['artifacts']}")
        if not is_right:
            print(result["tail"])
    is_found = planted["code"] != 0
    rows.append({"name": "planted crash", "value": planted["runs"], "unit": "runs", "floor": None,
                 "ratio": None, "target": "found", "passed": is_found})
    print(f"{'planted':12} {planted['runs']:>10} runs  {'found' if is_found else 'NOT FOUND'}")
    passed = all(row["passed"] for row in rows)
    reports = ROOT / ".build/reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "fuzz.json").write_text(json.dumps({"passed": passed, "rows": rows}, indent=1))
    print(f"{sum(row['passed'] for row in rows)} passed, {sum(not row['passed'] for row in rows)} failed")
    sys.exit(0 if passed else 1)


main()
