"""SIGKILL of a served register under load: what was answered with success is there afterwards, nothing half done.

Cabinets write members, orders and codes, carriers are blocked and unblocked, the hotline looks up; at a random moment the
process is killed, started again, and every answer is held against the register. Idempotency keys give their first answer
again. Usage: PROFBILET=path/to/profbilet python3 kills_http.py [--kills N]
"""

import argparse
import datetime
import http.client
import json
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import serving  # noqa: E402
from serving import Office, Service, check  # noqa: E402


class Load:
    """Writers that note what was answered and what was under way when the wire broke."""

    def __init__(self, service, keys, cards, place, run):
        self.service, self.keys, self.cards, self.place, self.run = service, keys, cards, place, run
        self.answered, self.open, self.strange = [], [], []
        self.lock, self.stopped = threading.Lock(), False

    def ask(self, connection, role, method, path, body, retry):
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Content-Type": "application/json"}
        if retry:
            headers["Idempotency-Key"] = retry
        note = {"role": role, "method": method, "path": path, "body": body, "retry": retry}
        try:
            connection.request(method, path, json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            with self.lock:
                self.open.append(note)
            raise
        note.update(status=answer.status, answer=json.loads(data))
        with self.lock:
            (self.answered if answer.status in (200, 201) else self.strange).append(note)
        return note

    def write(self, number):
        connection = self.service.connection()
        step = 0
        try:
            while not self.stopped:
                name, step = f"K-{self.run}-{number}-{step}", step + 1
                # a birthday of one's own, so that nobody looks like somebody else
                born = str(datetime.date(1950, 1, 1) + datetime.timedelta(days=1600 * self.run + 400 * number + step))
                self.ask(connection, "cabinet", "PUT", f"/v1/members/{name}", {
                    "last": "Орлова", "first": "Анна", "birthDate": born, "sex": "female", "category": "working",
                    "organisation": self.place, "joinDate": "2005-09-01",
                    "phone": f"+7000{random.randrange(10 ** 7):07}",
                    "consents": {"register": "2026-01-15", "cardProduction": True}}, f"member-{name}")
                self.ask(connection, "cabinet", "POST", "/v1/orders", {"members": [name], "reason": "first"}, f"order-{name}")
        except (OSError, http.client.HTTPException):
            pass

    def block(self, number):
        connection = self.service.connection()
        mine = self.cards[number::2]
        try:
            while not self.stopped:
                for card in mine:
                    verbs = [("block", {"as": "suspended", "reason": "тест"}), ("unblock", {"reason": "тест"})]
                    # the kill before may have come between the two
                    shown = self.service.ask("GET", f"/v1/carriers/{card}", key=self.keys["cabinet"], connection=connection)
                    if shown.json["carriers"][0]["state"] == "suspended":
                        verbs.reverse()
                    for verb, body in verbs:
                        self.ask(connection, "cabinet", "POST", f"/v1/carriers/{card}:{verb}", body,
                                 f"{verb}-{card}-{random.randrange(10 ** 12)}")
                    self.ask(connection, "hotline", "POST", "/v1/hotline/lookups", {"number": card[:15]}, None)
        except (OSError, http.client.HTTPException):
            pass

    def start(self):
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in range(4)]
        self.threads += [threading.Thread(target=self.block, args=(number,)) for number in range(2)]
        for thread in self.threads:
            thread.start()

    def join(self):
        self.stopped = True
        for thread in self.threads:
            thread.join()


