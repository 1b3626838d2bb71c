"""Virtual tickets end to end: codes, a phone, a running service, a station without a network.

The phone is `profbilet virtual`, and a second one made of Python's own libraries (cwt, cryptography, cbor2), so
that a developer's app is known to fit. Payloads and presentations are verified by cwt; pictures are read by zxing.
Usage: PROFBILET=path/to/profbilet python virtual.py
"""

import base64
import contextlib
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import cbor2
import cwt
import jwcrypto.jwk
import zxingcpp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import production  # noqa: E402
from lost_answers import LostAnswers  # noqa: E402
from production import Office, check, expect  # noqa: E402
from station import Event, replay  # noqa: E402

DAY = 86_400


def text64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def undigits(text):
    """CTAP 2.2: 17 digits are seven bytes, little-endian; the rest 3, 5, 8, 10, 13 or 15."""
    widths = {17: 7, 15: 6, 13: 5, 10: 4, 8: 3, 5: 2, 3: 1}
    return b"".join(int(part).to_bytes(widths[len(part)], "little")
                    for part in (text[place:place + 17] for place in range(0, len(text), 17)))


class Service:
    """`profbilet serve`, stopped and started at another time where a test needs it."""

    def __init__(self, office, *options, **changes):
        self.process = office.start("serve", "--listen", "127.0.0.1:0", "--json", *options, **changes)
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            sys.exit(f"serve does not start: {line}{self.process.stderr.read()}")
        self.address = json.loads(line)["address"]
        self.host = urllib.parse.urlparse(self.address).netloc
        self.errors = []
        for pipe in (self.process.stdout, self.process.stderr):
            threading.Thread(target=lambda pipe=pipe: self.errors.extend(pipe), daemon=True).start()

    def ask(self, method, path, body=None, key=None, raw=False, **headers):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        data = answer.read()
        self.headers = dict(answer.getheaders())
        connection.close()
        if raw:
            return answer.status, data
        return answer.status, json.loads(data) if data else {}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextlib.contextmanager
def serving(office, *options, **changes):
    service = Service(office, *options, **changes)
    try:
        yield service
    finally:
        service.stop()


class ForeignPhone:
    """An app as another developer writes it: nothing of ours but the document."""

    def __init__(self, service, key):
        self.service, self.key = service, key
        self.secret = ec.generate_private_key(ec.SECP256R1())
        numbers = self.secret.public_key().public_numbers()
        self.x, self.y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        self.jwk = {"kty": "EC", "crv": "P-256", "x": text64(self.x), "y": text64(self.y)}

    def sign(self, payload, typ, protected=None, secret=None):
        protected = cbor2.dumps(protected if protected is not None else {1: -7, 16: typ}, canonical=True)
        structure = cbor2.dumps(["Signature1", protected, b"", payload])
        der = (secret or self.secret).sign(structure, ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))

    def possession(self, started, code, **changes):
        payload = cbor2.dumps([bytes64(started["nonce"]), started["id"], hashlib.sha256(code.encode()).digest(),
                               {1: 2, -1: 1, -2: self.x, -3: self.y}], canonical=True)
        return self.sign(payload, "application/profbilet-possession", **changes)

    def start(self, ticket, **more):
        return self.service.ask("POST", "/v1/enrolments", {"ticket": ticket, **more}, key=self.key)

    def confirm(self, started, code, proof=None, **headers):
        body = {"code": code, "deviceKey": self.jwk, "proof": text64(proof or self.possession(started, code))}
        return self.service.ask("POST", f"/v1/enrolments/{started['id']}/confirm", body, key=self.key, **headers)

    def renewal(self, card, typ="application/profbilet-renewal", **changes):
        return self.sign(cbor2.dumps([bytes64(card["nonce"]), card["id"]], canonical=True), typ, **changes)

    def renew(self, card, proof=None, **headers):
        body = {"proof": text64(proof or self.renewal(card))}
        return self.service.ask("POST", f"/v1/virtual-cards/{card['id']}/renew", body, key=self.key, **headers)

    def present(self, card, at):
        payload = cbor2.dumps({6: int(at), -65538: bytes64(card["payload"])}, canonical=True)
        return self.sign(payload, "application/profbilet-presentation")


