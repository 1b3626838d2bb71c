"""A batch of specimen chip cards, made by the program, and emulated cards out of its encoding.csv.

Shared by the reader's tests and benchmarks.
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
EMULATOR = os.path.join(os.path.dirname(PROGRAM), "card-emulator")
PHRASE = "specimen chip phrase"
ENVIRONMENT = dict(os.environ, PROFBILET_CHIP_PASSPHRASE=PHRASE)


class Batch:
    """encoding.csv, trust bundle and chip keys of a new specimen register."""

    def __init__(self, folder, rows=12):
        self.folder = folder
        self.data = folder / "data"
        self.environment = dict(
            ENVIRONMENT, PROFBILET_DATA=str(self.data), PROFBILET_USER="planner",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="planner phrase", PROFBILET_NEW_PASSPHRASE="approver phrase")
        roster = folder / "roster.csv"
        self.ok("init", "--specimen")
        self.ok("user", "add", "approver", "--role", "cardOffice")
        self.ok("sample", "roster", "--rows", rows, "--seed", 5, "--dirt", 0, "--out", roster)
        self.ok("organisation", "import", f"{roster}.organisations.csv")
        self.ok("roster", "import", roster, codes=(0, 2))
        self.ok("order", "create", "--organisation", "99", "--submit", codes=(0, 2))
        self.ok("order", "approve", "--organisation", "99")
        plan = json.loads(self.ok("batch", "plan", self.specification(), "--json"))
        self.cards = plan["cards"]
        self.ok("batch", "approve", plan["batch"], PROFBILET_USER="approver",
                PROFBILET_USER_PASSPHRASE="approver phrase")
        self.ok("batch", "build", plan["batch"])
        name = f"{plan['batch']:06}"
        self.encoding = self.data / "batches" / name / "manufacturer/encoding.csv"
        self.trust = folder / "bundle"
        self.ok("keys", "export", "--format", "bundle", "--out", self.trust)
        self.keys = folder / "chip.keys"
        self.ok("card", "keys", self.keys, "--reference", f"{name}/ntag424/1")
        lines = self.encoding.read_text().splitlines()[1:]
        self.payloads = [bytes.fromhex(line.split(";")[2]).split(b"profbilet.ru:epb")[1] for line in lines]
        self.carriers = [line.split(";")[1] for line in lines]

    def specification(self):
        """The repository's example for chips, for all orders."""
        text = (ROOT / "batches/example-chip.yaml").read_text()
        for old, new in (('organisations: ["77"]', "organisations: []"),
                         ("reasons: [lost, stolen, damaged, defect, renamed]", "reasons: []"),
                         ("../card-layouts", str(ROOT / "card-layouts")),
                         ("profiles/chip.yaml", str(ROOT / "batches/profiles/chip.yaml"))):
            if old not in text:
                sys.exit(f"batches/example-chip.yaml has no {old}")
            text = text.replace(old, new)
        path = self.folder / "batch.yaml"
        path.write_text(text)
        return path

    def ok(self, *arguments, codes=(0,), **changes):
        result = subprocess.run([PROGRAM, *map(str, arguments)], env=dict(self.environment, **changes),
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode not in codes:
            sys.exit(f"{arguments} gave {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout


class Lines:
    """A program that says JSON lines; what it said can be waited for."""

    def __init__(self, command, **changes):
        self.process = subprocess.Popen(
            [str(part) for part in command], env=dict(ENVIRONMENT, **changes), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.seen = []
        self.condition = threading.Condition()
        self.errors = ""
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.condition:
                if line.startswith("{"):
                    self.seen.append((time.monotonic(), json.loads(line)))
                self.condition.notify_all()

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    def all(self, **wanted):
        with self.condition:
            return [line for _, line in self.seen if all(line.get(k) == v for k, v in wanted.items())]

    def wait(self, count=1, seconds=10, **wanted):
        """The count-th line with these values; None when it does not come in time."""
        end = time.monotonic() + seconds
        while True:
            found = self.all(**wanted)
            if len(found) >= count:
                return found[count - 1]
            with self.condition:
                if not self.condition.wait(max(0, end - time.monotonic())) and time.monotonic() >= end:
                    return None

    def say(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def emulator(batch, *arguments, profile="ntag424", line=1, port=35963):
    """A card of the batch; `--manual` cards move at each `say()`."""
    return Lines([EMULATOR, "--encoding", batch.encoding, "--key-file", batch.keys, "--profile", profile,
                  "--port", port, "--line", line, *arguments])


def reading(batch, *arguments, keys=True):
    """`card read`, saying a JSON line a tap."""
    with_keys = ["--chip-keys", batch.keys] if keys else []
    return Lines([PROGRAM, "card", "read", "--json", "--keys", batch.trust, *with_keys, *arguments])
