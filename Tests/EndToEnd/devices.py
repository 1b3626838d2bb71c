"""Scanners on their devices and files handed to a station that runs; a part of station.py.

This kernel may have no /dev/uinput, so a FIFO with the kernel's own `input_event` records stands for the input device,
and a library before it answers the grab; serial lines are real ptys.
"""

import json
import os
import pty
import pathlib
import signal
import struct
import subprocess
import termios
import time

import production
from production import check, expect

KEYS = {key: 2 + place for place, key in enumerate("1234567890-=")}
KEYS |= {key: 16 + place for place, key in enumerate("qwertyuiop[]")}
KEYS |= {key: 30 + place for place, key in enumerate("asdfghjkl;'")}
KEYS |= {key: 44 + place for place, key in enumerate("zxcvbnm,./")}
KEYS |= {"\n": 28, "\t": 15, " ": 57, "\\": 43}
SHIFTED = {":": ";", "?": "/", "_": "-", "+": "="}


def records(text, gap=0.001):
    """What a scanner's keys are in the kernel's words: struct input_event, linux/input.h."""
    moment, content = time.monotonic(), b""

    def add(code, value):
        nonlocal moment, content
        moment += gap
        seconds, micro = int(moment), int(moment % 1 * 1e6)
        content += struct.pack("<qqHHi", seconds, micro, 1, code, value) + struct.pack("<qqHHi", seconds, micro, 0, 0, 0)
    for character in text:
        plain = SHIFTED.get(character, character.lower())
        shift = plain != character
        if shift:
            add(42, 1)
        add(KEYS[plain], 1)
        add(KEYS[plain], 0)
        if shift:
            add(42, 0)
    return content


def wait_for(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    check(what, False, "not in time")
    return None


def state(kiosk):
    return kiosk.ask("/api/status", {})[1]


def last(kiosk, count, number=1):
    """The newest scans, once so many are shown in all."""
    found = wait_for(f"{count} scans shown", lambda: len(state(kiosk)["lastScans"]) >= count)
    return [scan["outcome"] for scan in state(kiosk)["lastScans"][:number]] if found else []


def reader(kiosk, name, how):
    return wait_for(f"{name} is {how}", lambda: any(
        item["name"] == str(name) and item["state"] == how for item in state(kiosk)["readers"]))


def library(folder):
    path = folder / "grabbed_input.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path, pathlib.Path(__file__).parent / "grabbed_input.c", "-ldl"],
                   check=True)
    return path


def line(link):
    """A pty behind a name that stays, as udev gives one."""
    master, slave = pty.openpty()
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(slave))
    os.close(slave)
    return master


def scanners(event, texts):
    """A scanner that types and one on a serial line: unplugged and back, with Enter and without."""
    folder = event.office.folder / "devices"
    folder.mkdir()
    keyboard, serial, log = folder / "keyboard", folder / "serial", folder / "grabs"
    os.mkfifo(keyboard)
    grab = dict(LD_PRELOAD=str(library(folder)), GRAB_LOG=str(log))
    expect("the self-test takes scanners and lets them go", event.office.run(
        "station", "selftest", "--no-readers", "--scanner", keyboard, "--dir", event.stations["A"],
        **event.environment, **grab), 0, "✓ scanner: Honeywell 1950g")
    expect("a scanner that another program holds is told of", event.office.run(
        "station", "selftest", "--no-readers", "--scanner", keyboard, "--dir", event.stations["A"],
        **event.environment, **grab, GRAB_BUSY="1"), 5, "✗ scanner", "занят другой программой")
    expect("what is no scanner is told of", event.at("A", "selftest", "--no-readers", "--scanner", "/dev/null", "--serial",
                                                     folder / "none"), 5, "✗ scanner", "не устройство ввода", "не подключён")
    log.unlink()
    kiosk = event.start("A", "--scanner", keyboard, "--serial", f"{serial}:115200", **grab)
    reader(kiosk, keyboard, "ready")
    check("the keys are this station's alone", log.read_text().split() == ["grab", "monotonic"], log.read_text())
    before = len(state(kiosk)["lastScans"])
    with open(keyboard, "wb", buffering=0) as keys:
        keys.write(records(texts[0] + "\n"))
        check("a scanner with Enter admits", last(kiosk, before + 1) == ["ok"])
        keys.write(records("]Q1" + texts[1]))
        check("a scanner without Enter admits after silence", last(kiosk, before + 2) == ["ok"])
        keys.write(records(texts[2] + "\n" + texts[3] + "\n", gap=0.0001))
        check("two codes in 200 ms are two scans", last(kiosk, before + 4, 2) == ["ok", "ok"])
        keys.write(records(texts[2] + "\n"))
        keys.write(b"".join(struct.pack("<qqHHi", 0, 0, 1, code, value) for code in (62, 59, 1) for value in (1, 0)))
        keys.write(records(texts[0][:180]))
    check("unplugged in the middle of a code: shown again, no number made of its rest",
          last(kiosk, before + 5) == ["unreadable"], state(kiosk)["lastScans"][:2])
    reader(kiosk, keyboard, "ready")
    for round in range(2):
        master = line(serial)
        reader(kiosk, serial, "ready")
        settings = termios.tcgetattr(master)
        check("the line is raw", not settings[3] & (termios.ICANON | termios.ECHO | termios.ISIG), settings)
        check("the line has its speed", settings[4] == termios.B115200, settings[4])
        os.write(master, b"\x02" + texts[4 + round].encode() + b"\x03\r\n")
        check("a serial scanner admits, after it was unplugged too", last(kiosk, before + 6 + round) == ["ok"])
        os.close(master)
        reader(kiosk, serial, "away")
    check("what scanners typed moved nothing but verdicts", state(kiosk)["mode"] == "entry")
    kiosk.stop()
    return 6


