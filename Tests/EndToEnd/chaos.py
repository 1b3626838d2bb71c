"""Kills the program at random moments and checks that everything is whole afterwards.

Import, order, issuance, publication and backup are each interrupted by SIGKILL; after every kill the tables must
be sound, the audit chain intact, the work done wholly or not at all, and the same command must succeed when repeated.
Usage: PROFBILET=path/to/profbilet python3 chaos.py KILLS [SEED]
With PROFBILET_TEST_POSTGRES (Tests/with-postgres.sh) the register lies on that server; it is not backed up there.
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
ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = 1500


class Office:
    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.tables = tables.of(self.data)
        self.environment = dict(
            os.environ, **self.tables.environment, PROFBILET_DATA=str(self.data), PROFBILET_USER="tester",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="tester phrase", PROFBILET_BACKUP_PASSPHRASE="backup phrase")

    def start(self, *arguments):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace")

    def run(self, *arguments, codes=(0,)):
        process = self.start(*arguments)
        output, errors = process.communicate()
        if process.returncode not in codes:
            raise AssertionError(f"{arguments} gave {process.returncode}: {output[-500:]}{errors[-500:]}")
        return output

    def kill(self, moment, *arguments):
        """Runs a command and kills it after `moment` seconds; says whether it was killed."""
        process = self.start(*arguments)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return process.returncode == -signal.SIGKILL

    def number(self, sql):
        return self.tables.number(sql)

    def sound(self):
        self.tables.check()
        self.run("audit", "verify")

    def expect(self, what, value, allowed):
        assert value in allowed, f"{what}: {value}, not one of {allowed}"


def killed_import(office, moment):
    members = office.number("SELECT count(*) FROM member")
    roster = office.folder / f"r{random.randrange(10**9)}.csv"
    office.run("sample", "roster", "--rows", ROWS, "--seed", random.randrange(10**6), "--dirt", 0, "--out", roster)
    office.run("organisation", "import", f"{roster}.organisations.csv")
    office.kill(moment, "roster", "import", roster, "--report", f"{roster}.report.jsonl")
    after = office.number("SELECT count(*) FROM member") - members
    office.sound()
    summary = json.loads(office.run("roster", "import", roster, "--json", codes=(0, 2)).splitlines()[-1])["summary"]
    if after == 0:
        assert summary["unchanged"] == 0 or members > 0, summary
    else:
        office.expect("added by the repeat", summary["added"], (0,))
    total = office.number("SELECT count(*) FROM member") - members
    office.expect("members of a killed import", after, (0, total))
    for path in office.folder.glob("r*.csv*"):
        path.unlink()


def killed_order(office, moment):
    before = office.number("SELECT count(*) FROM card_order")
    office.kill(moment, "order", "create", "--organisation", "99")
    after = office.number("SELECT count(*) FROM card_order") - before
    office.sound()
    office.run("order", "create", "--organisation", "99", codes=(0, 2))
    total = office.number("SELECT count(*) FROM card_order") - before
    office.expect("orders of a killed command", after, (0, total))


def killed_issue(office, moment):
    office.run("order", "create", "--organisation", "99", codes=(0, 2))
    office.run("order", "submit", "--organisation", "99")
    office.run("order", "approve", "--organisation", "99")
    waiting = office.number("SELECT count(*) FROM card_order WHERE state = 'approved'")
    before = office.number("SELECT count(*) FROM carrier")
    command = ("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/",
               "--limit", "200")
    office.kill(moment, *command)
    after = office.number("SELECT count(*) FROM carrier") - before
    office.sound()
    office.expect("cards of a killed issuance", after, (0, min(waiting, 200)))
    if waiting - after > 0:
        office.run(*command)
    manifests = {path.parent.name for path in (office.data / "issuances").glob("*/manifest.json")}
    issued = office.number("SELECT count(*) FROM issuance")
    if waiting - after > 0:
        office.expect("manifests", len(manifests), (issued,))
    office.expect("numbers used twice", office.number(
        "SELECT count(*) FROM (SELECT number, issue FROM carrier GROUP BY 1, 2 HAVING count(*) > 1) AS twice"), (0,))
    office.expect("printed numbers unknown to the ledger", office.number(
        "SELECT count(*) FROM carrier c WHERE NOT EXISTS "
        "(SELECT 1 FROM ticket_number t WHERE t.number = c.number)"), (0,))


def killed_publish(office, moment):
    published = office.folder / "published"
    office.kill(moment, "status", "publish", published, "--rebuild-all")
    office.sound()
    bundle = office.folder / "bundle"
    office.run("keys", "export", "--out", bundle)
    for path in published.glob("status-lists/*wt"):
        verdict = json.loads(office.run("inspect", path, "--keys", bundle, "--json"))["verdict"]
        office.expect(f"verdict of {path.name}", verdict, ("valid",))
    office.run("status", "publish", published)


def killed_backup(office, moment):
    backup = office.folder / "backup"
    backup.unlink(missing_ok=True)
    office.kill(moment, "backup", backup)
    office.sound()
    if backup.exists():
        office.run("verify-backup", backup)
    backup.unlink(missing_ok=True)
    office.run("backup", backup)
    office.run("verify-backup", backup)
    for path in office.folder.glob("backup.*"):
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True) if path.is_file() else None


SCENES = {"import": (killed_import, 2.5), "order": (killed_order, 1.2), "issuance": (killed_issue, 1.2),
          "publication": (killed_publish, 1.2), "backup": (killed_backup, 1.5)}


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns())
    rows = []
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        office.run("init", "--specimen")
        scenes = [scene for scene in SCENES if scene != "backup" or not office.tables.is_server]
        done = {scene: 0 for scene in SCENES}
        faults = {scene: [] for scene in SCENES}
        for number in range(kills):
            scene = scenes[number % len(scenes)]
            body, longest = SCENES[scene]
            moment = random.uniform(0.05, longest)
            try:
                body(office, moment)
            except AssertionError as error:
                faults[scene].append(f"killed after {moment:.3f} s: {error}")
                print(f"{scene}: {faults[scene][-1]}", flush=True)
            done[scene] += 1
            if (number + 1) % 50 == 0:
                print(f"{number + 1} of {kills} kills", flush=True)
        office.tables.drop()
    for scene in SCENES:
        if not done[scene]:
            continue
        is_right = not faults[scene]
        rows.append({"name": f"{scene} killed", "value": done[scene], "unit": "kills", "floor": None,
                     "ratio": None, "target": "whole afterwards", "passed": is_right})
        print(f"{scene:12} {done[scene]:4} kills  {'whole' if is_right else 'BROKEN'}")
        for fault in faults[scene]:
            print("    " + fault)
    passed = all(row["passed"] for row in rows)
    reports = ROOT / ".build/reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / f"chaos{tables.SUFFIX}.json").write_text(json.dumps({"passed": passed, "rows": rows}, indent=1, ensure_ascii=False))
    print(f"{sum(row['passed'] for row in rows)} passed, {sum(not row['passed'] for row in rows)} failed")
    sys.exit(0 if passed else 1)


main()