def prepare(office):
    office.ok("init", "--specimen")
    office.people(80, 77)
    office.ok("ticket", "issue", "--valid-until", "31.12.2031", "--url", "HTTPS://EPB.EXAMPLE.RU/C/")
    with sqlite3.connect(f"file:{office.data}/register.sqlite?mode=ro", uri=True) as connection:
        rows = connection.execute("""
            SELECT m.ais_id, t.number, m.id FROM member m JOIN ticket_number t ON t.member_id = m.id
            WHERE m.state = 'active' AND t.state = 'assigned' AND m.ais_id IS NOT NULL AND EXISTS
                (SELECT 1 FROM consent c JOIN consent_text x ON x.id = c.text_id WHERE c.member_id = m.id
                AND x.purpose = 'virtualCard' AND c.withdrawn_on IS NULL) ORDER BY m.id""").fetchall()
    if len(rows) < 10:
        sys.exit(f"only {len(rows)} members may have a virtual card")
    return [(ais, str(number), member) for ais, number, member in rows]


def keys(office):
    made = {}
    for name, role in (("phone", "app"), ("other", "app"), ("cabinet", "cabinet")):
        made[name] = json.loads(office.ok("client", "create", name, "--role", role, "--json"))["key"]
    return made


def codes(office, service, key, people):
    """The cabinet makes codes singly, in bulk, and as a file to be printed."""
    status, answer = service.ask("POST", "/v1/activation-codes", {"members": [people[0][0]]}, key=key["cabinet"])
    check("a cabinet makes a code", status == 201 and len(answer["codes"]) == 1, answer)
    single = answer["codes"][0]["code"].replace(" ", "")
    check("a code has 14 digits", len(single) == 14 and single.isdigit(), single)
    body = {"members": [ais for ais, _, _ in people[1:9]]}
    status, data = service.ask("POST", "/v1/activation-codes?format=csv", body, key=key["cabinet"], raw=True,
                               Idempotency_Key="sheet-1")
    sheet = data.decode("utf-8-sig").splitlines()
    check("codes in bulk come as a file to be printed", status == 201 and len(sheet) == 9, data[:200])
    again = service.ask("POST", "/v1/activation-codes?format=csv", body, key=key["cabinet"], raw=True,
                        Idempotency_Key="sheet-1")
    check("the same key and body give the same codes", again == (status, data), again)
    status, answer = service.ask("POST", "/v1/activation-codes", {"members": ["NOBODY"]}, key=key["cabinet"])
    check("who is unknown is listed, and no code is made", status == 200 and answer["codes"] == []
          and [row["member"] for row in answer["refused"]] == ["NOBODY"], (status, answer))
    status, problem = service.ask("POST", "/v1/activation-codes", {"members": ["#1"]}, key=key["cabinet"])
    check("the register's own rows name nobody", (status, problem.get("field")) == (400, "/members/0"), (status, problem))
    status, problem = service.ask("POST", "/v1/activation-codes", {"members": ["1"]}, key=key["phone"])
    check("an app makes no codes", status == 403, problem)
    made = office.number("SELECT count(*) FROM activation_code")
    for path in ("/nonexist/x.csv", "/dev/full"):
        expect(f"no codes where {path} takes no sheet", office.run("code", "create", people[0][0], "--csv", path), 11, path)
    check("and the printed ones stay good", office.number("SELECT count(*) FROM activation_code") == made
          and office.number("SELECT count(*) FROM activation_code WHERE state = 'revoked'") == 0)
    printed = office.folder / "sheet.csv"
    office.ok("code", "create", people[9][0], "--csv", printed)
    check("a sheet is written whole", len(printed.read_text("utf-8-sig").splitlines()) == 2
          and not printed.with_name("sheet.csv.part").exists())
    with sqlite3.connect(f"file:{office.data}/register.sqlite?mode=ro", uri=True) as connection:
        dump = "\n".join(connection.iterdump())
    cells = [line.split(";") for line in sheet[1:]]
    check("no code stands in the register", single not in dump and not any(row[4].replace(" ", "") in dump for row in cells))
    return {people[0][1]: single, **{row[3].replace("-", ""): row[4].replace(" ", "") for row in cells}}


