"""The service as the world meets it: hostile framing, slow and huge requests, TLS, a database that is away, a
block on its way to the published list, uniform answers, logs without secrets, and schemathesis over everything.

Usage: PROFBILET=path/to/profbilet python3 service.py [SCENE …]
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import serving  # noqa: E402
from serving import Office, Service, check, interleaved, smirnov  # noqa: E402

SCHEMATHESIS = pathlib.Path(sys.executable).parent / "schemathesis"


def status_of(received):
    match = re.match(rb"HTTP/1\.1 (\d{3})", received)
    return int(match.group(1)) if match else None


def operations(service):
    """(method, path with ones, roles, takes JSON) of everything the service describes."""
    import yaml
    described = yaml.safe_load(service.ask("GET", "/openapi.yaml").body)
    for template, item in described["paths"].items():
        for method, operation in item.items():
            if method in ("get", "put", "post", "delete", "patch"):
                content = operation.get("requestBody", {}).get("content", {})
                path = re.sub(r"\{[^}]*\}", "1", template)
                yield method.upper(), path, operation["x-roles"], "application/json" in content


def basics(office, service):
    print("basics")
    check("the process lives", service.ask("GET", "/healthz").json == {"status": "ok"})
    ready = service.ask("GET", "/readyz")
    check("database, keys and publication are well", ready.status == 200
          and set(ready.json["checks"]) >= {"database", "keys", "publication"}, ready.text)
    page = service.ask("GET", "/docs")
    outside = re.findall(r"(?:src|href)=\"(?!#|/openapi\.yaml)[^\"]*\"|url\(|@import|<script", page.text)
    check("the description's page fetches nothing", page.status == 200 and not outside, outside[:3])
    import yaml
    described = yaml.safe_load(service.ask("GET", "/openapi.yaml").body)
    try:
        import openapi_spec_validator
        openapi_spec_validator.validate(described)
        check("the description is valid OpenAPI 3.1", described["openapi"].startswith("3.1"))
    except ImportError:
        check("openapi-spec-validator is installed", False)
    check("every operation is on the page", all(
        f'id="{operation["operationId"]}"' in page.text
        for item in described["paths"].values() for operation in item.values()))
    key = office.client("mobile", "app")
    check("a key is answered", service.ask("GET", "/v1/client", key=key).json["role"] == "app")
    other = office.ok("client", "rotate", "mobile", "--overlap", 1)
    check("after a rotation both keys are good", service.ask("GET", "/v1/client", key=key).status == 200
          and service.ask("GET", "/v1/client", key=other.split()[-1]).status == 200)
    office.ok("client", "revoke", "mobile")
    check("a revoked client is refused with the next request",
          service.ask("GET", "/v1/client", key=key).status == 401)
    listed = office.ok("client", "list", "--json")
    check("no list shows a secret", key.split("_", 2)[2] not in listed and "revokedAt" in listed)


def framing(office, service):
    print("framing")
    host = f"Host: 127.0.0.1:{service.port}\r\n".encode()
    hidden = b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"
    cases = {
        "Content-Length with Transfer-Encoding": b"POST /v1/client HTTP/1.1\r\n" + host
        + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
        "Transfer-Encoding with Content-Length": b"POST /v1/client HTTP/1.1\r\n" + host
        + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + hidden,
        "two Content-Lengths that differ": b"POST /v1/client HTTP/1.1\r\n" + host
        + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello" + hidden,
        "two Content-Lengths that agree": b"POST /v1/client HTTP/1.1\r\n" + host
        + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + hidden,
        "a list of Content-Lengths": b"POST /v1/client HTTP/1.1\r\n" + host
        + b"Content-Length: 5, 5\r\n\r\nhello" + hidden,
        "a folded header": b"GET /healthz HTTP/1.1\r\n" + host + b"X-A: b\r\n c\r\n\r\n" + hidden,
        "a header folded with a tab": b"GET /healthz HTTP/1.1\r\n" + host + b"X-A: b\r\n\tc: d\r\n\r\n" + hidden,
        "a space before the colon": b"GET /healthz HTTP/1.1\r\n" + host + b"Content-Length : 5\r\n\r\nhello" + hidden,
        "an unknown Transfer-Encoding": b"POST /v1/client HTTP/1.1\r\n" + host
        + b"Transfer-Encoding: xchunked\r\n\r\n" + hidden,
        "chunked, but not last": b"POST /v1/client HTTP/1.1\r\n" + host
        + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + hidden,
        "a negative Content-Length": b"POST /v1/client HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n" + hidden,
        "a Content-Length with a plus": b"POST /v1/client HTTP/1.1\r\n" + host + b"Content-Length: +0\r\n\r\n" + hidden,
        "a bare CR in a header": b"GET /healthz HTTP/1.1\r\n" + host + b"X-A: b\rc\r\n\r\n" + hidden,
        "a NUL in a header": b"GET /healthz HTTP/1.1\r\n" + host + b"X-A: b\0c\r\n\r\n" + hidden,
        "no Host": b"GET /healthz HTTP/1.1\r\n\r\n" + hidden,
        "two Hosts": b"GET /healthz HTTP/1.1\r\n" + host + b"Host: other\r\n\r\n" + hidden,
        "a Host that is none": b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n" + hidden,
        "no version": b"GET /healthz\r\n\r\n" + hidden,
        "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
    }
    for name, data in cases.items():
        received, is_closed = service.raw(data, seconds=5)
        answers = len(re.findall(rb"HTTP/1\.1 \d{3}", received))
        # what is no HTTP at all begins with no method that anybody knows
        wanted = 501 if name == "another protocol" else 400
        check(f"{name}: {wanted}, closed, the hidden request unanswered",
              status_of(received) == wanted and is_closed and answers == 1, received[:90])
    received, is_closed = service.raw(
        b"GET /healthz HTTP/1.1\r\n" + host + b"".join(b"X-%d: %s\r\n" % (i, b"a" * 400) for i in range(500))
        + b"\r\n", seconds=10)
    check("a flood of headers: 400 and closed", status_of(received) in (400, 431) and is_closed, received[:90])
    received, is_closed = service.raw(b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n" + host + b"\r\n", seconds=10)
    check("an endless request line: refused and closed", status_of(received) in (400, 414, None) and is_closed,
          received[:90])
    received, is_closed = service.raw(
        b"GET /healthz HTTP/1.1\r\n" + host + b"Content-Length: 10000000\r\n\r\n" + b"x" * 100_000, seconds=10)
    check("a body where none belongs: 400 and closed", status_of(received) == 400 and is_closed, received[:90])
    received, is_closed = service.raw(b"FOO /healthz HTTP/1.1\r\n" + host + b"\r\n" + hidden, seconds=5)
    problem = json.loads(received.split(b"\r\n\r\n", 1)[1])
    check("an unknown method: 501 and closed, with a request's number that the log has", status_of(received) == 501
          and is_closed and problem["code"] == "unknown_method" and problem["request"]
          and problem["request"] in service.log.read_text(), received[:200])
    for head, is_kept in ((b"", False), (b"Connection: keep-alive\r\n", True)):
        received, is_closed = service.raw(b"GET /healthz HTTP/1.0\r\n" + host + head + b"\r\n", seconds=2)
        check(f"HTTP/1.0 {'kept open when it asks' if is_kept else 'closed after the answer'}",
              status_of(received) == 200 and is_closed is not is_kept, received[:90])
    check("the service goes on", service.ask("GET", "/healthz").status == 200)


def expectation(office, service):
    """RFC 9110 § 10.1.1: who waits to be asked for a body is asked for it, or refused at once."""
    print("expectation")
    host = f"Host: 127.0.0.1:{service.port}\r\n".encode()
    healthy = b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"
    good = office.client("waiting", "cabinet")

    def head(expect="100-continue", key=good, length=2, version="1.1"):
        return (f"PUT /v1/members/X-1 HTTP/{version}\r\nAuthorization: Bearer {key}\r\nExpect: {expect}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {length}\r\n").encode() + host + b"\r\n"

    def statuses(received):
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", received)]

    def until(wire, mark):
        received = b""
        while mark not in received:
            piece = wire.recv(65536)
            if not piece:
                break
            received += piece
        return received
    asked = b"HTTP/1.1 100 Continue\r\n\r\n"
    for expect in ("100-continue", "100-Continue"):
        with socket.create_connection((service.host, service.port), timeout=10) as wire:
            wire.sendall(head(expect))
            received = until(wire, asked)
            check(f"{expect}: the body is asked for", received == asked, received)
            wire.sendall(b"{}")
            received = until(wire, b"bad_request")
            check("and then judged", statuses(received) == [400] and b"connection: close" not in received.lower(), received)
            wire.sendall(healthy + head(expect))
            received = until(wire, asked)
            check("not before the answer to the request before it", statuses(received) == [200, 100], received)
    received, is_closed = service.raw(head() + b"{}" + healthy, seconds=2)
    check("a body that comes along is judged, and the connection goes on", statuses(received)[-2:] == [400, 200]
          and not is_closed, received)
    for name, data, status in (
            ("no key", head(key="none"), 401), ("a body too large", head(length=99_999_999_999), 413),
            ("another expectation", head("miracle"), 417)):
        received, is_closed = service.raw(data, seconds=5)
        check(f"{name}: {status} at once, nothing asked for, closed", statuses(received) == [status] and is_closed, received)
    received, is_closed = service.raw([head(version="1.0"), b"{}"], seconds=5, pause=0.5)
    check("HTTP/1.0 is asked for nothing", statuses(received) == [400] and is_closed, received)
    received, is_closed = service.raw(healthy.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"), seconds=2)
    check("nor is a request without a body", statuses(received) == [200] and not is_closed, received)


def slowness(office, service):
    print("slowness")
    host = f"Host: 127.0.0.1:{service.port}\r\n".encode()
    with Service(office, "--idle-seconds", 2, "--body-seconds", 2) as quick:
        host = f"Host: 127.0.0.1:{quick.port}\r\n".encode()
        begin = time.monotonic()
        received, is_closed = quick.raw(
            [b"GET /healthz HTTP/1.1\r\n" + host] + [b"X-A: 1\r\n"] * 30, seconds=10, pause=0.3)
        check("a head that never ends is cut off", is_closed and time.monotonic() - begin < 15)
        received, is_closed = quick.raw(b"", seconds=10)
        check("a silent connection is closed", is_closed)
        target = next(((m, p, r) for m, p, r, takes_json in operations(quick) if takes_json and r), None)
        if target:
            method, path, roles = target
            key = office.client("slow", roles[0])
            head = (f"{method} {path} HTTP/1.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: 1000\r\n").encode() + host + b"\r\n"
            received, is_closed = quick.raw([head] + [b"{"] * 30, seconds=10, pause=0.3)
            check("a body that trickles: 408 and closed", status_of(received) == 408 and is_closed, received[:90])
            bodies = {
                "deep": b"[" * 60_000, "deep objects": b'{"a":' * 12_000, "no JSON": b"<xml/>", "not UTF-8": b'{"a":"\xff"}',
                "huge numbers": b'{"a":1' + b"0" * 5000 + b"}",
            }
            for name, body in bodies.items():
                answer = quick.ask(method, path, body, key, {"Content-Type": "application/json"})
                check(f"a body that is {name}: 400", answer.status == 400
                      and answer.headers["content-type"] == "application/problem+json", answer.text[:90])
            for type_ in ("text/plain", "application/xml", "", "application/json-patch+json", "multipart/form-data"):
                answer = quick.ask(method, path, b"{}", key, {"Content-Type": type_})
                check(f"Content-Type {type_ or 'missing'}: 415", answer.status == 415, answer.text[:90])
            answer = quick.ask(method, path, b"{}", key, {"Content-Type": "application/json", "Content-Encoding": "gzip"})
            check("a compressed body: 415", answer.status == 415)
            received, is_closed = quick.raw(
                head.replace(b"Content-Length: 1000", b"Content-Length: 99999999999"), seconds=10)
            check("a body announced too large: 413 and closed", status_of(received) == 413 and is_closed, received[:90])
            chunked = head.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")
            received, is_closed = quick.raw([chunked] + [b"10000\r\n" + b" " * 65536 + b"\r\n"] * 2000, seconds=10)
            check("a body that grows too large: 413 and closed", status_of(received) in (413, None) and is_closed,
                  received[:90])


def tls(office, service):
    print("tls")
    folder = office.folder
    def openssl(*arguments, code=0):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, input="Q\n", timeout=30)
        return done
    for name in ("ca", "server", "client"):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder / f"{name}.key")
    openssl("req", "-x509", "-new", "-key", folder / "ca.key", "-subj", "/CN=test", "-days", 2, "-out", folder / "ca.pem")
    for name, subject in (("server", "/CN=localhost"), ("client", "/CN=client")):
        openssl("req", "-new", "-key", folder / f"{name}.key", "-subj", subject, "-out", folder / f"{name}.csr")
        extension = folder / f"{name}.ext"
        extension.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                "-CAcreateserial", "-days", 2, "-extfile", extension, "-out", folder / f"{name}.pem")
    trusted = ssl.create_default_context(cafile=folder / "ca.pem")
    pair = ("--tls-cert", folder / "server.pem", "--tls-key", folder / "server.key")
    with Service(office, *pair, tls=trusted) as secure:
        check("the address says https", secure.address.startswith("https://"))
        check("TLS is answered", secure.ask("GET", "/healthz").status == 200)
        done = office.run("virtual", "enrol", "--server", secure.address, "--ticket", "977000000000005", "--code", "00000000000000",
                          PROFBILET_APP_KEY="x", PROFBILET_PHONE=str(folder / "no-phone"))
        check("a phone names the certificate that it does not trust, and the option", done.returncode == 11
              and "ертификат" in done.stderr and "--authority" in done.stderr, done.stderr)
        for version, is_good in (("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            done = openssl("s_client", "-connect", f"127.0.0.1:{secure.port}", version, "-cipher", "DEFAULT:@SECLEVEL=0",
                           "-CAfile", folder / "ca.pem")
            agreed = "Cipher is (NONE)" not in done.stdout and "BEGIN CERTIFICATE" in done.stdout
            check(f"{version[1:]}: {'agreed' if is_good else 'refused'}", agreed == is_good, done.stdout[-200:])
        received, is_closed = secure.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", seconds=5)
        check("plain HTTP gets nothing on the TLS port", not received.startswith(b"HTTP/") and is_closed)
    certificate = (folder / "client.pem").read_text()
    der = ssl.PEM_cert_to_DER_cert(certificate)
    bound = office.client("bound", "partner", "--certificate", hashlib.sha256(der).hexdigest())
    free = office.client("free", "partner")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj", "/CN=client",
            "-keyout", folder / "stranger.key", "-out", folder / "stranger.pem")
    mine = ssl.create_default_context(cafile=folder / "ca.pem")
    mine.load_cert_chain(folder / "client.pem", folder / "client.key")
    with Service(office, *pair, "--client-ca", folder / "ca.pem", tls=mine) as mutual:
        check("with its certificate a bound client is answered",
              mutual.ask("GET", "/v1/client", key=bound).status == 200)
        mutual.tls = trusted
        check("without a certificate what is for everyone is answered", mutual.ask("GET", "/healthz").status == 200
              and mutual.ask("GET", "/v1/trust-bundle").status == 200 and mutual.ask("GET", "/c/1").status == 200)
        check("and a client that is bound to none", mutual.ask("GET", "/v1/client", key=free).status == 200)
        check("but not one that is bound", mutual.ask("GET", "/v1/client", key=bound).status == 401)
        mutual.tls = ssl.create_default_context(cafile=folder / "ca.pem")
        mutual.tls.load_cert_chain(folder / "stranger.pem", folder / "stranger.key")
        try:
            is_refused = mutual.ask("GET", "/healthz").status not in range(600)
        except (ssl.SSLError, ConnectionError):
            is_refused = True
        check("a certificate of another authority is refused", is_refused)
        mutual.tls = mine
    check("a bound client without mutual TLS is refused", service.ask("GET", "/v1/client", key=bound).status == 401)
    result = office.run("serve", "--listen", "127.0.0.1:0", "--tls-cert", folder / "server.pem", "--tls-key",
                        folder / "client.csr")
    check("a bad key is told in words", result.returncode == 1 and "Ошибка" in result.stderr, result.stderr)
    result = office.run("serve", "--listen", "127.0.0.1:0", "--tls-cert", folder / "server.pem", "--tls-key",
                        folder / "client.key")
    check("another certificate's key is told in words", result.returncode == 1 and "подходят друг к другу" in result.stderr,
          result.stderr)
    for options in (pair[:2], ("--client-ca", folder / "ca.pem")):
        result = office.run("serve", "--listen", "127.0.0.1:0", *options)
        check(f"{options[0]} alone is refused in words", result.returncode == 1
              and "--client-ca только с ними" in result.stderr.replace("— ", ""), result.stderr)
    for flag, value in (("--proxy", "zzz"), ("--batches", "/nope"), ("--messages", "/nope/x")):
        result = office.run("serve", "--listen", "127.0.0.1:0", flag, value)
        check(f"{flag} {value} is refused with its place", result.returncode == 1 and flag in result.stderr, result.stderr)
    for arguments in (("create", "n1", "--role", "cabinet", "--scope", "98"),
                      ("create", "n2", "--role", "partner", "--for", "nobody"), ("rotate", "bound", "--overlap", 99999999)):
        result = office.run("client", *arguments)
        check(f"client {' '.join(map(str, arguments))} is refused", result.returncode != 0 and result.stderr, result.stderr)


def publication(office, service, cards):
    print("publication")
    card = cards[0]["id"]
    office.ok("carrier", "unblock", card, "--reason", "test")
    import zlib
    import cbor2
    shown = json.loads(office.ok("carrier", "show", card, "--json"))
    number, index = shown["list"], shown["index"]
    page = "/c/" + cards[0]["text"].split("/C/")[1]

    def published():
        raw = cbor2.loads(service.ask("GET", f"/v1/status-lists/{number}").body).value[2]
        claims = cbor2.loads(raw)
        return zlib.decompress(claims[65533]["lst"])[index // 4] >> index % 4 * 2 & 3, claims[-65540]

    def wait(value):
        begin = time.monotonic()
        while published()[0] != value and time.monotonic() - begin < 60:
            time.sleep(0.5)
        return time.monotonic() - begin
    check("an activation reaches the list within 60 s", wait(0) < 60)
    check("the camera page says valid", 'class="valid"' in service.ask("GET", page).text)
    before = published()[1]
    office.ok("carrier", "block", card, "--as", "stolen", "--reason", "test")
    seconds = wait(1)
    check(f"a block reaches the list within 60 s ({seconds:.1f} s)", seconds < 60)
    check("the sequence went up by one", published()[1] == before + 1)
    check("the camera page says blocked", 'class="blocked"' in service.ask("GET", page).text)
    folder = office.folder / "published"

    def is_written():
        return ((folder / f"status-lists/{number}.cwt").read_bytes()
                == service.ask("GET", f"/v1/status-lists/{number}").body)
    # Served from memory first, then written and flushed.
    begin = time.monotonic()
    while not is_written() and time.monotonic() - begin < 60:
        time.sleep(0.2)
    check("the folder holds what is served", is_written())
    tag = service.ask("GET", "/v1/trust-bundle").headers["etag"]
    check("a known tag is 304", service.ask("GET", "/v1/trust-bundle", headers={"If-None-Match": tag}).status == 304)


def uniform(office, service, cards):
    """A number that exists and one that does not are answered alike, also in time."""
    print("uniform")
    known = cards[1]["id"][:15]
    # The neighbour's number, made right by its check digit: nobody has it.
    unknown = next(text for text in (known[:9] + f"{n:05}" + str(d) for n in range(7, 90) for d in range(10))
                   if text != known and b"number_only" in service.ask("GET", f"/c/{text}").body)
    first, second = service.connection(), service.connection()
    kept = {}

    def ask(number, connection, delay=0.0):
        answer = service.ask("GET", f"/c/{number}", connection=connection)
        if delay and number == known:
            end = time.perf_counter() + delay
            while time.perf_counter() < end:
                pass
        kept.setdefault(number, set()).add((answer.status, re.sub(rb"\d\d\.\d\d\.\d{4} \d\d:\d\d", b"", answer.body)))
    times = interleaved(lambda: ask(known, first), lambda: ask(unknown, second))
    p = smirnov(*times)
    check(f"camera page: 2 000 pairs, p = {p:.3f} > 0.01", p > 0.01)
    check("content and status are the same", kept[known] == kept[unknown])
    # the same question where a known number takes 200 µs more, as a look-up in a database would
    leaky = smirnov(*interleaved(lambda: ask(known, first, 0.0002), lambda: ask(unknown, second, 0.0002)))
    check(f"a leak of 200 µs fails the same test (p = {leaky:.1e})", leaky < 0.01)


def database_away(office, service):
    print("database away")
    if office.tables.is_server:
        return
    release = office.tables.hold()
    try:
        ready = service.ask("GET", "/readyz")
        check("a locked register: not ready, with Retry-After", ready.status == 503
              and "retry-after" in ready.headers and ready.json["checks"]["database"]["status"] == "bad", ready.text)
        check("published lists are served meanwhile", service.ask("GET", "/v1/trust-bundle").status == 200)
    finally:
        release()
    check("ready again without a restart", service.ask("GET", "/readyz").status == 200)


def disk_full(office):
    print("disk full")
    place = office.folder / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        print("  (no right to mount a small disk here: left out)")
        return
    try:
        small = Office(place)
        with Service(small) as service:
            service.ask("GET", "/readyz")
            # Somebody who reads meanwhile: else the journal, folded in again and again, needs no more room than it has.
            reader = sqlite3.connect(f"file:{small.data}/register.sqlite?mode=ro", uri=True, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM setting").fetchone()
            filler = place / "filler"
            # without a buffer, whose rest would be written once more when the file is closed
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"\0" * 65536)
                except OSError:
                    pass
            small_answer = None
            for _ in range(3000):
                small_answer = service.ask("GET", "/readyz")
                if small_answer.status == 503:
                    break
            check("a full disk: 503 with Retry-After", small_answer.status == 503
                  and "retry-after" in small_answer.headers, small_answer.text)
            check("reads go on", service.ask("GET", "/v1/trust-bundle").status == 200)
            reader.close()
            filler.unlink()
            check("ready again without a restart", service.ask("GET", "/readyz").status == 200)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def shutdown(office):
    """SIGTERM and SIGHUP: what was accepted is answered, then the process ends with 0."""
    print("shutdown")
    # A child inherits what is ignored: the default is restored in case these tests run under nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for how in (signal.SIGTERM, signal.SIGHUP):
        ended(office, how)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Service(office) as service:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        service.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        check("under nohup it outlives its terminal", service.ask("GET", "/healthz").status == 200)


def ended(office, how):
    with Service(office) as service:
        idle = service.connection()
        idle.connect()
        answers = []

        def flood():
            own = service.connection()
            try:
                while True:
                    answers.append(service.ask("GET", "/v1/status-lists", connection=own).status)
            except Exception:
                pass
        threads = [threading.Thread(target=flood) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        begin = time.monotonic()
        code = service.stop(how)
        for thread in threads:
            thread.join()
        check(f"{how.name}: ended with 0 in {time.monotonic() - begin:.1f} s", code == 0 and time.monotonic() - begin < 20)
        check(f"{len(answers)} answers, all whole", answers and set(answers) == {200})


def contract(office, service):
    print("contract")
    if not SCHEMATHESIS.exists():
        check("schemathesis is installed", False)
        return
    keys = {role: office.client(f"schema-{role}", role, "--scope", "99") for role in
            ("cabinet", "operator", "manufacturer", "app", "partner", "station", "hotline", "auditor")}
    with Service(office, "--client-rate", 100000, "--lookup-rate", 1000000) as generous:
        operated = {role for _, _, roles, _ in operations(generous) for role in roles} or {"app"}
        seconds = max(10, 80 // len(operated))
        for role in sorted(operated):
            done = subprocess.run(
                [SCHEMATHESIS, "run", f"{generous.address}/openapi.yaml", "--url", generous.address,
                 "-H", f"Authorization: Bearer {keys[role]}", "--checks",
                 "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
                 "response_headers_conformance,unsupported_method,negative_data_rejection,ignored_auth",
                 "--max-examples", "15", "--max-time", str(seconds), "--seed", "1", "--no-color", "--phases",
                 "examples,coverage,fuzzing", "--generation-database", "none"],
                capture_output=True, text=True, cwd=office.folder, timeout=400,
                env=dict(os.environ, SCHEMATHESIS_HOOKS="schemathesis_hooks",
                         PYTHONPATH=str(pathlib.Path(__file__).parent.resolve())))
            check(f"schemathesis as {role}: no 5xx, nothing undocumented", done.returncode == 0,
                  "\n" + done.stdout[done.stdout.find("= FAILURES"):][:3000] + done.stderr[-500:])


def secrecy(office, services, cards, secrets):
    print("secrecy")
    numbers = [card["id"] for card in cards[:2]] + [card["text"].split("/C/")[1] for card in cards[:2]]
    for service in services:
        found = service.traces(*secrets, *numbers)
        check("no key, number or payload is in the log", not found, found[:3])
        check("the log is not empty", service.log.stat().st_size > 1000)


def main(wanted):
    with tempfile.TemporaryDirectory(prefix="service-") as folder:
        office = Office(folder)
        office.people(40)
        cards = office.issue()
        scenes = {
            "basics": lambda: basics(office, service), "framing": lambda: framing(office, service),
            "expectation": lambda: expectation(office, service),
            "slowness": lambda: slowness(office, service), "tls": lambda: tls(office, service),
            "publication": lambda: publication(office, service, cards),
            "uniform": lambda: uniform(office, service, cards),
            "database": lambda: database_away(office, service), "disk": lambda: disk_full(office),
            "shutdown": lambda: shutdown(office), "contract": lambda: contract(office, service),
        }
        key = office.client("witness", "auditor")
        with Service(office, "--publish", office.folder / "published", "--lookup-rate", 1000000) as service:
            service.ask("GET", "/v1/client", key=key)
            service.ask("GET", "/c/" + cards[0]["text"].split("/C/")[1])
            service.ask("GET", f"/nothing/{cards[0]['id']}?secret={key}")
            for name, scene in scenes.items():
                if not wanted or name in wanted:
                    scene()
            secrecy(office, [service], cards, [key, key.split("_", 2)[2], "tester phrase", "register phrase"])
        office.tables.drop()
    serving.close()


if __name__ == "__main__":
    main(sys.argv[1:])
