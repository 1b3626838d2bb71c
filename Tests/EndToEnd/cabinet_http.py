"""Cabinets, the hotline, auditors and a manufacturer at a real `profbilet serve`.

Usage: PROFBILET=path/to/profbilet python3 cabinet_http.py [--pairs N]
`--pairs` is how many pairs of look-ups are timed: known numbers against unknown ones, interleaved, compared by Kolmogorov
and Smirnov's test; the first hundred pairs are timed with their answers. A server that leaks on purpose (`profbilet-bench
service DATA leaky`, beside the program) must fail the same test.
"""

import argparse
import base64
import http.client
import json
import math
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import production  # noqa: E402
from production import Office, check  # noqa: E402
from stations_http import Server  # noqa: E402

DAMM = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017",
        "9438617205", "2581436790"]


def damm(digits):
    state = 0
    for digit in digits:
        state = int(DAMM[state][int(digit)])
    return state


class Client:
    """A program with a key; its connection stays open, but not longer than the service keeps idle ones."""

    def __init__(self, server, office, name, role, scope="99", *options):
        made = office.ok("client", "create", name, "--role", role, "--scope", scope, "--json", *options)
        self.key = json.loads(made.strip().split("\n")[-1])["key"]
        self.host = urllib.parse.urlparse(server.address).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=60)
        self.used = time.monotonic()

    def ask(self, method, path, body=None, **headers):
        if time.monotonic() - self.used > 40:
            self.connection.close()
        self.used = time.monotonic()
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if content is not None:
            fields.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, content, fields)
        answer = self.connection.getresponse()
        data = answer.read()
        self.headers = answer.headers
        kind = answer.getheader("Content-Type") or ""
        return answer.status, json.loads(data) if "json" in kind else data


def member(number, organisation, **changes):
    fields = dict(last="Орлова", first="Анна", patronymic="Петровна", birthDate=f"19{60 + number % 40}-03-{1 + number % 28:02}",
                  sex="female", category="working", organisation=organisation, joinDate="2005-09-01",
                  phone=f"+7000{2_000_000 + number}", consents={"register": "2026-01-15", "cardProduction": True})
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not ...}


def members(client, elsewhere, place, other):
    status, made = client.ask("PUT", "/v1/members/H-1", member(1, place))
    check("a member is added", status == 201 and made["outcome"] == "added", (status, made))
    tag = client.headers["ETag"]
    status, same = client.ask("PUT", "/v1/members/H-1", member(1, place))
    check("the same again is unchanged", status == 200 and same["outcome"] == "unchanged", (status, same))
    status, shown = client.ask("GET", "/v1/members/H-1")
    check("the record is shown", status == 200 and shown["last"] == "Орлова" and shown["phone"] == "+70002000001"
          and client.headers["ETag"] == tag, (status, shown))
    status, _ = client.ask("GET", "/v1/members/H-1", If_None_Match=tag)
    check("a record that is known is not sent again", status == 304, status)
    status, again = client.ask("PUT", "/v1/members/H-1", member(1, place, phone="+70009999999"), If_Match=tag)
    check("a change with the right tag", status == 200 and again["outcome"] == "updated", (status, again))
    status, problem = client.ask("PUT", "/v1/members/H-1", member(1, place, phone="+70008888888"), If_Match=tag)
    check("a change with an old tag is refused", status == 412 and problem["code"] == "changed_meanwhile", (status, problem))
    status, _ = client.ask("PUT", "/v1/members/H-1", member(1, place), If_None_Match="*")
    check("an overwriting is refused", status == 412, status)
    key = "a-key-of-mine"
    first = client.ask("PUT", "/v1/members/H-2", member(2, place), Idempotency_Key=key)
    second = client.ask("PUT", "/v1/members/H-2", member(2, place), Idempotency_Key=key)
    check("the same key gives the first answer", first == second and first[0] == 201, (first, second))
    status, problem = client.ask("PUT", "/v1/members/H-2", member(2, place, first="Вера"), Idempotency_Key=key)
    check("the same key for another body is refused", status == 409 and problem["code"] == "idempotency_key_reused", problem)
    status, problem = client.ask("PUT", "/v1/members/H-3", member(3, place, last="Орл0ва", joinDate="1965-01-01"))
    codes = {issue["code"] for issue in problem.get("issues", [])}
    check("a member the rules refuse, with every reason", status == 422 and len(codes) >= 2
          and all(issue["message"]["ru"] and issue["message"]["en"] for issue in problem["issues"]), (status, problem))
    status, problem = client.ask("PUT", "/v1/members/H-3", member(3, place, birthDate="12.12.1980"))
    check("a field of another form is named", status == 400 and problem["field"] == "/birthDate", (status, problem))
    status, problem = client.ask("PUT", "/v1/members/H-3", member(3, other))
    check("an organisation elsewhere is refused", status == 422 and problem["issues"][0]["code"] == "outside_scope", problem)
    status, done = client.ask("POST", "/v1/members:batch", {"members": [
        dict(member(10, place), aisId="H-10"), dict(member(11, place), aisId="H-11"), {"aisId": "H-12"},
        dict(member(13, place, last="=1+1"), aisId="H-13"), dict(member(10, place), aisId="H-10"), 7]})
    outcomes = [row["outcome"] for row in done.get("results", [])]
    check("a batch has a result for each", status == 200 and outcomes == [
        "added", "added", "error", "error", "duplicate", "error"] and done["counts"]["added"] == 2, (status, done))
    check("the results name field and code", done["results"][2]["issues"][0]["field"].startswith("/members/2/")
          and done["results"][3]["issues"][0]["field"] == "/members/3/last" and done["results"][2]["aisId"] == "H-12",
          done["results"][2:4])
    unknown = elsewhere.ask("GET", "/v1/members/NOBODY")
    hidden = elsewhere.ask("GET", "/v1/members/H-1")
    for problem in (unknown[1], hidden[1]):
        problem.pop("request")
    check("elsewhere and unknown are one answer", unknown == hidden and unknown[0] == 403, (unknown, hidden))
    status, _ = client.ask("POST", "/v1/members:batch", {"members": [{}] * 501})
    check("a batch is bounded", status == 400, status)


