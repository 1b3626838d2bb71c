"""What an administrator relies on: settings and who says them, manual pages, completions, systemd units.

Usage: PROFBILET=path/to/profbilet python3 operation.py
"""

import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios

from serving import check, close

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
SECRET = "geheim-Wort-7"


def run(*arguments, **variables):
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PROFBILET")}
    return subprocess.run([PROGRAM, *map(str, arguments)], env={**bare, **variables}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def settings(*flags, **variables):
    done = run("config", "show", "--json", *flags, **variables)
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}, done


def layers(folder):
    print("settings")
    data, other = folder / "data", folder / "other"
    data.mkdir()
    other.mkdir()
    machine = folder / "machine.yaml"
    own = data / "profbilet.yaml"
    # each place says one thing more than the place before it
    machine.write_text(f"data: {data}\nlisten: 10.0.0.1:1\nclientRate: 1\nlookupRate: 1\nidleSeconds: 1\nuser: machine\n")
    own.write_text("listen: 10.0.0.2:2\nclientRate: 2\nlookupRate: 2\nproxy: [10.0.0.8, 10.0.0.9]\n")
    said = {"PROFBILET_CONFIG": str(machine), "PROFBILET_LISTEN": "10.0.0.3:3", "PROFBILET_CLIENT_RATE": "3"}
    shown, done = settings("--listen", "10.0.0.4:4", **said)
    check("nothing is wrong with them", done.returncode == 0, done.stderr)
    for name, value, source in (
            ("listen", "10.0.0.4:4", "--listen"), ("clientRate", "3", "PROFBILET_CLIENT_RATE"),
            ("lookupRate", "2", str(own)), ("idleSeconds", "1", str(machine)), ("bodySeconds", "30", "обычное/default"),
            ("proxy", "10.0.0.8, 10.0.0.9", str(own)), ("data", str(data), str(machine)), ("tlsCert", None, "–")):
        check(f"{name} is {value} by {source}", (shown[name]["value"], shown[name]["source"]) == (value, source), shown[name])
    shown, done = settings("--data", other, **said)
    check("the machine's file does not count for another register", shown["user"]["value"] is None
          and "machine.yaml" in done.stderr, shown["user"])
    shown, _ = settings(PROFBILET_DATA=str(data), PROFBILET_PROXY="10.0.0.5,10.0.0.6")
    check("a list stands in the environment with commas", shown["proxy"]["value"] == "10.0.0.5, 10.0.0.6", shown["proxy"])
    for text, wrong in (("listen: [a, b]\n", "listen"), ("lisen: a\n", "lisen"), ("data: /x\n", "data"), ("a: [\n", "profbilet.yaml")):
        own.write_text(text)
        done = run("config", "show", PROFBILET_DATA=str(data))
        check(f"{text.strip()!r} in a register's file is refused and named", done.returncode == 1 and wrong in done.stderr
              and "Ошибка" in done.stderr and "Error" in done.stderr, done.stderr)
    own.write_text("lookupRate: many\n")
    done = run("serve", PROFBILET_DATA=str(data))
    check("the service goes by the register's file also when the environment names its directory", done.returncode == 1
          and "lookupRate" in done.stderr, done.stderr)
    own.unlink()
    machine.write_text("specimen: true\n")
    check("a machine makes no specimen register", run("config", "show", PROFBILET_CONFIG=str(machine)).returncode == 1)
    check("a machine's file that is named must be there",
          run("config", "show", PROFBILET_CONFIG=str(folder / "none")).returncode == 1)
    for variable, value in (("PROFBILET_CLIENT_RATE", "many"), ("PROFBILET_LISTEN", "8080"), ("PROFBILET_LOG_LEVEL", "loud"),
                            ("PROFBILET_IDLE_SECONDS", "0"), ("PROFBILET_TLS_CERT", "/x")):
        for command in (("config", "show"), ("serve", "--data", data)):
            done = run(*command, **{variable: value})
            check(f"{variable}={value} stops {command[0]}", done.returncode == 1
                  and (variable in done.stderr or "--tls-key" in done.stderr), done.stderr)
    done = run("config", "show", PROFBILET_CLIENT_RAT="1")
    check("a misspelt variable is named", "PROFBILET_CLIENT_RAT" in done.stderr and done.returncode == 0, done.stderr)


