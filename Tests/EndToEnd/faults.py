"""Bad input and a failing world: each gets a clear error, the right exit code, and nothing lost or half done.

Usage: PROFBILET=path/to/profbilet python3 faults.py
With PROFBILET_TEST_POSTGRES (Tests/with-postgres.sh) the register lies on that server: its disk, its locks and its
copies are not ours, so those scenes stay with SQLite.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import tables

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
passed = 0
failures = []


class Office:
    def __init__(self, folder, **changes):
        self.folder = folder
        self.data = folder / "data"
        self.tables = tables.of(self.data)
        self.environment = dict(
            os.environ, **self.tables.environment, PROFBILET_DATA=str(self.data), PROFBILET_USER="tester",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="tester phrase", PROFBILET_BACKUP_PASSPHRASE="backup phrase",
            PROFBILET_NEW_PASSPHRASE="another phrase", **changes)

    def run(self, *arguments, **changes):
        return subprocess.run(
            [PROGRAM, *map(str, arguments)], env=dict(self.environment, **changes),
            stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def ok(self, *arguments, codes=(0,)):
        result = self.run(*arguments)
        if result.returncode not in codes:
            sys.exit(f"{arguments} gave {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout


def expect(name, result, code, *words):
    """The exit code, both languages on standard error, and no Swift trap."""
    global passed
    errors = result.stderr
    is_right = result.returncode == code and all(word in errors + result.stdout for word in words) \
        and "Fatal error" not in errors and "Ошибка" in errors + result.stdout
    if is_right:
        passed += 1
        print(f"  ok    {name}")
    else:
        failures.append(name)
        print(f"  FAIL  {name}: code {result.returncode}, expected {code}: {result.stdout[-200:]}{errors[-300:]}")


def check(name, is_right):
    global passed
    if is_right:
        passed += 1
        print(f"  ok    {name}")
    else:
        failures.append(name)
        print(f"  FAIL  {name}")


HEADER = ("ИД АИС;Фамилия;Имя;Отчество;Дата рождения;Пол;Категория;Код организации;Дата вступления;"
          "Согласие ПДн\r\n")


def files(office):
    bad = {
        "empty": b"", "binary": bytes(range(256)) * 40, "no header": "а;б;в\r\n1;2;3\r\n".encode(),
        "truncated zip": b"PK\x03\x04" + b"\0" * 40,
        "unclosed quote": (HEADER + '1;"Орлова;Анна\r\n').encode() + b"x" * 200,
        "deep JSON": b'{"schema":"roster/1","members":' + b"[" * 5000,
        "wrong schema": b'{"schema":"roster/9","members":[]}',
        "half a JSON": b'{"schema":"roster/1","members":[{"last":"',
        "nul bytes": HEADER.encode() + b"1;\0;\0\r\n",
        "two same headers": "ИД АИС;Фамилия;Фамилия;Имя\r\n1;2;3;4\r\n".encode(),
    }
    for name, content in bad.items():
        path = office.folder / "bad"
        path.write_bytes(content)
        expect(f"a roster that is: {name}", office.run("roster", "import", path), 1)
    expect("a roster that is not there", office.run("roster", "import", office.folder / "none"), 1,
           f"{office.folder}/none: file_unreadable")
    expect("a folder as roster", office.run("roster", "import", office.folder), 1)
    expect("a file where a folder should be", office.run("status", "publish", path), 1, str(path))
    findings(office)
    times(office)
    numbers(office)
    check("nothing of them was kept", count(office, "SELECT count(*) FROM member") == 0)
    path = office.folder / "organisations.csv"
    path.write_text("Код;Наименование\r\nRR;Область\r\n26-001;Без региона\r\n")
    check("bad organisations are refused by row", office.run("organisation", "import", path).returncode == 2)


def findings(office):
    """A row's finding names its column; the caret stands under the cell."""
    path = office.folder / "finding.csv"
    path.write_text("Фамилия;Имя;Дата рождения;Категория;Код организации;Дата вступления;Согласие ПДн\n"
                    "Орлова;Анна;05.06.80;работающий;26-001-0001;01.09.2001;да\n")
    result = office.run("roster", "import", path, "--dry-run")
    check("a finding with its column and a caret", result.returncode == 2 and "столбец 3, birthDate" in result.stdout
          and "  2 | Орлова;Анна;05.06.80;" in result.stdout and "\n    |             ^\n" in result.stdout)