def orders(client, elsewhere):
    status, done = client.ask("POST", "/v1/orders", {"members": ["H-1", "H-2", "NOBODY"], "reason": "first"})
    check("orders are made one by one", status == 201 and len(done["orders"]) == 2
          and [row["aisId"] for row in done["refused"]] == ["NOBODY"], (status, done))
    first = done["orders"][0]["id"]
    status, done = client.ask("POST", "/v1/orders", {"members": ["H-1"], "reason": "first"})
    check("a second order is refused with its reason", status == 200 and first in done["refused"][0]["message"]["ru"]
          or done["refused"][0]["message"]["ru"].startswith("уже есть"), (status, done))
    status, order = client.ask("GET", f"/v1/orders/{first}")
    check("an order with its steps", status == 200 and order["steps"][-1]["state"] == "submitted", (status, order))
    seen, cursor = [], None
    while True:
        status, page = client.ask("GET", "/v1/orders?limit=1" + (f"&cursor={cursor}" if cursor else ""))
        seen += [order["id"] for order in page["orders"]]
        cursor = page["next"]
        if status != 200 or not cursor:
            break
    check("pages follow one another", len(seen) == len(set(seen)) >= 2 and seen == sorted(seen, key=int, reverse=True), seen)
    status, _ = client.ask("GET", "/v1/orders?cursor=AAAAAAAAAAAAAAAAAAAA")
    check("a foreign cursor is refused", status == 400, status)
    check("an order elsewhere is hidden", elsewhere.ask("GET", f"/v1/orders/{first}")[0] == 403)
    status, page = elsewhere.ask("GET", "/v1/orders")
    check("a list elsewhere shows nothing of here", status == 200 and page["orders"]
          and not {order["id"] for order in page["orders"]} & set(seen), page)


