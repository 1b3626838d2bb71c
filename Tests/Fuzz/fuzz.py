"""Builds the fuzz targets and runs them two at a time: what the world sends for so many seconds each, the rest a sixth as long.

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
# first what anybody may send: payload texts, CBOR and COSE, rosters, bodies of requests
WORLD = ["text", "cose", "csv", "xlsx", "json", "body"]
TARGETS = [*WORLD, "publication", "sealed", "layout", "art", "batch", "profile", "apdu", "ndef", "snapshot", "journal",
           "replay", "chunk", "proof", "report", "partner"]


def cbor(value):
    """Deterministic CBOR of numbers, bytes, text, lists, maps and flags."""
    def head(major, number):
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 24:
                return bytes([major << 5 | number])
            if number < 1 << 8 * size:
                return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(value[key]) for key in sorted(value))


def journal():
    """Entries of two stations: in, out, an annulment, a meeting; each behind its length."""
    person = bytes(range(16))
    scan = {4: 0, 7: 500, 8: "scan", 10: "entry", 11: "ok", 12: ["signedData", False], 13: person,
            14: [26, 7], 15: 1_800_000_000, 16: bytes(32), 17: 5, 18: 1}
    made = [scan | {1: "A", 2: 1, 3: 1000, 5: 1000, 9: "A-1"},
            scan | {1: "A", 2: 2, 3: 9000, 5: 9000, 9: "A-2", 10: "exit", 11: "ok_exit"},
            scan | {1: "B", 2: 1, 3: 4000, 5: 4000, 9: "B-1", 6: -300},
            {1: "B", 2: 2, 3: 9500, 4: 1, 5: 9500, 8: "sync", 9: "B-2", 10: "entry", 21: [["A", 2, 9100, False]]},
            {1: "B", 2: 3, 3: 9600, 4: 0, 5: 9600, 8: "annulment", 9: "A-1", 10: "entry", 18: 4, 19: "x"}]
    encoded = [cbor(entry) for entry in made]
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in encoded)


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
    elif target == "snapshot":
        # Maps that are laid over a good snapshot, which is sealed again.
        person = bytes(16) + bytes([0, 0, 0, 9, 0, 1, 0, 0]) + (260_010_001).to_bytes(8, "big") + bytes(8)
        carrier = (26).to_bytes(4, "big") + (9).to_bytes(4, "big") + bytes(4) + bytes([0, 9, 7, 0]) + bytes(72)
        found = [cbor({1: 2, 8: person, 9: b"", 10: carrier, 11: b"", 12: b""}), cbor({4: 2**40, 17: "cardsOnly"}),
                 cbor({14: [{1: "A", 2: "gate", 3: True, 4: False, 5: ["26", "27-001-0001"]}]}),
                 cbor({2: {1: 1, 2: "t", 3: "assembly", 4: "p", 5: 1, 6: 2, 7: [1, 2, "moreThan", "onRecord"],
                           9: 1, 10: 1, 11: 1, 12: True, 13: 0}}), cbor({13: b"\xff" * 64})]
    elif target == "journal":
        found = [journal()]
    elif target == "replay":
        found = ['{"at":1800000000,"station":"A","text":"126000000000422","source":"keyboard","nonce":"n"}\n'
                 '{"at":1800000001,"sync":["A","B"]}\n{"at":1800000002,"station":"B","annul":"n","reason":"x"}\n'.encode(),
                 '{"at":1800000000,"station":"A","mode":"exit","text":"936179","clockOffset":-3600,"force":true}\n'
                 '{"at":1800000005,"station":"B","chip":{"uid":"04010203040506","authentication":"passed",'
                 '"counter":7,"live":false}}\n'.encode()]
    elif target == "body":
        found = ['{"ticket":"901900740059289","code":"printed"}'.encode(), b'{"proof":"0oRNoh","a":[1,-2.5e3,true,null,{"b":""}]}',
                 '{"last":"Орлова","first":"\\u0410\\ud83d\\ude00","consents":{"register":"2026-01-15"}}'.encode()]
    elif target == "chunk":
        encoded = journal()
        length = int.from_bytes(encoded[:2], "big")
        item = ["A", 1, encoded[2:2 + length], bytes(32), bytes(64)]
        found = [cbor({1: 1_800_000_000_000, 2: -300, 3: 0, 4: [item, item]}), cbor({1: 0, 2: 0, 3: 7, 4: []})]
    elif target == "proof":
        found = [cbor([b"\1" * 32, "card"]), cbor([b"\1" * 32, "enrolment", b"\1" * 32, {1: 2, 3: 1}]),
                 cbor({6: 1_800_000_000}), bytes.fromhex("d28443a10126a0") + b"\x41\0\x58\x40" + bytes(64)]
    elif target == "report":
        rows = "№ п/п;Штрихкод;Результат\r\n1;1774815162342161;изготовлена\r\n2;1774815162342162;брак\r\nИтого;;\r\n"
        found = [f"Отчёт завода\r\n{rows}".encode("cp1251"), rows.replace(";", "\t").encode("utf-16"),
                 *[path.read_bytes() for path in sorted((ROOT / "Tests/RosterTests/Samples").glob("*.xlsx"))[:1]]]
    elif target == "partner":
        digest = "0" * 64
        figures = '"participants":9,"throughApp":1,"purchases":2,"turnover":100,"cashback":5'
        found = [f'a{{"format":"partner-ack/1","partner":"profcards","package":1,"stage":"applied","manifest":"{digest}",'
                 f'"set":"{digest}","rows":[{{"id":"x","code":"y"}}]}}'.encode(),
                 b'a{"format":"partner-ack/1","partner":"profcards","package":2,"stage":"rejected","fault":"gap","expected":1}',
                 f's{{"format":"partner-statistics/1","partner":"profcards","period":"2027-01","revision":1,"regions":'
                 f'[{{"region":"26",{figures}}}],"total":{{{figures}}}}}'.encode(),
                 "pИД участника;Номер билета;Код\n17;177481516234216;ABCD\n".encode(),
                 b"y" + (ROOT / "batches/partners/profcards.yaml").read_bytes()]
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
        results = list(pool.map(lambda target: run(target, seconds if target in WORLD else seconds // 6), TARGETS))
    planted = run("planted", seconds)
    rows = []
    for result in results:
        is_right = result["code"] == 0 and result["runs"] > 100
        rows.append({"name": result["target"], "value": result["runs"], "unit": "runs", "floor": None,
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