def phone(office, service, key, person, stranger, code, name="phone"):
    """The CLI phone's way: enrol, show, present as text, terminal and picture."""
    file = office.folder / f"{name}.json"
    environment = dict(PROFBILET_APP_KEY=key["phone"], PROFBILET_PHONE=str(file))
    expect("the phone enrols", office.run("virtual", "enrol", "--server", service.address, "--ticket", person[1],
                                          "--code", code, **environment), 0, "привязан")
    check("its file is nobody else's", stat.S_IMODE(file.stat().st_mode) == 0o600)
    expect("the code is used", office.run("virtual", "enrol", "--server", service.address, "--ticket", person[1],
                                          "--code", code, **dict(environment, PROFBILET_PHONE=str(file) + "2")), 4,
           "enrolment_refused")
    held = file.read_bytes()
    other = ("virtual", "enrol", "--server", service.address, "--ticket", stranger[1])
    expect("another ticket does not take the phone's file", office.run(*other, "--code", code, **environment), 5,
           "--replace")
    check("and the file is as it was", file.read_bytes() == held and not file.with_name(file.name + ".enrolling").exists())
    for more, words in (((), "--code"), (("--send",), "--code")):
        expect("without a terminal it says how to give the code", office.run(
            *other, *more, **dict(environment, PROFBILET_PHONE=str(file) + "3")), 1, words)
    expect("the service knows the card", office.run("virtual", "show", **environment), 0, "active")
    picture = office.folder / "present.png"
    office.ok("virtual", "present", "--png", picture, **environment)
    read = zxingcpp.read_barcodes(Image.open(picture))
    check("zxing reads the picture", len(read) == 1 and read[0].text.isdigit() and len(read[0].text) > 600, read)
    terminal = office.ok("virtual", "present", "--once", **environment)
    rows = [line for line in terminal.splitlines() if line[:1] in "█▀▄ " and len(line) > 60]
    image = Image.new("L", (len(rows[0]), 2 * len(rows)))
    for y, line in enumerate(rows):
        for x, character in enumerate(line):
            image.putpixel((x, 2 * y), 255 * (character in "█▀"))
            image.putpixel((x, 2 * y + 1), 255 * (character in "█▄"))
    read = zxingcpp.read_barcodes(image.resize((image.width * 5, image.height * 5)))
    check("zxing reads the terminal's half blocks", len(read) == 1 and len(read[0].text) > 600, terminal[:200])
    return environment


