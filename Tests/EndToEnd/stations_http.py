"""Stations meet headquarters over HTTP: cut connections, kills, edited entries, a stolen key, a revocation.

A real `profbilet serve` and real stations; between them a proxy of this script that cuts connections where it is told
to. What comes of it is held against the same journals merged by files into a copy of the register.
Usage: PROFBILET=path/to/profbilet python3 stations_http.py
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import production  # noqa: E402
from lost_answers import LostAnswers  # noqa: E402
from production import Office, check, expect  # noqa: E402
from station import Event, Kiosk, free_port, members  # noqa: E402


class Server:
    """`profbilet serve` on a port of its own, which it keeps when it is started again."""

    def __init__(self, office, *options):
        self.office, self.options = office, options
        self.port = free_port()
        self.start()

    def start(self):
        self.process = self.office.start("serve", "--listen", f"127.0.0.1:{self.port}", "--json", "--log-level", "warning",
                                         *self.options)
        line = self.process.stdout.readline()
        if "address" not in line:
            sys.exit(f"serve does not start: {line}{self.process.stderr.read()}")
        self.address = json.loads(line)["address"]
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=stream.read, daemon=True).start()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(60)


class Proxy:
    """Hands bytes on, until `cut` says of the bytes that one connection has sent or got that it is enough."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.seen = b""
        self.cut_after_sent = self.cut_after_got = None
        self.on_cut = None
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()
                continue
            for source, target, is_sent in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=(source, target, is_sent), daemon=True).start()

    def pump(self, source, target, is_sent):
        total = 0
        try:
            while data := source.recv(1024):
                total += len(data)
                if is_sent:
                    self.seen += data
                limit = self.cut_after_sent if is_sent else self.cut_after_got
                if limit is not None and total > limit:
                    self.cut_after_sent = self.cut_after_got = None
                    if self.on_cut:
                        self.on_cut()
                        self.on_cut = None
                    break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class Door:
    """A station of the event, its folder, and what it says when it meets headquarters."""

    def __init__(self, event, name, folder=None):
        self.event, self.office, self.name = event, event.office, name
        self.folder = folder or event.office.folder / f"station-{name}"

    def provision(self, server):
        return self.office.run("station", "provision", "--token", self.event.tokens[self.name], "--dir", self.folder,
                               "--server", server.address, **self.event.environment)

    def sync(self, address, *options, codes=(0,)):
        result = self.office.run("station", "sync", "--server", address, "--dir", self.folder, "--json", *options,
                                 **self.event.environment)
        if result.returncode not in codes:
            check(f"sync of {self.name}", False, f"code {result.returncode}: {result.stdout}{result.stderr}")
        line = result.stdout.strip().split("\n")[0]
        return result, json.loads(line) if line.startswith("{") else {}

    def scan(self, texts):
        kiosk = Kiosk(self.office, self.folder, self.event.environment)
        outcomes = [kiosk.scan(text)["outcome"] for text in texts]
        return kiosk, outcomes

    def entries(self):
        with sqlite3.connect(self.folder / "journal.sqlite") as connection:
            return connection.execute("SELECT count(*) FROM entry WHERE station = ?", (self.name,)).fetchone()[0]


def held(office, station, table="event_entry"):
    return office.number(f"SELECT count(*) FROM {table} WHERE station = '{station}'")


def enrolment(event, server, doors):
    way = LostAnswers(server, b"stations:provision")
    expect("an answer that is lost leaves the station ready to ask again", doors[0].provision(way), 11, "повторите ту же команду")
    for door in doors:
        expect(f"station {door.name} is provisioned over HTTP", door.provision(server), 0, "подготовлена")
    again = Door(event, "A", event.office.folder / "station-again")
    expect("a token works once", again.provision(server), 5, "не подходит или уже использован")
    for door in doors:
        event.office.ok("station", "operator", "add", "Оператор", "--dir", door.folder, PROFBILET_OPERATOR_PIN="1234")
    result, _ = doors[0].sync(server.address)
    check("a station without a snapshot meets headquarters too", result.returncode == 0, result.stderr)


