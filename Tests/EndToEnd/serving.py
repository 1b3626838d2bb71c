"""A served register for scripts: an office with issued cards, the running service, requests and raw sockets.

The service is the real program in a process of its own; its log is kept to be searched.
"""

import base64
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

import reference_partner
import tables

PROGRAM = os.path.abspath(os.environ.get("PROFBILET", ".build/debug/profbilet"))
passed = 0
failures = []


def check(name, is_right, more=""):
    global passed
    if is_right:
        passed += 1
        print(f"  ok    {name}", flush=True)
    else:
        failures.append(name)
        print(f"  FAIL  {name} {more}", flush=True)


def close():
    print(f"{passed} passed, {len(failures)} failed")
    for name in failures:
        print(f"  {name}")
    sys.exit(1 if failures else 0)


class Office:
    """A specimen register in a folder; `PROFBILET_TEST_POSTGRES` puts it on that server."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.tables = tables.of(self.data)
        self.environment = dict(
            os.environ, **self.tables.environment, PROFBILET_DATA=str(self.data), PROFBILET_USER="tester",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="tester phrase", PROFBILET_BACKUP_PASSPHRASE="backup phrase",
            PROFBILET_NEW_PASSPHRASE="another phrase")
        self.ok("init", "--admin", "tester", "--specimen")

    def run(self, *arguments, **changes):
        return subprocess.run(
            [PROGRAM, *map(str, arguments)], env=dict(self.environment, **changes),
            stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def ok(self, *arguments, codes=(0,), **changes):
        result = self.run(*arguments, **changes)
        if result.returncode not in codes:
            sys.exit(f"{arguments} gave {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout

    def people(self, rows, seed=7):
        """Members of an invented roster, imported."""
        roster = self.folder / f"roster{seed}.csv"
        self.ok("sample", "roster", "--rows", rows, "--seed", seed, "--dirt", 0, "--out", roster)
        self.ok("organisation", "import", f"{roster}.organisations.csv")
        self.ok("roster", "import", roster, codes=(0, 2))
        return roster

    def issue(self):
        """Cards for everybody; the payloads as `ticket payloads` tells them."""
        self.ok("order", "create", "--organisation", "99", "--submit", codes=(0, 2))
        self.ok("order", "approve", "--organisation", "99")
        self.ok("ticket", "issue", "--valid-until", "31.12.2035", "--url", "HTTPS://EPB.EXAMPLE.RU/C/")
        return [json.loads(line) for line in self.ok("ticket", "payloads", 1).splitlines()]

    def partner(self):
        """The worked partner of batches/partners, with a key of its own; its name."""
        if not (self.folder / "profcards.yaml").exists():
            keys = reference_partner.Keys(self.folder / "partner", "profcards", "ec")
            contract = pathlib.Path("batches/partners/profcards.yaml").read_text()
            (self.folder / "profcards.yaml").write_text(
                contract.replace("certificate: profcards.pem", f"certificate: {keys.certificate}"))
            self.ok("partner", "add", self.folder / "profcards.yaml")
        return "profcards"

    def client(self, name, role, *options):
        if role == "partner" and "--for" not in options:
            options = (*options, "--for", self.partner())
        made = self.ok("client", "create", name, "--role", role, "--json", *options)
        return json.loads(made)["key"]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)


class Service:
    """`profbilet serve` on a free port, until the block ends."""

    def __init__(self, office, *options, tls=None, **changes):
        self.office, self.options, self.tls, self.changes = office, options, tls, changes
        self.log = office.folder / f"service-{time.monotonic_ns()}.log"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--json", "--log-level", "debug",
                 *map(str, self.options)],
                env=dict(self.office.environment, **self.changes), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the service did not start: {self.log.read_text()}")
        self.address = json.loads(line)["address"]
        parts = urllib.parse.urlparse(self.address)
        self.host, self.port = parts.hostname, parts.port

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def connection(self):
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=60, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=60)

    def ask(self, method, path, body=None, key=None, headers=None, connection=None):
        """One request; JSON bodies are given as objects."""
        headers = dict(headers or {})
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        own = connection or self.connection()
        own.request(method, path, body, headers)
        answer = own.getresponse()
        result = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        if connection is None:
            own.close()
        return result

    def raw(self, data, seconds=10, pause=None):
        """Sends bytes as they are; what came back until the server closed, and whether it did."""
        with socket.create_connection((self.host, self.port), timeout=seconds) as wire:
            parts = [data] if isinstance(data, bytes) else data
            try:
                for part in parts:
                    wire.sendall(part)
                    if pause:
                        time.sleep(pause)
            except (BrokenPipeError, ConnectionResetError):
                pass
            received = b""
            try:
                while True:
                    piece = wire.recv(65536)
                    if not piece:
                        return received, True
                    received += piece
            except ConnectionResetError:
                return received, True
            except TimeoutError:
                return received, False

    def memory(self):
        """Resident memory, KiB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])

    def traces(self, *secrets):
        """Which of the secrets stand in the log: as they are, in base64, percent-encoded, in hex."""
        log = self.log.read_bytes()
        found = []
        for secret in secrets:
            raw = secret.encode() if isinstance(secret, str) else secret
            forms = {raw, raw.hex().encode(), urllib.parse.quote(raw).encode(), urllib.parse.quote(raw, safe="").encode(),
                     json.dumps(secret).strip('"').encode() if isinstance(secret, str) else raw}
            for offset in range(3):
                # base64 of the secret at any place of a longer text
                coded = base64.b64encode(b"\0" * offset + raw)
                start, end = (0, 2, 3)[offset], len(coded) - 4
                forms.update({coded[start:end], base64.urlsafe_b64encode(b"\0" * offset + raw)[start:end]})
            found += [secret for form in forms if len(form) > 5 and form in log]
        return found


def parallel(count, work):
    """Runs `work(number)` in so many threads; their results."""
    results = [None] * count

    def run(number):
        results[number] = work(number)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def smirnov(left, right):
    """The two-sample Kolmogorov–Smirnov test's p, by its asymptotic distribution."""
    import math
    left, right = sorted(left), sorted(right)
    i = j = 0
    distance = 0.0
    while i < len(left) and j < len(right):
        value = min(left[i], right[j])
        while i < len(left) and left[i] <= value:
            i += 1
        while j < len(right) and right[j] <= value:
            j += 1
        distance = max(distance, abs(i / len(left) - j / len(right)))
    size = math.sqrt(len(left) * len(right) / (len(left) + len(right)))
    scaled = (size + 0.12 + 0.11 / size) * distance
    if scaled < 0.2:
        return 1.0
    total = sum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return max(0.0, min(1.0, 2 * total))


def interleaved(first, second, pairs=2000):
    """Times of two questions asked in turn, in random order within each pair, over one connection each."""
    import random
    times = ([], [])
    order = random.Random(1)
    for _ in range(pairs):
        turn = [(first, times[0]), (second, times[1])]
        if order.random() < 0.5:
            turn.reverse()
        for ask, into in turn:
            start = time.perf_counter()
            ask()
            into.append(time.perf_counter() - start)
    return times
