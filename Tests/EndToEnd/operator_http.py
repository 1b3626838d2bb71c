"""An operator leads a batch over HTTP, from plan to hand-out, at a real `profbilet serve`.

Usage: PROFBILET=path/to/profbilet python3 operator_http.py
"""

import base64
import csv
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import production  # noqa: E402
from cabinet_http import Client  # noqa: E402
from production import Office, check  # noqa: E402
from stations_http import Server  # noqa: E402


def refused(name, answer, status, code, words=""):
    check(name, answer[0] == status and answer[1].get("code") == code and words in answer[1]["message"]["ru"], answer)


def plan(office, operator, narrow, cabinet):
    refused("a specification the server has not", operator.ask("POST", "/v1/batches", {"specification": "other.yaml"}), 400,
            "bad_request", "нет такой спецификации")
    for name in ("../batch.yaml", "/etc/passwd", "specifications/../batch.yaml", ".yaml", "batch"):
        refused(f"no path leads out of the folder: {name}", operator.ask("POST", "/v1/batches", {"specification": name}), 400,
                "bad_request")
    (office.folder / "specifications/broken.yaml").write_text("format: batch/1\ntitle: [\n")
    status, problem = operator.ask("POST", "/v1/batches", {"specification": "broken.yaml"})
    check("a broken specification is named with its line", status == 422 and "broken.yaml:3" in problem["message"]["ru"], problem)
    refused("a region's operator plans nothing", narrow.ask("POST", "/v1/batches", {"specification": "batch.yaml"}), 403, "forbidden")
    refused("a cabinet plans nothing", cabinet.ask("POST", "/v1/batches", {"specification": "batch.yaml"}), 403, "forbidden")
    key = dict(Idempotency_Key="plan-1")
    status, planned = operator.ask("POST", "/v1/batches", {"specification": "batch.yaml"}, **key)
    check("a batch is planned", status == 201 and planned["batch"]["state"] == "planned" and planned["batch"]["cards"] == 12
          and planned["batch"]["plannedBy"] == "planner", planned)
    again = operator.ask("POST", "/v1/batches", {"specification": "batch.yaml"}, **key)
    check("the same request again plans no second one", again == (201, planned)
          and len(operator.ask("GET", "/v1/batches")[1]["batches"]) == 1, again)
    return planned["batch"]["id"]


def approve(operator, address):
    wrong = operator.ask("POST", f"{address}:approve", {"user": "approver", "passphrase": "a guess"})
    refused("a wrong passphrase approves nothing", wrong, 403, "forbidden")
    nobody = operator.ask("POST", f"{address}:approve", {"user": "nobody", "passphrase": "a guess"})
    check("nobody is told like a wrong passphrase", nobody[0] == 403 and nobody[1]["message"] == wrong[1]["message"], nobody)
    refused("an unbuilt batch is not verified before its numbers are fixed", operator.ask("POST", f"{address}:ship"), 409, "refused")
    answer = operator.ask("POST", f"{address}:approve", {"user": "approver", "passphrase": "approver phrase"})
    check("a person approves", answer == (200, {"missing": 0}), answer)
    refused("and not twice", operator.ask("POST", f"{address}:approve", {"user": "approver", "passphrase": "approver phrase"}), 409,
            "refused")


def step(operator, address, name, body=None):
    """Begins a step and waits for its end."""
    status, work = operator.ask("POST", f"{address}:{name}", body)
    check(f"{name} begins", status == 202 and work["step"] == name and operator.headers["Location"] == address, (status, work))
    for _ in range(600):
        batch = operator.ask("GET", address)[1]
        if batch["work"]["state"] != "running":
            return batch
        time.sleep(0.1)
    sys.exit(f"{name} does not end: {batch}")


def build(office, server, operator, address):
    status, _ = operator.ask("POST", f"{address}:build")
    server.stop(signal.SIGKILL)
    server.start()
    operator.connection.close()
    check("a build that was killed with the service is forgotten", operator.ask("GET", address)[1]["work"] is None, status)
    batch = step(operator, address, "build")
    check("and is ended by the next request", batch["state"] == "built" and batch["work"]["done"] == batch["work"]["total"] == 12, batch)
    early = step(operator, address, "seal", certificates(office))
    check("what is not verified is not sealed", early["work"]["state"] == "failed" and early["state"] == "built"
          and "не проверена" in early["work"]["failure"]["ru"], early)
    check("the package is verified", step(operator, address, "verify")["state"] == "verified")
    bad = step(operator, address, "seal", dict(certificates(office), manufacturer=base64.urlsafe_b64encode(b"no PEM").decode().rstrip("=")))
    check("what is no certificate seals nothing", bad["work"]["state"] == "failed" and bad["state"] == "verified", bad)
    check("the package is sealed", step(operator, address, "seal", certificates(office))["state"] == "sealed")
    check("no certificate is left beside the register", not list(office.data.glob("received-*")))
    status, package = operator.ask("GET", f"{address}/package")
    (office.folder / "package.cms").write_bytes(package)
    opened = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", office.folder / "package.cms", "-inkey",
                             office.folder / "plant.key", "-recip", office.folder / "plant.pem"], capture_output=True)
    check("openssl opens the package", status == 200 and b"manifest.json" in opened.stdout, opened.stderr[-200:])


def certificates(office):
    pem = lambda name: base64.urlsafe_b64encode((office.folder / f"{name}.pem").read_bytes()).decode().rstrip("=")
    return {"manufacturer": pem("plant"), "archive": pem("archive")}