def snapshots(event, server, proxy, doors):
    path = event.snapshot()
    size = path.stat().st_size
    proxy.cut_after_got = 2_000 + size // 2
    result, _ = doors[0].sync(proxy.address, codes=(10, 11))
    part = doors[0].folder / "snapshot.part"
    check("a cut download keeps what came", result.returncode != 0 and part.exists()
          and 0 < part.stat().st_size < size, (result.returncode, result.stderr[-300:]))
    proxy.seen = b""
    _, report = doors[0].sync(proxy.address)
    check("the next one goes on there", report.get("snapshot") == 1 and b"\nRange: bytes=" in proxy.seen.replace(b"range:", b"Range:"),
          report)
    check("nothing of the download is left", not part.exists())
    for door in doors[1:]:
        _, report = door.sync(server.address)
        check(f"{door.name} takes the snapshot", report.get("snapshot") == 1, report)
    _, report = doors[0].sync(server.address)
    check("the same snapshot is not fetched again", report.get("snapshot") is None, report)
    check("the clocks agree on one machine", abs(report["offset"]) <= report["uncertainty"] + 50, report)


def journals(event, server, proxy, door, texts):
    """While the station works: chunks, a connection cut inside one, both ends killed."""
    office = event.office
    kiosk, outcomes = door.scan(texts)
    check("cards pass at the door", outcomes.count("ok") == len(texts), outcomes)
    proxy.cut_after_sent = 6_000
    result, _ = door.sync(proxy.address, "--chunk", "3", codes=(10, 11))
    some = held(office, door.name)
    check("a cut connection leaves what was answered", result.returncode != 0 and 0 < some < door.entries(),
          (result.returncode, some, result.stderr[-300:]))
    proxy.cut_after_sent, proxy.on_cut = 4_000, lambda: server.process.send_signal(signal.SIGKILL)
    result, _ = door.sync(proxy.address, "--chunk", "1", codes=(10, 11))
    server.process.wait(30)
    more = held(office, door.name)
    check("a killed server keeps what it answered", result.returncode != 0 and more >= some, (some, more))
    server.start()
    # Set before it starts: it may be quick.
    box = []
    proxy.cut_after_sent, proxy.on_cut = 3_500, lambda: box[0].send_signal(signal.SIGKILL)
    victim = office.start("station", "sync", "--server", proxy.address, "--dir", door.folder, "--chunk", "1",
                          **event.environment)
    box.append(victim)
    victim.wait(60)
    check("a killed station's sync", victim.returncode == -9, victim.returncode)
    _, report = door.sync(server.address, "--chunk", "3")
    check("afterwards headquarters has every entry", held(office, door.name) == door.entries(),
          (held(office, door.name), door.entries(), report))
    # the last entry goes along always: it shows forks
    check("only what was missing was sent", report["items"].get("known", 0) <= 1, report)
    _, report = door.sync(server.address)
    check("the same again changes nothing", report["items"].get("taken", 0) == 0
          and held(office, door.name) == door.entries(), report)
    kiosk.stop()


def edited(event, server, door, texts):
    """One entry changed on the disk: refused alone, the others are kept and merged when the right one comes."""
    kiosk, _ = door.scan(texts)
    kiosk.stop()
    copy = event.office.folder / "station-edited"
    shutil.copytree(door.folder, copy)
    last = door.entries()
    place = last - 3
    with sqlite3.connect(copy / "journal.sqlite") as connection:
        connection.execute("DROP TRIGGER entry_no_change")
        content = connection.execute("SELECT bytes FROM entry WHERE station = ? AND sequence = ?",
                                     (door.name, place)).fetchone()[0]
        connection.execute("UPDATE entry SET bytes = ? WHERE station = ? AND sequence = ?",
                           (content.replace(b"scan", b"note", 1), door.name, place))
    result, report = Door(event, door.name, copy).sync(server.address, codes=(2,))
    check("an edited entry is refused alone", report.get("refused") == [
        {"station": door.name, "sequence": place, "code": "changed"}] and report["items"].get("held") == 3,
        (result.returncode, report, result.stderr[-300:]))
    state = json.loads(event.office.ok("event", "report", "--json"))
    check("headquarters says that entries wait", state["waiting"] == {door.name: 3}, state["waiting"])
    _, report = door.sync(server.address)
    state = json.loads(event.office.ok("event", "report", "--json"))
    check("the right one joins them", held(event.office, door.name) == last and state["waiting"] == {}
          and held(event.office, door.name, "event_entry_held") == 0, (report, state["waiting"]))