def carriers(client, elsewhere, office, carrier):
    ticket = carrier[:15]
    status, shown = client.ask("GET", f"/v1/carriers/{carrier}")
    check("a carrier by its number", status == 200 and shown["carriers"][0]["number"] == carrier, (status, shown))
    place = shown["carriers"][0]
    status, same = client.ask("GET", f"/v1/carriers/{place['list']}.{place['index']}")
    check("the same by its coordinate", same == shown, same)
    status, done = client.ask("POST", f"/v1/carriers/{carrier}:block", {"as": "suspended", "reason": "по звонку"})
    check("a suffix behind the number blocks", status == 200 and done["carriers"][0]["state"] == "suspended", (status, done))
    status, problem = client.ask("POST", f"/v1/carriers/{carrier}:block", {"as": "suspended", "reason": "ещё раз"})
    check("a step that cannot be is refused", status == 409, (status, problem))
    status, done = client.ask("POST", f"/v1/carriers/{ticket}:unblock", {"reason": "нашлась"})
    check("a ticket's number means all its carriers", status == 200 and done["carriers"][0]["state"] == "active", (status, done))
    status, done = client.ask("POST", f"/v1/carriers/{carrier}:replace", {"reason": "lost"})
    check("a lost card is replaced by an order and blocked", status == 201 and done["order"].isdigit()
          and client.ask("GET", f"/v1/carriers/{carrier}")[1]["carriers"][0]["state"] == "lost", (status, done))
    status, told = client.ask("GET", f"/v1/tickets/{ticket}/history")
    states = [event["to"] for event in told["carriers"][0]["events"]] if status == 200 else told
    check("a ticket's history", status == 200 and states == ["allocated", "suspended", "active", "lost"], states)
    hidden, nobody = elsewhere.ask("GET", f"/v1/carriers/{carrier}"), elsewhere.ask("GET", "/v1/carriers/101000000000013")
    for problem in (hidden[1], nobody[1]):
        problem.pop("request")
    check("a carrier elsewhere and an unknown one are one answer", hidden == nobody and hidden[0] == 403, (hidden, nobody))
    for path in ("/v1/carriers/1", "/v1/carriers/..", "/v1/carriers/%2e%2e", "/v1/carriers/1.2.3", "/v1/carriers/:block"):
        status = client.ask("GET", path)[0]
        check(f"GET {path} is turned down", status in (400, 404, 405), status)


def statistic(first, second):
    """Kolmogorov and Smirnov's D and its p for two samples."""
    first, second = sorted(first), sorted(second)
    distance = i = j = 0
    while i < len(first) and j < len(second):
        value = min(first[i], second[j])
        while i < len(first) and first[i] <= value:
            i += 1
        while j < len(second) and second[j] <= value:
            j += 1
        distance = max(distance, abs(i / len(first) - j / len(second)))
    size = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    scaled = (size + 0.12 + 0.11 / size) * distance
    p = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * scaled * scaled) for k in range(1, 101))
    return distance, min(1.0, max(0.0, p))


def interleaved(line, known, unknown, pairs, path="/v1/hotline/lookups", answered=0):
    """Times and words of look-ups, and of the first so many answers, in random order within each pair."""
    look, answers, words = ([], []), ([], []), (set(), set())
    told = {"birthDate": "1901-01-01", "name": {"last": "Орлова", "first": "Анна"}, "phone": "+70000000000"}
    for count in range(pairs):
        order = [0, 1]
        random.shuffle(order)
        for side in order:
            number = (known, unknown)[side][count % len(known)]
            start = time.perf_counter()
            status, lookup = line.ask("POST", path, {"number": number})
            middle = time.perf_counter()
            look[side].append(middle - start)
            words[side].add((status, tuple(sorted(lookup)), lookup["number"][:4] != number[:4]))
            if count >= answered:
                continue
            second, verdict = line.ask("POST", f"{path}/{lookup['id']}/answers", told)
            if second == 200:
                answers[side].append(time.perf_counter() - middle)
            words[side].add((second, json.dumps({**verdict, "request": ""}, ensure_ascii=False, sort_keys=True)))
    return look, answers, words


def uniform(line, known, unknown, pairs):
    """Known and unknown numbers: the same words, the same time."""
    look, answers, words = interleaved(line, known, unknown, pairs, answered=100)
    check("the words tell nothing", words[0] == words[1], words)
    if min(statistic(*look)[1], statistic(*answers)[1]) <= 0.01:
        # one sample in a hundred is as uneven as that by chance: a second one decides
        look, answers, words = interleaved(line, known, unknown, pairs, answered=100)
    for name, (first, second) in (("look-ups", look), ("answers", answers)):
        distance, p = statistic(first, second)
        check(f"the time of {name} tells nothing (D {distance:.3f}, p {p:.3f}, {len(first)} pairs)", p > 0.01)


