"""A register of the union brought to life from a regions file must show what the file says, to the last digit.

With the carried-over file that is what the decree of 08.12.2020 prints: tables 2, 3, 4 and its headline figures. With
another file the same tables show that file's figures. As of 01.10.2020 everything is different, by the same rule.
Usage: PROFBILET=path/to/profbilet python3 golden.py [REGIONS] [--scale N] [--keep DIR [--lived]] [--name REPORT]
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

import oracle
import regions as files

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
GOLDEN = os.path.abspath(os.environ.get("GOLDEN", os.path.join(os.path.dirname(PROGRAM), "profbilet-golden")))
CARRIED = HERE / "Data/regions_80.tsv"
# Where the decree prints something else than its own figures give (docs/golden.md).
CAPPED = "100,00"
rows = []
END = "2021-03-01T09:00:00Z"


def row(name, value, target, unit="", note=""):
    passed = value == target
    rows.append({"name": name, "value": value, "unit": unit, "floor": None, "ratio": None, "target": target,
                 "passed": passed, **({"note": note} if note else {})})
    print(f"{name:64} {value!s:>12} {unit:3} {'' if passed else f'expected {target}'} {note}  "
          f"{'ok' if passed else 'WRONG'}", flush=True)


def percent(part, whole):
    """With two decimals, rounded half up, as the decree writes it; nothing where there is no whole."""
    if not whole:
        return ""
    hundredths = int(Fraction(part * 10_000, whole) + Fraction(1, 2))
    return f"{hundredths // 100},{hundredths % 100:02}"


class Office:
    def __init__(self, data):
        self.data = data
        self.environment = dict(
            os.environ, PROFBILET_DATA=str(data), PROFBILET_USER="golden", PROFBILET_PASSPHRASE="register phrase",
            PROFBILET_ROOT_PASSPHRASE="root phrase", PROFBILET_USER_PASSPHRASE="golden phrase",
            PROFBILET_NEW_PASSPHRASE="approver phrase", PROFBILET_NOW=END)

    def run(self, *arguments, program=PROGRAM, **changes):
        result = subprocess.run([program, *map(str, arguments)], env=dict(self.environment, **changes),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if result.returncode:
            sys.exit(f"{' '.join(map(str, arguments))}: exit code {result.returncode}")
        return result.stdout

    def live(self, regions):
        """A new specimen register and the life of the file."""
        started = time.monotonic()
        process = subprocess.run([GOLDEN, str(regions), str(self.data)], env=self.environment, stdin=subprocess.DEVNULL)
        if process.returncode:
            sys.exit(f"profbilet-golden: exit code {process.returncode}")
        return time.monotonic() - started

    def report(self, *arguments):
        text = self.run("report", *arguments, "--format", "json")
        report = json.loads(text.strip().splitlines()[-1])
        key = "code" if "code" in report["rows"][0] else "organisation"
        lines = {line[key]: line for line in report["rows"]}
        return lines, report["total"] or report["rows"][0]


def shown(report):
    """`12.30` of a report as the decree writes it."""
    return report.replace(".", ",")


def compare(what, found, expected):
    """One row a report: how many figures of how many organisations are as expected."""
    wrong = []
    for code, figures in expected.items():
        line = found.get(code)
        for name, figure in figures.items():
            if line is None or line[name] != figure:
                wrong.append(f"{code} {name} {line and line[name]} instead of {figure}")
    extra = [code for code in found if code not in expected]
    wrong += [f"{code} is not expected" for code in extra]
    count = sum(len(figures) for figures in expected.values())
    for text in wrong[:5]:
        print(f"    {text}")
    row(what, count - len(wrong), count, "figures")


def organisations(office, regions, day, date):
    """Every region's figures as of a day in every report, and the sums."""
    own = {region["code"]: oracle.Region(region).figures(day) for region in regions}
    reports = {
        "coverage": ["returned", "registered", "plastic", "virtual", "both", "none"],
        "production": ["registered", "produced", "first", "lost", "stolen", "damaged", "former", "spoiled", "unclaimed",
                       "legacy"],
        "virtual": ["registered", "virtual", "both"], "programme": ["registered", "programme", "app"],
        "handout": ["produced", "handedOut"],
    }
    shares = {"coverage": [("registeredShare", "registered", "returned"), ("coverage", "plastic", "registered"),
                           ("virtualShare", "virtual", "registered")],
              "production": [("ratio", "produced", "registered")],
              "programme": [("share", "programme", "registered"), ("appShare", "app", "programme")]}
    totals = {}
    for report, names in reports.items():
        found, total = office.report(report, "--as-of", date, "--by", "region")
        expected = {}
        for code, figures in [*own.items(), ("", {name: sum(f[name] for f in own.values()) for name in own_names(own)})]:
            wanted = {name: figures[name] for name in names}
            for name, part, whole in shares.get(report, []):
                wanted[name] = percent(figures[part], figures[whole]).replace(",", ".")
            expected[code] = wanted
        compare(f"report {report} by region as of {date}", dict(found, **{"": total}), expected)
        totals[report] = (found, total)
    return own, totals


