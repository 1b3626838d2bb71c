"""Keys in tokens, the root's replacement, consent texts, erasure and carets, by the command line.

Usage: PROFBILET=path/to/profbilet python3 custody.py
Needs SoftHSM (Debian: softhsm2) with token folders of its own; with PROFBILET_TEST_POSTGRES the register lies there.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import tables

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
START = 1_800_000_000
DAY = 86_400
passed = 0
failures = []


def check(name, is_right, detail=""):
    global passed
    if is_right:
        passed += 1
        print(f"  ok    {name}")
    else:
        failures.append(name)
        print(f"  FAIL  {name} {detail}")


class Office:
    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.tables = tables.of(self.data)
        self.environment = dict(
            os.environ, **self.tables.environment, PROFBILET_DATA=str(self.data), PROFBILET_USER="tester",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="tester phrase", PROFBILET_BACKUP_PASSPHRASE="backup phrase",
            PROFBILET_PIN="246810", PROFBILET_NOW=str(START), SOFTHSM2_CONF=str(folder / "softhsm2.conf"))

    def start(self, *arguments, **changes):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], env=dict(self.environment, **changes), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, **changes):
        process = self.start(*arguments, **changes)
        process.out, process.err = process.communicate()
        return process

    def ok(self, *arguments, codes=(0,), **changes):
        result = self.run(*arguments, **changes)
        if result.returncode not in codes:
            sys.exit(f"{arguments} gave {result.returncode}: {result.out}{result.err}")
        return result.out

    def refused(self, name, code, words, *arguments, **changes):
        result = self.run(*arguments, **changes)
        is_right = result.returncode == code and all(word in result.err for word in words)
        check(name, is_right and "Ошибка" in result.err and "Error" in result.err,
              f"{result.returncode}: {result.err}")

    def advance(self, seconds):
        self.environment["PROFBILET_NOW"] = str(int(self.environment["PROFBILET_NOW"]) + seconds)


def make_token(office, label):
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "13579111",
                    "--pin", "246810"], check=True, capture_output=True, env=office.environment)


def people(office):
    roster = office.folder / "roster.csv"
    office.ok("sample", "roster", "--rows", 40, "--seed", 8, "--dirt", 0, "--out", roster)
    office.ok("organisation", "import", f"{roster}.organisations.csv")
    office.ok("roster", "import", roster)
    office.ok("order", "create", "--organisation", "99", "--submit")
    office.ok("order", "approve", "--organisation", "99")


def token(office):
    home = office.folder / "tokens"
    home.mkdir()
    (office.folder / "softhsm2.conf").write_text(f"directories.tokendir = {home}\n")
    make_token(office, "union")
    rotate = ("keys", "rotate", "plastic", "--now")
    office.refused("a module that is not there", 6, ["/usr/lib/none.so"], *rotate, "--pkcs11", "/usr/lib/none.so",
                   "--token", "union")
    office.refused("a token that is not there", 6, ["other"], *rotate, "--pkcs11", MODULE, "--token", "other")
    office.refused("a wrong PIN", 3, ["PIN", "union"], *rotate, "--pkcs11", MODULE, "--token", "union",
                   PROFBILET_PIN="000000")
    office.ok(*rotate, "--pkcs11", MODULE, "--token", "union")
    keys = [json.loads(line) for line in office.ok("keys", "list", "--json").splitlines()]
    check("the key is listed in its token", [key["token"] for key in keys if key["purpose"] == "plastic"
                                             and key["state"] == "active"] == ["union"])
    issue = ("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://X.RU/", "--limit", 10)
    office.refused("no PIN for a token's key", 3, ["PROFBILET_PIN"], *issue, PROFBILET_PIN="")
    published = office.run("status", "publish", office.folder / "published", PROFBILET_PIN="")
    check("other keys work without the token's PIN", published.returncode == 0, published.err)
    away = office.folder / "away"
    home.rename(away)
    home.mkdir()
    office.refused("a token that was pulled out", 6, ["union"], *issue)
    make_token(office, "union")
    office.refused("another token of that label", 8, ["keys rotate"], *issue)
    check("nothing was allotted", office.tables.number("SELECT count(*) FROM ticket_number") == 0)
    shutil.rmtree(home)
    away.rename(home)
    pin = office.folder / "pin"
    pin.write_text("246810\n")
    office.ok(*issue, "--pin-file", pin, PROFBILET_PIN="")
    lines = office.ok("ticket", "payloads", 1).splitlines()
    bundle = office.folder / "bundle"
    office.ok("keys", "export", "--out", bundle)
    manifest = office.data / "issuances/000001/manifest.json"
    shown = json.loads(office.ok("inspect", f"{manifest}.cose", "--keys", bundle, "--json"))
    check("a manifest's signature is judged beside it", (shown["verdict"], shown["detached"]) == ("valid", str(manifest)))
    process = subprocess.run([PROGRAM, "inspect", "--lines", "--keys", bundle, "--at", str(START + 60)], text=True,
                             input="\n".join(lines) + "\n", capture_output=True, env=office.environment)
    verdicts = {json.loads(line)["verdict"] for line in process.stdout.splitlines()}
    check("payloads of the token are judged valid", len(lines) == 10 and verdicts == {"valid"}, verdicts)


def root(office):
    keys = office.data / "keys"
    office.refused("a root published a moment ago", 5, ["--now"], "keys", "rotate", "root")
    office.advance(31 * DAY)
    before = (keys / "root-next.key").read_bytes()
    thumbprints = [line.strip() for line in office.ok("keys", "rotate", "root").splitlines() if line.startswith("  ")]
    check("the next root is the present one", (keys / "root.key").read_bytes() == before and len(thumbprints) == 2)
    check("the old root lies aside", (keys / "root.key.retired").exists())
    old = keys / "root.key.retired"
    office.refused("the old root signs nothing more", 8, ["keys rotate root"], "keys", "rotate", "status", "--now",
                   "--root-key", old)
    office.ok("keys", "rotate", "status", "--now")
    office.ok("status", "publish", office.folder / "published")
    changes = list((office.folder / "published/root-changes").iterdir())
    check("the change of roots is published", len(changes) == 1)
    for number in range(6):
        process = office.start("keys", "rotate", "root", "--now")
        time.sleep(random.uniform(0.1, 1.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        again = office.run("keys", "rotate", "root", "--now")
        signed = office.run("keys", "export", "--renew", "--out", office.folder / "bundle")
        check(f"a killed replacement is repeated, {number + 1}", (again.returncode, signed.returncode) == (0, 0),
              again.err + signed.err)
    office.ok("status", "publish", office.folder / "published", "--rebuild-all")


def consents(office):
    text = office.folder / "consent.txt"
    text.write_text("Согласие на изготовление билета, редакция 2\n")
    add = ("consent", "text", "add", "--purpose", "cardProduction", "--file", text, "--years", 5)
    chosen = office.ok(*add).splitlines()[0].split()[-1].rstrip(".")
    office.refused("a text registered twice", 5, ["consent text list"], *add)
    text.write_text("Согласие на изготовление билета, редакция 3\n")
    newest = office.ok(*add[:-2], "--form", "electronic").splitlines()[0].split()[-1].rstrip(".")
    listed = [json.loads(line) for line in office.ok("consent", "text", "list", "--json").splitlines()]
    check("both versions are listed", [item["hash"] for item in listed] == [chosen, newest])
    found = {}
    for name, extra in (("newest", ()), ("chosen", ("--consent-text", f"cardProduction={chosen[:12]}"))):
        roster = office.folder / f"{name}.csv"
        office.ok("sample", "roster", "--rows", 12, "--seed", len(name) * 7 + len(extra), "--dirt", 0, "--out", roster)
        office.ok("organisation", "import", f"{roster}.organisations.csv")
        office.ok("roster", "import", roster, *extra, codes=(0, 2))
        listed = {item["hash"]: item["consents"] for item in
                  map(json.loads, office.ok("consent", "text", "list", "--json").splitlines())}
        found[name] = listed
    check("an import takes the newest text", found["newest"][newest] > 0 and found["newest"][chosen] == 0)
    check("or the one that is named", found["chosen"][chosen] > 0
          and found["chosen"][newest] == found["newest"][newest])
    office.refused("a text that nobody registered", 6, ["consent text list"], "roster", "import",
                   office.folder / "newest.csv", "--consent-text", "cardProduction=0123456789")


def erasure(office):
    office.refused("erasing a member", 5, ["set-status"], "member", "erase", "#1", "--reason", "test", "--yes")
    shown = json.loads(office.ok("member", "show", "#1", "--json"))
    found = office.run("ticket", "find", "--name", shown["name"])
    office.ok("member", "set-status", "#1", "left", "--reason", "test")
    office.refused("erasing without a word", 5, ["--yes"], "member", "erase", "#1", "--reason", "test")
    office.ok("member", "erase", "#1", "--reason", "отзыв согласия", "--yes")
    office.refused("an erased member is not shown", 6, [], "member", "show", "#1")
    log = (office.data / "erasures.log").read_text()
    check("the erasure log has its signed line", log.startswith("1 ") and len(log.split()) == 3)
    lost = office.run("ticket", "find", "--name", shown["name"])
    check("no look-up finds the person", (found.returncode, lost.returncode) == (0, 6), lost.out + lost.err)
    if shown["ticket"]:
        check("the number is a tombstone", office.tables.number(
            "SELECT count(*) FROM ticket_number WHERE state = 'retired' AND member_id IS NULL") == 1)
    office.ok("status", "publish", office.folder / "published")
    office.ok("audit", "verify")
    if office.tables.is_server:
        return
    office.ok("client", "create", "mobile", "--role", "app")
    backup = office.folder / "backup"
    office.ok("backup", backup)
    office.ok("verify-backup", backup)
    first = backup.read_bytes()
    office.refused("a backup over another", 5, ["--force"], "backup", backup)
    check("the other is whole", backup.read_bytes() == first)
    office.ok("backup", backup, "--force")
    check("--force takes its place", backup.read_bytes() != first)
    office.ok("verify-backup", backup)
    rejected = office.run("order", "reject", 1)
    check("a rejection without a reason", rejected.returncode == 64 and "--reason" in rejected.err, rejected.err)
    office.ok("member", "set-status", "#2", "left", "--reason", "test")
    office.ok("member", "erase", "#2", "--reason", "test", "--yes")
    target = {"PROFBILET_DATA": str(office.folder / "restored")}
    restore = ("restore", backup, "--epoch-keys", office.data, "--data", office.folder / "restored")
    office.refused("a restore without the erasure log", 5, ["--erasure-log"], *restore)
    said = office.ok(*restore, "--erasure-log", office.data / "erasures.log")
    check("a restore names the clients that wait", "(client confirm)" in said, said)
    listed = office.ok("client", "list", **target)
    check("a client waits for its confirmation", "unconfirmed" in listed, listed)
    office.ok("client", "confirm", "--all", **target)
    listed = office.ok("client", "list", **target)
    check("a confirmed client is let in", "unconfirmed" not in listed and "active" in listed, listed)
    office.refused("a restore does not bring the person back", 6, [], "member", "show", "#2", **target)
    newcomer = office.folder / "newcomer.csv"
    newcomer.write_text(HEADER + "999001;Новая;Анна;Ильична;01.02.1980;Ж;работающий;26-001-0001;"
                        "01.01.2010;да\r\n")
    office.refused("nobody is entered before reclaim", 9, ["reclaim"], "roster", "import", newcomer, **target)
    office.refused("a register that does not wait for reclaim", 5, ["restore"],
                   "reclaim", office.data / "issuances", office.folder / "published")


HEADER = ("ИД АИС;Фамилия;Имя;Отчество;Дата рождения;Пол;Категория;Код организации;Дата вступления;"
          "Согласие ПДн\r\n")


def carets(office):
    path = office.folder / "bad"
    for name, content, shown in (
            ("an unclosed quote", HEADER + '1;"Орлова\t;Анна\r\n',
             '  2 | 1;"Орлова␉;Анна\n    |   ^\n'),
            ("half a JSON", '{"schema":"roster/1",\n"members":[{"last":12,}]}',
             '  2 | "members":[{"last":12,}]}\n    |                       ^\n')):
        path.write_bytes(content.encode())
        result = office.run("roster", "import", path)
        check(f"{name} is shown under a caret", result.returncode == 1 and shown in result.err, result.err)
    check("no line of a file is in the audit log", office.tables.number(
        "SELECT count(*) FROM audit WHERE detail LIKE '%Орлова%'") == 0)


def main():
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        office.ok("init", "--specimen")
        people(office)
        token(office)
        root(office)
        consents(office)
        erasure(office)
        carets(office)
        office.ok("audit", "verify")
        office.tables.drop()
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