def times(office):
    """TIME of inspect: every form the help names is understood, and nothing that only looks like one."""
    right = ["1800000000", "2027-01-15", "2027-01-15T08:00:00Z", "2027-01-15T11:00:00+03:00", "2027-01-15T11:00",
             "2027-01-15T08:00:00.5Z", "15.01.2027", "15.01.2027 11:00", "15.01.2027 11:00:05"]
    wrong = ["", "now", "1e9", "31.02.2027", "15.01.2027 25:00", "15.01.2027 11:00:99", "15.x.01.2027", "15.01.27",
             "2027-01-15T11:00+99", "15.01.2027 11:00:xx"]
    said = {text: office.run("inspect", "5", "--at", text).returncode for text in right + wrong}
    check("every form of a time", all(said[text] == 2 for text in right))
    check("what is no time", all(said[text] == 1 for text in wrong))


def numbers(office):
    """A number is judged the same singly and by lines."""
    texts = ["177481516234216", "1774815162342161", "177481516234217", "177 4815 1623 4216", "5"]
    asked = "".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(texts))
    answer = subprocess.run([PROGRAM, "inspect", "--lines"], input=asked, capture_output=True, text=True)
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    singly = [json.loads(office.run("inspect", text, "--json").stdout) for text in texts]
    fields = ("verdict", "ticket", "issue")
    check("a number alone and by lines", [[one.get(field) for field in fields] for one in lines]
          == [[one.get(field) for field in fields] for one in singly])
    check("its ticket is told where its digits fit", [line["ticket"] for line in lines[:3]]
          == ["177481516234216"] * 2 + [None])
    check("and its verdict is of its own", [line["verdict"] for line in lines[:3]]
          == ["unknown_format"] * 2 + ["malformed"])


def usage(office):
    """What the command line cannot mean is wrong usage (64), and the help lists what is taken."""
    create = ("order", "create")
    expect("an order of nobody", office.run(*create), 64, "--member, --organisation, --file.")
    expect("an order of members and an organisation",
           office.run(*create, "--member", "1", "--organisation", "99"), 64, "ровно одно")
    expect("a step of no order", office.run("order", "submit"), 64, "order numbers")
    expect("two ways to compare a clock",
           office.run("station", "clock", "--offset", "1", "--time", "2026-05-14T09:30:00Z"), 64, "--offset")
    for command, taken, other in ((("roster", "import"), "left, transferred", "expelled"),
                                  (("carrier", "block"), "suspend, lost, stolen, withdraw", "unblock"),
                                  (("carrier", "block-many"), "suspend, lost, stolen, withdraw", "unblock")):
        shown = " ".join(office.ok(*command, "--help").split())
        check(f"the help of {' '.join(command)} lists what is taken", taken in shown and other not in shown)
    expect("a standing that absence does not mean",
           office.run("roster", "import", "x.csv", "--complete-for", "99", "--mark-absent", "expelled"), 64, "transferred")
    expect("an unblocking block", office.run("carrier", "block", "#1", "--as", "unblock", "--reason", "x"), 64, "withdraw")
    expect("a time that is none", office.run("user", "list", PROFBILET_NOW="garbage"), 1, "PROFBILET_NOW", "garbage")


def count(office, sql):
    return office.tables.number(sql)


def people(office):
    expect("no passphrase at all", office.run("user", "list", PROFBILET_PASSPHRASE=""), 3)
    expect("a wrong register passphrase", office.run("user", "list", PROFBILET_PASSPHRASE="wrong phrase"), 3)
    expect("an unknown user", office.run("user", "list", PROFBILET_USER="nobody"), 3)
    office.ok("user", "add", "clerk", "--role", "registrar", "--scope", "26")
    expect("a taken name", office.run("user", "add", "clerk", "--role", "chair"), 5)
    clerk = {"PROFBILET_USER": "clerk", "PROFBILET_USER_PASSPHRASE": "another phrase"}
    expect("what the role forbids", office.run("keys", "list", **clerk), 4)
    expect("what lies outside the scope", office.run("order", "create", "--organisation", "27", **clerk), 4)
    wrong = dict(clerk, PROFBILET_USER_PASSPHRASE="wrong phrase")
    for _ in range(5):
        office.run("user", "list", **wrong)
    expect("a locked-out user", office.run("order", "list", **clerk), 3, "user enable")
    office.ok("user", "enable", "clerk")
    check("an unlocked user works again", office.run("order", "list", **clerk).returncode == 0)
    expect("a wrong root passphrase",
           office.run("keys", "rotate", "status", "--now", PROFBILET_ROOT_PASSPHRASE="wrong phrase"), 3)