def same_by_files(event, copy, doors):
    """The same journals merged by files into a copy of the register as it was before."""
    office = event.office
    by_http = json.loads(office.ok("event", "report", "--json"))
    files = []
    for door in doors:
        files.append(office.folder / f"files-{door.name}")
        office.ok("station", "export", "--out", files[-1], "--dir", door.folder, **event.environment)
    office.ok("event", "merge", *files, PROFBILET_DATA=str(copy))
    by_files = json.loads(office.ok("event", "report", "--json", PROFBILET_DATA=str(copy)))
    same = {name: by_http[name] == by_files[name] for name in ("quorum", "people", "stations", "duplicates")}
    check("quorum, presence and anomalies are those of the files", all(same.values())
          and by_http["quorum"]["presentMax"] > 0, (same, by_http["quorum"], by_files["quorum"]))


def thief(event, server, door, copy, texts):
    """The same key in two places: what the second tells is refused and raises an alarm."""
    stolen = Door(event, door.name, copy)
    kiosk, _ = stolen.scan(texts)
    kiosk.stop()
    before = held(event.office, door.name)
    result, report = stolen.sync(server.address, codes=(2,))
    codes = {item["code"] for item in report.get("refused", [])}
    check("a second station of one key is a fork", "fork" in codes and held(event.office, door.name) == before,
          (result.returncode, report))
    state = json.loads(event.office.ok("event", "report", "--json"))
    check("headquarters raises the alarm", door.name in state["forks"], state["forks"])
    expect("it stands in the report", event.office.run("event", "report"), 0, "ТРЕВОГА")


def revoked(event, server, door):
    kiosk, _ = door.scan([])
    event.office.ok("event", "revoke", door.name)
    check("the snapshot is there before", (door.folder / "snapshot.sealed").exists())
    result, _ = door.sync(server.address, codes=(5,))
    left = {path.name for path in door.folder.iterdir()}
    check("a revoked station erases its snapshot and keeps its journal", result.returncode == 5
          and not {"snapshot.sealed", "lease.key", "lists.sealed"} & left and "journal.sqlite" in left
          and "отозвана" in result.stderr + result.stdout, (result.returncode, left))
    try:
        code = kiosk.process.wait(20)
    except subprocess.TimeoutExpired:
        code = kiosk.stop(signal.SIGKILL)
    check("the running page ends with code 5", code == 5, code)


def revoked_at_work(event, server, door):
    """A station that meets headquarters by itself ends when it is revoked."""
    kiosk = Kiosk(event.office, door.folder, event.environment, "--sync", server.address, "--sync-every", "1")
    event.office.ok("event", "revoke", door.name)
    try:
        code = kiosk.process.wait(20)
    except subprocess.TimeoutExpired:
        code = kiosk.stop(signal.SIGKILL)
    check("a station that meets headquarters at work ends with code 5", code == 5, code)
    check("and its snapshot is erased", not (door.folder / "snapshot.sealed").exists())