def independent(office, service, shown, foreign, card):
    """What cwt says of our payloads and presentations, and our judge of a foreign phone's."""
    _, data = service.ask("GET", "/.well-known/cose-keyset", raw=True)
    issuers = {bytes(key[2]): cwt.COSEKey.from_bytes(cbor2.dumps(key)) for key in cbor2.loads(data)}
    _, data = service.ask("GET", "/.well-known/jwks.json", raw=True)
    jwks = {jwk["kid"]: jwcrypto.jwk.JWK(**jwk) for jwk in json.loads(data)["keys"]}

    outer = cbor2.loads(undigits(shown))
    check("tag and headers of a presentation", outer.tag == 18 and cbor2.loads(outer.value[0]) == {
        1: -7, 16: "application/profbilet-presentation"} and outer.value[1] == {}, outer)
    body = cbor2.loads(outer.value[2])
    inner = cbor2.loads(body[-65538])
    kid = cbor2.loads(inner.value[0])[4]
    claims = cbor2.loads(cwt.COSE.new().decode(body[-65538], issuers[kid]))
    jwks[kid.hex()].get_op_key("verify").verify(
        inner.value[3], cbor2.dumps(["Signature1", inner.value[0], b"", inner.value[2]]))
    check("cwt and jwcrypto's key verify the issuer's signature", claims[7][0] >= 0 and set(claims) == {4, 7, 8, -65537}, claims)
    cnf = claims[8][1]
    device = ec.EllipticCurvePublicNumbers(int.from_bytes(cnf[-2], "big"), int.from_bytes(cnf[-3], "big"),
                                           ec.SECP256R1()).public_key()
    r, s = (int.from_bytes(part, "big") for part in (outer.value[3][:32], outer.value[3][32:]))
    device.verify(utils.encode_dss_signature(r, s),
                  cbor2.dumps(["Signature1", outer.value[0], b"", outer.value[2]]), ec.ECDSA(hashes.SHA256()))
    check("cryptography verifies the phone's signature", True)
    check("cnf has the full y and issue is 0", len(cnf[-3]) == 32 and int.from_bytes(claims[7], "big") % 10 == 0, cnf)
    bundle = office.folder / "bundle"
    bundle.write_bytes(service.ask("GET", "/v1/trust-bundle", raw=True)[1])
    expect("our judge takes a foreign phone's presentation",
           office.run("inspect", foreign.present(card, time.time()).hex(), "--hex", "--keys", bundle), 0, "valid")
    expect("of a static payload the key is told that it lacks",
           office.run("inspect", bytes64(card["payload"]).hex(), "--hex", "--keys", bundle, "--json"), 0, "deviceKey")