def output(office):
    """Output that was not written ends a command with a failure; what is shown once says how to get it again."""
    def into(out, *arguments, **options):
        done = subprocess.run([PROGRAM, *arguments], env=office.environment, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.PIPE, text=True, **options)
        done.stdout = ""
        return done

    with open("/dev/full", "w") as full:
        expect("a key that was not shown", into(full, "client", "create", "full", "--role", "app"), 11, "client rotate full")
        expect("another one", into(full, "client", "rotate", "full", "--json"), 11, "client rotate full")
        expect("a list that was not written", into(full, "client", "list"), 11, "на диске нет места")
        expect("a help that was not written", into(full, "--help"), 11)
    # As under a program that ignores SIGPIPE: there `| head` ends no command by itself.
    end, pipe = os.pipe()
    os.close(end)
    done = into(pipe, "client", "list", restore_signals=False)
    check("a reader that has left is no failure", done.returncode == 0 and not done.stderr)
    expect("but a key must have been read", into(pipe, "client", "rotate", "full", restore_signals=False), 11,
           "client rotate full")
    os.close(pipe)


def world(office):
    roster = office.folder / "roster.csv"
    office.ok("sample", "roster", "--rows", 300, "--seed", 3, "--dirt", 0, "--out", roster)
    office.ok("organisation", "import", f"{roster}.organisations.csv")
    if not office.tables.is_server:
        release = office.tables.hold()
        expect("a register held by another process", office.run("roster", "import", roster), 10)
        release()
        check("nothing of it was kept", count(office, "SELECT count(*) FROM member") == 0)
    else:
        nowhere = office.environment["PROFBILET_DATABASE"] + " port=1"
        expect("a server that is not there", office.run("roster", "import", roster, PROFBILET_DATABASE=nowhere), 11)
    office.ok("roster", "import", roster)
    shared(office)
    office.ok("order", "create", "--organisation", "99", "--submit")
    office.ok("order", "approve", "--organisation", "99")
    issue = ("ticket", "issue", "--valid-until", "31.12.2035", "--url")
    expect("a URL in lower case", office.run(*issue, "https://epb.example.ru/c/"), 1)
    expect("a validity past the key's", office.run("ticket", "issue", "--valid-until", "31.12.2080", "--url",
                                                  "HTTPS://X.RU/"), 8)
    keys = office.data / "keys/signing.keys"
    content = keys.read_bytes()
    keys.unlink()
    expect("a missing key file", office.run(*issue, "HTTPS://X.RU/"), 8)
    keys.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    expect("a damaged key file", office.run(*issue, "HTTPS://X.RU/"), 3)
    keys.write_bytes(content)
    check("nothing was allotted", count(office, "SELECT count(*) FROM ticket_number") == 0)
    office.ok(*issue, "HTTPS://X.RU/")
    empty = "decode(repeat('00', 200), 'hex')" if office.tables.is_server else "zeroblob(200)"
    office.tables.execute(f"UPDATE carrier SET payload = {empty} WHERE id = 3")
    expect("a tampered payload", office.run("ticket", "payloads", 1), 7)
    table = " ON audit" if office.tables.is_server else ""
    office.tables.execute(f"DROP TRIGGER audit_no_change{table}",
                          "UPDATE audit SET user_name = 'nobody' WHERE seq = 4")
    expect("a tampered audit row", office.run("audit", "verify"), 7, "4")
    expect("a damaged backup", office.run("verify-backup", roster), 1)
    expect("a folder that cannot be made", office.run("status", "publish", "/proc/none/x"), 6)