def deliver(office, operator, address, abroad):
    batch = int(address.rsplit("/", 1)[1])
    with open(office.batch(batch) / "manufacturer/personalization.csv", encoding="utf-8-sig", newline="") as file:
        cards = list(csv.DictReader(file, delimiter=";"))
    rows = "".join(f"{card['sequence']};{card['carrier']};изготовлена\r\n" for card in cards)
    report = f"№ п/п;Штрихкод;Результат\r\n{rows}".encode()
    refused("a report that does not add up", operator.ask("POST", f"{address}/production-report", report.replace(b"\r\n1;", b"\r\n2;", 1),
                                                          Content_Type="text/csv"), 422, "bad_input")
    status, counts = operator.ask("POST", f"{address}/production-report", report, Content_Type="text/csv")
    check("the manufacturer's report is taken", status == 200 and counts["printed"] == 12, counts)
    check("what was made leaves the plant", operator.ask("POST", f"{address}:ship") == (200, {"cards": 12}))
    page = operator.ask("GET", f"/v1/parcels?batch={batch}&limit=1")[1]
    rest = operator.ask("GET", f"/v1/parcels?batch={batch}&limit=1000&cursor={page['next']}")[1] if page["next"] else {"parcels": []}
    parcels = page["parcels"] + rest["parcels"]
    check("parcels are listed in pages", sum(parcel["cards"] for parcel in parcels) == 12
          and len({parcel["parcel"] for parcel in parcels}) == len(parcels), parcels)
    place = parcels[0]["organisation"]
    other = abroad(place[:2])
    check("another region's cabinet sees no parcel", place[:2] not in [parcel["organisation"][:2] for parcel in
                                                                       other.ask("GET", "/v1/parcels")[1]["parcels"]])
    refused("and receives none", other.ask("POST", "/v1/parcels:receive", {"parcels": [parcels[0]["parcel"]], "at": "primary"}), 403, "forbidden")
    refused("a parcel is BATCH/NUMBER", operator.ask("POST", "/v1/parcels:receive", {"parcels": ["17"], "at": "region"}), 400,
            "bad_request", "ПАРТИЯ/НОМЕР")
    status, problem = operator.ask("POST", "/v1/parcels:receive", {"parcels": [parcels[0]["parcel"]], "at": "region", "cards": 9999})
    check("a count that does not agree changes nothing", status in (409, 422) and operator.ask(
        "GET", f"/v1/parcels?batch={batch}&state=atRegion")[1]["parcels"] == [], problem)
    status, done = operator.ask("POST", "/v1/parcels:receive", {"batch": batch, "at": "region"})
    check("a batch is received at its regions", status == 200 and done["parcels"] == len(parcels), done)
    status, done = operator.ask("POST", "/v1/parcels:receive", {"batch": batch, "at": "primary"})
    check("and at its primary organisations", status == 200 and done["cards"] == 12, done)
    first, second = cards[0]["carrier"], cards[1]["carrier"]
    status, done = operator.ask("POST", "/v1/hand-outs", {"cards": [{"carrier": first}, {"carrier": "9770000000000051"}], "document": "12"})
    check("hand-outs are recorded, what is wrong is listed", status == 200 and done["recorded"] == 1
          and [row["place"] for row in done["refused"]] == [2] and "9770000000000051" not in str(done), done)
    check("one known already changes nothing", operator.ask("POST", "/v1/hand-outs", {"cards": [{"carrier": first}]})[1]["known"] == 1)
    status, problem = operator.ask("POST", "/v1/hand-outs", {"allOrNothing": True, "cards": [{"carrier": second}, {"carrier": "1"}]})
    with sqlite3.connect(f"file:{office.data}/register.sqlite?mode=ro", uri=True) as connection:
        count = connection.execute("SELECT count(*) FROM hand_out").fetchone()[0]
    check("all or nothing is nothing", status == 409 and count == 1, (status, problem, count))


def main():
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        office.ok("init", "--specimen")
        office.ok("user", "add", "approver", "--role", "cardOffice")
        office.people(60, 29)
        for who in ("plant", "archive"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout",
                            office.folder / f"{who}.key", "-out", office.folder / f"{who}.pem", "-subj", f"/CN={who}"],
                           check=True, capture_output=True)
        folder = office.folder / "specifications"
        folder.mkdir()
        office.specification(limit=12).rename(folder / "batch.yaml")
        server = Server(office, "--batches", str(folder))
        operator = Client(server, office, "operator", "operator")
        narrow = Client(server, office, "narrow", "operator", "26")
        cabinet = Client(server, office, "cabinet", "cabinet", "26")
        number = plan(office, operator, narrow, cabinet)
        address = f"/v1/batches/{number}"
        approve(operator, address)
        build(office, server, operator, address)
        deliver(office, operator, address,
                lambda region: Client(server, office, "abroad", "cabinet", "26" if region != "26" else "{:02}".format(
                    office.number("SELECT min(code / 10010000) FROM organisation WHERE code / 10010000 <> 26"))))
        refused("a sealed batch is not cancelled", operator.ask("POST", f"{address}:cancel", {"reason": "проба"}), 409, "refused")
        check("the service ends by itself", server.stop() == 0)
    print(f"{production.passed} passed, {len(production.failures)} failed")
    sys.exit(1 if production.failures else 0)


main()