def masks(folder):
    print("secrets")
    for connection, kept in (
            (f"host=db user=u password={SECRET} sslmode=require", "sslmode=require"),
            (f"host=db password='{SECRET} with blanks' user=u", "user=u"),
            (f"host=db password=a\\ {SECRET} user='o\\'clock 1'", "user='o\\'clock 1'"),
            (f"host=db password = '{SECRET} o\\'clock {SECRET}' user=u", "user=u"),
            (f"postgresql://u:{SECRET}@h1:1,h2:2/epb?sslmode=require", "dbname=epb host=h1,h2 port=1,2 sslmode=require"),
            (f"postgresql://u:SE?{SECRET}@h/epb", "user=u password=•••• dbname=epb host=h"),
            (f"postgresql://h/epb?user=u&password={SECRET}&sslmode=require", "sslmode=require"),
            (f"postgresql://h/epb?pass%77ord={SECRET}", "password=•••• dbname=epb host=h"),
            (f"postgresql://h/epb?sslpassword={SECRET}", "sslpassword=••••"),
            # what libpq does not understand, or takes a piece of the password for something else in, is not shown
            (f"postgres://u:{SECRET}@h/epb?SSLPASSWORD={SECRET}", "••••"),
            (f"host=h {SECRET}", "••••"), (f"postgresql://u:1/{SECRET}@h/epb", "••••"),
            (f"postgresql://u:{SECRET}", "••••"), (f"postgresql://u:1@{SECRET}@h/epb", "••••")):
        for flags in ((), ("--json",)):
            done = run("config", "show", *flags, PROFBILET_DATABASE=connection)
            check(f"{connection.replace(SECRET, '…')}{' as JSON' if flags else ''}: no password, the rest is there",
                  SECRET not in done.stdout + done.stderr and kept in (
                      json.loads(next(line for line in done.stdout.splitlines() if '"database"' in line))["value"]
                      if flags else done.stdout), done.stdout)
    names = re.findall(r"^\.It Ev (.*)$", page("profbilet", folder), re.M)
    variables = [word for name in names for word in name.replace("Ev ", "").split(" , ")]
    secrets = [name for name in variables if re.search("PASSPHRASE$|PIN$|CODE$|KEY$", name) and "TLS" not in name]
    shown = run("config", "show", **{name: SECRET for name in secrets})
    check(f"{len(secrets)} secrets of the environment are masked", len(secrets) >= 13 and SECRET not in shown.stdout + shown.stderr
          and shown.stdout.count("••••") == len(secrets), shown.stdout)
    check("the manual knows every variable", not re.search("неизвестна", run(
        "config", "show", **{name: "x" for name in variables
                             if name not in ("PROFBILET_CONFIG", "PROFBILET_DATABASE_FILE")}).stderr))
    source = "".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    read = {name for name in re.findall(r'"(PROFBILET_[A-Z_]+)"', source)}
    check("whatever the source reads stands in the manual", read <= set(variables), read - set(variables))


def page(name, folder):
    pages = folder / "man"
    if not pages.exists():
        done = run("manual", "pages", "--out", pages)
        check("the pages are written", done.returncode == 0, done.stderr)
    return (pages / f"{name}.1").read_text()


def leaves(command, above=()):
    below = [each for each in command.get("subcommands", []) if each["commandName"] != "help"]
    words = (*above, command["commandName"])
    if not below:
        yield words, command
    for each in below:
        yield from leaves(each, words)