def attacks(service, key, people, code, office):
    """Wrong codes, foreign keys and apps, confused algorithms, replayed proofs."""
    person = people[1]
    attacker, victim = ForeignPhone(service, key["phone"]), ForeignPhone(service, key["phone"])
    status, started = victim.start(person[1])
    check("an enrolment begins", status == 201 and len(bytes64(started["nonce"])) == 32, started)
    right = code[person[1]]
    foreign = ForeignPhone(service, key["phone"]).possession(started, right)
    for name, proof in (
        ("a foreign key", foreign),
        ("alg none", victim.possession(started, right, protected={1: 0, 16: "application/profbilet-possession"})),
        ("EdDSA claimed", victim.possession(started, right, protected={1: -8, 16: "application/profbilet-possession"})),
        ("another typ", victim.possession(started, right, protected={1: -7, 16: "application/profbilet-renewal"})),
        ("no typ", victim.possession(started, right, protected={1: -7})),
        ("a proof for another enrolment", victim.possession({**started, "id": "x"}, right)),
        ("a proof for another nonce", victim.possession({**started, "nonce": text64(bytes(32))}, right)),
        ("a proof for another code", victim.possession(started, "00000000000000")),
    ):
        status, problem = victim.confirm(started, right, proof)
        check(f"{name} is refused and spends nothing", (status, problem["code"]) == (403, "proof_refused"), problem)
    other = ForeignPhone(service, key["other"])
    status, problem = other.confirm(started, right)
    check("another app has no such enrolment", (status, problem["code"]) == (404, "enrolment_over"), problem)
    answers = []
    body = dict(started=started, code=right)
    threads = [threading.Thread(target=lambda key=f"confirm-{number}": answers.append(
        victim.confirm(**body, Idempotency_Key=key))) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [answer for status, answer in answers if status == 201]
    check("six parallel confirmations give one card", len(made) == 1, [answer[0] for answer in answers])
    card = made[0]
    status, problem = victim.confirm(started, right)
    check("a used enrolment is over", (status, problem["code"]) == (404, "enrolment_over"), problem)
    repeated = [(victim.confirm(started, right, Idempotency_Key=f"confirm-{number}"),
                 victim.confirm(started, right, foreign, Idempotency_Key=f"confirm-{number}")) for number in range(6)]
    check("one of the keys gives the card again", [answer[1] for answer, _ in repeated if answer[0] == 201] == [card])
    check("no key gives it for another's proof", {answer[0] for _, answer in repeated} == {403}, repeated)

    proof = victim.renewal(card)
    status, renewed = victim.renew(card, proof, Idempotency_Key="renewal-1")
    check("a renewal is answered with a fresh payload", status == 200 and renewed["nonce"] != card["nonce"]
          and renewed["expiresAt"] >= card["expiresAt"], renewed)
    status, again = victim.renew(card, victim.renewal(card), Idempotency_Key="renewal-1")
    check("the same Idempotency-Key gives the first answer", (status, again) == (200, renewed), again)
    for name, junk in (("junk", b"\xd2\x84"), ("another's proof", attacker.renewal(card))):
        status, problem = victim.renew(card, junk, Idempotency_Key="renewal-1")
        check(f"to {name} it gives nothing", (status, problem["code"]) == (403, "proof_refused"), problem)
    status, problem = victim.renew(card, proof)
    check("a replayed proof is refused", (status, problem["code"]) == (403, "proof_refused"), problem)
    for name, proof in (
        ("an attacker's key", attacker.renewal(renewed)),
        ("a deletion's typ", victim.renewal(renewed, typ="application/profbilet-deletion")),
    ):
        status, problem = victim.renew(renewed, proof)
        check(f"a renewal with {name} is refused", (status, problem["code"]) == (403, "proof_refused"), problem)
    status, problem = service.ask("GET", f"/v1/virtual-cards/{card['id']}", key=key["other"])
    check("another app knows nothing of the card", status == 404, problem)
    status, problem = service.ask("GET", f"/v1/virtual-cards/{card['id']}", key=key["cabinet"])
    check("a cabinet is not asked", status == 403, problem)

    target = people[2]
    phone = ForeignPhone(service, key["phone"])
    _, started = phone.start(target[1])
    wrong = code[people[3][1]]
    status, problem = phone.confirm(started, wrong)
    check("a wrong code is refused", (status, problem["code"]) == (403, "enrolment_refused"), problem)
    status, problem = phone.confirm(started, code[target[1]])
    check("and spends the enrolment", (status, problem["code"]) == (404, "enrolment_over"), problem)
    _, started = phone.start(target[1])
    status, problem = phone.confirm(started, code[target[1]])
    check("and the code", (status, problem["code"]) == (403, "enrolment_refused"), problem)
    _, made = service.ask("POST", "/v1/activation-codes", {"members": [target[0]]}, key=key["cabinet"])
    _, started = phone.start(target[1])
    status, answer = phone.confirm(started, made["codes"][0]["code"].replace(" ", ""))
    check("but never locks the member", status == 201, answer)
    typo = code[people[3][1]]
    typo = typo[:-1] + str((int(typo[-1]) + 1) % 10)
    _, started = phone.start(people[3][1])
    status, problem = phone.confirm(started, typo)
    check("a typing slip spends nothing", (status, problem["code"]) == (400, "code_malformed"), problem)
    status, answer = phone.confirm(started, code[people[3][1]])
    check("and the right code still binds", status == 201, answer)

    decoy = next(number for number in map(str, range(999_000_000_000_010, 999_000_000_000_400)) if damm(number))
    status, unknown = phone.start(decoy)
    check("a number that nobody has is answered alike", status == 201 and unknown.keys() == started.keys(), unknown)
    status, problem = phone.confirm(unknown, code[people[4][1]])
    check("and so is its confirmation", (status, problem["code"]) == (403, "enrolment_refused"), problem)
    for _ in range(4):
        phone.start(decoy)
    status, problem = phone.start(decoy)
    check("enrolments of one number are limited", (status, problem["code"]) == (429, "too_many_enrolments"), problem)
    check("with Retry-After", int(service.headers.get("Retry-After", 0)) > 0, service.headers)
    return victim, renewed


def damm(number):
    table = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
             "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"]
    state = 0
    for digit in number:
        state = int(table[state][int(digit)])
    return state == 0


