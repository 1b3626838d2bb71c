"""The kiosk page as a test holds it: the desk behind it, the keys before it, what it asked and shows."""

import json
import pathlib
import socket
import subprocess
import sys
import time

from kiosk_keys import Hand, Scanner

ARTEFACTS = pathlib.Path(".build/artefacts/kiosk")
OUTCOMES = [
    "unreadable", "unknown_format", "malformed", "clock_suspect", "snapshot_too_old", "unknown_key",
    "revoked_key", "forged", "cloned_chip", "unbound_virtual", "stale_virtual", "replayed_virtual", "unknown",
    "ambiguous", "not_yet_valid", "expired", "lost", "replaced", "revoked", "not_handed_out", "suspended",
    "status_unknown", "member_left", "not_on_list", "mandate_not_confirmed", "already_inside",
    "re_entry_forbidden", "legacy_unsigned", "ok_status_only", "ok", "ok_repeat_entry", "ok_status_stale",
    "ok_guest", "ok_exit", "activated", "duplicate_offline", "internal", "station_closed"]
passed = []
failures = []


def check(name, ok, detail=""):
    if ok:
        passed.append(name)
        print(f"  ok    {name}")
    else:
        failures.append(name)
        print(f"  FAIL  {name}: {detail}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Desk:
    """The scripted desk as a process of its own, which can die and come back."""

    def __init__(self, program):
        self.program = program
        self.port = free_port()
        self.start("first-start")

    def start(self, token):
        self.process = subprocess.Popen(
            [self.program, str(self.port), token], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http://127.0.0.1:"):
            sys.exit(f"{self.program} did not start: {self.url}")

    def stop(self, *, hard=False):
        (self.process.kill if hard else self.process.terminate)()
        return self.process.wait(timeout=20)


class Kiosk:
    """One open page, what it asked, and the keys before it."""

    def __init__(self, browser, url, size=(1366, 768), **options):
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        self.page = self.context.new_page()
        self.asked = []
        self.errors = []
        self.page.on("request", self.note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: line.type == "error" and self.errors.append(line.text))
        self.cdp = self.context.new_cdp_session(self.page)
        self.hand = Hand(self.cdp)
        self.scanner = Scanner(self.cdp, self.begin_scan)
        self.page.goto(url)
        self.page.wait_for_selector("#tools button")
        self.wait("document.getElementById('station').textContent")

    def note(self, request):
        if "/api/" in request.url:
            self.asked.append((request.url.rsplit("/", 1)[1], json.loads(request.post_data or "{}")))

    def wait(self, condition, timeout=5):
        """Asks again and again: the page's policy forbids the evaluation a waiting function needs."""
        deadline = time.monotonic() + timeout
        while not self.page.evaluate(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                self.page.screenshot(path=ARTEFACTS / "waited-in-vain.png")
                raise TimeoutError(f"never: {condition}")
            time.sleep(0.02)

    def now(self, expression):
        return self.page.evaluate(expression)

    @property
    def shown(self):
        return self.now("document.body.dataset.outcome")

    def text(self, selector):
        return self.page.inner_text(selector)

    def begin_scan(self):
        self.page.evaluate("0")
        self.scan_mark = len(self.asked)

    def scan(self, make_text, outcome=None, **pace):
        """Scans and waits for the verdict; returns what the page sent."""
        text = self.scanner.burst(make_text, **pace)
        self.wait("document.body.dataset.reading === undefined")
        if outcome:
            self.wait(f"document.body.dataset.outcome === '{outcome}'")
        else:
            time.sleep(0.3)
        return text, self.since(self.scan_mark, "scan")

    def since(self, mark, *actions):
        """The bodies of these requests after a mark; asking the page lets news of requests in."""
        self.page.evaluate("0")
        return [body for action, body in self.asked[mark:] if action in actions]

    def close(self):
        self.context.close()


serial = 0


def code(outcome=None):
    """A code the scripted desk answers with this outcome; without one, a new good ticket of 268 digits."""
    global serial
    serial += 1
    if outcome:
        return "0000000900" + str(OUTCOMES.index(outcome)).zfill(2)
    return "HTTPS://BILET.EXAMPLE.ORG/C/" + str(10**267 + serial * 7919)


def short_code():
    """A new number of 15 digits: typed in a tenth of a second."""
    global serial
    serial += 1
    return str(10**14 + serial * 7919)


LUMINANCE = """([front, back]) => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""


def contrast(kiosk, front, back):
    pair = [kiosk.now(f"getComputedStyle(document.querySelector('{front}')).color"),
            kiosk.now(f"getComputedStyle(document.querySelector('{back}')).backgroundColor")]
    return kiosk.page.evaluate(LUMINANCE, pair)


def begin_shift(kiosk, pin="2468"):
    if kiosk.page.inner_text("#shift").startswith("Смена:"):
        return
    kiosk.hand.press("F10")
    kiosk.wait("document.querySelector('dialog input[type=password]')")
    kiosk.hand.type(pin)
    kiosk.hand.press("Enter")
    kiosk.wait("document.getElementById('shift').textContent.startsWith('Смена:')")


def end_shift(kiosk):
    if not kiosk.page.inner_text("#shift").startswith("Смена:"):
        return
    kiosk.hand.press("F10")
    kiosk.hand.press("Enter")
    kiosk.wait("!document.getElementById('shift').textContent.startsWith('Смена:')")


def give_pin(kiosk, pin="2468"):
    kiosk.now("document.querySelector('dialog input[type=password]').focus()")
    kiosk.hand.type(pin)
    kiosk.hand.press("Enter")