def manual(folder):
    print("manual and completions")
    tool = json.loads(run("--experimental-dump-help").stdout)["command"]
    commands = list(leaves(tool))
    shells = {shell: run("manual", "completions", shell).stdout for shell in ("bash", "zsh", "fish")}
    absent, incomplete = [], []
    for words, command in commands:
        text = page("-".join(words[:2]), folder)
        if len(words) > 2 and f".Ss {' '.join(words[1:])}\n" not in text:
            absent.append(words)
        for argument in command.get("arguments", []):
            for name in argument.get("names") or []:
                if name["name"] in ("help", "h", "version") or not argument["shouldDisplay"]:
                    continue
                if f"Fl {'-' if name['kind'] == 'long' else ''}{name['name']}" not in text:
                    absent.append((*words, name["name"]))
                incomplete += [(shell, *words, name["name"]) for shell, script in shells.items() if name["name"] not in script]
            for value in argument.get("allValues") or []:
                if value not in text:
                    absent.append((*words, value))
        incomplete += [(shell, *words) for shell, script in shells.items() if words[-1] not in script]
    check(f"every flag and value of {len(commands)} commands stands in the manual", len(commands) > 100 and not absent, absent)
    check("every command and flag is completed in bash, zsh and fish", not incomplete, incomplete[:9])
    top = page("profbilet", folder)
    check("every page is named by the first", all(f"Xr {path.stem} 1" in top for path in (folder / "man").iterdir()))
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "error", *sorted((folder / "man").iterdir())], capture_output=True, text=True)
    check("mandoc finds no error", lint.returncode == 0, lint.stdout[:600])
    for shell, script in shells.items():
        (folder / shell).write_text(script)
    syntax = subprocess.run(["bash", "-n", folder / "bash"], capture_output=True, text=True)
    check("bash reads its completions", syntax.returncode == 0, syntax.stderr)
    for shell in ("zsh", "fish"):
        if not shutil.which(shell):
            print(f"  ({shell} is not installed: left out)")
            continue
        syntax = subprocess.run([shell, "-n", folder / shell], capture_output=True, text=True)
        check(f"{shell} reads its completions", syntax.returncode == 0, syntax.stderr)
    typed = subprocess.run(
        ["bash", "-c", f"source {folder}/bash; COMP_WORDS=(profbilet or); COMP_CWORD=1; COMP_LINE='profbilet or'; COMP_POINT=12; "
         "$(complete -p profbilet | sed 's/.*-F \\([^ ]*\\).*/\\1/') profbilet or profbilet; printf '%s\\n' \"${COMPREPLY[@]}\""],
        capture_output=True, text=True, env={**os.environ, "PATH": f"{pathlib.Path(PROGRAM).parent}:{os.environ['PATH']}"})
    check("bash completes a command", {"order", "organisation"} <= {word.strip() for word in typed.stdout.split()},
          typed.stdout + typed.stderr)


def wrong_usage():
    print("a wrong command line")
    for words, russian, english in (
            (["frob"], "Лишнее или неизвестное слово: «frob»", "Unexpected argument"),
            (["batch", "act", "1"], "Не указано: --out <out>", "Missing expected argument"),
            (["batch", "act", "1", "--out"], "Нет значения после ключа: --out <out>", "Missing value"),
            (["batch", "act", "eins", "--out", "x"], "Значение «eins» не годится для <id>", "is invalid"),
            (["health", "--jsn"], "Неизвестный ключ «--jsn». Может быть, «--json»?", "Unknown option"),
            (["ticket", "find", "--json=3"], "Ключ «--json» не принимает значения", "does not take any value"),
            (["roster", "import", "a", "b", "c"], "Лишние или неизвестные слова: 'b', 'c'", "2 unexpected arguments"),
            (["user", "add", "x", "--role", "boss"], "Значение «boss» не годится для --role <role>. Допустимо:", "auditor"),
            (["settlement", "pay", "27", "-5"], "«-5» начинается с минуса", "begins with a minus"),
            (["settlement", "show"], "Назовите регион RR или --all.", "Name a region RR, or --all."),
            (["batch", "cancel", "1", "--reason", " "], "Укажите основание: --reason.", "Say why: --reason."),
            (["ticket", "find"], "Назовите номер", "Give a number")):
        done = run(*words)
        lines = done.stderr.splitlines()
        check(f"{' '.join(words)}: told in Russian first, English beside", done.returncode == 64 and not done.stdout
              and done.stderr.startswith("Ошибка: ") and russian in done.stderr and english in done.stderr
              and any(line.startswith("Error: ") for line in lines) and "Вызов / Usage: " in done.stderr, done.stderr)