def beside(event, server, door, carrier, text):
    """What `station sync` brings is what the running page judges by."""
    office = event.office
    door.sync(server.address)
    kiosk, outcomes = door.scan([text])
    scanned = time.monotonic()
    check("a card passes before it is lost", outcomes == ["ok"], outcomes)
    office.ok("carrier", "block", carrier, "--as", "lost", "--reason", "test")
    end, taken = time.monotonic() + 60, 0
    while not taken and time.monotonic() < end:
        taken = door.sync(server.address)[1]["statusLists"]
        # The same code within two seconds is the same scan.
        time.sleep(max(0 if taken else 0.5, scanned + 2.1 - time.monotonic()))
    outcome = kiosk.scan(text)["outcome"]
    check("a list that station sync took reaches the running page", taken and outcome in ("lost", "revoked"),
          (taken, outcome))
    kiosk.stop()


def closing(event, server, doors):
    office = event.office
    for door in doors:
        office.ok("station", "export", "--close", "--out", office.folder / "closed", "--dir", door.folder,
                  **event.environment)
        door.sync(server.address)
    quorum = json.loads(office.ok("event", "quorum", "--json"))["quorum"]
    check("closed stations let the quorum be asserted", quorum["verdict"] != "cannot_be_asserted"
          and quorum["presentMin"] == quorum["presentMax"] > 0, quorum)


def encrypted(event, door):
    """TLS with an authority of its own; nothing is said to a server that cannot be known."""
    folder = event.office.folder
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", folder / "tls.key", "-out", folder / "tls.pem", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1"], capture_output=True)
    if made.returncode:
        return check("a certificate for the test", False, made.stderr)
    server = Server(event.office, "--tls-cert", folder / "tls.pem", "--tls-key", folder / "tls.key")
    try:
        result, _ = door.sync(server.address, codes=(10, 11))
        check("an unknown certificate is refused, with the option that names it", result.returncode == 11
              and "--ca" in result.stderr and "ертификат" in result.stderr, result.stdout + result.stderr)
        _, report = door.sync(server.address, "--ca", folder / "tls.pem")
        check("a station meets headquarters by TLS", "offset" in report, report)
    finally:
        check("the service ends by itself", server.stop() == 0)
    expect("plain HTTP to elsewhere is refused", event.office.run(
        "station", "sync", "--server", "http://example.org", "--dir", door.folder, **event.environment), 5, "https")


def main():
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        office.ok("init", "--specimen")
        office.people(40, 11)
        issued = json.loads(office.ok("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/",
                                      "--json").strip().split("\n")[-1])
        payloads = [json.loads(line) for line in office.ok(
            "ticket", "payloads", issued["issuance"]).splitlines()]
        texts = {int(payload["id"]): payload["text"] for payload in payloads}
        with sqlite3.connect(office.data / "register.sqlite") as connection:
            connection.execute("UPDATE carrier SET state = 'active', published = 0 WHERE kind = 'plastic'")
            connection.execute("UPDATE status_list SET changed = 1")
        people = [row for row in members(office) if row[1] in texts][:30]
        event = Event(office, people)
        event.roll([f"{ais};;{index + 1};решающий;подтверждён;\n" for index, (ais, _, _) in enumerate(people)])
        shown = [texts[carrier] for _, carrier, _ in people]
        server = Server(office)
        proxy = Proxy(server.port)
        first, second = Door(event, "A"), Door(event, "B")
        enrolment(event, server, [first, second])
        snapshots(event, server, proxy, [first, second])
        copy = office.folder / "data-by-files"
        stolen = office.folder / "station-stolen"
        shutil.copytree(first.folder, stolen)
        with sqlite3.connect(office.data / "register.sqlite") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copytree(office.data, copy)
        journals(event, server, proxy, first, shown[:18])
        edited(event, server, second, shown[16:24])
        same_by_files(event, copy, [first, second])
        thief(event, server, first, stolen, shown[24:30])
        beside(event, server, second, people[24][1], shown[24])
        closing(event, server, [first, second])
        revoked(event, server, second)
        check("the service ends by itself", server.stop() == 0)
        encrypted(event, first)
        server.start()
        revoked_at_work(event, server, first)
        check("the service ends by itself", server.stop() == 0)
    print(f"{production.passed} passed, {len(production.failures)} failed")
    sys.exit(1 if production.failures else 0)


if __name__ == "__main__":
    main()