def own_names(own):
    return next(iter(own.values())).keys()


def primaries(office, regions, day, date):
    found, _ = office.report("coverage", "--as-of", date, "--by", "primary")
    expected = {}
    for region in regions:
        life = oracle.Region(region)
        for index in range(life.primaries):
            registered, plastic = life.primary(day, index)
            expected[life.primary_code(region["code"], index)] = {"registered": registered, "plastic": plastic}
    compare(f"report coverage by primary organisation as of {date}", found, expected)


def forms(office, regions, day, own):
    names = ["registered", "produced", "handedOut", "plastic", "virtual", "both", "none"]
    union = {name: sum(figures[name] for figures in own.values()) for name in names}
    found, total = office.report("form", "sp5", "--as-of", "08.12.2020")
    compare("report form sp5, the union", found, {code: union for code in found})
    found, _ = office.report("form", "sp4", "--as-of", "08.12.2020")
    compare("report form sp4, the regions", found,
            {code: {name: figures[name] for name in names} for code, figures in own.items()})
    found, total = office.report("form", "sp3", "--as-of", "08.12.2020")
    row("report form sp3: territorial organisations", len(found), sum(region["tpo_est"] for region in regions))
    found, total = office.report("form", "sp1", "--as-of", "08.12.2020")
    row("report form sp1: primary organisations", len(found), sum(region["ppo_est"] for region in regions))
    compare("report form sp1, the sum", {"": total}, {"": union})


