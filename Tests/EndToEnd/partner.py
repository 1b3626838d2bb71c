"""Months of a register's life, told to a bonus partner by packages; then files that must not be taken.

The partner is reference_partner.py: openssl and Python, nothing of ours. After every package its set equals
the register's by hash, whatever was lost, repeated or taken in the wrong order.
Usage: PROFBILET=path/to/profbilet python3 partner.py [--rounds N] [--seed N]
With PROFBILET_TEST_POSTGRES the register lies there.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import tables
from reference_partner import Fault, Keys, Partner, set_hash

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
CONTRACT = pathlib.Path(__file__).parents[2] / "batches/partners/profcards.yaml"
DAY = 86_400
HEADER = ["ИД АИС", "Фамилия", "Имя", "Отчество", "Дата рождения", "Пол", "Категория", "Код организации",
          "Дата вступления", "Статус", "Согласие ПДн", "Согласие на изготовление билета", "Согласие PROFCARDS"]
PLACES = ["26-001-0001", "26-001-0002", "27-001-0001", "77-003-0001"]
LETTERS = "абвгдежзиклмнопрст"
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
        self.folder, self.data = folder, folder / "data"
        self.tables = tables.of(self.data)
        self.calls = 0
        self.environment = dict(
            os.environ, **self.tables.environment, PROFBILET_DATA=str(self.data), PROFBILET_USER="tester",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="tester phrase", PROFBILET_NOW=str(int(time.time()) + 600))

    def run(self, *arguments, **changes):
        self.calls += 1
        return subprocess.run([PROGRAM, *map(str, arguments)], env=dict(self.environment, **changes), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def ok(self, *arguments, codes=(0,), **changes):
        result = self.run(*arguments, **changes)
        if result.returncode not in codes:
            sys.exit(f"{arguments} gave {result.returncode}: {result.out if hasattr(result, 'out') else result.stdout}"
                     f"{result.stderr}")
        return result.stdout

    def objects(self, *arguments, **more):
        return [json.loads(line) for line in self.ok(*arguments, "--json", **more).splitlines()]

    def refused(self, name, code, words, *arguments, **changes):
        result = self.run(*arguments, **changes)
        check(name, result.returncode == code and all(word in result.stderr + result.stdout for word in words),
              f"{result.returncode}: {result.stdout}{result.stderr}")

    def advance(self, days):
        self.environment["PROFBILET_NOW"] = str(int(self.environment["PROFBILET_NOW"]) + days * DAY)

    @property
    def today(self):
        return time.gmtime(int(self.environment["PROFBILET_NOW"]) + 3 * 3600)


class Life:
    """People who join, consent, think better of it, lose cards, marry and leave."""

    def __init__(self, office, chance):
        self.office, self.chance = office, chance
        self.people, self.next = {}, 1000
        self.done = {}

    def name(self):
        return "".join(self.chance.choice(LETTERS) for _ in range(6)).capitalize()

    def person(self, **facts):
        self.next += 1
        year = 2027 - self.chance.choice([16, 17, 22, 30, 41, 55, 68])
        return dict({"id": str(self.next), "last": "О" + self.name(), "first": "Анна", "birth":
                     f"{self.chance.randint(1, 28):02d}.{self.chance.randint(1, 12):02d}.{year}",
                     "place": self.chance.choice(PLACES), "joined": "01.09.2026", "state": "",
                     "bonus": self.chance.choice(["да", "да", "нет", ""])}, **facts)

    def adult(self, bonus):
        """A new member of age with a ticket."""
        person = self.person(birth="01.02.1980", bonus=bonus)
        self.people[person["id"]] = person
        self.roster([person])
        self.issue()
        return person

    def roster(self, people):
        path = self.office.folder / "roster.csv"
        rows = [[p["id"], p["last"], p["first"], "Петровна", p["birth"], "Ж", "работающий", p["place"], p["joined"],
                 p["state"], "да", "да", p["bonus"]] for p in people]
        path.write_text("".join(";".join(row) + "\r\n" for row in [HEADER, *rows]))
        result = self.office.run("roster", "import", path, "--report", path.with_suffix(".jsonl"))
        if result.returncode not in (0, 2) or '"outcome":"error"' in path.with_suffix(".jsonl").read_text():
            sys.exit(f"roster: {result.stdout}{result.stderr}{path.with_suffix('.jsonl').read_text()}")

    def issue(self):
        self.office.ok("order", "create", "--organisation", "99", "--submit", codes=(0, 2))
        self.office.ok("order", "approve", "--organisation", "99", codes=(0, 2, 5))
        self.office.run("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://X.RU/")

    def pick(self, test=lambda person: True):
        found = [person for person in self.people.values() if test(person)]
        return self.chance.choice(found) if found else None

    def note(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    # what may happen
    def join(self):
        fresh = [self.person() for _ in range(self.chance.randint(1, 6))]
        self.people.update({person["id"]: person for person in fresh})
        self.roster(fresh)
        self.issue()

    def consent(self):
        chosen = [person for person in self.people.values() if self.chance.random() < 0.15]
        for person in chosen:
            person["bonus"] = "да" if person["bonus"] != "да" else "нет"
        if chosen:
            self.roster(chosen)

    def rename(self):
        person = self.pick()
        person["last"] = "Р" + self.name()
        self.roster([person])
        self.office.run("carrier", "replace", self.ticket(person), "--reason", "renamed")
        self.issue()

    def move(self):
        person = self.pick()
        self.roster([dict(person, place=self.chance.choice(PLACES))])
        # another organisation waits for a person's decision
        for row in self.office.objects("roster", "conflicts", "list"):
            self.office.ok("roster", "conflicts", "resolve", row["id"], "--as", "take")
        shown = json.loads(self.office.ok("member", "show", person["id"], "--json"))
        person["place"] = next(place for place in PLACES if place in shown.values())

    def ticket(self, person):
        shown = json.loads(self.office.ok("member", "show", person["id"], "--json"))
        return shown["ticket"] or "0"

    def suspend(self):
        person = self.pick()
        self.office.run("carrier", "unblock", self.ticket(person), "--reason", "handed out")
        self.office.run("carrier", "block", self.ticket(person), "--as", "suspend", "--reason", "asked")
        if self.chance.random() < 0.5:
            self.office.run("carrier", "unblock", self.ticket(person), "--reason", "found")

    def block(self):
        person = self.pick()
        self.office.run("carrier", "unblock", self.ticket(person), "--reason", "handed out")
        self.office.run("carrier", "block", self.ticket(person), "--as", self.chance.choice(["lost", "stolen"]),
                        "--reason", "told by phone")

    def reissue(self):
        person = self.pick()
        self.office.run("carrier", "unblock", self.ticket(person), "--reason", "handed out")
        self.office.run("carrier", "replace", self.ticket(person), "--reason", "lost")
        self.issue()

    def leave(self):
        person = self.pick()
        del self.people[person["id"]]
        self.office.ok("member", "set-status", person["id"], "left", "--reason", "asked")
        if self.chance.random() < 0.6:
            self.note("erase")
            self.office.ok("member", "erase", person["id"], "--reason", "отзыв согласия", "--yes")

    def merge(self):
        person = self.pick(lambda person: person["bonus"] == "да")
        if not person:
            return
        other = [place for place in PLACES if place != person["place"]]
        twin = dict(person, id=str(self.next + 1), place=self.chance.choice(other), joined="01.10.2026")
        self.next += 1
        self.roster([twin])
        # one person with two АИС identifiers: a registrar first takes them for two
        for row in self.office.objects("roster", "conflicts", "list"):
            self.office.ok("roster", "conflicts", "resolve", row["id"], "--as", "separate")
        self.issue()
        self.export_between()
        self.office.ok("member", "merge", twin["id"], person["id"], "--reason", "one person")

    def export_between(self):
        """Lets the partner learn of a second record before it is merged."""

    def month(self):
        acts = [self.join, self.consent, self.rename, self.move, self.suspend, self.block, self.reissue, self.leave,
                self.merge]
        for act in self.chance.sample(acts, self.chance.randint(0, 3)):
            if self.people or act == self.join:
                self.note(act.__name__)
                act()


class Exchange:
    """Packages out, acknowledgements back, over a line that loses and repeats."""

    def __init__(self, office, partner, chance):
        self.office, self.partner, self.chance = office, partner, chance
        self.line = []
        self.events = {}

    def note(self, what):
        self.events[what] = self.events.get(what, 0) + 1

    @property
    def union(self):
        return self.office.data / f"partners/{self.partner.name}/union.pem"

    def export(self, *options):
        result = self.office.run("partner", "export", self.partner.name, "--json", *options)
        if result.returncode == 5 and "resend" in result.stderr:
            return None
        if result.returncode:
            sys.exit(f"export: {result.stdout}{result.stderr}")
        made = json.loads(result.stdout)
        self.note(made["kind"])
        if made["kind"] == "delta" and not any(made[name] for name in ("active", "suspended", "revoked", "merged")):
            self.note("empty delta")
        self.line.append(pathlib.Path(made["path"]))
        return made

    def acknowledge(self, path):
        result = self.office.run("partner", "ack", self.partner.name, path, "--json")
        if result.returncode not in (0, 2):
            sys.exit(f"ack: {result.stdout}{result.stderr}")
        return json.loads(result.stdout)

    def deliver(self, path, is_reliable=False):
        """One package to the partner, its words back; True when the partner has applied it."""
        partner = self.partner
        try:
            manifest, is_known = partner.take(path, self.union)
        except Fault as fault:
            self.note(fault.code)
            if fault.code != "gap":
                sys.exit(f"the partner could not take {path}: {fault}")
            number = int(path.name.split("-")[1])
            answer = self.acknowledge(partner.answer({"sequence": number}, "rejected", fault="gap",
                                                     expected=fault.expected))
            if answer["resend"] != fault.expected:
                sys.exit(f"a gap at {fault.expected} was answered by {answer}")
            self.stopped(fault.expected)
            again = json.loads(self.office.ok("partner", "resend", partner.name, fault.expected, "--json"))
            self.note("resend")
            self.deliver(pathlib.Path(again["path"]), is_reliable=True)
            return self.deliver(path, is_reliable)
        stages = [] if not is_reliable and self.chance.random() < 0.25 else ["received", "applied"]
        if not stages:
            self.note("lost acknowledgement")
        for stage in stages:
            words = partner.answer(manifest, stage)
            first = self.acknowledge(words)
            if first["fault"] == "gap":
                self.note("acknowledgements out of order")
                self.catch_up(first["resend"])
                first = self.acknowledge(partner.answer(manifest, stage, again=1))
            if first["fault"]:
                sys.exit(f"{stage} of {manifest['sequence']}: {first}")
            if self.chance.random() < 0.2:
                self.note("repeated acknowledgement")
                second = self.acknowledge(words)
                if not second["repeated"] and second["state"] != first["state"]:
                    sys.exit(f"a repeated acknowledgement got another answer: {first} {second}")
        return True

    def stopped(self, missing):
        """A gap stops later deltas."""
        self.office.refused("a gap stops later deltas and names the package", 5, [f"resend {self.partner.name} {missing}"],
                            "partner", "export", self.partner.name) if self.events.get("resend", 0) < 1 else None

    def catch_up(self, first):
        """The partner says again what the register missed."""
        for state in self.states():
            if first <= state["package"] <= self.partner.sequence and state["state"] in ("sent", "received"):
                manifest = {"sequence": state["package"], "digest": self.partner.seen[state["package"]]}
                answer = self.acknowledge(self.partner.write("ack", {
                    "format": "partner-ack/1", "partner": self.partner.name, "package": state["package"],
                    "stage": "applied", "manifest": manifest["digest"], "set": state["set"]}))
                if answer["fault"]:
                    sys.exit(f"catching up {state['package']}: {answer}")

    def states(self):
        return self.office.objects("partner", "show", self.partner.name)[1:]

    def settle(self):
        """Whatever lies in the outbox arrives, perhaps twice or with one lost on the way."""
        line, self.line = self.line, []
        if len(line) > 1 and self.chance.random() < 0.5 and "base" not in line[-1].name:
            self.note("package lost")
            line = line[:-2] + line[-1:]
        for path in line:
            self.deliver(path)
            if self.chance.random() < 0.1:
                self.note("package twice")
                _, is_known = self.partner.take(path, self.union)
                assert is_known


EXPECTED = """
    SELECT count(*) FROM member m WHERE m.state = 'active' AND length(m.sealed) > 0
    AND NOT EXISTS (SELECT 1 FROM member_merge g WHERE g.member_id = m.id)
    AND EXISTS (SELECT 1 FROM consent c JOIN consent_text t ON t.id = c.text_id WHERE c.member_id = m.id
        AND t.purpose = 'bonusTransfer' AND t.recipient = 'profcards' AND c.withdrawn_on IS NULL)
    AND EXISTS (SELECT 1 FROM ticket_number n WHERE n.member_id = m.id AND n.state = 'assigned')
    AND EXISTS (SELECT 1 FROM carrier k WHERE k.member_id = m.id AND k.kind <> 'legacyPlastic' AND k.state IN
        ('allocated', 'printed', 'shipped', 'atRegion', 'atPrimary', 'unclaimed', 'handedOut', 'active', 'suspended'))
