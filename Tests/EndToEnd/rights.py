"""A member's rights by the command line: consents, deadlines, dossier, destruction, leaks, retention, privacy's table.

Usage: PROFBILET=path/to/profbilet python3 rights.py
With PROFBILET_TEST_POSTGRES the register lies on that server. Checks named L2 … L17 are rows of docs/privacy.md; each
looks at the rule kept and at the rule taken away.
"""

import csv
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import tables
from spreadsheet import workbook

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
START = 1_800_000_000  # 15 January 2027
DAY = 86_400
passed = 0
failures = []


def check(name, is_right, detail=""):
    global passed
    if is_right:
        passed += 1
        print(f"  ok    {name}", flush=True)
    else:
        failures.append(name)
        print(f"  FAIL  {name} {detail}", flush=True)


class Office:
    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.tables = tables.of(self.data)
        self.environment = dict(
            os.environ, **self.tables.environment, PROFBILET_DATA=str(self.data), PROFBILET_USER="tester",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="tester phrase", PROFBILET_BACKUP_PASSPHRASE="backup phrase",
            PROFBILET_NEW_PASSPHRASE="second phrase", PROFBILET_NOW=str(START),
            PROFBILET_AUDIT_HEADS=str(folder / "heads.log"))
        self.second = dict(PROFBILET_USER="second", PROFBILET_USER_PASSPHRASE="second phrase")

    def start(self, *arguments, prefix=(), **changes):
        return subprocess.Popen(
            [*prefix, PROGRAM, *map(str, arguments)], env=dict(self.environment, **changes), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, **changes):
        process = self.start(*arguments, **changes)
        process.out, process.err = process.communicate()
        return process

    def ok(self, *arguments, codes=(0,), **changes):
        result = self.run(*arguments, **changes)
        if result.returncode not in codes:
            sys.exit(f"{arguments} gave {result.returncode}: {result.out}{result.err}")
        return result.out

    def json(self, *arguments, **changes):
        return json.loads(self.ok(*arguments, "--json", **changes))

    def lines(self, *arguments, **changes):
        return [json.loads(line) for line in self.ok(*arguments, "--json", **changes).splitlines()]

    def refused(self, name, code, words, *arguments, **changes):
        result = self.run(*arguments, **changes)
        is_right = result.returncode == code and all(word in result.err for word in words)
        check(name, is_right and "Ошибка" in result.err and "Error" in result.err,
              f"{result.returncode}: {result.err}")

    def advance(self, days):
        self.environment["PROFBILET_NOW"] = str(int(self.environment["PROFBILET_NOW"]) + days * DAY)


def people(office):
    roster = office.folder / "roster.csv"
    office.ok("sample", "roster", "--rows", 40, "--seed", 8, "--dirt", 0, "--out", roster)
    office.ok("organisation", "import", f"{roster}.organisations.csv")
    office.ok("roster", "import", roster)
    office.ok("user", "add", "second", "--role", "cardOffice")