def tsv(name):
    with open(HERE / "Data" / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def tables(regions, reports, isWhole, isDecree):
    """Tables 2, 3 and 4: the program's figures against the file's, and against the decree's print."""
    named = {region["name_ru"]: region for region in regions}
    coverage, production = reports["coverage"][0], reports["production"][0]
    for table, file, count in (("2", "table2_register_over_90.tsv", "in_AIS_2020_12_08"),
                               ("3", "table3_register_non_pilot.tsv", "in_AIS_2020_12_08"),
                               ("4", "table4_cards.tsv", "plastic_cards_produced_2020_12_08")):
        part, whole = ("plastic_cards", "register_2020_12_08") if table == "4" else ("register_2020_12_08", "members_2020")
        lines = production if table == "4" else coverage
        right, same, different, known = 0, 0, [], 0
        printed_rows = tsv(file)
        for printed in printed_rows:
            region = named.get(printed["region"])
            if region is None:
                continue
            known += 1
            line = lines[region["code"]]
            figure, share = ("produced", "ratio") if table == "4" else ("registered", "registeredShare")
            right += (line[figure], shown(line[share])) == (region[part], percent(region[part], region[whole]))
            if (str(line[figure]), shown(line[share])) == (printed[count], printed["pct_seed"].rstrip(" %")):
                same += 1
            else:
                different.append((printed["region"], line[figure], shown(line[share]), printed[count],
                                  printed["pct_seed"]))
        row(f"table {table}: counts and shares as the file gives them", right, known, "rows")
        for name, figure, share, old, old_share in different if isWhole else []:
            print(f"    {name}: {figure}, {share} %; the decree prints {old}, {old_share}")
        if isDecree:
            # a ratio above 100 % is printed as 100 %
            capped = [entry for entry in different if str(entry[1]) == entry[3] and entry[4] == "100 %"
                      and (entry[2] == CAPPED or Fraction(entry[2].replace(",", ".")) > 100)]
            row(f"table {table}: rows as the decree prints them", same + len(capped), len(printed_rows), "rows",
                f"({len(capped)} of them printed as 100 %)" if capped else "")


def headlines(regions, reports, isDecree):
    sums = {name: sum(region[name] for region in regions) for name in files.COUNTS}
    members, registered, cards = sums["members_2020"], sums["register_2020_12_08"], sums["plastic_cards"]
    virtual, programme = sums["virtual_est"], sums["bonus_est"]
    coverage, production = reports["coverage"][1], reports["production"][1]
    phones, bonus = reports["virtual"][1], reports["programme"][1]
    app = sum(min(region["virtual_est"], region["bonus_est"]) for region in regions)
    over = [region for region in regions if region["plastic_cards"] > region["register_2020_12_08"]]
    surplus = sum(max(0, line["produced"] - line["registered"]) for line in reports["production"][0].values())
    figures = [
        ("members returned as of 01.01.2020", coverage["returned"], members, 3_910_491),
        ("members on record", coverage["registered"], registered, 1_537_605),
        ("on record, %", shown(coverage["registeredShare"]), percent(registered, members), "39,32"),
        ("plastic cards made", production["produced"], cards, 936_179),
        ("plastic cards made to members on record, %", shown(production["ratio"]), percent(cards, registered), "60,89"),
        ("virtual cards", phones["virtual"], virtual, 31_113),
        ("virtual cards to members on record, %", shown(phones["share"]), percent(virtual, registered), "2,02"),
        ("in the bonus programme", bonus["programme"], programme, 154_221),
        ("in the programme of members on record, %", shown(bonus["share"]), percent(programme, registered), "10,03"),
        ("of them through the app", bonus["app"], app, 31_113),
        ("through the app, %", shown(bonus["appShare"]), percent(app, programme), "20,17"),
        ("cards beyond the register", surplus,
         sum(region["plastic_cards"] - region["register_2020_12_08"] for region in over), 10_216),
    ]
    for name, found, expected, decree in figures:
        note = ""
        if isDecree:
            note = "(the decree)" if decree == found else f"the decree: {decree}"
            note = "(the decree truncates: 60,88)" if found == "60,89" else note
        row(name, found, expected, note=note)
        if isDecree and found != decree:
            row(f"{name}: the decree", found, decree)
    if isDecree:
        line = reports["production"][0]["26"]
        row("Stavropol: cards to members on record, % (printed 100)", shown(line["ratio"]), "109,55")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("regions", nargs="?", default=str(CARRIED))
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--keep", help="data directory that stays")
    parser.add_argument("--lived", action="store_true", help="the register of --keep has lived already: ask it only")
    parser.add_argument("--name", default="golden")
    options = parser.parse_args()
    try:
        judged = files.read(options.regions)
    except files.Faults as faults:
        sys.exit(str(faults))
    if options.scale < 1 or (options.lived and not options.keep):
        parser.error("--scale: 1 or more; --lived goes with --keep")
    whole = [{name: region[name] for name in files.TEXTS + files.COUNTS} for region in judged]
    carried = [{name: region[name] for name in files.TEXTS + files.COUNTS} for region in files.read(CARRIED)]
    isDecree = options.scale == 1 and whole == carried
    regions = files.scaled(judged, options.scale)
    total = sum(region["members_2020"] for region in regions)
    print(f"{options.regions}: {len(regions)} regions, {total} members"
          + (f", each count divided by {options.scale} and rounded" if options.scale > 1 else ""), flush=True)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = pathlib.Path(name)
        files.write(regions, folder / "regions.tsv")
        office = Office(pathlib.Path(options.keep) if options.keep else folder / "data")
        seconds = 0 if options.lived else office.live(folder / "regions.tsv")
        print(f"  the life took {seconds:.0f} s", flush=True)
        check(office, regions, options.scale == 1, isDecree)
    passed = all(item["passed"] for item in rows)
    reports = ROOT / ".build/reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / f"{options.name}.json").write_text(json.dumps(
        {"passed": passed, "rows": rows, "regions": os.path.basename(options.regions), "scale": options.scale,
         "members": total, "seconds": round(seconds)}, indent=1, ensure_ascii=False))
    print(f"{sum(item['passed'] for item in rows)} passed, {sum(not item['passed'] for item in rows)} failed")
    sys.exit(0 if passed else 1)


def check(office, regions, isWhole, isDecree):
    own, reports = organisations(office, regions, oracle.DAY, "08.12.2020")
    tables(regions, reports, isWhole, isDecree)
    headlines(regions, reports, isDecree)
    forms(office, regions, oracle.DAY, own)
    primaries(office, regions, oracle.DAY, "08.12.2020")
    _, earlier = organisations(office, regions, oracle.PAST, "01.10.2020")
    primaries(office, regions, oracle.PAST, "01.10.2020")
    differing = sum(earlier["production"][1][name] != reports["production"][1][name]
                    for name in ("registered", "produced"))
    row("as of 01.10.2020 other figures than as of 08.12.2020", differing, 2)
    today = sum(oracle.length(oracle.Region(region).on_record(oracle.LAST)) for region in regions)
    left = sum(region["members_2020"] for region in regions) - today
    _, total = office.report("coverage", "--as-of", "01.03.2021", "--by", "region")
    row("members on record as of 01.03.2021", total["registered"], today)
    print(f"    everybody who is or was a member: {today + left}")


if __name__ == "__main__":
    main()
