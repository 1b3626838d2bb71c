"""The reader driver on a real pcscd with virtual readers: every profile's evidence, every fault's answer.

Usage: PROFBILET=path/to/profbilet python3 reader.py [--taps N] [--only WORD]; needs root for private namespaces.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from chipcards import PROGRAM, Batch, Lines, emulator, reading

HERE = pathlib.Path(__file__).resolve().parent
FIRST = "Virtual PCD 1 00 00"
passed = 0
failures = []


def check(name, ok, detail=""):
    global passed
    if ok:
        passed += 1
        print(f"  ok    {name}", flush=True)
    else:
        failures.append(name)
        print(f"  FAIL  {name}: {detail}", flush=True)


class Daemon:
    """A pcscd with so many blocks of two readers."""

    def __init__(self, folder, blocks=1):
        *self.command, self.all = os.environ["PCSCD"].split()
        self.conf = folder / f"conf{time.monotonic_ns()}"
        self.conf.mkdir()
        self.process = None
        for number in range(1, blocks + 1):
            self.plug(number)

    def plug(self, number):
        self.file(number, "unplugged").unlink(missing_ok=True)
        shutil.copy(pathlib.Path(self.all) / f"vpcd{number}", self.conf)

    def unplug(self, number):
        self.file(number, "unplugged").touch()

    def file(self, number, ending):
        """A file beside a block's driver (wrapped_reader.c)."""
        return pathlib.Path(self.all).parent / f"reader{number}.{ending}"

    def start(self):
        for name in ("pcscd.comm", "pcscd.pid"):
            pathlib.Path("/run/pcscd", name).unlink(missing_ok=True)
        with open(os.environ["PCSCD_LOG"], "ab") as log:
            self.process = subprocess.Popen([*self.command, str(self.conf)], stdout=log, stderr=log)
        for _ in range(200):
            if os.path.exists("/run/pcscd/pcscd.comm"):
                return self
            time.sleep(0.02)
        sys.exit("pcscd does not start")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def tap(batch, *card, keys=True, seconds=8, arguments=(), **options):
    """One card, one reading: its JSON line, exit code and errors."""
    with reading(batch, "--timeout", seconds, *arguments, keys=keys) as reader, \
            emulator(batch, "--hold", 3000, *card, **options) as chip:
        line = reader.wait(seconds=seconds + 2)
        try:
            code = reader.process.wait(3)
        except subprocess.TimeoutExpired:
            code = None
        line = dict(line or {"failure": "no line"}, code=code, errors=reader.errors)
        line["emulator"] = [item for _, item in chip.seen]
    cleared()
    return line


def cleared():
    """Waits until pcscd has noticed that every card is gone: it looks every 400 ms."""
    for _ in range(100):
        if '"atr":"' not in subprocess.run([PROGRAM, "readers", "--json"], capture_output=True, text=True).stdout:
            return
        time.sleep(0.05)


def proves(line, batch, level, fresh=False, authentication="none", number=1, code=0):
    """Whether a tap gave the right payload of the right card and exactly this evidence."""
    chip = line.get("chip", {})
    return (line["code"] == code and line["level"] == level and line["fresh"] is fresh
            and chip["authentication"] == authentication and line["verdict"] == "valid"
            and chip["payload"] == batch.payloads[number - 1].hex()
            and line["ticket"] + str(line["issue"]) == batch.carriers[number - 1].replace("-", ""))


def profiles(batch, folder):
    with Daemon(folder):
        line = tap(batch)
        check("NTAG 424 DNA: a live answer under the chip's key, fresh",
              proves(line, batch, "mutualAuth", True, "passed") and line["profile"] == "ntag424"
              and line["chip"]["counter"] == 1 and line["chip"]["live"] and not line["copy"], line)
        uid = line["chip"]["uid"]
        line = tap(batch, "--mirror", "plain")
        check("NTAG 424 DNA: UID and counter mirrored in plain text",
              proves(line, batch, "mutualAuth", True, "passed") and line["chip"]["counter"] == 1, line)
        line = tap(batch, keys=False)
        check("NTAG 424 DNA without keys at the station: signed data only",
              proves(line, batch, "signedData") and line["profile"] == "type4", line)
        line = tap(batch, profile="type4", line=2)
        check("Type 4: signed data", proves(line, batch, "signedData", number=2)
              and line["profile"] == "type4", line)
        line = tap(batch, profile="type2", line=3)
        check("Type 2: signed data", proves(line, batch, "signedData", number=3)
              and line["profile"] == "type2", line)
        check("Type 2: nothing is read past the container's size",
              not [item for item in line["emulator"] if item["event"] == "past-end"], line["emulator"])
        line = tap(batch, "--uid", "0412ab34", profile="uid")
        check("a card with a UID only proves nothing", line["code"] == 2 and line["level"] == "uid"
              and line["chip"]["uid"] == "0412ab34" and line["verdict"] == "unknown_format", line)
        line = tap(batch, "--fault", "wrongKey")
        check("a cloned NTAG 424 with wrong keys: authentication failed",
              proves(line, batch, "signedData", False, "failed", code=2) and line["copy"], line)
        line = tap(batch, "--fault", "half")
        check("a half personalised chip: authentication failed",
              proves(line, batch, "signedData", False, "failed", code=2) and line["copy"], line)
        # The genuine chip's bytes under another chip's UID.
        copy_of_message(batch, folder, uid)
        counters(batch)