class LeakyServer(Server):
    """The same service with a look-up that answers at once where nobody has the number."""

    def __init__(self, office):
        program = pathlib.Path(production.PROGRAM).with_name("profbilet-bench")
        self.process = subprocess.Popen([program, "service", office.data, "leaky"], env=office.environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            sys.exit(f"the leaky server does not start: {self.process.stderr.read()}")
        self.address = json.loads(line)["address"]


def leaky(office, known, unknown, pairs):
    """A build that leaks fails the very test that the program passes."""
    server = LeakyServer(office)
    try:
        line = Client(server, office, "leaky", "hotline")
        look, _, words = interleaved(line, known, unknown, pairs, "/probe/lookups")
        check("the leaky build's words tell nothing either", words[0] == words[1], words)
        distance, p = statistic(*look)
        check(f"its time tells (D {distance:.3f}, p {p:.2g}): the test finds it", p < 0.01)
        p = max(statistic(*interleaved(line, known, unknown, min(pairs, 300))[0])[1] for _ in range(2))
        check("beside it the true look-up tells nothing", p > 0.01, p)
    finally:
        server.stop()


def hotline(line, cabinet, office, carrier, aisId):
    ticket = carrier[:15]
    status, lookup = line.ask("POST", "/v1/hotline/lookups", {"number": ticket})
    check("a dictated number is shown masked", status == 201 and "••••" in lookup["number"] and ticket not in str(lookup), lookup)
    path = f"/v1/hotline/lookups/{lookup['id']}"
    check("nothing is suspended before the questions", line.ask("POST", path + ":suspend", {"reason": "утеря"})[0] == 409)
    record = cabinet.ask("GET", f"/v1/members/{aisId}")[1]
    right = {"birthDate": record["birthDate"], "name": {"last": record["last"].upper(), "first": record["first"]},
             "joinDate": record["joinDate"]}
    status, verdict = line.ask("POST", path + "/answers", {**right, "joinDate": "1999-01-01"})
    check("a wrong answer is told as such", status == 200 and verdict == {"match": False, "left": 2}, (status, verdict))
    status, _ = line.ask("POST", path + "/answers", {"name": right["name"]})
    check("too few answers are refused", status == 422, status)
    status, verdict = line.ask("POST", path + "/answers", right)
    check("right answers fit, and nothing more is said", status == 200 and verdict["match"] is True
          and sorted(verdict) == ["match", "until"], (status, verdict))
    status, done = line.ask("POST", path + ":suspend", {"reason": "утеря"})
    check("the ticket is suspended, its number masked", status == 200 and done["carriers"][0]["state"] == "suspended"
          and carrier not in str(done), (status, done))
    check("the hotline can do nothing else", line.ask("POST", f"/v1/carriers/{carrier}:unblock", {"reason": "x"})[0] == 403
          and line.ask("GET", f"/v1/members/{aisId}")[0] == 403)
    digits = list(ticket)
    digits[5] = str((int(digits[5]) + 3) % 10)
    status, problem = line.ask("POST", "/v1/hotline/lookups", {"number": "".join(digits)})
    check("a mistyped group is named", status == 422 and "групп" in problem["message"]["ru"], (status, problem))


def auditing(auditor, line):
    seen, cursor, after = [], None, 0
    while True:
        status, page = auditor.ask("GET", "/v1/audit?limit=50" + (f"&cursor={cursor}" if cursor else ""))
        seen += page["entries"]
        cursor = page["next"]
        if status != 200 or not cursor:
            break
    numbers = [entry["sequence"] for entry in seen]
    check("the audit log without a gap", numbers == list(range(1, len(numbers) + 1)), numbers[:5])
    by = {entry["by"] for entry in seen}
    check("every client stands in it by name", {"api:cabinet", "api:hotline"} <= by, by)
    actions = {entry["action"] for entry in seen}
    check("look-ups and answers stand in it", {"hotline.lookup", "hotline.answer", "member.read", "carrier.suspend"} <= actions,
          actions)
    check("no name and no number stands in it", not any(word in json.dumps(seen, ensure_ascii=False)
                                                        for word in ("Орлова", "+7000")))
    check("others do not read it", line.ask("GET", "/v1/audit")[0] == 403)
    status, page = auditor.ask("GET", f"/v1/audit?from={numbers[-1]}")
    check("a log can be followed", status == 200 and page["entries"][0]["sequence"] == numbers[-1], page)


def batches(office, maker, stranger, auditor, number):
    folder = office.folder
    for name in ("plant", "archive"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", folder / f"{name}.key",
                        "-out", folder / f"{name}.pem", "-subj", f"/CN={name}"], check=True, capture_output=True)
    status, page = maker.ask("GET", "/v1/batches")
    check("a manufacturer sees its batches", status == 200 and [batch["id"] for batch in page["batches"]] == [str(number)], page)
    check("another sees none", stranger.ask("GET", "/v1/batches")[1]["batches"] == []
          and stranger.ask("GET", f"/v1/batches/{number}")[0] == 404)
    status, problem = maker.ask("GET", f"/v1/batches/{number}/package")
    check("an open package is not given", status == 409 and problem["code"] == "not_sealed", (status, problem))
    office.ok("batch", "verify", office.batch(number))
    office.ok("batch", "seal", number, "--manufacturer", folder / "plant.pem", "--archive", folder / "archive.pem")
    status, package = maker.ask("GET", f"/v1/batches/{number}/package")
    (folder / "package.cms").write_bytes(package if isinstance(package, bytes) else b"")
    opened = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", folder / "package.cms", "-inkey",
                             folder / "plant.key", "-recip", folder / "plant.pem"], capture_output=True)
    check("the sealed package opens with the plant's key only", status == 200 and b"manifest.json" in opened.stdout,
          (status, opened.stderr[-200:]))
    status, rest = maker.ask("GET", f"/v1/batches/{number}/package", Range="bytes=1000-")
    check("a download goes on where it was cut", status == 206 and package[1000:] == rest, status)
    check("auditors and others get no package", auditor.ask("GET", f"/v1/batches/{number}/package")[0] == 403
          and stranger.ask("GET", f"/v1/batches/{number}/package")[0] == 404)
    check("an auditor sees the batch", auditor.ask("GET", f"/v1/batches/{number}")[1]["state"] == "sealed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=300)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        office.ok("init", "--specimen")
        office.ok("user", "add", "approver", "--role", "cardOffice")
        office.people(max(60, pairs // 5 + 20), 23)
        batch = office.plan(limit=10)["batch"]
        office.approve(batch)
        office.ok("batch", "build", batch)
        office.ok("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/")
        with sqlite3.connect(office.data / "register.sqlite") as connection:
            # those of the batch come into force by delivery only
            connection.execute(
                "UPDATE carrier SET state = 'active', published = 0 WHERE kind = 'plastic' "
                "AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.issuance = carrier.issuance)")
            rows = connection.execute(
                "SELECT c.number * 10 + c.issue, m.ais_id, m.organisation FROM carrier c JOIN member m ON m.id = c.member_id "
                "WHERE m.ais_id IS NOT NULL AND c.state = 'active' ORDER BY c.id").fetchall()
            serials = {row[0] for row in connection.execute("SELECT number FROM ticket_number")}
        code = lambda ordinal: f"{ordinal // 10_010_000:02}-{ordinal // 10_000 % 1_001 - 1:03}-{ordinal % 10_000:04}"
        place = code(rows[0][2])
        home = [row for row in rows if code(row[2])[:2] == place[:2]]
        other = next(code(row[2]) for row in rows if code(row[2])[:2] != place[:2])
        server = Server(office, "--client-rate", "2000")
        cabinet = Client(server, office, "cabinet", "cabinet", place[:2])
        elsewhere = Client(server, office, "elsewhere", "cabinet", other[:2])
        line = Client(server, office, "hotline", "hotline")
        auditor = Client(server, office, "auditor", "auditor")
        maker = Client(server, office, "plant", "manufacturer", "99", "--for", "ООО «Пример-Карт», Москва")
        stranger = Client(server, office, "stranger", "manufacturer", "99", "--for", "Другой")
        members(cabinet, elsewhere, place, other)
        orders(cabinet, elsewhere)
        carriers(cabinet, elsewhere, office, str(home[0][0]))
        wide = Client(server, office, "wide", "cabinet")
        hotline(line, wide, office, str(rows[-1][0]), rows[-1][1])
        known = [str(row[0])[:15] for row in rows[1:-1]]
        unknown = []
        while len(unknown) < len(known):
            stem = "9" + known[len(unknown)][1:3] + f"{random.randrange(10 ** 11):011}"
            number = stem + str(damm(stem))
            if int(number) not in serials:
                unknown.append(number)
        uniform(line, known, unknown, pairs)
        leaky(office, known, unknown, pairs)
        auditing(auditor, line)
        batches(office, maker, stranger, auditor, batch)
        check("the service ends by itself", server.stop() == 0)
    print(f"{production.passed} passed, {len(production.failures)} failed")
    sys.exit(1 if production.failures else 0)


if __name__ == "__main__":
    main()
