"""An event end to end: headquarters, two stations, lost power, a stolen folder, journals edited by hand.

A real register issues real cards; their payloads are scanned at the kiosk's own HTTP door of
`profbilet station run`, and by `station replay`; stations meet by files.
Usage: PROFBILET=path/to/profbilet python3 station.py
"""

import base64
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import devices  # noqa: E402  scanners and the running station's inbox
import production  # noqa: E402  the office with its orders and batches
from production import Office, check, expect  # noqa: E402

EVENT = """\
format: event/1
title: Отчётно-выборная конференция
kind: conference
place: Москва
begins: {begins}
ends: {ends}
elected: {elected}
stations:
  - name: A
  - name: B
"""


class Event:
    """A conference of the first members of a register, with stations A and B."""

    def __init__(self, office, delegates):
        self.office = office
        self.delegates = delegates
        self.stations = {}
        self.environment = dict(PROFBILET_SUPERVISOR_PASSPHRASE="supervisor phrase",
                                PROFBILET_STATION_PASSPHRASE="station phrase")
        now = time.time() + 3 * 3600
        moment = lambda hours: time.strftime("%Y-%m-%d %H:%M", time.gmtime(now + hours * 3600))
        specification = office.folder / "event.yaml"
        specification.write_text(EVENT.format(begins=moment(-1), ends=moment(9), elected=len(delegates)))
        made = json.loads(office.ok("event", "create", specification, "--json"))
        self.tokens = made["tokens"]

    def roll(self, rows):
        path = self.office.folder / "delegates.csv"
        path.write_text("ИД АИС;ФИО;Номер мандата;Голос;Состояние мандата;Замещает мандат\n" + "".join(rows))
        return self.office.run("event", "delegates", "import", path)

    def provision(self, name):
        folder = self.office.folder / f"station-{name}"
        request = self.office.folder / f"request-{name}"
        self.office.ok("station", "provision", "--token", self.tokens[name], "--dir", folder, "--request", request,
                       **self.environment)
        self.office.ok("event", "enrol", request)
        self.office.ok("station", "operator", "add", "Оператор", "--dir", folder, PROFBILET_OPERATOR_PIN="1234")
        self.office.ok("station", "operator", "add", "Старшая", "--supervisor", "--dir", folder,
                       PROFBILET_OPERATOR_PIN="987654")
        self.stations[name] = folder

    def snapshot(self, *options, name="snapshot"):
        self.office.ok("status", "publish", self.office.folder / "published")
        path = self.office.folder / name
        self.office.ok("event", "snapshot", "--out", path, *options, **self.environment)
        return path

    def at(self, name, *arguments):
        return self.office.run("station", *arguments, "--dir", self.stations[name], **self.environment)

    def start(self, name, *options, **environment):
        return Kiosk(self.office, self.stations[name], {**self.environment, **environment}, *options)


