"""Delivery end to end: from the manufacturer's report to the last card in its owner's hands, and who pays for it.

Broken, foreign, repeated and corrected reports; parcels at region and primary organisation; hand-out by scan, by list and
by parcel; cards nobody came for; payments; and kills at random moments, after which all or nothing was done.
Usage: PROFBILET=path/to/profbilet python3 delivery.py [--kills N]
"""

import argparse
import csv
import io
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

import tables
from spreadsheet import workbook

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
DAY = 86_400
START = 1_800_000_000
passed = 0
failures = []


def check(name, is_right, detail=""):
    global passed
    if is_right:
        passed += 1
        print(f"  ok    {name}", flush=True)
    else:
        failures.append(name)
        print(f"  FAIL  {name}: {detail}", flush=True)


def expect(name, result, code, *words):
    text = result.stdout + result.stderr
    is_right = result.returncode == code and "Fatal error" not in text and all(word in text for word in words)
    check(name, is_right, f"code {result.returncode}, expected {code}: {text[-600:]}")


class Office:
    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.tables = tables.of(self.data)
        self.environment = dict(
            os.environ, **self.tables.environment, PROFBILET_DATA=str(self.data), PROFBILET_USER="planner",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="planner phrase", PROFBILET_NEW_PASSPHRASE="another phrase",
            PROFBILET_NOW=str(START))

    def advance(self, seconds):
        self.environment["PROFBILET_NOW"] = str(int(self.environment["PROFBILET_NOW"]) + seconds)

    def start(self, *arguments, **changes):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], env=dict(self.environment, **changes), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")

    def run(self, *arguments, **changes):
        process = self.start(*arguments, **changes)
        output, errors = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def ok(self, *arguments, codes=(0,), **changes):
        result = self.run(*arguments, **changes)
        if result.returncode not in codes:
            sys.exit(f"{arguments} gave {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout

    def json(self, *arguments, codes=(0,), **changes):
        return json.loads(self.ok(*arguments, "--json", codes=codes, **changes).splitlines()[-1])

    def number(self, sql):
        return self.tables.number(sql)

    def state(self):
        """What a cut-off command must leave as it was, or have changed whole."""
        names = ["carrier", "card_order", "parcel", "batch"]
        sums = [f"(SELECT count(*) FROM {table} WHERE state = '{state}')"
                for table, states in [("carrier", ["allocated", "printed", "spoiled", "shipped", "atPrimary", "active"]),
                                      ("card_order", ["batched", "produced", "shipped", "delivered", "closed"])]
                for state in states]
        sums += [f"(SELECT count(*) FROM {table})" for table in (
            "carrier_event", "batch_report", "batch_difference", "hand_out", "money_line", "audit", *names)]
        return tuple(self.number("SELECT " + sql) for sql in sums)

    def people(self, places, each):
        table = self.folder / "organisations.csv"
        codes = sorted({place[:2] for place in places} | {place[:6] for place in places} | set(places))
        table.write_text("Код;Наименование\n" + "".join(f"{code};Организация {code}\n" for code in codes))
        self.ok("organisation", "import", table)
        header = ("ИД АИС;Фамилия;Имя;Отчество;Дата рождения;Пол;Категория;Код организации;Дата вступления;"
                  "Согласие ПДн;Согласие на изготовление билета\n")
        names = ["Орлова", "Соколова", "Лебедева", "Голубева", "Воробьёва", "Гусева", "Уткина"]
        lines = [f"N{len(names)}{number};{names[number % len(names)]};Анна;Петровна;"
                 f"{number % 28 + 1:02}.{number % 12 + 1:02}.{1950 + number % 40};Ж;работающий;{place};01.09.2010;да;да\n"
                 for number, place in enumerate(place for place in places for _ in range(each))]
        roster = self.folder / "roster.csv"
        roster.write_text(header + "".join(lines))
        self.ok("roster", "import", roster, codes=(0, 2))

    def order(self, reason=None, place="99"):
        named = ["--reason", reason] if reason else []
        self.ok("order", "create", "--organisation", place, *named, "--submit", codes=(0, 2))
        self.ok("order", "approve", "--organisation", place, codes=(0, 2))

    def batch(self, name="example-nationwide", **changes):
        """A sealed batch of everything approved."""
        text = (ROOT / f"batches/{name}.yaml").read_text()
        for key, value in {"minimum": 1, "until": '"2099-12-31"', "valid-until": '"2035-12-31"', **changes}.items():
            text, count = re.subn(rf"(?m)^(\s*){key}:.*$", rf"\g<1>{key}: {value}", text)
            assert count == 1, key
        text = text.replace("../card-layouts", str(ROOT / "card-layouts"))
        text = text.replace("profiles/", str(ROOT / "batches/profiles") + "/")
        path = self.folder / "batch.yaml"
        path.write_text(text)
        number = self.json("batch", "plan", path)["batch"]
        self.ok("batch", "approve", number, PROFBILET_USER="approver", PROFBILET_USER_PASSPHRASE="another phrase")
        self.ok("batch", "build", number)
        package = self.data / "batches" / f"{number:06}"
        self.ok("batch", "verify", package)
        self.ok("batch", "seal", number, "--manufacturer", self.folder / "maker.pem", "--archive", self.folder / "maker.pem")
        with open(package / "manufacturer/personalization.csv", encoding="utf-8-sig", newline="") as file:
            return number, list(csv.DictReader(file, delimiter=";"))

    def report(self, name, rows, encoding="windows-1251", head="№ п/п;Штрихкод;Результат", tail=""):
        path = self.folder / name
        path.write_bytes((f"Отчёт завода\r\n{head}\r\n" + "".join(";".join(row) + "\r\n" for row in rows) + tail).encode(encoding))
        return path


def text_of(path):
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    return re.sub(r"[ \u00a0]+", " ", text)


def killed(office, name, count, command, undo=None):
    """Cut off at random moments: nothing or everything; the last run is whole."""
    before = office.state()
    started = time.monotonic()
    broken, whole = [], 0
    for number in range(count):
        process = office.start(*command)
        # Most of a run is its start and its passphrases; the middle of the work is near the end.
        time.sleep(random.uniform(0.2, 1) * (1.0 if number == 0 else duration))
        duration = 1.0 if number == 0 else duration
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now = office.state()
        if now != before:
            whole += 1
            after = now
            break
    result = office.run(*command)
    after = office.state() if not whole else after
    check(f"{name}: killed {count} times at most, all or nothing", result.returncode in (0, 5) and after != before,
          f"{result.returncode} {result.stdout[-300:]}{result.stderr[-300:]} {before} {after}")
    office.tables.check()
    return after


def reports(office, number, cards):
    """Reports that must not be taken, then one with every kind of difference."""
    before = office.state()
    good = [(card["sequence"], card["carrier"], "изготовлена") for card in cards]
    wrong = [list(row) for row in good]
    wrong[1][2], wrong[4][0] = "может быть", "пять"
    expect("broken rows are named by line and column", office.run(
        "batch", "accept", number, "--report", office.report("broken.csv", wrong)), 1,
        "строка 4, столбец 3 («Результат»)", "строка 7, столбец 1", "line 4, column 3")
    crossed = [list(row) for row in good]
    crossed[2][1], crossed[3][1] = crossed[3][1], crossed[2][1]
    expect("a place and a barcode that disagree", office.run(
        "batch", "accept", number, "--report", office.report("crossed.csv", crossed)), 1, "строка 5", "разные карты")
    expect("another batch's report by its own column", office.run(
        "batch", "accept", number, "--report", office.report(
            "other.csv", [(*row, "77") for row in good], head="№ п/п;Штрихкод;Результат;Партия")), 1, "партии «77»")
    strangers = [(f"{index}", "9770000000000051", "ok") for index in range(1, 9)]
    expect("a report of somebody else's cards", office.run(
        "batch", "accept", number, "--report", office.report("strange.csv", strangers)), 1, "не о партии")
    expect("figures that the covering letter does not confirm", office.run(
        "batch", "accept", number, "--report", office.report("letter.csv", good), "--produced", 7), 1, "не сходится")
    expect("no column of results", office.run(
        "batch", "accept", number, "--report", office.report("columns.csv", [row[:2] for row in good], head="№ п/п;Штрихкод")),
        1, "Результат")
    expect("no rows", office.run("batch", "accept", number, "--report", office.report("empty.csv", [])), 1, "нет строк")
    expect("no file", office.run("batch", "accept", number, "--report", "/nowhere.csv"), 11, "/nowhere.csv")
    expect("no such batch", office.run("batch", "accept", 4711, "--report", office.report("good.csv", good)), 6, "4711")
    expect("shipping before acceptance", office.run("batch", "ship", number), 5, "sealed")
    check("nothing was changed", office.state() == before)

    rows = [list(row) for row in good]
    rows[4][2], rows[11][2] = "брак", "Брак"
    missing = rows.pop()
    rows += [("99", "", "ok"), (rows[1][0], "", "ok"), ("", "9770000000000051", "ok")]
    path = office.report("first.csv", rows, tail="Итого;;\r\n")
    first = office.json("batch", "accept", number, "--report", path, "--act", office.folder / "act1.pdf")
    kinds = sorted(item["kind"] for item in first["differences"])
    check("spoiled, missing, surplus, duplicate and unknown cards are told apart",
          (first["produced"], first["spoiled"], first["missing"], kinds) == (
              len(cards) - 3, 2, 1, ["duplicate", "surplus", "unknown"]), first)
    check("spoiled cards are ordered anew", first["reissued"] == 2)
    act = text_of(office.folder / "act1.pdf")
    check("the act of acceptance says so", all(words in act for words in (
        "АКТ ПРИЁМКИ", "Изготовлено и принято", "Расхождения, не урегулированы", "не закрывается", "названа дважды")), act)
    before = office.state()
    again = office.json("batch", "accept", number, "--report", path)
    check("the same file again changes nothing", again["repeated"] and office.state() == before)
    expect("closing with differences", office.run(
        "batch", "close", number, "--destruction-act", path), 5, "не хватает карт 1")
    # The corrected report comes as a workbook.
    corrected = [["№ п/п", "Штрихкод", "Результат"], *rows[:-3], missing]
    second = office.json("batch", "accept", number, "--report", workbook(office.folder / "second.xlsx", corrected))
    check("the corrected report settles them", second["revision"] == 2 and second["missing"] == 0
          and not second["differences"] and second["produced"] == len(cards) - 2, second)
    office.ok("batch", "act", number, "--out", office.folder / "act2.pdf")
    act = " ".join(text_of(office.folder / "act2.pdf").split())
    check("the act of acceptance of a settled batch says what was not accepted and claimed", all(words in act for words in (
        f"Партия принята не полностью: изготовлено и принято {len(cards) - 2} из {len(cards)}, забраковано 2.",
        "Неурегулированных расхождений нет", "Предъявлено заводу", "(карт 2)")) and "не закрывается" not in act, act)
    shown = office.json("batch", "show", number)
    check("batch show tells the same", shown["unshipped"] == len(cards) - 2 and shown["state"] == "accepted", shown)


def parcels(office, number, cards, places):
    waybills = office.folder / "waybills.pdf"
    sent = office.json("batch", "ship", number, "--waybills", waybills)
    check("what is made leaves the plant", sent["cards"] == len(cards) - 2)
    text = text_of(waybills)
    waybills.unlink()
    again = office.json("batch", "ship", number, "--waybills", waybills)
    check("the waybills can be had again", again["cards"] == 0 and text_of(waybills) == text)
    check("a waybill a region, with the cards really in it",
          text.count("НАКЛАДНАЯ") == len({place[:2] for place in places}) and "Итого посылок" in text, text[:600])
    chair = dict(PROFBILET_USER="chair", PROFBILET_USER_PASSPHRASE="another phrase")
    names = [line["parcel"] for line in map(json.loads, office.ok("parcel", "list", "--json").splitlines())]
    check("a parcel a primary organisation", len(names) == len(places), names)
    expect("a chair receives no other's parcel", office.run(
        "parcel", "receive", names[1], "--at", "primary", **chair), 4, "В вашей области нет посылки")
    office.ok("parcel", "receive", "--batch", number, "--all", "--at", "region")
    check("nothing verifies before it is at its primary organisation",
          office.number("SELECT count(*) FROM carrier WHERE state = 'active'") == 0)
    content = {line["parcel"]: line for line in map(json.loads, office.ok("parcel", "show", number, "--json").splitlines())}
    inside = content[names[0]]["shipped"]
    expect("a count that does not agree", office.run(
        "parcel", "receive", names[0], "--at", "primary", "--count", inside - 1, **chair), 5, f"должно быть карт {inside}")
    short = next(card["carrier"] for card in cards if card["parcel"] == "1" and card["sequence"] != "5")
    received = office.json("parcel", "receive", names[0], "--at", "primary", "--count", inside - 1, "--missing", short, **chair)
    check("a short parcel names its missing card", (received["lost"], received["activated"]) == (1, inside - 1), received)
    again = office.json("parcel", "receive", names[0], "--at", "primary", **chair)
    check("the same parcel again is known", again["known"] == 1 and again["cards"] == 0, again)
    rest = office.json("parcel", "receive", "--batch", number, "--all", "--at", "primary")
    check("the other parcels come into force together", rest["parcels"] == len(places) - 1
          and rest["activated"] == len(cards) - 2 - inside, rest)
    sheet = office.folder / "sheet.pdf"
    office.ok("parcel", "sheet", names[0], "--out", sheet, **chair)
    text = text_of(sheet)
    check("the hand-out list holds whoever waits", "ВЕДОМОСТЬ" in text and text.count("Анна Петровна") == inside - 1, text[:500])
    office.ok("status", "publish", office.folder / "public")
    return names, short


def hand_out(office, cards, names, short):
    chair = dict(PROFBILET_USER="chair", PROFBILET_USER_PASSPHRASE="another phrase")
    dead = {short, cards[4]["carrier"], cards[11]["carrier"]}
    own = [card for card in cards if card["parcel"] == "1" and card["carrier"] not in dead]
    other = [card for card in cards if card["parcel"] == "2" and card["carrier"] not in dead]
    done = office.json("handout", "scan", own[0]["carrier"], own[1]["qr"], **chair)
    check("by scan of barcode and QR", done["done"] == 2, done)
    damaged = own[2]["qr"][:-9] + ("1" if own[2]["qr"][-9] != "1" else "2") + own[2]["qr"][-8:]
    result = office.json("handout", "scan", damaged, short, other[0]["carrier"], **chair, codes=(2,))
    check("a damaged code, a lost card and another organisation's are refused",
          result["done"] == 0 and [item["line"] for item in result["refused"]] == [1, 2, 3], result)
    day = "29.01.2027"
    path = office.folder / "list.csv"
    lines = [f"{card['number']};{day}" for card in other[:3]]
    path.write_text("Номер билета;Дата выдачи\n" + "\n".join(lines) + "\n")
    office.advance(20 * DAY)
    listed = office.json("handout", "list", path)
    check("by a signed list with its dates", listed["done"] == 3 and office.number(
        "SELECT count(*) FROM hand_out WHERE way = 'list'") == 3, listed)
    again = office.json("handout", "list", path)
    check("the same list again changes nothing", (again["done"], again["known"]) == (0, 3), again)
    path.write_text("Номер билета;Дата выдачи\n" + f"{other[3]['number']};{day}\n1,77482E+14;{day}\n")
    before = office.state()
    expect("a list eaten by a spreadsheet", office.run("handout", "list", path), 1, "строка 3")
    check("of it nothing was recorded", office.state() == before)
    whole = office.json("handout", "parcel", names[2], "--except", next(
        card["carrier"] for card in cards if card["parcel"] == "3" and card["carrier"] not in dead))
    check("by a parcel's list with one exception", whole["done"] > 0 and not whole["refused"], whole)
    check("who, to whom and when stands in the book", office.number(
        "SELECT count(*) FROM hand_out h JOIN carrier c ON c.id = h.carrier_id AND c.member_id = h.member_id "
        "AND c.handed_out_on = h.handed_on") == office.number("SELECT count(*) FROM hand_out"))
    return own, other


def second_batch(office, cards):
    """The spoiled cards again and chip cards: activation by hand-out, UIDs, unclaimed, returned, destroyed."""
    number, again = office.batch("example-chip", organisations="[]", reasons="[]")
    spoiled = {cards[4]["carrier"][:15], cards[11]["carrier"][:15]}
    check("remade with the same number and the next issue",
          {card["carrier"][:15] for card in again} == spoiled and {card["carrier"][15] for card in again} == {"2"}, again)
    rows = [[card["sequence"], card["carrier"], "годна", f"04A1B2C3D4E5{index:02X}"] for index, card in enumerate(again)]
    head = "№ п/п;Штрихкод;Результат;UID чипа"
    rows[1][3] = rows[0][3]
    twice = office.json("batch", "accept", number, "--report", office.report("chips1.csv", rows, head=head))
    check("a UID twice is a difference", "chipTwice" in {item["kind"] for item in twice["differences"]}, twice)
    rows[1][3] = "04A1B2C3D4E5F0"
    right = office.json("batch", "accept", number, "--report", office.report("chips2.csv", rows, head=head))
    check("chip UIDs are bound", not right["differences"] and office.number("SELECT count(*) FROM carrier_chip") == 2, right)
    rows[0][3] = "04A1"
    expect("a UID that is none", office.run("batch", "accept", number, "--report", office.report(
        "chips3.csv", rows, head=head)), 1, "строка 3, столбец 4")
    office.ok("batch", "ship", number)
    office.ok("parcel", "receive", "--batch", number, "--all", "--at", "primary")
    check("with hand-out as activation they wait", office.number("SELECT count(*) FROM carrier WHERE state = 'atPrimary'") == 2)
    office.advance(91 * DAY)
    check("after 90 days nobody came", "2" in office.ok("handout", "unclaimed").splitlines()[0])
    late, never = again[0]["carrier"], again[1]["carrier"]
    done = office.json("handout", "scan", late)
    check("one comes late", done["activated"] == 1, done)
    office.ok("handout", "return", never)
    act = office.folder / "destroyed.pdf"
    made = office.json("handout", "destroy", never, "--reason", "не востребована", "--act", act)
    text = text_of(act)
    check("the other is sent back and destroyed with an act", made["cards"] == 1 and "АКТ № 1 об уничтожении" in text
          and "99 Центральный Совет" in text
          and "не востребована" in text, text)
    expect("a card in its owner's hands is not destroyed so", office.run(
        "handout", "destroy", late, "--reason", "x"), 5, "active")
    proof = office.folder / "plant.pdf"
    expect("closing without the plant's act", office.run("batch", "close", number, "--destruction-act", "/nowhere"), 11)
    proof.write_bytes(b"%PDF-1.4 scan")
    office.ok("batch", "close", number, "--destruction-act", proof)
    package = office.data / "batches" / f"{int(number):06}"
    check("closed, its files with personal data are gone and the manifests stay", not [
        path for path in package.rglob("*") if path.name in ("personalization.csv", "proof.pdf", "encoding.csv")
        or path.name.startswith(("cards-", "vedomost-"))] and (package / "manufacturer/manifest.json").exists()
        and len(list(package.with_suffix(".sealed").iterdir())) == 2)
    office.ok("batch", "close", number, "--destruction-act", proof)
    expect("a closed batch is not verified again", office.run("batch", "verify", package), 5, "закрыта")
    expect("or built again", office.run("batch", "build", number), 5, "закрыта")
    check("closed, with the act's hash", office.number(
        f"SELECT count(*) FROM batch WHERE id = {number} AND state = 'closed' AND destruction_act IS NOT NULL") == 1)


def money(office, cards, places):
    region = places[0][:2]
    account = lambda *more: office.json("settlement", "show", region, *more)
    at_first = account()
    spoiled = [card for card in cards if card["sequence"] in ("5", "12")]
    own = lambda some: sum(1 for card in some if card["organisation"][-11:-9] == region)
    cost = (own(cards) - own(spoiled)) * 9500 + own(spoiled) * 24000
    check("cards are charged at their batch's price, half to the region",
          (at_first["cards"], at_first["cost"], at_first["regionShare"], at_first["centralCouncil"], at_first["balance"]) == (
              own(cards), cost, cost // 2, cost // 2, cost // 2), (at_first, cost))
    pay = ("settlement", "pay", region)
    office.ok(*pay, "100,50", "--document", "17", "--on", "01.02.2027")
    check("a payment lowers the balance", account()["balance"] == at_first["balance"] - 10050)
    today = ("--on", "02.02.2027")
    for name, arguments, code, word in [
        ("a repeated document", (*pay, "100,50", "--document", "17", *today), 5, "уже учтён"),
        ("an unknown region", ("settlement", "pay", "88", "5", "--document", "1", *today), 6, "88"),
        ("a primary organisation", ("settlement", "pay", places[0], "5", "--document", "1", *today), 1, "RR"),
        ("nothing", (*pay, "0", "--document", "18", *today), 1, "больше нуля"),
        ("a fraction of a kopeck", (*pay, "1,005", "--document", "18", *today), 1, "доли копейки"),
        ("words", (*pay, "сто", "--document", "18", *today), 1, "рубли и копейки"),
        ("a day to come", (*pay, "5", "--document", "18", "--on", "01.01.2099"), 1, "не наступила"),
        ("a document of blanks", (*pay, "5", "--document", " ", *today), 1, "документа"),
        ("a mistyped year", (*pay, "5", "--document", "18", "--on", "16.01.1827"), 1, "проверьте год"),
        ("more than the plant owes", ("settlement", "refund", 1, "190,01", "--document", "r1", *today), 5, "190,00"),
        ("a balance to come", ("settlement", "show", "--all", "--as-of", "2099-01-01"), 1, "не наступила"),
        ("an act of days to come", ("settlement", "act", region, "--to", "01.01.2099", "--out",
                                    office.folder / "future.pdf"), 1, "не наступила"),
        ("an export of an unknown organisation", ("register", "export", "--organisation", "55", "--out",
                                                  office.folder / "none.csv"), 6, "55"),
        ("shares that are not the whole", ("settlement", "shares", "--since", "2099-01-01", "--central", 1, "--region", 2,
                                          "--primary", 3), 1, "10 000"),
        ("shares for what is posted", ("settlement", "shares", "--since", "2020-01-01", "--central", 5000, "--region", 2500,
                                       "--primary", 2500), 5, "начисл"),
    ]:
        expect(f"{name} is refused", office.run(*arguments), code, word)
    expect("a negative amount is refused", office.run("settlement", "pay", region, "--document", "18", *today, "--", "-5"), 1,
           "отрицательна")
    office.ok("settlement", "prepay", 1, "5000", "--document", "900", "--on", "01.01.2027")
    plant = json.loads(office.ok("settlement", "plant", "--json").splitlines()[0])
    check("the plant's account: prepaid, charged, claimed", plant["prepaid"] == 500000 and plant["spoiled"] == 2
          and plant["claim"] == 19000 and plant["balance"] == 500000 - plant["charged"] + plant["claim"], plant)
    check("as of a day before, nothing", account("--as-of", "2020-01-01")["cards"] == 0)
    table = office.folder / "settlement.csv"
    office.ok("settlement", "show", "--all", "--format", "csv", "--out", table)
    rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8-sig")), delimiter=";"))
    printed = office.ok("settlement", "show", "--all", "--format", "csv")
    check("CSV without a file is printed", printed.encode() == table.read_bytes().replace(b"\r\n", b"\n"), printed[:200])
    check("CSV with a sum in its last row", rows[-1][1] == "Итого" and sum(int(row[2]) for row in rows[1:-1]) == int(rows[-1][2]))
    check("names that look like formulas are neutralised", any(row[1].startswith("'=") for row in rows), rows)
    book = office.folder / "settlement.xlsx"
    office.ok("settlement", "show", "--all", "--format", "xlsx", "--out", book)
    with zipfile.ZipFile(book) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
        check("XLSX with numbers as numbers and no formula", "<v>" in sheet and "<f>" not in sheet)
    act = office.folder / "reconciliation.pdf"
    office.ok("settlement", "act", region, "--as-of", "10.02.2027", "--out", act)
    text = text_of(act)
    acts = office.folder / "acts"
    office.ok("settlement", "act", "--all", "--as-of", "10.02.2027", "--out", acts)
    regions = {row["region"] for row in map(json.loads, office.ok("settlement", "show", "--all", "--json").splitlines())}
    check("an act for every region in a folder", {path.name for path in acts.iterdir()} == {
        f"settlement-{code}.pdf" for code in regions} and text_of(acts / f"settlement-{region}.pdf") == text)
    check("the act of reconciliation", all(words in text for words in (
        "АКТ СВЕРКИ", "Членские профсоюзные взносы", "п/п № 17", "100,50", "Обороты за период")), text)
    office.ok("settlement", "reverse", "--reason", "ошибка", office.number(
        "SELECT id FROM money_entry WHERE kind = 'payment'"))
    check("a mistaken payment is taken back", account()["balance"] == at_first["balance"])
    check("every entry balances", office.number(
        "SELECT count(*) FROM (SELECT 1 AS x FROM money_line GROUP BY entry_id HAVING sum(amount) <> 0) w") == 0)


def kills(office, count):
    """A batch of its own whose every step is cut off."""
    members = office.number("SELECT count(*) FROM carrier WHERE state = 'active' AND kind = 'plastic'")
    office.order("damaged")
    number, cards = office.batch(reasons="[damaged]")
    # Two have none in force: one card was lost on its way, one destroyed.
    everybody = office.number("SELECT count(*) FROM member")
    check("everybody orders another card", len(cards) == everybody == members + 2, (len(cards), members))
    path = office.report("kill.csv", [(card["sequence"], card["carrier"], "ok") for card in cards])
    killed(office, "accept", count, ("batch", "accept", number, "--report", path))
    killed(office, "ship", count, ("batch", "ship", number))
    killed(office, "receive", count, ("parcel", "receive", "--batch", number, "--all", "--at", "primary"))
    check("old cards stay in force until the new ones are handed out", office.number(
        "SELECT count(*) FROM carrier WHERE state = 'atPrimary'") == members)
    path = office.folder / "all.csv"
    path.write_text("Номер карты\n" + "".join(card["carrier"] + "\n" for card in cards))
    killed(office, "hand-out by list", count, ("handout", "list", path))
    check("then the new ones are, and the old ones ended", office.number(
        "SELECT count(*) FROM carrier WHERE state = 'active' AND kind = 'plastic'") == everybody and office.number(
        "SELECT count(*) FROM carrier WHERE state = 'replaced'") == members)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=4)
    options = parser.parse_args()
    started = time.monotonic()
    places = ["26-001-0001", "26-001-0002", "27-001-0001"]
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", office.folder / "maker.key",
                        "-out", office.folder / "maker.pem", "-subj", "/CN=maker", "-days", "9000"], check=True,
                       capture_output=True)
        office.ok("init", "--specimen")
        office.ok("user", "add", "approver", "--role", "cardOffice")
        office.people(places, 8)
        office.ok("user", "add", "chair", "--role", "chair", "--scope", places[0])
        (office.folder / "rename.csv").write_text("Код;Наименование\n27;=Край\n")
        office.ok("organisation", "import", office.folder / "rename.csv")
        office.order()
        number, cards = office.batch()
        reports(office, number, cards)
        names, short = parcels(office, number, cards, places)
        hand_out(office, cards, names, short)
        second_batch(office, cards)
        proof = office.folder / "plant.pdf"
        office.ok("batch", "close", number, "--destruction-act", proof)
        money(office, cards, places)
        kills(office, options.kills)
        if os.environ.get("KEEP"):
            subprocess.run(["cp", "-r", office.folder, os.environ["KEEP"]], check=True)
        office.tables.drop()
    print(f"{passed} passed, {len(failures)} failed, {time.monotonic() - started:.0f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