def shared(office):
    """An old number on several cards: what is shown of them tells which one to name."""
    people = [count(office, f"SELECT CAST({which}(ais_id) AS BIGINT) FROM member") for which in ("min", "max")]
    cards = office.folder / "old-cards.csv"
    cards.write_text("ИД АИС;Кем выдан;Номер билета\n"
                     + "".join(f"{person};Обком {at};000123\n" for at, person in enumerate(people)), encoding="utf-8")
    office.ok("legacy", "import", cards)
    refused = office.run("carrier", "block", "L:000123", "--reason", "lost")
    shown = [json.loads(line) for line in office.ok("carrier", "show", "L:000123", "--json").splitlines()]
    expect("an old number of two cards", refused, 5, *[f"#{card['id']}" for card in shown])
    check("their rows, issuers and members tell them apart",
          [card["legacyIssuer"] for card in shown] == ["Обком 0", "Обком 1"]
          and len({card["member"] for card in shown}) == 2)
    table = office.ok("carrier", "show", "L:000123")
    check("in the table, too", all(word in table for card in shown
                                   for word in (f"#{card['id']}", card["legacyIssuer"], f"#{card['member']}")))
    office.ok("carrier", "block", f"#{shown[0]['id']}", "--as", "withdraw", "--reason", "lost")


def disk(office):
    """A disk that fills up in the middle of an import: nothing half done, and it goes on after more room."""
    mount = office.folder / "small"
    mount.mkdir()
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", mount], capture_output=True).returncode:
        failures.append("disk full: cannot mount a small disk")
        print("  FAIL  disk full: a small tmpfs cannot be mounted (needs root)")
        return
    try:
        small = Office(mount)
        roster = office.folder / "large.csv"
        office.ok("sample", "roster", "--rows", 20000, "--seed", 4, "--dirt", 0, "--out", roster)
        small.ok("init", "--specimen")
        first = small.run("organisation", "import", f"{roster}.organisations.csv")
        result = first if first.returncode else small.run("roster", "import", roster)
        expect("a full disk", result, 11)
        check("nothing half done on the full disk", count(small, "SELECT count(*) FROM member") == 0)
        subprocess.run(["mount", "-o", "remount,size=200m", mount], check=True)
        small.ok("organisation", "import", f"{roster}.organisations.csv")
        small.ok("roster", "import", roster)
        check("with more room the same commands succeed", count(small, "SELECT count(*) FROM member") == 20000)
        small.ok("audit", "verify")
    finally:
        subprocess.run(["umount", "-l", mount])


def limit(office):
    """A file that may not grow any further: a failed write with words, and nothing half done."""
    limited = Office(office.folder / "limited")
    limited.folder.mkdir()
    roster = office.folder / "long.csv"
    office.ok("sample", "roster", "--rows", 20000, "--seed", 5, "--dirt", 0, "--out", roster)
    limited.ok("init", "--specimen")
    limited.ok("organisation", "import", f"{roster}.organisations.csv")
    size = 4 << 20

    def under(*arguments):
        return subprocess.run(
            [PROGRAM, *map(str, arguments)], env=limited.environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))

    # The first load writes into the file itself, the later ones into its journal.
    expect("a first import past the limit of a file's size", under("roster", "import", roster), 11, "ulimit -f")
    check("nothing half done under the limit", count(limited, "SELECT count(*) FROM member") == 0)
    few = office.folder / "few.csv"
    few.write_bytes(b"".join(roster.read_bytes().splitlines(keepends=True)[:101]))
    limited.ok("roster", "import", few)
    expect("a later one", under("roster", "import", roster), 11, "ulimit -f")
    check("what was there before stays", count(limited, "SELECT count(*) FROM member") == 100)
    limited.ok("roster", "import", roster)
    check("without the limit it succeeds", count(limited, "SELECT count(*) FROM member") == 20000)


def main():
    with tempfile.TemporaryDirectory() as name:
        office = Office(pathlib.Path(name))
        expect("a directory without register", office.run("user", "list"), 6, "profbilet init")
        expect("a short passphrase", office.run("init", PROFBILET_PASSPHRASE="short"), 1)
        office.ok("init", "--specimen")
        expect("a second init", office.run("init"), 5)
        files(office)
        people(office)
        usage(office)
        output(office)
        world(office)
        if office.tables.is_server:
            office.tables.drop()
        else:
            disk(office)
            limit(office)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