"""


def minors(life, office):
    """How many consenting people with a ticket are below 18 today: counted from what the script wrote itself."""
    today = (office.today.tm_year, office.today.tm_mon, office.today.tm_mday)
    count = 0
    for person in life.people.values():
        day, month, year = map(int, person["birth"].split("."))
        if (year + 18, month, day) > today:
            count += person["bonus"] == "да"
    return count


def begin(folder, kind="rsa"):
    office = Office(folder)
    office.ok("init", "--specimen")
    places = folder / "organisations.csv"
    codes = sorted({code[:end] for code in PLACES for end in (2, 6, 11)})
    places.write_text("Код;Наименование\r\n" + "".join(f"{code};Организация {code}\r\n" for code in codes))
    office.ok("organisation", "import", places)
    partner = Partner(folder / "partner", "profcards", kind)
    contract = folder / "profcards.yaml"
    text = CONTRACT.read_text()
    assert "certificate: profcards.pem" in text
    contract.write_text(text.replace("certificate: profcards.pem", f"certificate: {partner.keys.certificate}"))
    office.ok("partner", "add", contract)
    return office, partner, contract


def months(office, partner, rounds, seed):
    chance = random.Random(seed)
    life, exchange = Life(office, chance), Exchange(office, partner, chance)
    life.export_between = lambda: exchange.export()
    office.refused("the first package is a base even when nobody consents", 0, ['"kind":"base"'], "partner", "export",
                   "profcards", "--json")
    exchange.line.append(next((office.data / "partners/profcards/outbox").glob("*-000001-base.tar.cms")))
    life.join()
    equal, right = 0, 0
    for number in range(rounds):
        office.advance(chance.randint(0, 12))
        life.month()
        exchange.export(*(["--base"] if chance.random() < 0.08 else []))
        if chance.random() < 0.7:
            exchange.settle()
    exchange.export()
    line, exchange.line = exchange.line, []
    for path in line:
        exchange.deliver(path, is_reliable=True)
    shown = office.objects("partner", "show", "profcards")[0]
    check(f"after {rounds} rounds the partner's set equals ours by hash",
          shown["set"] == set_hash(partner.rows.values()) and shown["rows"] == len(partner.rows), str(shown))
    wanted = office.tables.number(EXPECTED)
    young = minors(life, office)
    check("exactly those who may be exported are there", wanted - young <= len(partner.rows) <= wanted,
          f"{len(partner.rows)} of {wanted}, {young} below 18")
    states = exchange.states()
    check("every package is applied or was made unnecessary by a base",
          all(state["state"] in ("applied", "superseded") for state in states), str(states[-3:]))
    check("revocations and merges came as rows of their own", partner.revocations > 0 and partner.merges > 0,
          f"{partner.revocations} {partner.merges}")
    print(f"  life: {life.done}\n  line: {exchange.events}; {office.calls} calls")
    return life, exchange


def privacy(office, partner, life):
    names = [person["last"] for person in life.people.values()]
    text = json.dumps(list(partner.rows.values()), ensure_ascii=False)
    check("no name, number or organisation below the region is told",
          not any(name in text for name in names) and '"number"' not in text
          and all(len(row["region"]) == 2 for row in partner.rows.values()))
    log = "\n".join(path.read_text(errors="replace") for path in office.data.glob("*.log"))
    check("no pseudonym stands in a log", not any(key in log for key in partner.rows))


def same_bytes(office, partner):
    """A package that is written again is the same to its last byte, once it is decrypted."""
    from reference_partner import opened
    kept = sorted((office.data / "partners/profcards/sent").glob("*.tar.cms"))[-1]
    number = int(kept.name.split("-")[1])
    before = opened(kept, partner.keys.key, partner.keys.certificate)
    kept.rename(kept.with_suffix(".away"))
    again = office.objects("partner", "resend", "profcards", number)[0]
    after = opened(again["path"], partner.keys.key, partner.keys.certificate)
    check("a package made again has the same data, manifest and COSE signature",
          {name: data for name, data in before.items() if not name.endswith(".p7s")}
          == {name: data for name, data in after.items() if not name.endswith(".p7s")})


def bad_input(office, partner, contract):
    folder = office.folder / "bad"
    folder.mkdir()
    other = Keys(folder, "other")

    def sent(name, body, keys=partner.keys):
        path = folder / f"{name}.json"
        path.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        keys.sign(path)
        return path

    last = office.objects("partner", "show", "profcards")[-1]
    ack = {"format": "partner-ack/1", "partner": "profcards", "package": last["package"], "stage": "applied",
           "manifest": last["manifest"], "set": last["set"]}
    count = lambda: office.tables.number("SELECT count(*) FROM partner_ack")
    before = count()
    take = lambda name, body, keys=partner.keys: ("partner", "ack", "profcards", sent(name, body, keys))
    office.refused("an acknowledgement signed by somebody else", 1, ["wrongPartner"], *take("foreign", ack, other))
    unsigned = folder / "unsigned.json"
    unsigned.write_text(json.dumps(ack))
    office.refused("one without a signature", 1, ["wrongPartner", ".p7s"], "partner", "ack", "profcards", unsigned)
    changed = sent("changed", ack)
    changed.write_text(changed.read_text().replace("applied", "rejected"))
    office.refused("one that was changed after signing", 1, ["wrongPartner"], "partner", "ack", "profcards", changed)
    office.refused("an empty file", 1, ["emptyFile"], *take("empty", b""))
    office.refused("no JSON", 1, ["badFormat"], *take("text", b"ok"))
    office.refused("another partner's", 1, ["wrongPartner"], *take("name", dict(ack, partner="other")))
    office.refused("a stage nobody knows", 1, ["badFormat", "stage"], *take("stage", dict(ack, stage="done")))
    office.refused("a hash of another length", 1, ["badFormat", "manifest"], *take("short", dict(ack, manifest="12")))
    check("none of these left a trace", count() == before)
    office.refused("a package that was never sent", 2, ["gap"], *take("future", dict(ack, package=last["package"] + 5)))
    office.refused("another manifest", 2, ["hashMismatch"], *take("hash", dict(ack, manifest="00" * 32)))
    office.ok("partner", "export", "profcards")
    fresh = office.objects("partner", "show", "profcards")[-1]
    path = next((office.data / "partners/profcards/outbox").glob(f"*-{fresh['package']:06d}-*"))
    manifest, _ = partner.take(path, office.data / "partners/profcards/union.pem")
    wrong = dict(ack, package=fresh["package"], manifest=manifest["digest"], set="11" * 32)
    office.refused("another set asks for a base", 2, ["hashMismatch", "--base"], *take("set", wrong))
    office.refused("after which a delta is not made", 0, ['"kind":"base"'], "partner", "export", "profcards", "--json")
    fresh = office.objects("partner", "show", "profcards")[-1]
    path = next((office.data / "partners/profcards/outbox").glob(f"*-{fresh['package']:06d}-*"))
    manifest, _ = partner.take(path, office.data / "partners/profcards/union.pem")
    some = next(iter(partner.rows))
    rows = [{"id": some, "code": "E17"}, {"id": "m" + "0" * 32, "code": "E17"}]
    good = dict(ack, package=fresh["package"], manifest=manifest["digest"], set=set_hash(partner.rows.values()), rows=rows)
    office.refused("rows of unknown pseudonyms are listed", 2, ["m" + "0" * 32, "rowErrors"], *take("rows", good))
    check("and the rest of it is kept", office.objects("partner", "show", "profcards")[-1]["state"] == "applied"
          and office.tables.number("SELECT count(*) FROM partner_row_error") == 1)
    leaked = json.loads(office.ok("incident", path, "--json"))
    check("L14 a package's encrypted file is known again", leaked["kind"] == "partner"
          and leaked["source"].endswith(f"package {fresh['package']}"), leaked)
    statistics(office, partner, sent, other)
    broken_contracts(office, contract)


def figures(**changes):
    row = dict(region="26", participants=10, throughApp=2, purchases=3, turnover=150_000, cashback=4_500)
    total = {name: value for name, value in row.items() if name != "region"}
    return {"format": "partner-statistics/1", "partner": "profcards", "period": "2026-06", "revision": 1,
            "regions": [dict(row, **changes)], "total": dict(total, **changes)}


def statistics(office, partner, sent, other):
    take = lambda name, body, keys=partner.keys: ("partner", "import-statistics", "profcards", sent(name, body, keys))
    kept = lambda: office.tables.number("SELECT count(*) FROM partner_statistics_row")
    for name, body, words in (
            ("negative kopecks", figures(turnover=-1), ["turnover", "badFormat"]),
            ("fractional kopecks", figures(turnover=1500.5), ["regions[0].turnover", "badFormat"]),
            ("more returned than paid", figures(cashback=150_001), ["cashback"]),
            ("more through the app than take part", figures(throughApp=11), ["throughApp"]),
            ("sums that do not add up", dict(figures(), total=dict(figures()["total"], purchases=4)), ["total.purchases"]),
            ("a region named twice", dict(figures(), regions=figures()["regions"] * 2), ["regions[1].region"]),
            ("a month of the future", dict(figures(), period="2031-01"), ["2031-01"]),
            ("a month that is none", dict(figures(), period="2026-13"), ["period"]),
            ("a missing field", dict(figures(), total={"purchases": 3}), ["total", "participants"])):
        office.refused(name, 1, words, *take(name.replace(" ", "-"), body))
    office.refused("statistics signed by somebody else", 1, ["wrongPartner"], *take("theirs", figures(), other))
    check("none of these was half taken", kept() == 0)
    good = take("good", figures())
    office.ok(*good)
    office.refused("the same file again changes nothing", 0, ["уже принято"], *good)
    spaced = office.folder / "spaced.json"
    spaced.write_text(json.dumps(figures(), indent=3))
    partner.keys.sign(spaced)
    office.refused("nor do the same figures with other spaces", 0, ["уже принято"],
                   "partner", "import-statistics", "profcards", spaced)
    office.refused("other figures under the same revision", 5, ["2026-06", "2"], *take("clash", figures(purchases=4)))
    office.ok(*take("second", dict(figures(participants=12), revision=2)))
    office.refused("differences are listed by region", 2, ["participants", "12"], "partner", "reconcile", "profcards",
                   "--period", "2026-06")
    check("an older revision stays on record", kept() == 2)


def broken_contracts(office, contract):
    text = contract.read_text()
    path = office.folder / "broken.yaml"
    for name, old, new, words in (
            ("a schema nobody knows", "partner/1", "partner/9", ["broken.yaml:7", "partner/1"]),
            ("a column nobody knows", "  region: region", "  birth: birth", ["broken.yaml:", "birth"]),
            ("a missing column", "  status: status\n", "", ["status"]),
            ("two columns of one name", "region: region", "region: id", ["broken.yaml:"]),
            ("an encoding nobody knows", "encoding: utf-8", "encoding: ebcdic", ["windows-1251"]),
            ("an age that is none", "minimum-age: 18", "minimum-age: many", ["minimum-age"]),
            ("an age below eighteen", "minimum-age: 18", "minimum-age: 16", ["minimum-age", "18"])):
        assert old in text, old
        path.write_text(text.replace(old, new, 1))
        office.refused(f"a contract with {name}", 1, words, "partner", "add", path)


def onboarding(office, partner, life):
    person = life.adult("да")
    shy = life.adult("нет")
    path = office.folder / "participants.csv"
    rows = [["a1", life.ticket(person)], ["a2", "999 0000 0000 0000"], ["a3", life.ticket(person)], ["", "1"]]
    rows.append(["a4", life.ticket(shy)])
    path.write_text("participant;number\r\n" + "".join(";".join(row) + "\r\n" for row in rows))
    report, links = office.folder / "report.csv", office.folder / "links.csv"
    result = office.run("partner", "onboard", "profcards", path, "--report", report, "--links", links, "--json")
    counts = json.loads(result.stdout)
    check("participants are matched, the others listed", result.returncode == 2 and counts["matched"] == 1
          and counts["unmatched"] == 1 and counts["duplicate"] == 1 and counts["faulty"] == 1
          and counts["noConsent"] == 1, result.stdout)
    told = links.read_text().splitlines()
    check("the partner is told pairs only", len(told) == 2 and told[1].startswith("a1;m"), str(told))


def deadlines(office, partner, life):
    person = life.adult("да")
    made = office.objects("partner", "export", "profcards")[0]
    manifest, _ = partner.take(made["path"], office.data / "partners/profcards/union.pem")
    office.ok("partner", "ack", "profcards", partner.answer(manifest, "applied"))
    person["bonus"] = "нет"
    life.roster([person])
    waiting = office.objects("partner", "deadlines")
    check("a withdrawal that nobody exported is watched", len(waiting) == 1 and waiting[0]["package"] is None, str(waiting))
    office.ok("partner", "export", "profcards")
    open_ = office.objects("partner", "deadlines")
    check("a withdrawal has a deadline, the same before and after", len(open_) == 1 and not open_[0]["overdue"]
          and open_[0]["deadline"] == waiting[0]["deadline"], str(open_))
    office.advance(12)
    office.refused("a deadline that has passed is told", 2, ["OVERDUE"], "partner", "deadlines")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=14)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    if sqlite3.sqlite_version_info < (3, 37):
        sys.exit("SQLite 3.37 is needed")
    with tempfile.TemporaryDirectory() as name:
        office, partner, contract = begin(pathlib.Path(name))
        life, _ = months(office, partner, options.rounds, options.seed)
        privacy(office, partner, life)
        same_bytes(office, partner)
        bad_input(office, partner, contract)
        onboarding(office, partner, life)
        deadlines(office, partner, life)
        office.ok("audit", "verify")
        office.tables.drop()
        shutil.rmtree(office.data, ignore_errors=True)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