def consents(office):
    office.refused("a consent without a registered text", 6, ["consent text add"],
                   "consent", "give", "#1", "--purpose", "marketing")
    for purpose in ("marketing", "virtualCard", "bonusTransfer"):
        text = office.folder / f"{purpose}.txt"
        text.write_text(f"Согласие: {purpose}\n")
        office.ok("consent", "text", "add", "--purpose", purpose, "--file", text)
    give = ("consent", "give", "#1", "--purpose", "marketing")
    office.refused("a consent of tomorrow", 1, ["ещё не наступила"], *give, "--date", "16.01.2027")
    office.refused("a date that is none", 1, ["не понята"], *give, "--date", "31.02.2027")
    office.ok(*give, "--date", "11.01.2027")
    withdraw = ("consent", "withdraw", "#1", "--purpose", "marketing")
    office.refused("a withdrawal before the consent", 1, ["не может быть раньше"], *withdraw, "--date", "10.01.2027")
    found = office.lines(*withdraw, "--date", "12.01.2027")
    check("ten working days, by the calendar", found[0]["dueOn"] == "2027-01-26" and found[0]["doneAt"], found)
    office.refused("an answer older than the withdrawal", 5, ["раньше отзыва"], *give, "--date", "11.01.2027")
    office.ok("consent", "days", "register", "3")
    office.refused("more days than the law allows", 1, ["152-ФЗ"], "consent", "days", "register", "11")
    office.ok("consent", "withdraw", "#2", "--purpose", "register")
    check("a deadline that stands is well", office.run("health").returncode == 0)
    check("and is listed", [line["dueOn"] for line in office.lines("consent", "deadlines")] == ["2027-01-20"])
    office.advance(6)
    check("L3 an overdue withdrawal fails the health check", office.run("health").returncode == 5)
    check("and is listed with a code", office.run("consent", "deadlines", "--overdue").returncode == 5)
    warned = office.run("consent", "list", "#2")
    check("a year without known transfers is said to be so", "2027" in warned.out and "ТК РФ" in warned.out, warned.out)
    calendar = office.data / "working-days.tsv"
    calendar.write_text("holiday\t01-01\tНовый год\nyear\t2027\tbroken\nmove\t2027-02-30\t2027-03-01\n")
    office.refused("a broken calendar names its line", 1, ["строка 3"], "consent", "withdraw", "#3", "--purpose",
                   "cardProduction")
    calendar.unlink()
    office.ok("member", "set-status", "#2", "left", "--reason", "отзыв")
    office.ok("erase", "#2", "--reason", "отзыв согласия", "--yes")
    check("destruction fulfils the withdrawal", office.run("health").returncode == 0)


def dossier(office):
    shown = office.json("member", "show", "#1")
    found = office.json("dossier", "#1")
    values = {row["value"] for row in found["record"]}
    check("L13 the dossier tells all of the record", {shown["name"], shown["birthDate"], shown["aisId"]} <= values)
    check("L13 consents, withdrawals and looks", found["consents"] and found["withdrawals"]
          and any(row["action"] == "member.read" for row in found["log"]))
    pdf = office.folder / "dossier.pdf"
    office.ok("dossier", "#1", "--pdf", pdf)
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    check("the paper says the same", shown["name"].split()[0] in text and "статья" in text and "Согласия" in text)
    office.refused("nobody has no dossier", 6, [], "dossier", "#999")


def acts_of(office, member):
    return sorted(path.suffix for path in (office.data / "acts").glob(f"erasure-{member}-*"))