def at_the_door(office, service, key, people, environment, victim, card):
    """A station accepts presentations offline; stale, replayed, unbound and revoked ones it refuses."""
    delegates = people[:4]
    event = Event(office, delegates)
    event.roll([f"{ais};;{place + 1};решающий;подтверждён;\n" for place, (ais, _, _) in enumerate(delegates)])
    event.provision("A")
    snapshot = event.snapshot()
    now = int(time.time())
    shown = office.ok("virtual", "present", "--text", **environment).strip()
    text = lambda data: digits(data)
    fresh = text(victim.present(card, now + 1))
    _, answers = replay(office, snapshot, [
        {"at": now, "station": "A", "text": shown},
        {"at": now + 40, "station": "A", "text": shown},
        {"at": now + 41, "station": "A", "text": text(victim.present(card, now - 100))},
        {"at": now + 42, "station": "A", "text": text(bytes64(card["payload"]))},
        {"at": now + 43, "station": "A", "text": fresh},
        {"at": now + 44, "station": "A", "text": text(ForeignPhone.present(
            ForeignPhone(service, key["phone"]), card, now + 44))},
    ])
    outcomes = [answer["outcome"] for answer in answers if "outcome" in answer]
    check("the station's verdicts on phones", outcomes == [
        "ok", "replayed_virtual", "stale_virtual", "unbound_virtual", "ok", "forged"], outcomes)
    first = next(answer for answer in answers if answer.get("outcome") == "ok")
    check("a phone is known as its person", bool(first["person"]), first)
    plastic = office.ok("ticket", "payloads", "1").splitlines()
    own = next(json.loads(line)["text"] for line in plastic if json.loads(line)["id"].startswith(people[0][1]))
    office.ok("carrier", "unblock", people[0][1] + "1", "--reason", "выдана")
    snapshot = event.snapshot(name="both")
    now = int(time.time())
    shown = office.ok("virtual", "present", "--text", **environment).strip()
    _, answers = replay(office, snapshot, [
        {"at": now, "station": "A", "text": own}, {"at": now + 5, "station": "A", "text": shown}])
    outcomes = [answer["outcome"] for answer in answers if "outcome" in answer]
    check("plastic, then phone: one person, one presence", outcomes == ["ok", "already_inside"]
          and answers[-1]["present"] == 1, answers)

    expect("the ticket is blocked", office.run("carrier", "block", people[0][1], "--as", "suspend", "--reason", "проба"), 0)
    expect("a blocked phone renews nothing", office.run("virtual", "renew", **environment), 5, "virtual_card_suspended")
    snapshot = event.snapshot(name="blocked")
    now = int(time.time())
    shown = office.ok("virtual", "present", "--text", **environment).strip()
    _, answers = replay(office, snapshot, [{"at": now, "station": "A", "text": shown}])
    check("a blocked phone is refused at the door", answers[0]["outcome"] == "suspended", answers[0])
    expect("a suspended ticket gets no code", office.run("code", "create", people[0][0]), 2, "приостановлен")
    expect("nor does its phone delete it", office.run("virtual", "delete", **environment), 5, "virtual_card_suspended")
    expect("no card takes a phone's place", office.run("carrier", "replace", people[0][1] + "0", "--reason", "stolen"), 5,
           "новый телефон")
    office.ok("carrier", "unblock", people[0][1], "--reason", "проба")
    expect("after the block it renews", office.run("virtual", "renew", **environment), 0)

    made = json.loads(office.ok("code", "create", people[0][0], "--json"))["code"]
    second = dict(environment, PROFBILET_PHONE=environment["PROFBILET_PHONE"] + "-new")
    expect("a new device is bound", office.run("virtual", "enrol", "--server", service.address, "--ticket",
                                               people[0][1], "--code", made, **second), 0)
    expect("and the old one is over", office.run("virtual", "renew", **environment), 5, "virtual_card_over")
    return second


def digits(data):
    widths = [0, 3, 5, 8, 10, 13, 15, 17]
    return "".join(str(int.from_bytes(part, "little")).zfill(widths[len(part)])
                   for part in (data[place:place + 7] for place in range(0, len(data), 7)))


