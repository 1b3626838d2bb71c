"""Production end to end: a real package, every mutation of it found, kills survived, bad input answered.

The package is judged by `batch verify`, which shares no code with the writer, and again by
Tests/independent/package.py with zxing, zbar, qpdf, Ghostscript, poppler and openssl.
Usage: PROFBILET=path/to/profbilet python3 production.py [--cards N] [--kills N] [--only-kills]
"""

import argparse
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
import time
import zlib

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
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


class Office:
    """A specimen register with approved orders, a planner and an approver."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.environment = dict(
            os.environ, PROFBILET_DATA=str(self.data), PROFBILET_USER="planner",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="planner phrase", PROFBILET_NEW_PASSPHRASE="approver phrase")
        self.approver = dict(PROFBILET_USER="approver", PROFBILET_USER_PASSPHRASE="approver phrase")

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

    def people(self, rows, seed):
        roster = self.folder / f"roster{seed}.csv"
        self.ok("sample", "roster", "--rows", rows, "--seed", seed, "--dirt", 0, "--out", roster)
        self.ok("organisation", "import", f"{roster}.organisations.csv")
        self.ok("roster", "import", roster, codes=(0, 2))
        self.order()

    def order(self):
        self.ok("order", "create", "--organisation", "99", "--submit", codes=(0, 2))
        self.ok("order", "approve", "--organisation", "99")

    def specification(self, name="example-nationwide", **changes):
        """The example with some lines replaced: `{"limit": 100}` replaces what stands behind `limit:`."""
        text = (ROOT / f"batches/{name}.yaml").read_text()
        changes = {"minimum": 1, **changes}
        for key, value in changes.items():
            text, count = re.subn(rf"(?m)^(\s*){key}:.*$", rf"\g<1>{key}: {value}", text)
            assert count == 1, key
        text = text.replace("../card-layouts", str(ROOT / "card-layouts"))
        if "profile" not in changes:
            text = text.replace("profiles/", str(ROOT / "batches/profiles") + "/")
        path = self.folder / "batch.yaml"
        path.write_text(text)
        return path

    def plan(self, name="example-nationwide", **changes):
        return json.loads(self.ok("batch", "plan", self.specification(name, **changes), "--json"))

    def approve(self, batch):
        self.ok("batch", "approve", batch, **self.approver)

    def batch(self, number):
        return self.data / "batches" / f"{number:06}"

    def number(self, sql):
        with sqlite3.connect(f"file:{self.data}/register.sqlite?mode=ro", uri=True) as connection:
            return connection.execute(sql).fetchone()[0]


def expect(name, result, code, *words):
    text = result.stdout + result.stderr
    is_right = result.returncode == code and "Fatal error" not in text and all(word in text for word in words)
    check(name, is_right, f"code {result.returncode}, expected {code}: {text[-400:]}")


# Mutations: each changes one PDF and writes manifest entries anew, so that only the pages can tell.

def streams(content):
    """Object number, and where its compressed stream stands."""
    for match in re.finditer(rb"(\d+) 0 obj\n<<([^\n]*?)/Length (\d+)>>stream\n", content):
        yield int(match[1]), match.end(), int(match[3])


def cards(content):
    """The back pages' streams in order: those that draw background B1."""
    found = []
    for _, start, length in streams(content):
        try:
            text = zlib.decompress(content[start:start + length])
        except zlib.error:
            continue
        if text.startswith(b"/B1 Do"):
            found.append((start, length, text))
    return found


def replaced(path, changes):
    """Puts new streams in place; the file is rebuilt by qpdf, which mends offsets and lengths."""
    content = path.read_bytes()
    for (start, length, _), text in sorted(changes, key=lambda change: -change[0][0]):
        packed = zlib.compress(text)
        head = content[:start]
        head = re.sub(rb"/Length \d+>>stream\n$", b"/Length %d>>stream\n" % len(packed), head[-80:]).join([head[:-80], b""])
        content = head + packed + content[start + length:]
    broken = path.with_suffix(".broken")
    broken.write_bytes(content)
    subprocess.run(["qpdf", "--warning-exit-0", broken, path], check=False, capture_output=True)
    broken.unlink()


def image(text):
    """Where the QR's bits stand in a page: the larger of the two inline images."""
    found = [match for match in re.finditer(rb"BI/W (\d+)/H (\d+)/BPC 1/IM true/D\[1 0\] ID ", text)]
    match = max(found, key=lambda match: int(match[2]))
    width, height = int(match[1]), int(match[2])
    return match.end(), (width + 7) // 8, height