def erasure(office):
    office.ok("member", "set-status", "#4", "left", "--reason", "test")
    report = office.json("erase", "#4", "--reason", "по заявлению", "--yes")
    act = json.loads(pathlib.Path(report["act"][0]).read_text())
    check("L4 the act tells what, how, why and by whom", act["member"] == 4 and act["reason"] == "по заявлению"
          and act["user"] == "tester" and act["keepUntil"] == "2030-01-21" and "ключ" in act["means"], act)
    check("L4 with the extract of the log", act["log"][-1]["action"] == "member.erase")
    text = subprocess.run(["pdftotext", "-layout", report["act"][2], "-"], capture_output=True, text=True,
                          check=True).stdout
    check("L4 and is a paper to sign", "АКТ ОБ УНИЧТОЖЕНИИ" in text and "подпись" in text)
    before = [pathlib.Path(path).read_bytes() for path in report["act"][::2]]
    office.ok("erase", "#4", "--reason", "ещё раз", "--yes")
    check("a second time gives the same act", before == [pathlib.Path(path).read_bytes() for path in report["act"][::2]])
    # Killed at any moment: the same command goes on.
    chance = random.Random(5)
    for member in () if office.tables.is_server else range(5, 9):
        office.ok("member", "set-status", f"#{member}", "left", "--reason", "test")
        ais = office.json("member", "show", f"#{member}")["aisId"]
        command = ("erase", ais, "--reason", "по заявлению", "--yes")
        process = office.start(*command)
        time.sleep(chance.uniform(0.2, 1.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if acts_of(office, member) != [".cose", ".json", ".pdf"]:
            # as a kill leaves it that comes while a file is on its way to its name
            name = pathlib.Path(report["act"][0]).name.replace("erasure-4-", f"erasure-{member}-")
            (office.data / "acts" / f"{name}.tmp-1").write_text("{")
        again = office.run(*command)
        check(f"a killed destruction of #{member} ends whole",
              again.returncode in (0, 6) and acts_of(office, member) == [".cose", ".json", ".pdf"]
              and office.run("member", "show", f"#{member}").returncode == 6, again.out + again.err)
    check("nothing is left half done", office.run("health").returncode == 0)


def package(office):
    """A manufacturer's package of some members; its folder."""
    text = (ROOT / "batches/example-nationwide.yaml").read_text()
    text = re.sub(r"(?m)^minimum:.*$", "minimum: 1", text)
    text = text.replace("../card-layouts", str(ROOT / "card-layouts"))
    text = text.replace("profiles/", str(ROOT / "batches/profiles") + "/")
    path = office.folder / "batch.yaml"
    office.ok("order", "create", "--organisation", "99", "--submit", codes=(0, 2))
    office.ok("order", "approve", "--organisation", "99")
    ended = office.folder / "ended.yaml"
    ended.write_text(text.replace('"2030-12-31"', '"2020-01-01"', 1))
    office.refused("L2 no package under an agreement that has ended", 5, ["Поручение"], "batch", "plan", ended)
    path.write_text(text)
    batch = office.json("batch", "plan", path)
    check("L2 the same package under one in force", batch["cards"] > 0)
    office.ok("batch", "approve", batch["batch"], **office.second)
    office.ok("batch", "build", batch["batch"])
    return office.data / "batches" / f"{batch['batch']:06}" / "manufacturer", batch["cards"]


def leaks(office):
    roster = office.folder / "roster.csv"
    known = office.json("incident", roster)
    check("L14 a roster is known by its hash", known["kind"] == "roster" and len(known["people"]) == 40, known["kind"])
    changed = office.folder / "changed.csv"
    changed.write_bytes(roster.read_bytes() + b"\r\n")
    by_content = office.json("incident", changed)
    alive = {person["member"] for person in known["people"] if person["name"]}
    check("L14 a changed roster by the people in it", by_content["kind"] == "content"
          and {person["member"] for person in by_content["people"]} == alive, by_content)
    folder, cards = package(office)
    minimal = folder / "personalization.csv"
    for name in ("manifest.json", "personalization.csv", "cards-001.pdf"):
        leaked = office.folder / f"leaked-{name}"
        shutil.copy(folder / name, leaked)
        found = office.json("incident", leaked)
        check(f"L14 {name} of a package", found["kind"] == "manufacturer" and len(found["people"]) == cards,
              (found["kind"], len(found["people"]), cards))
    union = folder.parent / "union"
    lists = sorted((union / "handover").glob("vedomost-*.pdf"))
    sizes = [office.json("incident", path) for path in lists]
    check("L14 a region's hand-out list counts that region's people, not the whole batch", all(
        found["kind"] == "union" and {person["organisation"][:2] for person in found["people"]} == {path.stem[-2:]}
        for path, found in zip(lists, sizes)) and sum(len(found["people"]) for found in sizes) == cards, sizes)
    opened = office.tables.number("SELECT count(*) FROM incident")
    for path in (union / "waybills.pdf", union / "parcels.csv", folder / "спецификация.pdf"):
        found = office.json("incident", path)
        check(f"L14 {path.name} names nobody", found["people"] == [] and found["source"].endswith(path.name), found)
    check("L14 for which no incident is opened", office.tables.number("SELECT count(*) FROM incident") == opened)
    proof = office.json("incident", folder / "proof.pdf")
    check("L14 the proof counts the cards on it", 0 < len(proof["people"]) <= cards, proof)
    edited = office.folder / "edited.pdf"
    edited.write_bytes(lists[0].read_bytes() + b"\n% saved again\n")
    found = office.json("incident", edited)
    check("L14 a changed PDF by the numbers printed in it", found["kind"] == "content" and not found["unread"]
          and found["people"] == sizes[0]["people"], found)
    edited.write_bytes(b"%PDF-1.7 torn")
    check("L14 a PDF that cannot be read says so", office.json("incident", edited)["unread"])
    book = workbook(office.folder / "few.xlsx", [line.split(";") for line in minimal.read_text(encoding="utf-8-sig").splitlines()[:3]])
    found = office.json("incident", book)
    check("L14 a workbook of it by the numbers in its cells", len(found["people"]) == 2 and found["kind"] == "content", found)
    empty = office.folder / "empty.csv"
    empty.write_bytes(b"")
    office.refused("an empty file", 1, ["пуст"], "incident", empty)
    few = office.folder / "few.csv"
    few.write_text("\n".join(minimal.read_text(encoding="utf-8-sig").splitlines()[1:4]))
    found = office.json("incident", few)
    check("L14 a few lines of it by their numbers", found["kind"] == "content" and len(found["people"]) == 3, found)
    beside = office.folder / "beside.txt"
    cells = list(csv.DictReader(io.StringIO(minimal.read_text(encoding="utf-8-sig")), delimiter=";"))[:3]
    for name, text in (
            ("a line's number before it", "".join(f"{place} {row['number']}\n" for place, row in enumerate(cells, 1))),
            ("hyphens and a count after it", "".join(f"{row['number'].replace(' ', '-')} 1\n" for row in cells)),
            ("a list on one line", " ".join(row["number"] for row in cells)),
            ("barcodes on one line", " ".join(row["carrier"] for row in cells))):
        beside.write_text(text)
        found = office.json("incident", beside)
        check(f"L14 numbers with {name}", len(found["people"]) == 3, (text, found))
    found = office.json("incident", few)
    stranger = office.folder / "stranger.bin"
    stranger.write_bytes(bytes(range(256)) * 40)
    nobody = office.json("incident", stranger)
    check("a file that is not ours holds nobody and opens nothing",
          (nobody["people"], nobody["incident"], nobody["noticeUntil"], nobody["kind"]) == ([], None, None, "unknown"), nobody)
    office.ok("user", "add", "auditor", "--role", "auditor")
    auditor = dict(PROFBILET_USER="auditor", PROFBILET_USER_PASSPHRASE="second phrase")
    ids = office.json("incident", few, **auditor)["people"]
    check("L14 names only for those entitled", len(ids) == 3 and all(person["name"] is None for person in ids))
    member = found["people"][0]["member"]
    told = office.json("dossier", member)
    check("the member learns of it", told["incidents"] and told["transfers"][0]["kind"] == "manufacturer")
    office.refused("a file that is not there", 6, [], "incident", office.folder / "none")


def blocks(office):
    numbers = office.folder / "numbers.txt"
    office.ok("carrier", "block-many", "--limit", 2)
    lines = (office.folder / "few.csv").read_text()
    found = re.findall(r"\b\d{16}\b", lines)
    numbers.write_text("\n".join(found))
    asked = office.json("carrier", "block-many", numbers, "--as", "withdraw", "--reason", "посылка")
    check("many cards wait for a second person", asked["doneAt"] is None and asked["cards"] == 3, asked)
    office.refused("nobody confirms alone", 5, ["другой"], "carrier", "confirm-block", asked["block"])
    done = office.json("carrier", "confirm-block", asked["block"], **office.second)
    check("two people block them", done["doneAt"] is not None and office.tables.number(
        "SELECT count(*) FROM carrier WHERE state = 'withdrawn'") == 3)


def hosts(office):
    own = {"PROFBILET_DATABASE": ""}
    check("L7 no host is configured by default", "нет" in office.ok("hosts", **own))
    outside = {"PROFBILET_DATABASE": "postgresql://u@db1.example.org:5432,db2.example.org/epb"}
    listed = [line["host"] for line in office.lines("hosts", **outside)]
    check("L7 each configured host is listed", listed == ["db1.example.org", "db2.example.org"], listed)
    bare = dict(PGHOST="", PGHOSTADDR="")
    for connection, names, more in (
            ("postgresql:///db?host=db.example.org", ["db.example.org"], {}),
            ("host = db.example.org dbname=x", ["db.example.org"], {}), ("host='db.example.org' dbname=x", ["db.example.org"], {}),
            ("hostaddr=10.0.0.5 dbname=x", ["10.0.0.5"], {}), ("postgresql://u:SE?CRET@db.example.org/x", ["db.example.org"], {}),
            ("host=a,,a hostaddr=10.0.0.5,,", ["a", "10.0.0.5", "localhost"], {}), ("host=/run/pg", ["/run/pg"], {}),
            ("dbname=x", ["localhost"], {}), ("dbname=x", ["db.example.org"], {"PGHOST": "db.example.org"}),
            ("service=epb", ["service=epb"], {})):
        listed = [line["host"] for line in office.lines("hosts", **{**bare, **more}, PROFBILET_DATABASE=connection)]
        check(f"L7 {connection} {more or ''} leads to {names}", listed == names, listed)
    unread = office.run("hosts", PROFBILET_DATABASE="host=h SE-CRET")
    check("L7 a string that libpq does not understand is named, not quoted", unread.returncode == 1
          and "PROFBILET_DATABASE" in unread.err and "SE-CRET" not in unread.err, unread.err)
    alone = ("unshare", "-rn")
    if office.tables.is_server or subprocess.run([*alone, "true"], capture_output=True).returncode:
        return
    inside = office.run("dossier", "#1", "--json", prefix=alone)
    check("L7 all works where there is no network", inside.returncode == 0, inside.err)
    away = office.run("dossier", "#1", prefix=alone, PROFBILET_DATABASE="host=192.0.2.1 connect_timeout=2")
    check("L7 and the look would see a connection", away.returncode != 0)


def forge(path, statements):
    """What somebody with the file and sqlite3 does to it."""
    subprocess.run(["sqlite3", "-bail", path, ";".join(statements)], check=True, capture_output=True)


def audit(office):
    office.ok("audit", "verify")
    heads = office.folder / "heads.log"
    check("L8 the second place has its heads", len(heads.read_text().splitlines()) >= 2)
    reads = office.lines("audit", "show", "--action", "member.", "--subject", "member/1", "--by", "tester")
    check("L8 looks are found by user, action and subject", reads and all(
        line["subject"] == "member/1" and line["user"] == "tester" for line in reads))
    if office.tables.is_server:
        return
    whole = office.data / "register.sqlite"
    forge(whole, ["PRAGMA wal_checkpoint(TRUNCATE)"])
    kept = whole.read_bytes()
    drop = ["DROP TRIGGER audit_no_change", "DROP TRIGGER audit_no_deletion"]
    last = office.tables.number("SELECT max(seq) FROM audit")
    for name, word, statements in (
            ("edited", "изменена", ["UPDATE audit SET detail = 'x' WHERE seq = 9"]),
            ("removed", "удалены", ["DELETE FROM audit WHERE seq = 9"]),
            ("reordered", "изменена", ["UPDATE audit SET seq = -9 WHERE seq = 9", "UPDATE audit SET seq = 9 WHERE seq = 10",
                                       "UPDATE audit SET seq = 10 WHERE seq = -9"]),
            ("cut tail", "обрезан", [f"DELETE FROM audit WHERE seq > {last - 3}"])):
        forge(whole, drop + statements)
        office.refused(f"L8 {name} row in the database's file", 7, [word], "audit", "verify")
        for leftover in office.data.glob("register.sqlite-*"):
            leftover.unlink()
        whole.write_bytes(kept)
    away = office.folder / "away.log"
    heads.rename(away)
    office.refused("L8 a second place that vanished", 7, ["heads.log"], "audit", "verify")
    office.ok("keys", "list")
    check("L8 no other command begins the second place anew", not heads.exists())
    away.rename(heads)
    office.ok("audit", "verify")
    own = office.data / "audit.head"
    own.unlink()
    for begin in (lambda: None, lambda: own.write_text("")):
        begin()
        office.ok("keys", "list")
        office.refused("L8 a head that vanished stays so after another command", 7, ["audit.head"], "audit", "verify")
    office.ok("audit", "countersign")
    office.ok("audit", "verify")


def retention(office):
    acts = len(list((office.data / "acts").iterdir()))
    check("acts stay within three years", office.lines("retention", "run", "--dry-run") == [] and acts > 0)
    office.advance(3 * 366)
    dry = office.lines("retention", "run", "--dry-run")
    check("a dry run only tells", [line["what"] for line in dry] == ["acts"]
          and len(list((office.data / "acts").iterdir())) == acts, dry)
    office.ok("retention", "run")
    check("L4 acts go after three years", list((office.data / "acts").iterdir()) == [])
    check("and nothing is left", office.lines("retention", "run") == [])


# Rules about the repository itself.

PHONE = re.compile(r"\+7\d{10}")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


def real_people(text):
    """Phones and addresses in a text that could be somebody's."""
    phones = [phone for phone in PHONE.findall(text) if not phone.startswith("+7000")]
    mails = [mail for mail in MAIL.findall(text) if not re.search(r"@(?:[\w-]+\.)*example\.(?:org|ru|com)$", mail)]
    return phones + mails


def sources():
    for folder in ("Tests", ".ci", "batches", "docs"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in {".swift", ".py", ".csv", ".json", ".jsonl", ".yaml", ".md", ".sh", ""}:
                yield path


def repository():
    found = {str(path.relative_to(ROOT)): people for path in sources()
             if (people := real_people(path.read_text(errors="replace")))}
    check("L17 test data are nobody's", not found, found)
    planted = "позвоните +7" + "9161234567, пишите ivanov@" + "mail.ru"
    check("L17 and the look would find somebody", len(real_people(planted)) == 2)
    notice = re.compile(r"not a certified\s+(?:cryptographic\s+)?means \(СКЗИ\)", re.S)
    readme = (ROOT / "README.md").read_text()
    check("L12 README says what is not certified", bool(notice.search(readme)) and "34.10-2012" in readme)
    check("L12 and the look would miss it", not notice.search(notice.sub("a certified means", readme)))


def table():
    """docs/privacy.md: every row of the demands, each with tests that exist."""
    text = (ROOT / "docs/privacy.md").read_text()
    rows = dict(re.findall(r"(?m)^\| (L\d+) \|(.*)\|$", text))
    check("docs/privacy.md has L1 … L18", sorted(rows, key=lambda row: int(row[1:])) == [f"L{n}" for n in range(1, 19)])
    tests = "\n".join(path.read_text(errors="replace") for path in (ROOT / "Tests").rglob("*")
                      if path.suffix in {".swift", ".py"} and path.is_file())
    named = {row: re.findall(r"«([^»]+)»", cells) for row, cells in rows.items()}
    check("each row names a test", all(named.values()), [row for row, names in named.items() if not names])
    missing = [name for names in named.values() for name in names if name not in tests]
    check("each named test exists", not missing, missing)


def main():
    if not tables.SERVER:
        repository()
        table()
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        office.ok("init", "--specimen")
        people(office)
        consents(office)
        dossier(office)
        erasure(office)
        leaks(office)
        blocks(office)
        audit(office)
        if not office.tables.is_server:
            hosts(office)
        retention(office)
        office.tables.check()
        office.tables.drop()
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