def told(office, service, messages):
    """The owner is told of a new device on all channels; nothing of it stands in the log."""
    for _ in range(100):
        if messages.exists() and "newDevice" in messages.read_text():
            break
        time.sleep(0.2)
    lines = [json.loads(line) for line in messages.read_text().splitlines()] if messages.exists() else []
    check("members are told of new devices", any(line["kind"] == "newDevice" and line["channels"] for line in lines), lines[:2])
    check("the file of messages is nobody else's", stat.S_IMODE(messages.stat().st_mode) == 0o600)
    log = "".join(service.errors)
    addresses = [channel["to"] for line in lines for channel in line["channels"]]
    check("no address stands in the service's log", addresses and not any(address in log for address in addresses))


def later(office, key, environment):
    """Moved clocks: renewal from day five, expiry on day seven, dormancy."""
    start = int(time.time())
    with serving(office, PROFBILET_NOW=str(start + 4 * DAY)) as service:
        at = dict(environment, PROFBILET_NOW=str(start + 4 * DAY))
        patch(at, service)
        before = office.ok("virtual", "renew", "--if-due", "--json", **at)
        check("before day five nothing is renewed", json.loads(before)["expiresAt"] < stamp(start + 8 * DAY), before)
    with serving(office, PROFBILET_NOW=str(start + 6 * DAY)) as service:
        at = dict(environment, PROFBILET_NOW=str(start + 6 * DAY))
        patch(at, service)
        after = json.loads(office.ok("virtual", "renew", "--if-due", "--json", **at))
        check("from day five it is", after["expiresAt"] > stamp(start + 12 * DAY), after)
    at = dict(environment, PROFBILET_NOW=str(start + 14 * DAY))
    expect("a phone shows no expired ticket", office.run("virtual", "present", "--text", **at), 5, "renew")
    with serving(office, PROFBILET_NOW=str(start + 40 * DAY)) as service:
        at = dict(environment, PROFBILET_NOW=str(start + 40 * DAY))
        patch(at, service)
        expect("a phone that slept a month renews", office.run("virtual", "renew", **at), 0)
    with serving(office, PROFBILET_NOW=str(start + 150 * DAY)) as service:
        at = dict(environment, PROFBILET_NOW=str(start + 150 * DAY))
        patch(at, service)
        expect("one that slept too long enrols anew", office.run("virtual", "renew", **at), 5, "virtual_card_over")


def patch(environment, service):
    """Lets the phone's file know where the service is now."""
    path = pathlib.Path(environment["PROFBILET_PHONE"])
    file = json.loads(path.read_text())
    path.write_text(json.dumps({**file, "server": service.address}))


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def main():
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        people = prepare(office)
        key = keys(office)
        messages = office.folder / "messages.jsonl"
        with serving(office, "--messages", messages) as service:
            code = codes(office, service, key, people)
            environment = phone(office, service, key, people[0], people[7], code[people[0][1]])
            victim, card = attacks(service, key, people, code, office)
            shown = office.ok("virtual", "present", "--text", **environment).strip()
            independent(office, service, shown, victim, card)
            environment = at_the_door(office, service, key, people, environment, victim, card)
            told(office, service, messages)
            for more in ((), ("--now",)):
                office.ok("keys", "rotate", "virtual", *more)
            listed = map(json.loads, office.ok("keys", "list", "--json").splitlines())
            first = min((each for each in listed if each["purpose"] == "virtual"), key=lambda each: each["created"])
            ended = office.run("keys", "revoke", first["kid"])
            check("whoever ends a key of virtual tickets hears of renewals, not of cards", ended.returncode == 0
                  and "продлении" in ended.stdout and "order create" not in ended.stdout, ended.stdout + ended.stderr)
            expect("a running service signs with a key that was made since", office.run("virtual", "renew", **environment),
                   0, "привязан")
            expect("a phone deletes its card", office.run("virtual", "delete", **dict(
                environment, PROFBILET_PHONE=spare(office, service, key, people[5], code))), 0, "удалён")
        later(office, key, environment)
        expect("the audit log is whole", office.run("audit", "verify"), 0)
    print(f"virtual tickets: {production.passed} passed, {len(production.failures)} failed")
    sys.exit(1 if production.failures else 0)