def copy_of_message(batch, folder, uid):
    """A recorded tap written to a plain Type 4 card, with the right UID and with another."""
    with reading(batch, "--timeout", 20, "--taps", 3) as reader:
        with emulator(batch, "--hold", 200):
            first = reader.wait()
        uri = first["chip"]["uri"].encode()
        message = bytes([0x91, 1, len(uri) + 1, 0x55, 0]) + uri + bytes([0x54, 16, len(batch.payloads[0])]) \
            + b"profbilet.ru:epb" + batch.payloads[0]
        encoding = folder / "copy.csv"
        encoding.write_text(f"sequence;carrier;ndef;key\r\n1;{batch.carriers[0]};{message.hex()};\r\n")
        command = [os.path.join(os.path.dirname(PROGRAM), "card-emulator"), "--encoding", encoding,
                   "--profile", "type4", "--hold", 200]
        with Lines([*command, "--uid", uid]):
            second = reader.wait(2)
        with Lines([*command, "--uid", "04112233445566"]):
            third = reader.wait(3)
        check("a recorded message played again: right MAC, old counter, a copy",
              second and second["chip"]["authentication"] == "passed" and second["level"] == "dynamicMAC"
              and not second["fresh"] and second["counter"] == "went_back" and second["copy"], second)
        check("a recorded message on a chip with another UID: authentication failed",
              third and third["chip"]["authentication"] == "failed" and third["copy"], third)


def counters(batch):
    # pcscd may still show the card of the check before.
    cleared()
    with reading(batch, "--timeout", 30, "--taps", 3) as reader, \
            emulator(batch, "--taps", 3, "--hold", 300, "--gap", 600, "--counter", 40, "--fault", "rollback"):
        reader.wait(3, 20)
        lines = reader.all()
        check("a counter that goes back is seen",
              [line["counter"] for line in lines] == ["first_seen", "went_back", "went_back"]
              and [line["copy"] for line in lines] == [False, True, True], lines)
    cleared()
    with reading(batch, "--timeout", 30, "--taps", 3) as reader, \
            emulator(batch, "--taps", 3, "--hold", 300, "--gap", 600):
        reader.wait(3, 20)
        lines = reader.all()
        check("a counter that advances is no copy",
              [line["counter"] for line in lines] == ["first_seen", "advanced", "advanced"]
              and not any(line["copy"] for line in lines), lines)


def cards(batch, folder):
    """Emulated faults: each has its own answer, and none stops the reader."""
    expected = {
        "mute": (1, "mute", "mute"), "dead": (1, "mute", "mute"), "pulled": (1, "card_gone", "pulled"),
        "oversize": (1, "malformed_answer", "malformed_answer"), "empty": (1, "mute", "mute"),
        "short": (1, "malformed_answer", "malformed_answer"),
        "endless": (1, "malformed_answer", "malformed_answer"),
        "liar": (1, "malformed_answer", "malformed_answer"),
    }
    with Daemon(folder):
        for fault, (code, failure, fact) in expected.items():
            line = tap(batch, "--fault", fault)
            check(f"a card that is {fault}: {failure}", line["code"] == code and line["failure"] == failure
                  and line["chip"]["fault"] == fact and line["level"] == "none", line)
        for fault, what in (("slow", "a slow card is waited for"), ("chain61", "61xx chains are followed"),
                            ("length6C", "6Cxx is asked again"), ("sleepy", "a card that wakes up late is read")):
            line = tap(batch, "--fault", fault, seconds=12)
            check(what, proves(line, batch, "mutualAuth", True, "passed"), line)
        with reading(batch, "--timeout", 20, "--taps", 2) as reader:
            with emulator(batch, "--fault", "mute", "--hold", 100, "--manual") as chip:
                chip.say()
                reader.wait(1, 10, failure="mute")
                chip.say()
                chip.wait(event="removed")
            with emulator(batch, "--hold", 3000):
                line = reader.wait(2, 10)
            check("after a mute card the next one is read", line and line["level"] == "mutualAuth", line)