class Kiosk:
    """`profbilet station run`, spoken to as its own page does."""

    def __init__(self, office, folder, environment, *options):
        self.process = office.start("station", "run", "--dir", folder, "--port", free_port(), "--no-readers", *options,
                                    **environment)
        line = self.process.stdout.readline()
        self.address = line.split(maxsplit=1)[1].strip() if " " in line else ""
        if not self.address.startswith("http"):
            raise RuntimeError(line + self.process.stderr.read())
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.host = urllib.parse.urlparse(self.address).netloc
        self.cookie = self.sign_in()

    def sign_in(self):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        parts = urllib.parse.urlparse(self.address)
        connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""))
        answer = connection.getresponse()
        answer.read()
        return (answer.getheader("Set-Cookie") or "").split(";")[0]

    def ask(self, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request("POST" if body is not None else "GET", path, json.dumps(body) if body is not None else None, {
            "Cookie": self.cookie, "Content-Type": "application/json", "Origin": f"http://{self.host}", **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text[:1] in ("{", "[") else text

    def scan(self, text, nonce=None, source="scanner"):
        status, answer = self.ask("/api/scan", {"text": text, "source": source, "nonce": nonce or os.urandom(16).hex()})
        if status != 200:
            raise RuntimeError(f"{status} {answer}")
        return answer

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)


def free_port():
    import socket
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def members(office):
    with sqlite3.connect(f"file:{office.data}/register.sqlite?mode=ro", uri=True) as connection:
        return connection.execute(
            "SELECT m.ais_id, c.number * 10 + c.issue, c.payload FROM carrier c JOIN member m ON m.id = c.member_id "
            "WHERE c.kind = 'plastic' AND m.ais_id IS NOT NULL ORDER BY c.id").fetchall()


def pin(text):
    return {"text": text, "gap": 180}


def hide(text):
    """Every form in which a name or number could lie in a file."""
    raw = text.encode()
    yield raw
    yield text.encode("utf-16-le")
    yield text.encode("cp1251", "ignore") or raw
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + raw)[4 if shift else 0:-4]


def disclosures(folder, needles):
    """Files of a folder that hold a needle, raw, encoded, or inside anything that zlib can open."""
    found = []
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        texts = [content]
        for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
            try:
                texts.append(zlib.decompressobj().decompress(content[match.start():], 1 << 22))
            except zlib.error:
                pass
        for needle in needles:
            if any(form in text for form in hide(needle) for text in texts if form):
                found.append((path.name, needle))
    return found


def replay(office, snapshot, lines):
    path = office.folder / "scans.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    result = office.run("station", "replay", "--snapshot", snapshot, "--scans", path, "--json")
    answers = [json.loads(line) for line in result.stdout.splitlines()] if result.returncode == 0 else []
    return result, answers


def headquarters(event, people):
    rows = [f"{ais};;{index + 1};решающий;подтверждён;\n" for index, (ais, _, _) in enumerate(people)]
    rows += [";Гостев Гость Гостевич;900;гость;;\n"]
    expect("delegates are taken", event.roll(rows), 0, f"Добавлено {len(people) + 1}")
    expect("the same list again changes nothing", event.roll(rows), 0, f"без изменений {len(people) + 1}")
    expect("an unknown delegate is refused by line", event.roll(["NOBODY-1;;777;решающий;избран;\n"]), 2,
           "строка 2", "member_unknown")
    expect("a taken mandate is refused", event.roll([f"{people[0][0]};;2;решающий;подтверждён;\n"]), 2, "mandate_taken")
    expect("a state that may not follow is refused", event.roll([f"{people[0][0]};;1;решающий;избран;\n"]), 2,
           "mandate_state_illegal")
    bad = event.office.folder / "bad.yaml"
    bad.write_text("format: event/1\ntitle: x\nkind: party\nbegins: tomorrow\nends: 2026-01-01 10:00\nplace: y\nelected: 3\n")
    expect("a bad specification is refused with its lines", event.office.run("event", "create", bad), 1, "bad.yaml:3", "bad.yaml:4")
    for name in ("A", "B"):
        event.provision(name)
    expect("a token works once", event.office.run("event", "enrol", event.office.folder / "request-A"), 5, "Маркер")
    expect("a folder with a station is not taken again",
           event.office.run("station", "provision", "--token", event.tokens["A"], "--dir", event.stations["A"],
                            **event.environment), 5, "не пуста")


def scanning(event, people, texts, snapshot):
    """The kiosk's door: first scan, second scan, kill after the green light, disk full."""
    kiosk = event.start("A")
    first = kiosk.scan(texts[0])
    check("first scan is ok", first["outcome"] == "ok" and first["admission"] == "yes", first)
    check("the card opens its person's name", bool(first.get("name")), first)
    time.sleep(2.1)
    second = kiosk.scan(texts[0])
    check("second scan is already_inside with the first time", second["outcome"] == "already_inside"
          and second["firstEntry"]["station"] == "A", second)
    nonce = os.urandom(16).hex()
    kiosk.scan(texts[1], nonce)
    again = kiosk.scan(texts[1], nonce)
    check("the same nonce twice is one admission", again["outcome"] == "ok", again)
    status, _ = kiosk.ask("/api/annul", {"nonce": nonce, "reason": "ошибка", "pin": pin("0000")})
    check("a wrong PIN annuls nothing", status in (400, 401, 403), status)
    status, answer = kiosk.ask("/api/annul", {"nonce": nonce, "reason": "ошибка оператора", "pin": pin("1234")})
    check("an operator annuls with a reason", status == 200 and answer["standing"] == "annulled", answer)
    status, answer = kiosk.ask("/api/find", {"text": "Госте", "passphrase": {"text": "supervisor phrase", "gap": 120}})
    check("a supervisor finds a guest by name", status == 200 and len(answer) == 1, answer)
    if status == 200 and answer:
        status, shown = kiosk.ask("/api/person", {"person": answer[0]["id"], "reason": "паспорт",
                                                  "nonce": os.urandom(16).hex(), "pin": pin("987654")})
        check("a person with a passport only is admitted by a supervisor", status == 200, shown)
    status, _ = kiosk.ask("/api/status", {}, Origin="http://evil.example")
    check("a foreign page is refused", status == 403, status)
    state = kiosk.ask("/api/status", {})[1]
    check("the panels count", state["counts"]["inside"] == 2, state["counts"])
    for text in texts[2:6]:
        answer = kiosk.scan(text)
        if answer["outcome"] != "ok":
            check("scans before the loss of power", False, answer)
    kiosk.stop(signal.SIGKILL)
    exported = event.office.folder / "journal-A"
    expect("after SIGKILL the journal opens", event.at("A", "export", "--out", exported), 0, "записей")
    expect("headquarters takes it", event.office.run("event", "merge", exported), 0, "станция «A»")
    with sqlite3.connect(f"file:{event.office.data}/register.sqlite?mode=ro", uri=True) as connection:
        entries = connection.execute("SELECT count(*) FROM event_entry WHERE station = 'A'").fetchone()[0]
    check("no green light was lost", entries >= 9, entries)
    result = event.office.run("event", "merge", exported, "--json")
    check("the same journal again changes nothing", '"new":0' in result.stdout, result.stdout + result.stderr)


def entry_count(folder):
    with sqlite3.connect(folder / "journal.sqlite") as connection:
        return connection.execute("SELECT count(*) FROM entry").fetchone()[0]


def full_disk(event, texts):
    """The light must not go green without a durable entry."""
    folder = event.stations["B"]
    before = entry_count(folder)
    mount = event.office.folder / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", mount], capture_output=True).returncode:
        check("a small disk can be mounted", False, "mount failed")
        return
    try:
        small = mount / "station"
        shutil.copytree(folder, small)
        kiosk = Kiosk(event.office, small, event.environment)
        with open(mount / "filler", "wb") as filler:
            try:
                while True:
                    filler.write(b"x" * 65536)
                    filler.flush()
            except OSError:
                pass
        outcomes = [kiosk.scan(text)["outcome"] for text in texts[:8]]
        check("a full disk turns the light red", outcomes[-1] == "internal", outcomes)
        (mount / "filler").unlink()
        answer = kiosk.scan(texts[9])
        check("space freed: the station goes on", answer["outcome"] == "ok", answer)
        kiosk.stop()
        kept = entry_count(small) - before
        check("what was green is kept, what was not is not", kept == outcomes.count("ok") + 1, (kept, outcomes))
    finally:
        subprocess.run(["umount", "-l", mount])


def meeting(event, texts):
    """Two stations offline admit one person; they meet by files, and headquarters says the same."""
    kiosk = event.start("B")
    answer = kiosk.scan(texts[0])
    check("another station offline admits the same person", answer["outcome"] == "ok", answer)
    kiosk.scan(texts[8])
    kiosk.stop()
    office = event.office
    for name in ("A", "B"):
        expect(f"journal of {name}", event.at(name, "export", "--out", office.folder / f"journal-{name}"), 0)
    expect("B takes A's journal", event.at("B", "import", office.folder / "journal-A"), 0, "новых записей")
    expect("A takes B's journal", event.at("A", "import", office.folder / "journal-B"), 0, "новых записей")
    office.ok("event", "merge", office.folder / "journal-A", office.folder / "journal-B")
    report = json.loads(office.ok("event", "report", "--json"))
    check("one anomaly with both places, the earliest is canonical", len(report["duplicates"]) == 1
          and report["duplicates"][0]["canonical"]["station"] == "A"
          and report["duplicates"][0]["repeated"]["station"] == "B", report["duplicates"])
    check("one presence for two admissions", report["people"]["decisiveInside"] == 6, report["people"])
    check("open stations block the quorum", report["quorum"]["verdict"] == "cannot_be_asserted"
          and report["quorum"]["blocking"] == ["A", "B"], report["quorum"])
    kiosk = event.start("A")
    answer = kiosk.scan(texts[8])
    check("after the meeting A knows whom B let in", answer["outcome"] == "already_inside"
          and answer["firstEntry"]["station"] == "B", answer)
    kiosk.stop()
    for name in ("A", "B"):
        office.ok("station", "export", "--close", "--out", office.folder / f"journal-{name}", "--dir",
                  event.stations[name], **event.environment)
    office.ok("event", "merge", office.folder / "journal-A", office.folder / "journal-B")
    quorum = json.loads(office.ok("event", "quorum", "--json"))["quorum"]
    check("closed stations let the quorum be asserted", quorum["presentMin"] == quorum["presentMax"] == 6, quorum)
    papers = office.folder
    office.ok("event", "minutes", "--out", papers / "minutes.pdf")
    office.ok("event", "attendance", "--out", papers / "attendance.pdf", "--csv", papers / "attendance.csv")
    office.ok("event", "attendance", "--blank", "--out", papers / "blank.pdf")
    for name in ("minutes", "attendance", "blank"):
        result = subprocess.run(["pdftotext", "-layout", papers / f"{name}.pdf", "-"], capture_output=True, text=True)
        check(f"{name}.pdf names the event", "конференци" in result.stdout.lower(), result.stdout[:300])
        artefacts = production.ROOT / ".build/artefacts"
        artefacts.mkdir(parents=True, exist_ok=True)
        subprocess.run(["pdftoppm", "-png", "-r", "80", "-f", "1", "-l", "1", "-singlefile", papers / f"{name}.pdf",
                        artefacts / f"event-{name}"], check=False)
    check("attendance.csv lists everybody who came", (papers / "attendance.csv").read_text("utf-8-sig").count("\n") >= 7)
    held = event.stations["A"]
    before = sorted(held.iterdir())
    expect("a paper puts no directory aside", office.run("event", "minutes", "--out", held), 11, "каталог")
    check("which keeps what it holds", sorted(held.iterdir()) == before, held)
    expect("a blank list is no CSV", office.run("event", "attendance", "--blank", "--csv", papers / "b.csv"), 64, "--blank")
    reopening(event, texts)


def reopening(event, texts):
    """A closed station refuses until it is opened again, and headquarters then claims nothing about it."""
    office = event.office
    journal = office.folder / "journal-reopened"

    def quorum():
        office.ok("station", "export", "--out", journal, "--dir", event.stations["A"], **event.environment)
        office.ok("event", "merge", journal)
        return json.loads(office.ok("event", "quorum", "--json"))["quorum"]

    # A child inherits what is ignored: the default is restored in case these tests run under nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    kiosk = event.start("A")
    check("the page of a closed station says so", kiosk.ask("/api/status", {})[1]["isClosed"] is True)
    nonce = os.urandom(16).hex()
    check("a closed station lets nobody in", kiosk.scan(texts[9], nonce)["outcome"] == "station_closed")
    status, answer = kiosk.ask("/api/admit", {"nonce": nonce, "reason": "паспорт", "pin": pin("987654")})
    check("not even by a supervisor", (status, answer["code"]) == (409, "not_admissible"), answer)
    known = quorum()
    check("what it refused since leaves it closed", known["presentMin"] == known["presentMax"] == 6, known)
    status, answer = kiosk.ask("/api/reopen", {"pin": pin("0000")})
    check("a wrong PIN opens nothing", status == 403, answer)
    status, answer = kiosk.ask("/api/reopen", {"pin": pin("1234")})
    check("an operator opens it again", status == 200 and answer["isClosed"] is False, answer)
    check("and people come in", kiosk.scan(texts[9])["outcome"] == "ok")
    kiosk.stop(signal.SIGHUP)
    check("a terminal that closes ends it in order", kiosk.process.returncode == 0, kiosk.process.returncode)
    known = quorum()
    check("an opened station is not counted on", known["presentMax"] > known["presentMin"] and known["blocking"] == ["A"], known)


def forged_journals(event):
    office = event.office
    original = (office.folder / "journal-A").read_bytes()
    broken = office.folder / "journal-broken"
    place = original.index(b"scan")
    broken.write_bytes(original[:place] + b"note" + original[place + 4:])
    expect("a journal edited by hand is refused", office.run("event", "merge", broken), 2, "изменён")
    broken.write_bytes(original[:-40])
    expect("a cut journal is refused", office.run("event", "merge", broken), 2, "не журнал")
    copy = office.folder / "station-edited"
    shutil.copytree(event.stations["A"], copy)
    with sqlite3.connect(copy / "journal.sqlite") as connection:
        connection.execute("DROP TRIGGER entry_no_deletion")
        connection.execute("DELETE FROM entry WHERE station = 'A' AND sequence = 2")
    expect("an entry taken out of the file is found", office.run(
        "station", "selftest", "--dir", copy, "--no-readers", **event.environment), 7, "изменён или неполон")
    shutil.copytree(event.stations["A"], office.folder / "station-lease")


def secrets(event, people):
    office = event.office
    names = []
    for ais, carrier, _ in people[:20]:
        text = office.ok("member", "show", ais, "--reason", "test")
        names += re.findall(r"[А-ЯЁ][а-яё]{4,}", text.split("\n")[0])[:2]
        names.append(str(carrier)[:15])
        names.append(str(carrier))
    names = [name for name in set(names) if len(name) >= 5 and name not in ("Организация", "Реестр")]
    found = disclosures(event.stations["A"], names) + disclosures(event.stations["B"], names)
    check(f"a stolen station discloses none of {len(names)} names and numbers", not found and len(names) > 30, found[:5])


def lease(event, texts, snapshot_of):
    """A lease that is over locks the gate and erases the snapshot; the journal stays."""
    office = event.office
    folder = office.folder / "station-short"
    shutil.copytree(event.stations["B"], folder)
    short = snapshot_of("--lease", "1")
    office.ok("station", "import", short, "--dir", folder, **event.environment)
    # The station's computer has no moved clock of its own: libfaketime is not needed, the replay says the same.
    _, answers = replay(office, short, [{"at": int(time.time()) + 3700, "station": "A", "text": texts[10]}])
    check("after the lease nobody is admitted", answers[0]["outcome"] == "snapshot_too_old", answers[0])
    office.ok("station", "wipe", "--yes", "--dir", folder)
    expect("a wiped station says what to do", office.run("station", "selftest", "--dir", folder, "--no-readers",
                                                         **event.environment), 6, "station import")
    left = {path.name for path in folder.iterdir()}
    check("wiping leaves the journal and erases snapshot and lease", "journal.sqlite" in left
          and not {"lease.key", "snapshot.sealed"} & left, left)


def revocation(event, snapshot_of):
    office = event.office
    office.ok("event", "revoke", "B")
    expect("a revoked station's journal is refused", office.run("event", "merge", office.folder / "journal-B"), 2,
           "отозвана")
    expect("a newer snapshot wipes the revoked station", event.at("B", "import", snapshot_of(name="snapshot-without-B")), 5,
           "отозвана")
    left = {path.name for path in event.stations["B"].iterdir()}
    expect("a wiped station still hands its journal over", event.at("B", "export", "--out", office.folder / "journal-last"), 0)
    check("its snapshot is gone, its journal stays", "snapshot.sealed" not in left and "journal.sqlite" in left, left)


def statuses(event, texts, people, snapshot_of):
    """A card blocked at headquarters is refused by the next snapshot; a replaced one too."""
    office = event.office
    carrier = people[12][1]
    office.ok("carrier", "block", carrier, "--as", "lost", "--reason", "утрата")
    snapshot = snapshot_of(name="snapshot-blocked")
    now = int(time.time())
    digits = texts[12]
    _, answers = replay(office, snapshot, [
        {"at": now, "station": "A", "text": texts[11]}, {"at": now + 5, "station": "A", "text": digits},
        {"at": now + 10, "station": "A", "text": "]Q1" + digits.lower()},
        {"at": now + 15, "station": "A", "mode": "exit", "text": digits},
        {"at": now + 20, "station": "A", "text": str(people[13][1])},
        {"at": now + 25, "station": "A", "text": "101000000000013"},
        {"at": now + 30, "station": "A", "text": "привет"},
        {"at": now + 35, "station": "A", "text": digits[:-1] + ("0" if digits[-1] != "0" else "1")}])
    outcomes = [answer.get("outcome") for answer in answers[:-1]]
    check("blocked stays blocked as any text; a number is status only", outcomes[:5] == [
        "ok", "lost", "lost", "ok_exit", "ok_status_only"] and outcomes[5:7] == ["unknown", "unknown_format"]
          and outcomes[7] in ("forged", "malformed"), outcomes)
    result, _ = replay(office, snapshot, [{"at": now, "station": "A", "text": "x", "mode": "sideways"}])
    expect("a bad replay line is named", result, 1, "scans.jsonl:1", "mode")


def main():
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        office.ok("init", "--specimen")
        office.ok("user", "add", "approver", "--role", "cardOffice")
        office.people(60, 7)
        office.ok("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/", "--limit", 34)
        issued = map(json.loads, office.ok("ticket", "payloads", 1).splitlines())
        printed = {int(card["id"]): card["text"] for card in issued}
        people = [row for row in members(office) if row[1] in printed]
        for _, carrier, _ in people:
            office.ok("carrier", "unblock", carrier, "--reason", "handed out")
        texts = [printed[carrier] for _, carrier, _ in people]
        event = Event(office, people)
        headquarters(event, people)
        snapshot = event.snapshot()
        snapshot_of = lambda *options, name="snapshot-next": event.snapshot(*options, name=name)
        for station in ("A", "B"):
            expect(f"station {station} takes the snapshot", event.at(station, "import", snapshot), 0, f"человек {len(people) + 1}")
            expect(f"station {station} finds itself in order", event.at(
                station, "selftest", "--no-readers", "--sample", texts[0]), 0, "✓ snapshot", "✓ sample 1")
        expect("a wrong passphrase opens no station", office.run(
            "station", "selftest", "--dir", event.stations["A"], PROFBILET_STATION_PASSPHRASE="wrong"), 3, "не подходит")
        damaged = office.folder / "snapshot-damaged"
        content = bytearray(snapshot.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        expect("a damaged snapshot is refused", event.at("A", "import", damaged), 5, "bad_signature")
        scanning(event, people, texts, snapshot)
        full_disk(event, texts[20:])
        meeting(event, texts)
        forged_journals(event)
        devices.scanners(event, texts[14:])
        devices.running(event, texts[14:], snapshot_of)
        secrets(event, people)
        lease(event, texts, snapshot_of)
        statuses(event, texts, people, snapshot_of)
        revocation(event, snapshot_of)
    print(f"{production.passed} passed, {len(production.failures)} failed")
    sys.exit(1 if production.failures else 0)


if __name__ == "__main__":
    main()
