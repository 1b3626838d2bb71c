"""The package in a Debian 12 of its own: installed, started by systemd, upgraded, removed, purged.

debootstrap makes the system from this machine's mirror; systemd-nspawn boots it with a network of its own (loopback), so
units, credentials and hardening are systemd's own. Two versions are built of one program; the register is put back by one
migration before the upgrade, as an older program would have left it. Needs root and the network.
Usage: sudo python3 .ci/packaging/test.py PROGRAM [--keep FOLDER]; report: .build/reports/package.json
"""

import argparse
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OLD, NEW = "0.0.9", "0.1.0"
PHRASES = {"passphrase": "register phrase of the test", "user-passphrase": "service phrase of the test",
           "backup-passphrase": "backup phrase of the test"}
rows = []


def check(name, is_right, more=""):
    rows.append({"name": name, "value": None, "unit": "", "floor": None, "ratio": None, "target": "holds", "passed": bool(is_right)})
    print(f"  {'ok   ' if is_right else 'FAIL '} {name} {'' if is_right else more}", flush=True)
    return is_right


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} gave {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def mirror():
    """The archive that apt uses here."""
    found = re.search(r"https?://\S+/debian/? ", must("apt-cache", "policy") + " ")
    return found[0].strip() if found else "http://deb.debian.org/debian"


class System:
    """A Debian 12 in a folder: first installed into, then booted."""

    def __init__(self, root):
        self.root, self.boot = root, None

    def install(self):
        must("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,init-system-helpers,man-db", "bookworm",
             self.root, mirror())
        # nothing may start while the system is not booted
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\n[ -d /run/systemd/system ] || exit 101\n")
        policy.chmod(0o755)

    def offline(self, *command):
        """In the folder, with the machine's network: for apt."""
        return run("systemd-nspawn", "-q", "--register=no", "--keep-unit", "--pipe", "--bind-ro=/etc/resolv.conf", "-D", self.root,
                   *command, stdin=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})

    def start(self):
        self.log = open(self.root.parent / "boot.log", "wb")
        self.boot = subprocess.Popen(
            ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "--private-network", "-D", str(self.root), "--boot"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(600):
            children = run("pgrep", "-P", self.boot.pid).stdout.split()
            if children:
                self.leader = children[0]
                state = self.inside("systemctl", "is-system-running").stdout.strip()
                if state in ("running", "degraded"):
                    return
            if self.boot.poll() is not None:
                break
            time.sleep(0.5)
        sys.exit(f"the system does not boot: {(self.root.parent / 'boot.log').read_text(errors='replace')[-2000:]}")

    def inside(self, *command, text=None):
        return run("nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-r", "-w", "env", "-i",
                   "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *command,
                   input=text or "")

    def profbilet(self, *command, **phrases):
        """As an administrator works: under the package's account, with settings from the machine's file."""
        words = [f"PROFBILET_{name}={value}" for name, value in phrases.items()]
        return self.inside("runuser", "-u", "profbilet", "--", "env", *words, "profbilet", *command)

    def http(self, path, *options):
        done = run("nsenter", "-t", self.leader, "-n", "curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *options,
                   f"http://127.0.0.1:8080{path}")
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def stop(self):
        if self.boot and self.boot.poll() is None:
            run("nsenter", "-t", self.leader, "-m", "-p", "-r", "systemctl", "poweroff", "--force")
            try:
                self.boot.wait(60)
            except subprocess.TimeoutExpired:
                self.boot.terminate()
                self.boot.wait(60)


def packages(program, folder):
    """Two versions of one program: the new one as it is built, the old one the same under a lower number."""
    new = pathlib.Path(must(ROOT / ".ci/packaging/build", program, folder, NEW).strip().split("\n")[-1])
    tree, old = folder / "tree", folder / f"profbilet_{OLD}.deb"
    must("dpkg-deb", "-R", new, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", f"Version: {OLD}", control.read_text(), flags=re.M))
    must("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", tree, old)
    must("rm", "-rf", tree)
    return {OLD: old, NEW: new}


def contents(deb):
    """What is in it, and what Debian's own tools say of it."""
    listed = must("dpkg-deb", "-c", deb)
    for path in ("usr/bin/profbilet", "lib/systemd/system/profbilet.service", "usr/lib/sysusers.d/profbilet.conf",
                 "usr/lib/tmpfiles.d/profbilet.conf", "usr/share/man/man1/profbilet-serve.1.gz", "etc/profbilet/profbilet.yaml",
                 "usr/share/bash-completion/completions/profbilet", "usr/share/zsh/vendor-completions/_profbilet",
                 "usr/share/fish/vendor_completions.d/profbilet.fish", "usr/share/profbilet/card-layouts/epb-2026/layout.yaml",
                 "usr/share/doc/profbilet/copyright", "usr/share/doc/profbilet/README.Debian"):
        check(f"holds {path}", f" ./{path}\n" in listed)
    depends = must("dpkg-deb", "-f", deb, "Depends")
    check(f"depends on Debian's libraries: {depends.strip()}", "libpq5" in depends and "libsqlite3-0" in depends
          and "libpcsclite1" in depends)
    check("its settings are a conffile", must("dpkg-deb", "-I", deb, "conffiles").strip() == "/etc/profbilet/profbilet.yaml")
    linted = run("lintian", "--allow-root", "--no-tag-display-limit", "--profile", "debian", deb)
    errors = [line for line in linted.stdout.splitlines() if line.startswith("E:")]
    warnings = [line for line in linted.stdout.splitlines() if line.startswith("W:")]
    for line in errors + warnings:
        print(f"        {line}")
    check(f"lintian: no error ({len(warnings)} warnings)", not errors, errors)
    print(f"        {deb.name}: {deb.stat().st_size / 1e6:.1f} MB")


def installed(system, deb):
    """The package comes in with what it depends on, from Debian alone."""
    must("cp", deb, system.root / "root/")
    system.offline("apt-get", "update", "-qq")
    done = system.offline("apt-get", "install", "-y", "-qq", "--no-install-recommends", f"/root/{deb.name}")
    if not check("installs into a fresh Debian 12", done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]):
        sys.exit(1)
    needed = system.offline("ldd", "/usr/bin/profbilet").stdout
    check("every library is there, none of Swift's among them", "not found" not in needed and "swift" not in needed
          and "libpq" in needed, needed)
    version = system.offline("profbilet", "--version").stdout.strip()
    check(f"profbilet --version: {version}", re.fullmatch(r"\d+\.\d+\.\d+", version))


def register(system):
    """A register as README.Debian makes it, with members, cards and a client."""
    check("the unit is enabled and waits for a register",
          system.inside("systemctl", "is-enabled", "profbilet").stdout.strip() == "enabled"
          and system.inside("systemctl", "is-active", "profbilet").stdout.strip() == "inactive")
    failed = system.inside("systemctl", "--failed", "--no-legend", "list-units", "profbilet*").stdout.strip()
    check("nothing of ours failed", not failed, failed)
    modes = system.inside("stat", "-c", "%U %a %n", "/var/lib/profbilet", "/etc/profbilet/credentials").stdout.split("\n")
    check("folders belong to whom they should", modes[:2] == ["profbilet 700 /var/lib/profbilet", "root 700 /etc/profbilet/credentials"],
          modes)
    chief = dict(PASSPHRASE=PHRASES["passphrase"], ROOT_PASSPHRASE="root phrase of the test", USER="chief",
                 USER_PASSPHRASE="chief phrase of the test", NEW_PASSPHRASE=PHRASES["user-passphrase"])
    steps = (("init", "--admin", "chief", "--specimen"), ("user", "add", "service", "--role", "administrator"),
             ("sample", "roster", "--rows", "50", "--dirt", "0", "--out", "/tmp/roster.csv"),
             ("organisation", "import", "/tmp/roster.csv.organisations.csv"), ("roster", "import", "/tmp/roster.csv"))
    for step in steps:
        done = system.profbilet(*step, **chief)
        check(f"profbilet {' '.join(step[:2])}", done.returncode in (0, 2), done.stdout + done.stderr)
    made = json.loads(system.profbilet("client", "create", "desk", "--role", "cabinet", "--json", **chief).stdout)
    for name, phrase in PHRASES.items():
        place = f"/etc/profbilet/credentials/{name}"
        system.inside("install", "-m", "0600", "/dev/stdin", place, text=phrase + "\n")
    return made["key"], chief


def ready(system):
    for _ in range(120):
        if system.http("/readyz")[0] == 200:
            return True
        time.sleep(0.5)
    return False


def member(system, key):
    return system.http("/v1/members/PKG-1", "-H", f"Authorization: Bearer {key}")


def served(system, key):
    """The service as systemd starts it."""
    done = system.inside("systemctl", "start", "profbilet")
    check("systemctl start profbilet", done.returncode == 0, done.stderr + system.inside("journalctl", "-u", "profbilet").stdout[-2000:])
    check("/readyz: database, keys, publication", ready(system), system.inside("journalctl", "-u", "profbilet", "-n", "20").stdout)
    pid = system.inside("systemctl", "show", "-P", "MainPID", "profbilet").stdout.strip()
    status = system.inside("cat", f"/proc/{pid}/status").stdout
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    uid = system.inside("id", "-u", "profbilet").stdout.strip()
    check("it runs under its account, without capabilities, filtered", facts["Uid"].split()[0] == uid != "0"
          and int(facts["CapEff"], 16) == 0 and facts["NoNewPrivs"] == "1" and facts["Seccomp"] == "2", facts)
    about = system.inside("cat", f"/proc/{pid}/environ", f"/proc/{pid}/cmdline").stdout
    check("no phrase stands in its environment or command line", "CREDENTIALS_DIRECTORY" in about
          and not any(phrase in about for phrase in PHRASES.values()))
    security = system.inside("systemd-analyze", "security", "--no-pager", "profbilet").stdout
    level = re.search(r"exposure level for \S+: ([0-9.]+)", security)
    check(f"systemd-analyze security: {level and level[1]} of 10", level and float(level[1]) <= 2.5, security[-400:])
    body = {"last": "Орлова", "first": "Анна", "birthDate": "1970-03-02", "sex": "female", "category": "working",
            "organisation": place_of(system), "joinDate": "2005-09-01", "phone": "+70001234567",
            "consents": {"register": "2026-01-15", "cardProduction": True}}
    status, text = system.http("/v1/members/PKG-1", "-X", "PUT", "-H", f"Authorization: Bearer {key}", "-H",
                               "Content-Type: application/json", "-d", json.dumps(body))
    check("a member is written over HTTP", status == 201, (status, text))
    lines = system.inside("journalctl", "-u", "profbilet", "-o", "cat").stdout.splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    check("its log is JSON in the journal, without names", any(line.get("event") == "answered" for line in logged)
          and "Орлова" not in "".join(lines) and "+7000" not in "".join(lines))
    return pid


def place_of(system):
    with sqlite3.connect(f"file:{system.root}/var/lib/profbilet/register.sqlite?mode=ro", uri=True) as connection:
        ordinal, = connection.execute("SELECT organisation FROM member ORDER BY id LIMIT 1").fetchone()
    return f"{ordinal // 10_010_000:02}-{ordinal // 10_000 % 1_001 - 1:03}-{ordinal % 10_000:04}"


def units(system):
    names = sorted(path.name for path in (ROOT / "hardware/systemd").iterdir())
    done = system.inside("systemd-analyze", "verify", "--man=yes", *names)
    own = [line for line in done.stderr.splitlines() if "profbilet" in line and "pcscd" not in line]
    check(f"systemd-analyze verify: {', '.join(names)}", not own, own)
    done = system.inside("systemctl", "start", "profbilet-backup.service")
    files = list((system.root / "var/lib/profbilet-backups").glob("*.backup"))
    check("a backup is made beside the running service and restored on trial", done.returncode == 0 and len(files) == 1,
          system.inside("journalctl", "-u", "profbilet-backup", "-n", "20").stdout)


def older(system):
    """Takes the last migrations back, as a program before them left the register; gives the number of migrations."""
    path = system.root / "var/lib/profbilet/register.sqlite"
    with sqlite3.connect(path) as connection:
        last, name = connection.execute("SELECT number, name FROM schema_migration ORDER BY number DESC LIMIT 1").fetchone()
        if name != "payment documents":
            sys.exit(f".ci/packaging/test.py must learn to take the migration {name} back")
        whole = sorted(row for row in connection.execute("SELECT name, sql FROM sqlite_schema"))
        connection.executescript("""
            DROP TABLE member_past; DROP TABLE membership_return; DROP TABLE import_region; DROP INDEX carrier_event_at;
            ALTER TABLE partner DROP COLUMN set_suspended; DELETE FROM counter WHERE name = 'memberPast';
            DROP TRIGGER money_entry_document_once;
            DROP INDEX money_entry_region_document; DROP INDEX money_entry_batch_document;
            CREATE UNIQUE INDEX money_entry_region_document ON money_entry (region, document) WHERE kind = 'payment';
            CREATE UNIQUE INDEX money_entry_batch_document ON money_entry (kind, batch_id, document)
                WHERE kind = 'prepayment' OR kind = 'refund';
            DELETE FROM schema_migration WHERE number >= 14;""")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stat = os.stat(path.parent)
    for file in path.parent.glob("register.sqlite*"):
        os.chown(file, stat.st_uid, stat.st_gid)
    return last, whole


def upgraded(system, deb, key, pid):
    settings = system.root / "etc/profbilet/profbilet.yaml"
    settings.write_text(settings.read_text() + "clientRate: 300\n")
    before = member(system, key)
    system.inside("systemctl", "stop", "profbilet")
    last, whole = older(system)
    must("cp", deb, system.root / "root/")
    done = system.inside("dpkg", "-i", f"/root/{deb.name}")
    check("upgrades", done.returncode == 0 and f"Unpacking profbilet ({NEW})" in done.stdout, done.stdout + done.stderr)
    check("ready after the upgrade, without a hand", ready(system), system.inside("journalctl", "-u", "profbilet", "-n", "20").stdout)
    now = system.inside("systemctl", "show", "-P", "MainPID", "profbilet").stdout.strip()
    check("the service was started anew", now not in ("0", pid), (now, pid))
    with sqlite3.connect(f"file:{system.root}/var/lib/profbilet/register.sqlite?mode=ro", uri=True) as connection:
        again, = connection.execute("SELECT max(number) FROM schema_migration").fetchone()
        schema = sorted(row for row in connection.execute("SELECT name, sql FROM sqlite_schema"))
    check(f"the register was migrated to {last}, its schema is that of a new one", again == last and schema == whole)
    check("what was written before is there", member(system, key) == before and before[0] == 200, before)
    check("settings that were changed are kept", "clientRate: 300" in settings.read_text() and not list(settings.parent.glob("*.dpkg-*")))
    shown = system.profbilet("config", "show").stdout
    check("and in force", re.search(r"clientRate +300 +/etc/profbilet/profbilet.yaml", shown), shown)
    check("the audit chain is whole", system.profbilet(
        "audit", "verify", USER="chief", PASSPHRASE=PHRASES["passphrase"], USER_PASSPHRASE="chief phrase of the test").returncode == 0)


def gone(system, deb, key):
    data = system.root / "var/lib/profbilet/register.sqlite"
    done = system.inside("dpkg", "-r", "profbilet")
    check("removes", done.returncode == 0, done.stderr)
    check("the service stopped and the program is gone", system.http("/healthz")[0] == 0
          and not (system.root / "usr/bin/profbilet").exists())
    check("register, settings and credentials stay", data.exists() and (system.root / "etc/profbilet/profbilet.yaml").exists()
          and (system.root / "etc/profbilet/credentials/passphrase").exists())
    done = system.inside("dpkg", "-i", f"/root/{deb.name}")
    check("installed again it serves the same register", done.returncode == 0 and ready(system) and member(system, key)[0] == 200,
          done.stderr)
    done = system.inside("dpkg", "-P", "profbilet")
    check("purges, and says what it leaves", done.returncode == 0 and "/var/lib/profbilet stays" in done.stderr
          and "credentials stays" in done.stderr, done.stdout + done.stderr)
    check("the register was not deleted without being asked", data.exists() and data.stat().st_size > 100_000)
    left = [str(path.relative_to(system.root)) for place in ("usr", "lib", "etc") for path in (system.root / place).rglob("*profbilet*")
            if "credentials" not in path.parts and not path.is_dir()]
    allowed = ("etc/systemd/system",)
    check("nothing else of it is left", not [path for path in left if not path.startswith(allowed)], left)
    check("systemd knows no unit of it", "profbilet" not in system.inside("systemctl", "list-unit-files", "--no-legend").stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--keep", help="a folder whose `base` holds a system that debootstrap made before")
    options = parser.parse_args()
    if os.geteuid():
        sys.exit(".ci/packaging/test.py needs root: sudo make package-test")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="package-test-") as name:
        folder = pathlib.Path(name)
        made = packages(pathlib.Path(options.program).resolve(), folder)
        contents(made[NEW])
        system = System(folder / "debian12")
        base = pathlib.Path(options.keep) / "base" if options.keep else None
        if base and base.exists():
            must("cp", "-a", base, system.root)
        else:
            system.install()
            if base:
                must("cp", "-a", system.root, base)
        installed(system, made[OLD])
        try:
            system.start()
            key, chief = register(system)
            pid = served(system, key)
            units(system)
            upgraded(system, made[NEW], key, pid)
            gone(system, made[NEW], key)
        finally:
            system.stop()
    passed = all(row["passed"] for row in rows)
    reports = ROOT / ".build/reports"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "package.json").write_text(json.dumps({"passed": passed, "rows": rows}, indent=1, ensure_ascii=False))
    print(f"{sum(row['passed'] for row in rows)} passed, {sum(not row['passed'] for row in rows)} failed, {time.monotonic() - begun:.0f} s")
    sys.exit(0 if passed else 1)


main()