def spare(office, service, key, person, code):
    """Another phone's file, enrolled."""
    path = office.folder / "spare.json"
    environment = dict(PROFBILET_APP_KEY=key["phone"], PROFBILET_PHONE=str(path))
    pages = [page(status) for status in ("401 Unauthorized", "200 OK", "404 Not Found", "413 Content Too Large")]
    way = LostAnswers(service, b"/confirm", 1 + len(pages), [b"", *pages])
    command = ("virtual", "enrol", "--server", way.address, "--ticket", person[1], "--code", code[person[1]])
    nowhere = dict(environment, PROFBILET_PHONE=str(office.folder / "no/phone.json"))
    expect("a phone that cannot keep its file spends no code", office.run(*command, **nowhere), 6, "no/phone.json")
    expect("an answer that is lost says what to do", office.run(*command, **environment), 11, "Повторите ту же команду")
    begun = path.with_name("spare.json.enrolling")
    kept = begun.read_bytes()
    for status, exit in ((401, 3), (200, 1), (404, 6), (413, 1)):
        expect(f"a page of something on the way ({status}) ends no enrolment", office.run(*command, **environment), exit,
               "Повторите ту же команду")
        check("key and code are kept", begun.read_bytes() == kept)
    other = next(each for number, each in code.items() if number != person[1])
    expect("another code is not taken for the begun one", office.run(*command[:-1], other, **environment), 5, str(begun))
    elsewhere = ("virtual", "enrol", "--server", service.address, *command[4:])
    expect("nor another address", office.run(*elsewhere, **environment), 5, way.address)
    expect("and the same command goes on with the same card", office.run(*command, **environment), 0, "привязан")
    check("with nothing left of it", not begun.exists())
    patch(environment, service)
    files(office, environment, command)
    return str(path)


def page(status):
    """What a proxy answers by itself."""
    text = b"<html>proxy</html>"
    return (f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(text)}\r\n"
            "Connection: close\r\n\r\n").encode() + text


def files(office, environment, enrol):
    """Phone files that are damaged or cannot be read, and a deletion that something on the way answered."""
    path = pathlib.Path(environment["PROFBILET_PHONE"])
    card = json.loads(path.read_text())
    bad = path.with_name("bad.json")
    there = dict(environment, PROFBILET_PHONE=str(bad))
    for name in ("expiresAt", "renewAfter"):
        for value in (2**63 - 1, -2**63, 253_402_300_800):
            bad.write_text(json.dumps({**card, name: value}))
            for command in (("show", "--offline"), ("renew", "--if-due")):
                expect(f"{command[0]}: {name} {value} is no moment", office.run("virtual", *command, **there), 7, "повреждён")
    with listening(dict(GET=(200, json.dumps({"state": "active", "nonce": card["nonce"]})), DELETE=(200, "<html>"))) as server:
        bad.write_text(json.dumps({**card, "server": server}))
        expect("a page is no answer to a deletion", office.run("virtual", "delete", **there), 1, "не понят")
        check("and the key is kept", bad.exists())
    bad.unlink()
    for folder in (bad, path.with_name("bad.json.enrolling")):
        folder.mkdir()
        expect(f"{folder.name} that is a folder is not missing", office.run(*enrol, **there), 1, f"{folder} — каталог")
        if folder == bad:
            expect("and is told when it is read", office.run("virtual", "show", "--offline", **there), 1, f"{bad} — каталог")
        folder.rmdir()
    if os.getuid():
        bad.write_text(path.read_text())
        bad.chmod(0)
        for command in (("virtual", "show", "--offline"), enrol):
            expect("a file that may not be read is not missing", office.run(*command, **there), 11, f"Нет прав на {bad}")
        bad.unlink()


@contextlib.contextmanager
def listening(answers):
    """Something on the loopback that answers each method with a status and a text."""
    def answer(handler):
        status, text = answers[handler.command]
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())
    kind = type("Answering", (http.server.BaseHTTPRequestHandler,), {
        **{f"do_{method}": answer for method in answers}, "log_message": lambda *_: None})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


main()