def units(folder):
    print("systemd units")
    if not shutil.which("systemd-analyze"):
        return check("systemd-analyze is installed", False)
    root = folder / "root"
    program = root / "usr/bin/profbilet"
    for path in (program, root / "usr/libexec/profbilet/backup"):
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nprofbilet:x:900:900::/var/lib/profbilet:/usr/sbin/nologin\n")
    (root / "etc/group").write_text("root:x:0:\nprofbilet:x:900:\n")
    target = root / "lib/systemd/system"
    target.mkdir(parents=True)
    names = []
    for path in sorted((ROOT / "hardware/systemd").iterdir()):
        shutil.copy(path, target)
        names.append(path.name)
    standing = pathlib.Path("/lib/systemd/system")
    for name in ("basic.target", "sysinit.target", "shutdown.target", "multi-user.target", "timers.target", "network.target",
                 "network-online.target", "time-set.target", "time-sync.target", "system.slice", "-.slice"):
        if (standing / name).exists():
            shutil.copy(standing / name, target)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={root}", *names],
                          capture_output=True, text=True)
    check(f"systemd accepts {', '.join(names)}", done.returncode == 0 and not done.stderr.strip(), done.stderr)
    for name in names:
        if not name.endswith(".service"):
            continue
        text = (ROOT / "hardware/systemd" / name).read_text()
        for demand in ("User=profbilet", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "UMask=0077",
                       "CapabilityBoundingSet=\n", "RestrictAddressFamilies=", "SystemCallFilter="):
            check(f"{name}: {demand.strip()}", demand in text)
        secrets = re.findall(r"^LoadCredential=(.*)$", text, re.M)
        check(f"{name}: its secrets come as credentials and stand in no variable", secrets
              and not re.search(r"^Environment=.*PASSPHRASE=", text, re.M), secrets)
        for line in re.findall(r"^ExecStart=(.*)$", text, re.M):
            flags = re.findall(r" (--[a-z-]+)", line)
            words = [word for word in line.split()[1:] if re.fullmatch("[a-z-]+", word)][:2]
            usage = run(*words, "--help").stdout
            check(f"{name}: {' '.join(words)} knows {flags}", all(flag in usage for flag in flags), usage[:200])


def shown_at(columns, *arguments):
    """What a command shows on a terminal of so many columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL)
    os.close(slave)
    said = b""
    while True:
        try:
            said += os.read(master, 65536)
        except OSError:
            break
    process.wait()
    os.close(master)
    return said.decode().replace("\r\n", "\n").splitlines()


def terminal():
    print("narrow terminals")
    head = ["настройка/setting", "значение/value", "источник/source", "что это/what it is"]
    wide = shown_at(300, "config", "show")
    check("a table stands in columns where they fit", re.split("  +", wide[0]) == head, wide[:2])
    narrow = shown_at(60, "config", "show")
    check("and in blocks where they do not", narrow[0].startswith(head[0] + "  ") and narrow[1].startswith(head[1] + " ")
          and len([line for line in narrow if not line]) == len(wide) - 2, narrow[:6])


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        layers(folder)
        masks(folder)
        manual(folder)
        wrong_usage()
        terminal()
        units(folder)
    close()


main()
