"""Measures the HTTP service under load from a process of its own, against floors taken in the same run.

The load is open-loop: every request has its moment, and its time counts from that moment, so waiting is counted
(`profbilet-bench load`). The service is the program's own with two routes beside it (`profbilet-bench service`).
Usage: PROFBILET=release/profbilet python service.py [--seconds N] [--requests N] [--lists N]
"""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from figures import BENCH, ROOT, finish, row

sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
import serving  # noqa: E402

PHONES = 60


def text64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class BenchService(serving.Service):
    """The service with the floors' routes."""

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BENCH, "service", self.office.data], env=self.office.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the service did not start: {self.log.read_text()}")
        self.address = json.loads(line)["address"]
        self.host, self.port = "127.0.0.1", int(self.address.rsplit(":", 1)[1])


def enrolled(office, service, app, cabinet):
    """Phones with a card each, made by other code than the service's."""
    with sqlite3.connect(f"file:{office.data}/register.sqlite?mode=ro", uri=True) as connection:
        people = connection.execute("""
            SELECT m.ais_id, t.number FROM member m JOIN ticket_number t ON t.member_id = m.id
            WHERE m.state = 'active' AND t.state = 'assigned' AND m.ais_id IS NOT NULL AND EXISTS
                (SELECT 1 FROM consent c JOIN consent_text x ON x.id = c.text_id WHERE c.member_id = m.id
                AND x.purpose = 'virtualCard' AND c.withdrawn_on IS NULL) ORDER BY m.id LIMIT ?""", (PHONES,)).fetchall()
    made = service.ask("POST", "/v1/activation-codes", {"members": [ais for ais, _ in people]}, key=cabinet).json["codes"]
    codes = {code["member"]: code["code"].replace(" ", "") for code in made}
    phones = []
    for ais, number in people:
        secret = ec.generate_private_key(ec.SECP256R1())
        numbers = secret.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        started = service.ask("POST", "/v1/enrolments", {"ticket": str(number)}, key=app).json
        payload = cbor2.dumps([bytes64(started["nonce"]), started["id"], hashlib.sha256(codes[ais].encode()).digest(),
                               {1: 2, -1: 1, -2: x, -3: y}], canonical=True)
        protected = cbor2.dumps({1: -7, 16: "application/profbilet-possession"}, canonical=True)
        der = secret.sign(cbor2.dumps(["Signature1", protected, b"", payload]), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        proof = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big")]))
        answer = service.ask("POST", f"/v1/enrolments/{started['id']}/confirm", {
            "code": codes[ais], "deviceKey": {"kty": "EC", "crv": "P-256", "x": text64(x), "y": text64(y)},
            "proof": text64(proof)}, key=app)
        if answer.status != 201:
            sys.exit(f"a phone is not enrolled: {answer.text}")
        phones.append({"card": answer.json["id"], "nonce": answer.json["nonce"],
                       "key": text64(numbers_bytes(secret))})
    return phones


def numbers_bytes(secret):
    return secret.private_numbers().private_value.to_bytes(32, "big")


class Load:
    """Runs the generator; phones go on where they were left."""

    def __init__(self, folder, service, app, phones):
        self.folder, self.service, self.app, self.phones = folder, service, app, phones
        self.kept = folder / "phones.json"
        self.sent = 0

    def run(self, kind, path="", rate=0, seconds=10.0, connections=PHONES, headers="", body="{}"):
        phones = json.loads(self.kept.read_text()) if self.kept.exists() else self.phones
        plan = {"port": self.service.port, "connections": connections, "rate": rate, "seconds": seconds, "kind": kind,
                "path": path, "headers": f"Authorization: Bearer {self.app}\r\n{headers}", "body": body, "phones": phones}
        if kind == "renew":
            plan["keep"] = str(self.kept)
        file = self.folder / "plan.json"
        file.write_text(json.dumps(plan))
        done = subprocess.run([BENCH, "load", file], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"the generator failed: {done.stderr}")
        result = json.loads(done.stdout)
        if result["failures"]:
            sys.exit(f"{kind} {path}: {result['failures']} connections failed: {result['failure']}")
        self.sent += result["count"]
        return result


def speed(options):
    with tempfile.TemporaryDirectory(prefix="service-bench-") as name:
        folder = pathlib.Path(name)
        office = serving.Office(folder)
        office.people(900)
        office.issue()
        app, cabinet = office.client("phones", "app"), office.client("desk", "cabinet", "--scope", "99")
        with BenchService(office) as service:
            phones = enrolled(office, service, app, cabinet)
            load = Load(folder, service, app, phones)
            time.sleep(6)  # the first publication
            listed = service.ask("GET", "/v1/status-lists").json["status_lists"][0].rsplit("/", 1)[1]
            path = f"/v1/status-lists/{listed}"
            tag = service.ask("GET", path).headers["etag"]
            known = f"If-None-Match: {tag}\r\n"
            renewals, floors, reads, constants = [], [], [], []
            for _ in range(3):
                floors.append(load.run("post", "/probe/signatures", seconds=options.seconds / 6)["rate"])
                renewals.append(load.run("renew", seconds=options.seconds / 6)["rate"])
                constants.append(load.run("get", "/probe/constant", seconds=options.seconds / 6)["rate"])
                reads.append(load.run("get", path, headers=known, seconds=options.seconds / 6)["rate"])
            peak = statistics.median(renewals)
            row("renewals", peak, "/s", statistics.median(floors), 0.5)
            row("cached reads of a status list", statistics.median(reads), "/s", statistics.median(constants), 0.8)
            early = load.sent
            steady = load.run("renew", rate=peak / 2, seconds=options.seconds)
            row(f"renewals at {peak / 2:.0f} a second for {options.seconds:.0f} s, p99", steady["p99"] * 1000, "ms", None, 50,
                is_at_most=True)
            row("their median", steady["p50"] * 1000, "ms", None, 50, is_at_most=True)
            # told beside it: what a machine that stands still for moments does to requests without any database
            bare = load.run("post", "/probe/signatures", rate=peak / 2, seconds=options.seconds / 3)
            row("p99 of the bare signatures at the same rate", bare["p99"] * 1000, "ms", None, None, is_at_most=True)
            assert steady["count"] >= 0.98 * options.seconds * peak / 2, steady
            print(f"  longest {steady['longest'] * 1000:.1f} ms, {early} requests before")
        # a service of its own, so that the first ten thousand requests are the first
        with BenchService(office) as service:
            load.service, load.sent = service, 0
            time.sleep(6)

            def mixed(until):
                while load.sent < until:
                    load.run("get", path, headers=known, seconds=2.0 if until <= 10_000 else 10.0)
                    load.run("renew", seconds=0.5)
            mixed(10_000)
            after, first = service.memory(), load.sent
            mixed(options.requests)
            row(f"memory after {load.sent} requests, against after {first}", service.memory() / 1024, "MB", after / 1024, 1.10,
                is_at_most=True)


def widen(office, lists, carriers):
    """Lists and carriers beside the real ones, straight into the tables: the publisher sees a nationwide register."""
    path = office.data / "register.sqlite"
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        real = [number for number, in connection.execute("SELECT list FROM status_list")]
        expires, = connection.execute("SELECT max(expires_at) FROM carrier").fetchone()
        last, = connection.execute("SELECT max(id) FROM carrier").fetchone()
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'carrier'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("BEGIN")
        made = 0
        numbers = iter(number for number in range(1000, 1000 + lists) if number not in real)
        for index in range(lists - len(real)):
            number = next(numbers)
            each = (carriers - made) // (lists - len(real) - index)
            connection.execute("INSERT INTO status_list (list, region, used, changed) VALUES (?, 99, ?, 1)", (number, each))
            connection.execute(f"""
                WITH RECURSIVE step(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM step WHERE i + 1 < {each})
                INSERT INTO carrier (id, region, kind, number, issue, state, list, idx, published, expires_at)
                SELECT {last + made + 1} + i, 99, 'plastic', {10 ** 15 + made} + i, 1,
                    CASE WHEN i % 50 = 0 THEN 'lost' ELSE 'active' END, {number}, i, i % 50 = 0, {expires} FROM step""")
            made += each
        connection.execute("COMMIT")
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("ANALYZE")
    return made


def publication(options):
    with tempfile.TemporaryDirectory(prefix="publish-bench-") as name:
        folder = pathlib.Path(name)
        office = serving.Office(folder)
        office.people(60)
        cards = office.issue()
        made = widen(office, options.lists, options.carriers)
        published = folder / "published"

        def publish():
            done = subprocess.run([BENCH, "publish", office.data, published], env=office.environment, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"publication failed: {done.stderr}")
            return json.loads(done.stdout)
        whole = publish()
        print(f"  all {whole['rebuilt']} lists of {made} carriers: {whole['seconds']:.1f} s")
        assert whole["rebuilt"] == options.lists, whole
        again = publish()
        assert again["rebuilt"] == 0, again
        times = []
        for card in cards[:5]:
            office.ok("carrier", "unblock", card["id"], "--reason", "bench")
            publish()
            office.ok("carrier", "block", card["id"], "--as", "lost", "--reason", "bench")
            done = publish()
            assert (done["rebuilt"], done["kept"]) == (1, options.lists - 1), done
            times.append(done["seconds"] * 1000)
        row(f"publish after one block, {options.lists} lists, {made / 1e6:.1f} M carriers", statistics.median(times), "ms", None, 1000,
            is_at_most=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--lists", type=int, default=80)
    parser.add_argument("--carriers", type=int, default=3_900_000)
    options = parser.parse_args()
    speed(options)
    publication(options)
    finish("service")


main()