@contextlib.contextmanager
def deaf(path):
    """A socket that closes every connection without a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def turn_away():
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()
        threading.Thread(target=turn_away, daemon=True).start()
        yield dict(os.environ, PCSCLITE_CSOCK_NAME=str(path))
        # Wakes the thread up, which closing alone does not.
        listener.shutdown(socket.SHUT_RDWR)


def service(batch, folder):
    daemon = Daemon(folder)
    for command in (("readers",), ("card", "read", "--timeout", "1")):
        result = subprocess.run([PROGRAM, *command], capture_output=True, text=True)
        check(f"no pcscd: {' '.join(command[:2])} says so", result.returncode == 11
              and "pcscd" in result.stderr and "Ошибка" in result.stderr, (result.returncode, result.stderr))
    with deaf(folder / "deaf.comm") as environment:
        result = subprocess.run([PROGRAM, "readers"], capture_output=True, text=True, env=environment)
        check("a pcscd that turns us away, as by polkit's rules: said with both remedies", result.returncode == 11
              and "polkit" in result.stderr and "restart pcscd" in result.stderr, (result.returncode, result.stderr))
    empty = Daemon(folder, blocks=0)
    with empty:
        result = subprocess.run([PROGRAM, "card", "read", "--timeout", "1"], capture_output=True, text=True)
        check("no reader: said, code 6", result.returncode == 6 and "No readers" in result.stderr, result.stderr)
        result = subprocess.run([PROGRAM, "readers"], capture_output=True, text=True)
        check("no reader: an empty list is no failure", result.returncode == 0, result.stderr)
    with Lines([PROGRAM, "readers", "--watch", "--json"]) as watch:
        check("watching: pcscd absent at the start", watch.wait(event="service_lost"), watch.errors)
        daemon.start()
        started = time.monotonic()
        check("watching: pcscd starts and is found", watch.wait(event="service_back")
              and watch.wait(2, event="reader_appeared"), watch.seen)
        check("watching: found within 2.1 s of back-off", time.monotonic() - started < 2.5)
        with emulator(batch, "--manual") as chip:
            chip.say()
            check("watching: a card comes", watch.wait(event="card_inserted"), watch.seen)
            daemon.kill()
            check("watching: pcscd killed: card, readers and service leave, in this order",
                  watch.wait(2, event="service_lost") and [item["event"] for _, item in watch.seen][-4:] ==
                  ["card_removed", "reader_disappeared", "reader_disappeared", "service_lost"], watch.seen)
            cause = watch.all(event="service_lost")[-1]["cause"]
            check("watching: the dead service is named by a cause", cause in (0x80100013, 0x8010001D, 0x8010006A), cause)
        daemon.start()
        started = time.monotonic()
        check("watching: pcscd restarted is found again", watch.wait(2, event="service_back")
              and watch.wait(4, event="reader_appeared") and time.monotonic() - started < 2.5, watch.seen)
    with reading(batch, "--timeout", 30, "--taps", 3) as reader:
        with emulator(batch, "--hold", 100):
            reader.wait(1)
        with emulator(batch, "--fault", "mute", "--manual") as chip:
            chip.say()
            chip.wait(event="silent")
            daemon.kill()
            line = reader.wait(2, 6)
            check("pcscd killed in mid-exchange: the tap fails at once",
                  line and line["failure"] in ("service_away", "mute", "card_gone"), line)
        daemon.start()
        with emulator(batch, "--hold", 3000):
            line = reader.wait(3, 15)
        check("after pcscd's restart the same process reads cards", line and line["level"] == "mutualAuth", line)
    daemon.stop()


def readers(batch, folder):
    with Daemon(folder, blocks=2) as daemon, Lines([PROGRAM, "readers", "--watch", "--json"]) as watch:
        watch.wait(4, event="reader_appeared")
        with emulator(batch, "--manual", port=35965) as chip:
            chip.say()
            watch.wait(event="card_inserted")
            daemon.unplug(2)
            gone = watch.wait(2, event="reader_disappeared")
            check("a reader is unplugged: its card leaves, then it",
                  gone and watch.all(event="card_removed"), watch.seen)
        daemon.plug(2)
        check("a reader is plugged in", watch.wait(6, event="reader_appeared"), watch.seen)
    with Daemon(folder, blocks=2) as daemon, reading(batch, "--timeout", 20, "--taps", 2) as reader:
        with emulator(batch, "--manual", "--fault", "slow", port=35965) as chip:
            chip.say()
            chip.wait(event="powered")
            time.sleep(0.6)
            daemon.unplug(2)
            line = reader.wait(1, 8)
            check("a reader unplugged in mid-exchange: the tap fails with a reason",
                  line and line["failure"] in ("reader_gone", "card_gone", "mute", "malformed_answer"), line)
        with emulator(batch, "--hold", 3000):
            line = reader.wait(2, 10)
        check("the other reader still reads", line and line["level"] == "mutualAuth", line)
    with Daemon(folder, blocks=4), reading(batch, "--timeout", 30, "--taps", 8) as reader:
        chips = [emulator(batch, "--hold", 4000, line=number + 1, port=35963 + number) for number in range(8)]
        reader.wait(8, 15)
        lines = reader.all()
        for chip in chips:
            chip.stop()
        found = {line["reader"]: line["chip"]["payload"] for line in lines}
        check("eight readers at once: each card once, at its reader", len(lines) == 8 and len(found) == 8
              and set(found.values()) == {payload.hex() for payload in batch.payloads[:8]}, lines)
    with Daemon(folder, blocks=8), Lines([PROGRAM, "readers", "--watch", "--json"]) as watch:
        watch.wait(16, 15, event="reader_appeared")
        with emulator(batch, "--hold", 2000, port=35978):
            check("sixteen readers, one more than pcscd takes with its own entry: the last one is watched",
                  watch.wait(1, 10, event="card_inserted"), watch.seen[-3:])


def others(batch, folder):
    other = [sys.executable, HERE / "other_program.py"]
    with Daemon(folder), emulator(batch, "--manual") as chip:
        chip.say()
        chip.wait(event="powered")
        time.sleep(0.2)
        for mode, failure in (("exclusive", "reader_busy"), ("transaction", "transaction_held")):
            with Lines([*other, mode, FIRST]) as holder:
                ready = holder.wait()
                started = time.monotonic()
                with reading(batch, "--timeout", 10) as reader:
                    line = reader.wait(1, 8)
                    code = reader.process.wait(3)
                check(f"another program: {mode}: said within 3 s, code 10", ready and ready["status"] == 0
                      and line and line["failure"] == failure and line["chip"]["fault"] == "reader_busy"
                      and code == 10 and time.monotonic() - started < 3.5, (ready, line, code))
                holder.say()
                holder.process.wait(5)
        with reading(batch, "--timeout", 10) as reader:
            line = reader.wait(1, 8)
            check("after the other program the card is read", line and line["level"] == "mutualAuth", line)
    with Daemon(folder), Lines([*other, "reset", FIRST]) as holder:
        holder.wait()
        with reading(batch, "--timeout", 40, "--taps", 10) as reader, \
                emulator(batch, "--taps", 10, "--hold", 300, "--gap", 450):
            reader.wait(10, 30)
            lines = reader.all()
        holder.say()
        resets = holder.wait(event="resets")
        good = [line for line in lines if line["level"] == "mutualAuth"]
        check("another program that keeps resetting the card: ten taps, every verdict right",
              len(lines) == 10 and len(good) == 10 and resets["count"] > 20, (resets, lines))


def taps(batch, folder, count):
    with Daemon(folder), reading(batch, "--timeout", count * 2 + 20, "--taps", count + 1) as reader:
        with emulator(batch, "--taps", count, "--hold", 40, "--gap", 430):
            reader.wait(20, 60)
            early = use(reader.process.pid)
            reader.wait(count, count * 2)
            late = use(reader.process.pid)
            lines = reader.all()
        check(f"{count} taps in a row: each read once, none lost", len(lines) == count
              and all(line["level"] == "mutualAuth" for line in lines)
              and [line["chip"]["counter"] for line in lines] == list(range(1, count + 1)),
              [line for line in lines if line["level"] != "mutualAuth"] or len(lines))
        check("no thread and no file is left behind", late[0] <= early[0] + 2 and late[1] <= early[1] + 2,
              (early, late))
        times = sorted(line["microseconds"] for line in lines)
        print(f"        notice to verdict: median {times[len(times) // 2]} µs, longest {times[-1]} µs")


def use(pid):
    return len(os.listdir(f"/proc/{pid}/task")), len(os.listdir(f"/proc/{pid}/fd"))


def lying(batch, folder):
    with Daemon(folder), reading(batch, "--timeout", 30, "--taps", 3) as reader:
        with emulator(batch, "--manual", line=1) as chip:
            chip.say()
            reader.wait(1)
            time.sleep(2.5)
            check("a card left on the reader is one tap", len(reader.all()) == 1, reader.all())
            os.kill(reader.process.pid, signal.SIGSTOP)
            chip.say()
            chip.wait(event="removed")
        time.sleep(0.6)
        with emulator(batch, "--manual", line=2) as chip:
            chip.say()
            chip.wait(event="powered")
            time.sleep(0.2)
            os.kill(reader.process.pid, signal.SIGCONT)
            line = reader.wait(2, 5)
            check("a card swapped within one round is another tap, with its own payload",
                  line and line["chip"]["payload"] == batch.payloads[1].hex(), line)
        started = time.monotonic()
        reader.process.send_signal(signal.SIGTERM)
        reader.process.wait(3)
        check("a signal ends the program at once", time.monotonic() - started < 1)
    with Daemon(folder):
        started = time.monotonic()
        result = subprocess.run([PROGRAM, "card", "read", "--timeout", "1"], capture_output=True, text=True)
        check("the time to wait is kept, and nothing holds the end up", result.returncode == 6
              and "No card" in result.stderr and time.monotonic() - started < 1.6, result.stderr)


def keys(batch, folder):
    """Key files and reader tables that are not as they should be."""
    command = [PROGRAM, "card", "read", "--timeout", "1", "--chip-keys"]

    def refused(name, path, code, word, **changes):
        result = subprocess.run([*command, path], capture_output=True, text=True,
                                env=dict(os.environ, PROFBILET_CHIP_PASSPHRASE="specimen chip phrase", **changes))
        check(f"chip keys: {name}", result.returncode == code and word in result.stderr,
              (result.returncode, result.stderr))

    path = folder / "bad.keys"
    content = batch.keys.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused("a changed file", path, 3, "passphrase")
    path.write_bytes(b"nothing")
    refused("no such file format", path, 1, "chip keys")
    refused("a file that is not there", folder / "none", 1, "none")
    again = subprocess.run([PROGRAM, "card", "keys", batch.keys, "--reference", "x"], capture_output=True, text=True,
                           env=dict(os.environ, PROFBILET_CHIP_PASSPHRASE="specimen chip phrase"))
    check("chip keys: an existing file is not written over", again.returncode == 5, again.stderr)
    table = folder / "readers.yaml"
    table.write_text("format: readers/1\nreaders: [{id: x, title: x, match: 7}]\ncards: []\n")
    result = subprocess.run([PROGRAM, "readers", "--reader-table", table], capture_output=True, text=True)
    check("a reader table that breaks its form is named by place", result.returncode == 1
          and "readers[0].match" in result.stderr, result.stderr)
    with Daemon(folder) as daemon:
        table.write_text((HERE.parents[1] / "hardware/readers.yaml").read_text().replace(
            'match: [ACR122]', 'match: [Virtual]'))
        line = tap(batch, arguments=("--reader-table", table))
        shown = daemon.file(1, "control").read_text().splitlines()
        check("light and sound: silence at the start, green after the verdict",
              "1 ff00520000" in shown and shown[-1] == "1 ff00400e0402000101", shown)
        line = tap(batch, "--fault", "wrongKey", arguments=("--reader-table", table))
        shown = daemon.file(1, "control").read_text().splitlines()
        check("light and sound: red for a copy", shown[-1] == "1 ff00400d0401010301", shown)
        # The driver fails over its command when it cannot write it down.
        daemon.file(1, "control").unlink()
        daemon.file(1, "control").mkdir()
        line = tap(batch, arguments=("--reader-table", table))
        check("light and sound that a reader does not have change nothing",
              proves(line, batch, "mutualAuth", True, "passed") and line["microseconds"] < 300_000, line)


def inside(options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        batch = Batch(folder)
        for part in (keys, profiles, cards, service, readers, others, lying):
            if options.only in part.__name__:
                print(part.__name__)
                try:
                    part(batch, folder)
                except (IndexError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
                    check(f"{part.__name__}: nothing is missing in what was said", False, repr(error))
        if options.only in "taps":
            taps(batch, folder, options.taps)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--taps", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    command = [HERE / "isolated-pcscd.sh", "--bare", "--readers", "8", sys.executable, __file__, "--inside",
               "--taps", str(options.taps), "--only", options.only]
    sys.exit(subprocess.run(command).returncode)


main()
