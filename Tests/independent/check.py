"""Judges what the program wrote with code that shares nothing with it.

Makes a specimen register through the command line, then lets cwt, PyJWT, cbor2, cryptography, openssl,
sqlite3 and iconv say whether payloads, lists, keys, tables and encodings are what they claim to be.
Usage: PROFBILET=path/to/profbilet python check.py
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zlib

import cbor2
import cwt
import jwt
import openpyxl
from cryptography.hazmat.primitives.asymmetric import ed25519, utils

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
passed = 0
failures = []


def check(name, is_right):
    global passed
    if is_right:
        passed += 1
        print(f"  ok    {name}")
    else:
        failures.append(name)
        print(f"  FAIL  {name}")


def run(*arguments, data, code=0, stdin=None):
    environment = dict(
        os.environ, PROFBILET_DATA=str(data), PROFBILET_USER="tester",
        PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
        PROFBILET_USER_PASSPHRASE="tester phrase", PROFBILET_BACKUP_PASSPHRASE="backup phrase",
        PROFBILET_PIN="246810")
    result = subprocess.run(
        [PROGRAM, *map(str, arguments)], env=environment, input=stdin, capture_output=True, text=True)
    if result.returncode != code:
        sys.exit(f"profbilet {arguments} gave {result.returncode}, not {code}:\n"
                 f"{result.stdout}\n{result.stderr}")
    return result.stdout


def decode_jwk_bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def payloads(folder, data):
    for organisation in ("26", "77"):
        run("order", "create", "--organisation", organisation, "--submit", data=data)
        run("order", "approve", "--organisation", organisation, data=data)
    run("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/", data=data)
    lines = [json.loads(line) for line in run("ticket", "payloads", 1, data=data).splitlines()]
    run("status", "publish", folder / "published", data=data)
    key_set = cbor2.loads((folder / "published/cose-keyset").read_bytes())
    jwks = json.loads((folder / "published/jwks.json").read_text())["keys"]
    check("at least 20 tickets were issued", len(lines) >= 20)
    keys = {bytes(key[2]): cwt.COSEKey.from_bytes(cbor2.dumps(key)) for key in key_set}
    cose = cwt.COSE.new()
    numbers = set()
    for line in lines:
        raw = bytes.fromhex(line["hex"])
        protected = cbor2.loads(cbor2.loads(raw).value[0])
        claims = cbor2.loads(cose.decode(raw, keys[protected[4]]))
        numbers.add(int.from_bytes(claims[7], "big"))
        if str(int.from_bytes(claims[7], "big")) != line["id"] or claims[4] != 2082747599:
            check(f"claims of {line['id']}", False)
    check("cwt verifies every payload and no number comes twice", len(numbers) == len(lines))
    check("kid is the JWK thumbprint's name", {k["kid"] for k in jwks} == {k.hex() for k in keys})
    digits = lines[0]["text"].split("/C/")[1]
    chunks, widths = [], {3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6, 17: 7}
    for start in range(0, len(digits), 17):
        chunk = digits[start:start + 17]
        chunks.append(int(chunk).to_bytes(widths[len(chunk)], "little"))
    check("the digits are the bytes", b"".join(chunks).hex() == lines[0]["hex"])
    answers = run("inspect", "--lines", "--keys", folder / "published/trust-bundle", data=data,
                  stdin="".join(json.dumps({"id": l["id"], "text": l["text"]}) + "\n" for l in lines))
    check("inspect agrees", all(json.loads(a)["verdict"] == "valid" for a in answers.splitlines()))
    return lines, keys, jwks


def status_lists(folder, data, lines, keys, jwks):
    blocked, active = lines[0]["id"], lines[1]["id"]
    run("carrier", "unblock", active, "--reason", "test", data=data)
    run("carrier", "unblock", blocked, "--reason", "test", data=data)
    run("carrier", "block", blocked, "--as", "stolen", "--reason", "test", data=data)
    run("status", "publish", folder / "published", data=data)
    for card, expected in ((blocked, 1), (active, 0), (lines[2]["id"], 2)):
        shown = json.loads(run("carrier", "show", card, "--json", data=data))
        number, index = shown["list"], shown["index"]
        raw = (folder / f"published/status-lists/{number}.cwt").read_bytes()
        protected = cbor2.loads(cbor2.loads(raw).value[0])
        claims = cbor2.loads(cwt.COSE.new().decode(raw, keys[protected[4]]))
        bits = zlib.decompress(claims[65533]["lst"])
        check(f"list {number} as CWT says {expected}", bits[index // 4] >> index % 4 * 2 & 3 == expected)
        token = (folder / f"published/status-lists/{number}.jwt").read_text()
        header = jwt.get_unverified_header(token)
        jwk = next(key for key in jwks if key["kid"] == header["kid"])
        body = jwt.decode(token, jwt.PyJWK(jwk).key, algorithms=["EdDSA"])
        bits = zlib.decompress(decode_jwk_bytes(body["status_list"]["lst"]))
        check(f"list {number} as JWT says {expected}", bits[index // 4] >> index % 4 * 2 & 3 == expected)
        check("typ of both forms", header["typ"] == "statuslist+jwt"
              and protected[16] == "application/statuslist+cwt")


def openssl(folder, lines, jwks):
    raw = bytes.fromhex(lines[0]["hex"])
    protected, _, payload, signature = cbor2.loads(raw).value
    kid = cbor2.loads(protected)[4].hex()
    jwk = next(key for key in jwks if key["kid"] == kid)
    message = cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
    public = bytes.fromhex("302a300506032b6570032100") + decode_jwk_bytes(jwk["x"])
    for name, content in (("key.der", public), ("message", message), ("signature", signature)):
        (folder / name).write_bytes(content)
    result = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key.der",
         "-rawin", "-in", folder / "message", "-sigfile", folder / "signature"],
        capture_output=True, text=True)
    check("openssl verifies a payload by the exported key", result.returncode == 0)
    ed25519.Ed25519PublicKey.from_public_bytes(decode_jwk_bytes(jwk["x"])).verify(signature, message)


def tables(data):
    for name in ("register.sqlite", "member-keys.sqlite"):
        for pragma, expected in (("integrity_check", "ok"), ("foreign_key_check", "")):
            result = subprocess.run(
                ["sqlite3", data / name, f"PRAGMA {pragma}"], capture_output=True, text=True)
            check(f"sqlite3 {pragma} of {name}", result.stdout.strip() == expected)
    dump = subprocess.run(["sqlite3", data / "register.sqlite", ".dump"], capture_output=True, text=True)
    check("no phone or mail address lies open in the register",
          "+7000" not in dump.stdout and "@example.org" not in dump.stdout)


def encodings(folder, data):
    source = (folder / "roster.csv").read_bytes()
    for name, code in (("utf-8", "UTF-8"), ("utf-16le", "UTF-16LE"), ("cp866", "CP866")):
        converted = subprocess.run(
            ["iconv", "-c", "-f", "CP1251", "-t", code], input=source, capture_output=True).stdout
        if name == "utf-16le":
            converted = b"\xff\xfe" + converted
        path = folder / f"roster.{name}.csv"
        path.write_bytes(converted)
        report = run("roster", "import", path, "--json", data=data, code=2).splitlines()
        summary = json.loads(report[-1])["summary"]
        check(f"the same roster in {name} adds and changes nothing",
              summary["added"] == summary["updated"] == 0 and summary["unchanged"] > 500)


def truth(roster, report):
    """The importer's findings equal the generator's truth, row by row."""
    found = {row["line"]: row for row in map(json.loads, report) if "line" in row}
    wrong = []
    for line in pathlib.Path(f"{roster}.truth.jsonl").read_text().splitlines():
        row = json.loads(line)
        got = found[row["line"]]
        codes = sorted({issue["code"] for issue in got["issues"]})
        expected = row["expected"]
        if got["outcome"] != expected["outcome"] or codes != sorted(expected["codes"]):
            wrong.append((row["line"], expected, got["outcome"], codes))
    for item in wrong[:10]:
        print("       ", item)
    check(f"findings in {roster.name} equal the truth, defect by defect", not wrong)


def workbook(folder):
    """The same for a workbook, and openpyxl finds cells of their kinds in it."""
    data, roster = folder / "workbook-data", folder / "roster.xlsx"
    run("init", "--specimen", data=data)
    run("sample", "roster", "--rows", 2000, "--seed", 78, "--out", roster, data=data)
    run("organisation", "import", f"{roster}.organisations.csv", data=data)
    truth(roster, run("roster", "import", roster, "--json", data=data, code=2).splitlines())
    sheet = openpyxl.load_workbook(roster).active
    kinds = {type(cell.value).__name__ for row in sheet.iter_rows(min_row=2) for cell in row}
    check("openpyxl reads dates, numbers and text", kinds >= {"datetime", "int", "str"})
    check("openpyxl counts the rows", sheet.max_row == 2001)


def token(folder):
    """Keys that a token keeps: openssl and cryptography verify what it signed for both algorithms."""
    home, data = folder / "tokens", folder / "token-data"
    home.mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {home}\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "union", "--so-pin", "13579111",
                    "--pin", "246810"], check=True, capture_output=True)
    run("init", "--specimen", data=data)
    place = ("--pkcs11", "/usr/lib/softhsm/libsofthsm2.so", "--token", "union")
    for purpose, es256 in (("plastic", ["--es256"]), ("status", []), ("package", [])):
        run("keys", "rotate", purpose, "--now", *es256, *place, data=data)
    kept = [json.loads(line) for line in run("keys", "list", "--json", data=data).splitlines()]
    check("three keys are listed as the token's", sum(key["token"] == "union" for key in kept) == 3)
    roster = folder / "token.csv"
    run("sample", "roster", "--rows", 60, "--seed", 5, "--dirt", 0, "--out", roster, data=data)
    run("organisation", "import", f"{roster}.organisations.csv", data=data)
    run("roster", "import", roster, data=data, code=0)
    run("order", "create", "--organisation", "99", "--submit", data=data)
    run("order", "approve", "--organisation", "99", data=data)
    run("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://X.RU/", data=data)
    run("status", "publish", folder / "token-published", data=data)
    lines = [json.loads(line) for line in run("ticket", "payloads", 1, data=data).splitlines()]
    again = [json.loads(line) for line in run("ticket", "payloads", 1, data=data).splitlines()]
    check("payloads are signed once and kept", len(lines) >= 20 and lines == again)
    jwks = {key["kid"]: key for key in
            json.loads((folder / "token-published/jwks.json").read_text())["keys"]}
    signed = [(f"payload {line['id'][-4:]}", bytes.fromhex(line["hex"])) for line in lines]
    lists = sorted((folder / "token-published/status-lists").glob("*.cwt"))
    signed += [(path.name, path.read_bytes()) for path in lists]
    signed.append(("manifest", (data / "issuances/000001/manifest.json.cose").read_bytes()))
    manifest = (data / "issuances/000001/manifest.json").read_bytes()
    wrong = [name for name, raw in signed if not is_signed(folder, raw, jwks, manifest)]
    check(f"openssl verifies all {len(signed)} signatures of the token", not wrong)
    for name, key in (("private key", "signing.keys"), ("master key", "master.key")):
        check(f"{name} file stays sealed", (data / "keys" / key).read_bytes().startswith(b"PBSF"))


def is_signed(folder, raw, jwks, detached):
    protected, _, payload, signature = cbor2.loads(raw).value
    jwk = jwks[cbor2.loads(protected)[4].hex()]
    message = cbor2.dumps(["Signature1", protected, b"", payload or detached], canonical=True)
    if jwk["kty"] == "OKP":
        public = bytes.fromhex("302a300506032b6570032100") + decode_jwk_bytes(jwk["x"])
    else:
        public = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
        public += decode_jwk_bytes(jwk["x"]) + decode_jwk_bytes(jwk["y"])
        signature = utils.encode_dss_signature(
            int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    for name, content in (("key.der", public), ("message", message), ("signature", signature)):
        (folder / name).write_bytes(content)
    raw_in = ["-rawin"] + (["-digest", "sha256"] if jwk["kty"] == "EC" else [])
    result = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key.der", *raw_in,
         "-in", folder / "message", "-sigfile", folder / "signature"], capture_output=True, text=True)
    return result.returncode == 0


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = folder / "data"
        run("init", "--specimen", data=data)
        run("sample", "roster", "--rows", 3000, "--seed", 77, "--out", folder / "roster.csv", data=data)
        run("organisation", "import", folder / "roster.csv.organisations.csv", data=data)
        report = run("roster", "import", folder / "roster.csv", "--json", data=data, code=2).splitlines()
        truth(folder / "roster.csv", report)
        lines, keys, jwks = payloads(folder, data)
        status_lists(folder, data, lines, keys, jwks)
        openssl(folder, lines, jwks)
        tables(data)
        encodings(folder, data)
        run("audit", "verify", data=data)
        workbook(folder)
        token(folder)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