def swap_codes(path):
    backs = cards(path.read_bytes())
    first, second = backs[3], backs[4]
    a, row, height = image(first[2])
    b, _, _ = image(second[2])
    size = row * height
    one = first[2][:a] + second[2][b:b + size] + first[2][a + size:]
    two = second[2][:b] + first[2][a:a + size] + second[2][b + size:]
    replaced(path, [(first, one), (second, two)])


def repeat_code(path):
    backs = cards(path.read_bytes())
    first, second = backs[1], backs[7]
    a, row, height = image(first[2])
    b, _, _ = image(second[2])
    size = row * height
    replaced(path, [(second, second[2][:b] + first[2][a:a + size] + second[2][b + size:])])


def damage_row(path):
    back = cards(path.read_bytes())[5]
    start, row, height = image(back[2])
    place = start + row * (height // 2)
    # A row light: the symbol still decodes, for level M mends it.
    replaced(path, [(back, back[2][:place] + bytes(row) + back[2][place + row:])])


def damage_module(path):
    back = cards(path.read_bytes())[2]
    start, row, height = image(back[2])
    place = start + row * (height // 2 + 3) + 2
    replaced(path, [(back, back[2][:place] + bytes([back[2][place] ^ 0x10]) + back[2][place + 1:])])


def drop_page(path):
    copy = path.with_suffix(".copy")
    pages = int(subprocess.run(["qpdf", "--show-npages", path], capture_output=True, text=True).stdout)
    subprocess.run(["qpdf", path, "--pages", path, f"1-4,6-{pages}", "--", copy], check=True)
    copy.replace(path)


def wrong_digit(path):
    """Exchanges two digits' glyphs of the printed number on one front."""
    content = path.read_bytes()
    for _, start, length in streams(content):
        try:
            text = zlib.decompress(content[start:start + length])
        except zlib.error:
            continue
        match = text.startswith(b"/B0 Do") and re.search(rb"\[<((?:[0-9A-F]{4}){18})>\]TJ", text)
        if not match:
            continue
        glyphs = [match[1][place:place + 4] for place in range(0, 72, 4)]
        digits = sorted(set(glyphs[:3] + glyphs[4:8] + glyphs[9:13]))
        other = next(glyph for glyph in digits if glyph != glyphs[16])
        glyphs[16] = other
        replaced(path, [((start, length, text), text.replace(match[1], b"".join(glyphs), 1))])
        return
    raise AssertionError("no number found")


def resign(office, folder):
    """Makes the manifest fit the changed file and signs it with the register's own key, as a careless insider could."""
    import hashlib
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        content = (folder / file["name"]).read_bytes()
        file["bytes"], file["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def mutations(office, batch):
    bundle = office.folder / "bundle"
    office.ok("keys", "export", "--format", "bundle", "--out", bundle)
    original = office.batch(batch) / "manufacturer"
    names = {"swapped QRs": swap_codes, "a QR twice": repeat_code, "a damaged row of modules": damage_row,
             "one damaged module": damage_module, "a page missing": drop_page, "a wrong digit": wrong_digit}
    for name, change in names.items():
        copy = office.folder / "mutant"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(original, copy)
        change(copy / "cards-001.pdf")
        resign(office, copy)
        report = json.loads(office.ok("batch", "verify", copy, "--keys", bundle, "--json", codes=(7,)).splitlines()[-1])
        faulty = {item["name"] for item in report["checks"] if item["faults"]}
        check(f"{name}: told by the signature", "The manifest's signature" in faulty, report)
        # The same again with the signature out of the way: the pages alone must tell.
        report = json.loads(office.ok("batch", "verify", copy, "--keys", bundle, "--unsigned", "--json",
                                      codes=(7,)).splitlines()[-1])
        faulty = {item["name"] for item in report["checks"] if item["faults"]}
        check(f"{name}: told by the pages", faulty & {"QR and bar codes on the pages",
                                                      "Names and numbers on the pages"}, report)
    shutil.rmtree(copy)
    shutil.copytree(original, copy)
    table = copy / "personalization.csv"
    lines = table.read_bytes().split(b"\r\n")
    lines[2], lines[3] = lines[3], lines[2]
    table.write_bytes(b"\r\n".join(lines))
    expect("exchanged lines", office.run("batch", "verify", copy, "--keys", bundle, "--unsigned"), 7, "SHA-256")
    (copy / "stranger.txt").write_text("x")
    expect("a file too many", office.run("batch", "verify", copy, "--keys", bundle), 7, "stranger.txt")
    shutil.rmtree(copy)


def manifests(folder):
    return {package: (folder / package / "manifest.json").read_bytes() for package in ("manufacturer", "union")}


def kills(office, batch, count):
    """Builds again and again, killed at random; the package that comes out is always the same."""
    folder = office.batch(batch)
    wanted = manifests(folder)
    broken = []
    started = time.monotonic()
    shutil.rmtree(folder)
    office.ok("batch", "build", batch)
    whole = time.monotonic() - started
    for number in range(count):
        shutil.rmtree(folder, ignore_errors=True)
        moment = random.uniform(0.02, whole)
        process = office.start("batch", "build", batch)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if folder.exists() and manifests(folder) != wanted:
            broken.append(f"after {moment:.2f} s a half-written package stood under the final name")
        office.ok("batch", "build", batch)
        if manifests(folder) != wanted:
            broken.append(f"after {moment:.2f} s the next build gave other bytes")
        if office.number("SELECT count(*) FROM (SELECT number, issue FROM carrier GROUP BY 1, 2 HAVING count(*) > 1)"):
            broken.append(f"after {moment:.2f} s a number was used twice")
    check(f"{count} kills of build: the same bytes, no number lost or twice", not broken, broken[:3])
    return broken


def seal_kills(office, batch, count, certificates):
    sealed = pathlib.Path(str(office.batch(batch)) + ".sealed")
    command = ("batch", "seal", batch, "--manufacturer", certificates["maker"][0], "--archive", certificates["archive"][0])
    broken = []
    for number in range(count):
        shutil.rmtree(sealed, ignore_errors=True)
        process = office.start(*command)
        time.sleep(random.uniform(0.02, 1.0))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        office.ok(*command)
        if sorted(path.name for path in sealed.iterdir()) != [f"{batch:06}-manufacturer.tar.cms", f"{batch:06}-union.tar.cms"]:
            broken.append("files")
    check(f"{count} kills of seal: whole or absent", not broken, broken[:3])
    return broken


def certificate(folder, name, days=300, key="rsa:2048", extra=()):
    cert, private = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", key, "-nodes", "-keyout", private, "-out", cert, "-subj",
                    f"/CN={name}", "-days", str(days), *extra], check=True, capture_output=True)
    return cert, private


def faults(office, batch):
    """One bad thing at a time; the register is as before."""
    plans = office.number("SELECT count(*) FROM batch")
    for name, changes, code, words in [
        ("an unknown field", {"minimum": "1\nmimimum: 2"}, 1, ("mimimum", "batch.yaml:")),
        ("an agreement that has ended", {"until": '"2020-01-01"'}, 5, ("Поручение", "agreement")),
        ("a validity that has passed", {"valid-until": '"2020-01-01"'}, 5, ("Срок", "validity")),
        ("a lower-case URL", {"url": "https://epb.example.ru/c/"}, 1, ("url", "upper case")),
        ("no such layout", {"layout": "/nowhere"}, 1, ("/nowhere/layout.yaml",)),
        ("no such profile", {"profile": "/nowhere.yaml"}, 1, ("/nowhere.yaml",)),
        ("fewer orders than the minimum", {"minimum": 100000}, 5, ("minimum",)),
        ("a chip that the profile does not name", {"chip": "ndef"}, 5, ("utf8-csv",)),
    ]:
        expect(name, office.run("batch", "plan", office.specification(**changes)), code, *words)
    text = office.specification().read_text()
    path = office.folder / "bad.yaml"
    path.write_text(re.sub(r"(?ms)^processing-agreement:.*?^valid", "valid", text))
    expect("no processing agreement", office.run("batch", "plan", path), 1, "processing-agreement")
    for name, content, word in [("not YAML", "a: [", "bad.yaml:"), ("an empty file", "", "bad.yaml"),
                                ("a list", "- a\n- b\n", "bad.yaml")]:
        path.write_text(content)
        expect(f"a specification that is {name}", office.run("batch", "plan", path), 1, word)
    check("nothing was planned", office.number("SELECT count(*) FROM batch") == plans)

    # The layout: a font that is missing, and a change after planning.
    copy = office.folder / "layout"
    shutil.copytree(ROOT / "card-layouts/epb-2026", copy / "epb")
    shutil.copytree(ROOT / "card-layouts/profiles", copy / "profiles")
    layout = (copy / "epb/layout.yaml").read_text()
    (copy / "epb/layout.yaml").write_text(layout.replace("PTS75F.ttf", "Missing.ttf"))
    expect("a missing font", office.run("layout", "check", copy / "epb"), 1, "Missing.ttf", "layout.yaml:")
    (copy / "epb/layout.yaml").write_text(layout)
    planned = office.plan(layout=copy / "epb", limit=20)["batch"]
    (copy / "epb/layout.yaml").write_text(layout.replace("revision: 1", "revision: 2"))
    expect("a layout changed after planning", office.run("batch", "approve", planned, **office.approver), 5, "Макет")
    (copy / "epb/layout.yaml").write_text(layout)
    expect("one's own plan", office.run("batch", "approve", planned), 5, "другой человек")
    expect("building before approval", office.run("batch", "build", planned), 5, "одобрена")
    order = office.number(f"SELECT order_id FROM batch_card WHERE batch_id = {planned} ORDER BY seq LIMIT 1")
    office.ok("order", "cancel", order, "--reason", "test")
    expect("an order cancelled after planning", office.run("batch", "approve", planned, **office.approver), 5, str(order))
    office.ok("batch", "cancel", planned, "--reason", "test")
    check("no number was spent", office.number(f"SELECT count(*) FROM batch WHERE id = {planned} AND issuance IS NULL") == 1)

    # Two approvals above the limit.
    planned = office.plan(**{"limit": 20, "two-people-above": 5})
    check("two people for a large batch", planned["approvals"] == 2)
    office.approve(planned["batch"])
    expect("the same person twice", office.run("batch", "approve", planned["batch"], **office.approver), 5, "уже")
    check("one approval is not enough", office.number(f"SELECT state = 'planned' FROM batch WHERE id = {planned['batch']}") == 1)
    office.ok("batch", "cancel", planned["batch"], "--reason", "test")

    # Verification and sealing.
    expect("sealing what was not verified", office.run(
        "batch", "seal", batch, "--manufacturer", "/nowhere", "--archive", "/nowhere"), 5, "verify")
    expect("no such batch", office.run("batch", "build", 4711), 6, "4711")
    expect("no such folder", office.run("batch", "verify", "/nowhere"), 6, "/nowhere")


def names(office):
    """Letters and lengths that a profile or the layout cannot carry are listed, never respelled."""
    header = ("ИД АИС;Фамилия;Имя;Отчество;Дата рождения;Пол;Категория;Код организации;Дата вступления;"
              "Согласие ПДн;Согласие на изготовление билета\r\n")
    place = next(line for line in (office.folder / "roster1.csv.organisations.csv").read_text(
        encoding="utf-8-sig", errors="replace").splitlines() if re.match(r"\d\d-\d\d\d-\d\d\d\d", line))[:11]
    people = [("Ҡотлобаева", "Гөлнәзирә", "Мөхәмәт ҡыҙы"), ("Орлова", "Анна", "Петровна"),
              ("Ш" + "ш" * 44, "Екатерина", "Александровна")]
    lines = [f"N{number};{last};{first};{middle};01.02.1980;Ж;работающий;{place};01.09.2001;да;да\r\n"
             for number, (last, first, middle) in enumerate(people)]
    roster = office.folder / "names.csv"
    roster.write_bytes((header + "".join(lines)).encode())
    office.ok("roster", "import", roster, codes=(0, 2))
    orders = {}
    for number in range(3):
        office.ok("order", "create", "--member", f"N{number}", "--submit", codes=(0, 2))
        office.ok("order", "approve", "--member", f"N{number}", codes=(0, 2))
        orders[number] = office.number(
            f"SELECT o.id FROM card_order o JOIN member m ON m.id = o.member_id WHERE m.ais_id = 'N{number}'")
    plan = office.plan(profile=str(ROOT / "batches/profiles/windows-1251-csv.yaml"), limit=100000)
    excluded = {item["order"]: item["codes"] for item in plan["excluded"]}
    check("letters that Windows-1251 lacks are listed", "not_in_encoding" in excluded.get(orders[0], []), excluded)
    check("plain letters go in", orders[1] not in excluded)
    office.ok("batch", "cancel", plan["batch"], "--reason", "test")
    plan = office.plan(limit=100000)
    excluded = {item["order"]: item["codes"] for item in plan["excluded"]}
    check("the same letters go in with UTF-8", orders[0] not in excluded, excluded)
    check("a name that does not fit is listed", "does_not_fit" in excluded.get(orders[2], []), excluded)
    office.ok("batch", "cancel", plan["batch"], "--reason", "test")


def full_disk(office, batch):
    """A file system of its own that is too small for the package."""
    target = office.data / "batches"
    folder = office.batch(batch)
    wanted = manifests(folder)
    mount = office.folder / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", mount], capture_output=True).returncode:
        return print("  --    a full disk (no right to mount here)")
    try:
        moved = office.folder / "batches.moved"
        shutil.move(target, moved)
        target.symlink_to(mount)
        result = office.run("batch", "build", batch)
        expect("a full disk", result, 11, "места")
        check("nothing stands under the final name", not folder.exists())
        target.unlink()
        shutil.move(moved, target)
        check("the package is as before", manifests(folder) == wanted)
    finally:
        subprocess.run(["umount", mount])


def two_builds(office, batch):
    folder = office.batch(batch)
    shutil.rmtree(folder)
    first = office.start("batch", "build", batch)
    time.sleep(0.9)
    second = office.run("batch", "build", batch)
    first.communicate()
    text = second.stdout + second.stderr
    check("two builds at once: one works, the other says who holds it",
          first.returncode == 0 and (second.returncode == 10 and str(first.pid) in text or second.returncode == 0), text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--only-kills", action="store_true")
    parser.add_argument("--write-goldens", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        office = Office(folder)
        office.ok("init", "--specimen")
        office.ok("user", "add", "approver", "--role", "cardOffice")
        office.people(options.cards * 2, 1)
        batch = office.plan(limit=options.cards, profile=str(ROOT / "batches/profiles/workbook.yaml"))["batch"]
        office.approve(batch)
        office.ok("batch", "build", batch)
        if not options.only_kills:
            faults(office, batch)
            names(office)
            two_builds(office, batch)
            full_disk(office, batch)
            mutations(office, batch)
        broken = kills(office, batch, options.kills)
        office.ok("batch", "verify", office.batch(batch))
        certificates = {"maker": certificate(folder, "maker"), "archive": certificate(
            folder, "archive", key="ec", extra=("-pkeyopt", "ec_paramgen_curve:P-256"))}
        if not options.only_kills:
            seal = ("batch", "seal", batch, "--archive", certificates["archive"][0], "--manufacturer")
            expect("not a certificate", office.run(*seal, office.folder / "batch.yaml"), 5, "X.509")
            old, _ = certificate(folder, "old", days=1, extra=("-set_serial", "1"))
            late = "2100-01-01T00:00:00Z"
            expect("an expired certificate", office.run(*seal, old, PROFBILET_NOW="2027-06-01T00:00:00Z"), 5, "certificate")
        broken += seal_kills(office, batch, max(2, options.kills // 5), certificates)
        if not options.only_kills:
            chip = office.plan("example-chip", **{"organisations": "[]", "reasons": "[]"})
            office.approve(chip["batch"])
            office.ok("batch", "build", chip["batch"])
            lines = (office.batch(chip["batch"]) / "manufacturer/encoding.csv").read_text().splitlines()
            table = lines[1].split(";")
            message = bytes.fromhex(table[2])
            check("encoding.csv: NDEF with URI and external record",
                  len(lines) == chip["cards"] + 1 and message[:4] == bytes([0x91, 1, message[2], 0x55])
                  and b"profbilet.ru:epb" in message and message.endswith(message[-110:]) and len(message) <= 256, message)
            for package in ("manufacturer", "union"):
                signed = office.batch(batch) / package
                result = subprocess.run(
                    ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signed / "manifest.json.p7s",
                     "-content", signed / "manifest.json", "-CAfile", office.data / "batches/package-signer.pem",
                     "-purpose", "any", "-out", os.devnull], capture_output=True, text=True)
                check(f"openssl verifies the CMS signature of {package}", result.returncode == 0, result.stderr)
            bundle = folder / "bundle"
            artefacts = ROOT / ".build/artefacts"
            artefacts.mkdir(parents=True, exist_ok=True)
            for sample in ("longest", "typical", "minority"):
                office.ok("layout", "preview", ROOT / "card-layouts/epb-2026", "--sample", sample, "--png",
                          artefacts / f"sample-{sample}.png")
            sealed = pathlib.Path(str(office.batch(batch)) + ".sealed") / f"{batch:06}-manufacturer.tar.cms"
            result = subprocess.run(
                [sys.executable, ROOT / "Tests/independent/package.py", office.batch(batch), bundle, "--recipient",
                 *certificates["maker"], sealed, "--artefacts", artefacts, "--goldens",
                 ROOT / "Tests/independent/goldens", "--samples", artefacts, *(["--write-goldens"] if options.write_goldens else [])])
            check("independent tools find nothing", result.returncode == 0)
    if options.only_kills:
        reports = ROOT / ".build/reports"
        reports.mkdir(parents=True, exist_ok=True)
        (reports / "chaos-production.json").write_text(json.dumps({"passed": not broken, "rows": [
            {"name": "batch build and seal killed", "value": options.kills, "unit": "kills", "floor": None,
             "ratio": None, "target": "the same bytes", "passed": not broken}]}, indent=1))
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
