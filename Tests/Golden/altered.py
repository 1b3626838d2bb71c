"""Other regions files than the carried one: bad ones are refused with line and remedy, extreme ones come out exactly.

Usage: PROFBILET=path/to/profbilet python3 altered.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import golden
import regions

HEAD = ["code", "name_ru", "kind"] + regions.COUNTS
PLAIN = ["26", "Ставропольская краевая организация", "krai", 900, 800, 870, 30, 140, 12, 3]
# Regions that a nationwide average never shows.
EXTREMES = [
    PLAIN,
    ["01", "Больше карт, чем было членов", "oblast", 40, 31, 47, 3, 9, 4, 2],
    ["02", "По нескольку карт на человека", "oblast", 10, 8, 55, 2, 3, 2, 1],
    ["03", "Карты только у бывших членов", "oblast", 30, 0, 25, 0, 0, 3, 3],
    ["04", "Телефонов больше, чем карт", "oblast", 60, 50, 5, 44, 20, 5, 1],
    ["05", "Все на телефонах, карт нет", "oblast", 20, 20, 0, 20, 20, 1, 1],
    ["06", "Ни учёта, ни карт", "oblast", 70, 0, 0, 0, 0, 7, 2],
    ["07", "Все на учёте, у каждого карта", "oblast", 110, 110, 110, 0, 110, 30, 9],
    ["98", "Никого нет", "oblast", 0, 0, 0, 0, 0, 1, 1],
    ["08", "Один член", "oblast", 1, 1, 1, 1, 1, 1, 1],
]
failures = []


def text(rows, head=None):
    return "\n".join("\t".join(map(str, row)) for row in [head or HEAD, *rows]) + "\n"


def changed(column, value):
    row = list(PLAIN)
    row[HEAD.index(column)] = value
    return text([EXTREMES[1], row])


BAD = {
    "an empty file": (b"", ":1:", "table"),
    "commas for tabs": (text([PLAIN]).replace("\t", ","), ":1:", "columns are separated by tabs"),
    "no column of cards": (text([PLAIN[:5] + PLAIN[6:]], HEAD[:5] + HEAD[6:]), ":1:", "plastic_cards"),
    "a column twice": (text([PLAIN + [1]], HEAD + ["code"]), ":1:", "stands twice"),
    "no region": (text([]), ":1:", "add the regions"),
    "a cell too few": (text([EXTREMES[1], PLAIN[:-1]]), ":3:", "check the tabs"),
    "a cell too many": (text([PLAIN + ["x"]]), ":2:", "check the tabs"),
    "an empty line": (text([PLAIN]) + "\n" + text([EXTREMES[1]]).split("\n", 1)[1], ":3:", "remove it"),
    "Windows-1251": (text([PLAIN]).encode("cp1251"), ":2:", "Save the file as UTF-8"),
    "letters for a number": (changed("members_2020", "много"), ":3:", "members_2020"),
    "a negative number": (changed("plastic_cards", -5), ":3:", "plastic_cards"),
    "a fraction": (changed("plastic_cards", "870,5"), ":3:", "a whole number from 0"),
    "spaces in a number": (changed("members_2020", "1 900"), ":3:", "without spaces"),
    "an empty number": (changed("virtual_est", ""), ":3:", "virtual_est"),
    "a number beyond bounds": (changed("members_2020", "9" * 30), ":3:", "members_2020"),
    "Arabic digits": (changed("members_2020", "٩٠٠"), ":3:", "members_2020"),
    "a code of one digit": (changed("code", "7"), ":3:", "01 to 98"),
    "the Central Council's code": (changed("code", "99"), ":3:", "01 to 98"),
    "a region twice": (changed("code", "01"), ":3:", "stands in line 2 already"),
    "a name twice": (changed("name_ru", EXTREMES[1][1]), ":3:", "stands in line 2 already"),
    "no name": (changed("name_ru", " "), ":3:", "a name is needed"),
    "more on record than members": (changed("register_2020_12_08", 901), ":3:", "exceeds members_2020 900"),
    "more phones than members on record": (changed("virtual_est", 801), ":3:", "exceeds register_2020_12_08 800"),
    "more in the programme than on record": (changed("bonus_est", 801), ":3:", "Lower the one or raise the other"),
    "ten cards a member": (changed("plastic_cards", 8_101), ":3:", "more than nine cards"),
    "no primary organisation": (changed("ppo_est", 0), ":3:", "ppo_est 0"),
    "more territorial than primary organisations": (changed("tpo_est", 13), ":3:", "to 9999"),
    "nobody at all": (text([EXTREMES[-2]]), ":2:", "Correct members_2020"),
}


def check(name, right, detail=""):
    print(f"  {'ok  ' if right else 'FAIL'}  {name}{'' if right else ': ' + detail}", flush=True)
    if not right:
        failures.append(name)


def run(path, *arguments):
    return subprocess.run([sys.executable, golden.__file__, str(path), *arguments], capture_output=True, text=True,
                          env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = pathlib.Path(name)
        path = folder / "regions.tsv"
        for what, (content, place, words) in BAD.items():
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            try:
                regions.read(path)
                check(what, False, "was taken")
            except regions.Faults as faults:
                said = str(faults)
                check(what, place in said and (words in said or words == "table"), said[:300])
        result = run(folder / "absent.tsv")
        check("a file that is not there", result.returncode == 1 and "REGIONS=" in result.stderr
              and "Traceback" not in result.stderr, result.stderr[-300:])
        # a byte order mark, CRLF and a column of one's own are nothing wrong
        path.write_bytes(b"\xef\xbb\xbf" + text([row + ["x"] for row in EXTREMES], HEAD + ["note"])
                         .replace("\n", "\r\n").encode())
        result = run(path, "--name", "golden-altered")
        check("extreme regions come out exactly", result.returncode == 0, (result.stdout + result.stderr)[-3000:])
        report = json.loads((golden.ROOT / ".build/reports/golden-altered.json").read_text())
        made = next(row for row in report["rows"] if row["name"] == "plastic cards made")
        check("the altered file's own figures are shown", made["value"] == sum(row[5] for row in EXTREMES), str(made))
    print(f"{len(BAD) + 3 - len(failures)} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