def running(event, texts, snapshot_of):
    """Files, the clock and the closing of a station that runs; the running station answers."""
    kiosk = event.start("A")
    office = event.office
    expect("a running station says what it refuses", event.at("A", "import", office.folder / "snapshot-damaged"), 5,
           "bad_signature")
    expect("and the exit code is its own", event.at("A", "import", office.folder / "event.yaml"), 1, "не снимок")
    expect("a stranger's passphrase asks nothing", office.run(
        "station", "import", office.folder / "journal-B", "--dir", event.stations["A"],
        PROFBILET_STATION_PASSPHRASE="wrong"), 3, "не подходит")
    expect("a journal is taken while people come in", event.at("A", "import", office.folder / "journal-B"), 0,
           "журнал станции «B»")
    result = event.at("A", "import", snapshot_of(name="snapshot-running"), "--json")
    expect("a snapshot is taken while people come in", result, 0, '"people"')
    check("and judged by at once", json.loads(result.stdout)["snapshot"] > 1, result.stdout)
    check("people go on coming in", kiosk.scan(texts[6])["outcome"] == "ok")
    check("the clock was never compared", state(kiosk)["clock"] in ("unchecked", "good"))
    expect("a comparison takes a PIN", event.at("A", "clock", "--offset", "400"), 3, "PIN")
    clock = lambda *arguments: office.run("station", "clock", *arguments, "--dir", event.stations["A"],
                                          **event.environment, PROFBILET_OPERATOR_PIN="987654")
    expect("a clock six minutes off is told to the running station", clock("--offset", "360", "--uncertainty", "1"), 0,
           "записана")
    check("and holds the gate up", kiosk.scan(texts[7])["outcome"] == "clock_suspect", state(kiosk)["clock"])
    right = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    expect("a later comparison takes its place", clock("--time", right, "--uncertainty", "2"), 0, "записана")
    expect("what is known of the clock is shown", clock(), 0, "± 2000", "operator")
    time.sleep(2.1)
    check("and the gate goes on", kiosk.scan(texts[7])["outcome"] == "ok", state(kiosk)["clock"])
    expect("closing while it runs", event.at("A", "export", "--close", "--out", office.folder / "journal-closed"), 0)
    office.ok("event", "merge", office.folder / "journal-closed")
    check("it lets nobody in any more", kiosk.scan(texts[8])["outcome"] == "station_closed" and state(kiosk)["isClosed"])
    reopen = lambda code: office.run("station", "reopen", "--dir", event.stations["A"], **event.environment,
                                     PROFBILET_OPERATOR_PIN=code)
    expect("opening it again takes a PIN", reopen("0000"), 3, "PIN")
    expect("the running station opens again", reopen("1234"), 0, "открыта снова")
    time.sleep(2.1)
    check("and people come in", kiosk.scan(texts[8])["outcome"] == "ok")
    kiosk.stop(signal.SIGKILL)
    expect("after SIGKILL files are taken without it", event.at("A", "import", office.folder / "journal-B"), 0)
    kiosk = event.start("A")
    expect("erasing ends a station that runs", event.at("A", "wipe", "--yes"), 0, "остановлена")
    kiosk.process.wait(30)
    check("with its own exit code", kiosk.process.returncode == 5, kiosk.process.returncode)
    left = {path.name for path in event.stations["A"].iterdir()}
    check("its snapshot is gone", "snapshot.sealed" not in left and "journal.sqlite" in left, left)
    office.ok("station", "import", office.folder / "snapshot-running", "--dir", event.stations["A"], **event.environment)