def held(office, service, load):
    """What of the answers the started register does not bear out."""
    lost = []
    connection = service.connection()

    def ask(note, method, path, body=None, **headers):
        return service.ask(method, path, body, load.keys[note["role"]], headers, connection)
    states = {}
    for note in load.answered:
        kind = note["path"].split("/")[2].split(":")[0]
        if kind == "members":
            shown = ask(note, "GET", note["path"])
            if shown.status != 200 or any(shown.json[name] != note["body"][name] for name in ("last", "birthDate", "phone")):
                lost.append((note["path"], shown.text))
        elif kind == "orders":
            for order in note["answer"]["orders"]:
                if ask(note, "GET", f"/v1/orders/{order['id']}").status != 200:
                    lost.append((note["path"], order))
        elif kind == "carriers":
            card, verb = note["path"].rsplit("/", 1)[1].split(":")
            states[card] = ("suspended" if verb == "block" else "active", note)
    under_way = {note["path"].rsplit("/", 1)[1].split(":")[0] for note in load.open if "/carriers/" in note["path"]}
    for card, (state, note) in states.items():
        shown = ask(note, "GET", f"/v1/carriers/{card}").json["carriers"][0]["state"]
        if shown != state and card not in under_way:
            lost.append((card, state, shown))
    return lost


def repeated(service, load):
    """Requests with a key, sent again: the first answer, or one effect where none was given."""
    wrong = []
    connection = service.connection()
    for note in random.sample(load.answered, min(40, len(load.answered))) + load.open:
        if not note["retry"]:
            continue
        again = service.ask(note["method"], note["path"], note["body"], load.keys[note["role"]],
                            {"Idempotency-Key": note["retry"]}, connection)
        if "status" in note and (again.status, again.json) != (note["status"], note["answer"]):
            wrong.append((note["path"], note["answer"], again.text))
        if "status" not in note and again.status not in (200, 201):
            wrong.append((note["path"], again.text))
    return wrong


def whole(office):
    """Every effect with all its parts: an order has its member and its step, a carrier's state its event."""
    count = office.tables.number
    return {
        "orders without a step": count("SELECT count(*) FROM card_order o WHERE NOT EXISTS "
                                       "(SELECT 1 FROM order_event e WHERE e.order_id = o.id)"),
        "two orders of one member": count("SELECT count(*) FROM (SELECT member_id FROM card_order WHERE state = 'submitted' "
                                          "GROUP BY member_id HAVING count(*) > 1) AS twice"),
        "states without an event": count("SELECT count(*) FROM carrier c WHERE kind = 'plastic' AND state <> (SELECT e.to_state FROM "
                                         "carrier_event e WHERE e.carrier_id = c.id ORDER BY e.seq DESC LIMIT 1)"),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=5)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        office = Office(folder)
        office.people(40)
        cards = [card["id"] for card in office.issue()]
        for card in cards[:12]:
            office.ok("carrier", "unblock", card, "--reason", "выдана")
        ordinal = office.tables.number("SELECT organisation FROM member ORDER BY id LIMIT 1")
        place = f"{ordinal // 10_010_000:02}-{ordinal // 10_000 % 1_001 - 1:03}-{ordinal % 10_000:04}"
        keys = {"cabinet": office.client("cabinet", "cabinet", "--scope", "99"), "hotline": office.client("hotline", "hotline")}
        answered = under_way = 0
        with Service(office, "--client-rate", 100000, "--publish", pathlib.Path(folder) / "published") as service:
            for run in range(kills):
                load = Load(service, keys, cards[:12], place, run)
                load.start()
                time.sleep(random.uniform(0.6, 2.0))
                service.kill()
                load.join()
                service.start()
                answered += len(load.answered)
                under_way += len(load.open)
                check(f"kill {run + 1}: {len(load.answered)} answers were given, none of them an error", load.answered
                      and not load.strange, load.strange[:2])
                lost = held(office, service, load)
                check(f"kill {run + 1}: all of them are there", not lost, lost[:2])
                wrong = repeated(service, load)
                check(f"kill {run + 1}: keys give their first answer, what was under way happens once", not wrong, wrong[:2])
                halves = whole(office)
                check(f"kill {run + 1}: nothing is half done", not any(halves.values()), halves)
            check("requests were under way when it was killed", under_way > 0, under_way)
            check("ready", service.ask("GET", "/readyz").status == 200)
        check("the audit chain is whole", office.run("audit", "verify").returncode == 0, office.run("audit", "verify").stderr)
        office.tables.check()
        print(f"{answered} answers before {kills} kills")
        office.tables.drop()
    serving.close()


main()
