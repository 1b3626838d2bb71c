"""The kiosk page in a real headless Chromium: faces, scanners that type, hostile codes, foreign pages.

Usage: python kiosk.py [--desk PROGRAM] [--url ADDRESS-WITH-TOKEN] [--pin PIN] [--only NAME]
Without --url a desk of scripted verdicts is started; with it only what any station must do is checked.
Screenshots stay in .build/artefacts/kiosk.
"""

import argparse
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

from playwright.sync_api import Error, sync_playwright

from kiosk_keys import Hand, Scanner

ARTEFACTS = pathlib.Path(".build/artefacts/kiosk")
OUTCOMES = [
    "unreadable", "unknown_format", "malformed", "clock_suspect", "snapshot_too_old", "unknown_key",
    "revoked_key", "forged", "cloned_chip", "unbound_virtual", "stale_virtual", "replayed_virtual", "unknown",
    "ambiguous", "not_yet_valid", "expired", "lost", "replaced", "revoked", "not_handed_out", "suspended",
    "status_unknown", "member_left", "not_on_list", "mandate_not_confirmed", "already_inside",
    "re_entry_forbidden", "legacy_unsigned", "ok_status_only", "ok", "ok_repeat_entry", "ok_status_stale",
    "ok_guest", "ok_exit", "activated", "duplicate_offline", "internal"]
SIZES = [(1920, 1080), (1366, 768)]
passed = 0
failures = []


def check(name, ok, detail=""):
    global passed
    if ok:
        passed += 1
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


# Faces

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


def faces(browser, desk, _):
    shapes = {}
    for size in SIZES:
        kiosk = Kiosk(browser, desk.url, size, reduced_motion="reduce")
        for outcome in OUTCOMES:
            kiosk.scan(lambda: code(outcome), outcome)
            time.sleep(0.15)
            kiosk.page.screenshot(path=ARTEFACTS / f"{outcome}-{size[0]}.png")
            headline = kiosk.text("#headline")
            shapes[outcome] = (kiosk.now("document.body.dataset.shape"), kiosk.now("document.body.dataset.colour"))
            letter = float(kiosk.now("parseFloat(getComputedStyle(document.getElementById('headline')).fontSize)"))
            ratio = contrast(kiosk, "#headline", "body")
            hidden = kiosk.now("""[...document.querySelectorAll('#verdict > *')].some((one) => {
                const [box, stage] = [one.getBoundingClientRect(), document.getElementById('verdict').getBoundingClientRect()];
                return box.height && (box.top < stage.top - 1 || box.bottom > stage.bottom + 1 || box.right > stage.right + 1);
            })""")
            # Read from three metres: capitals of 15 mm on a 15.6-inch screen are 0.7 × 84 px × 0.25 mm.
            good = headline and ratio >= 4.5 and letter >= 84 * size[1] / 768 * 0.75 and not hidden \
                and kiosk.now("document.body.dataset.lastSound")
            check(f"{outcome} at {size[0]}: {headline}", good,
                  f"contrast {ratio:.1f}, letters {letter} px, cut off: {hidden}")
        check(f"no error in the page at {size[0]}", not kiosk.errors, kiosk.errors)
        kiosk.close()
    check("signs: every colour of a shape means one thing", len({shape for shape, _ in shapes.values()}) == 7, shapes)


# Scanners

def scanners(browser, desk, scripted):
    kiosk = Kiosk(browser, desk.url)
    want = "ok" if scripted else None
    cases = [("Latin layout, Enter at the end", {}), ("Latin layout, no Enter", {"end": None}),
             ("Cyrillic layout", {"layout": "ru"}), ("Cyrillic layout, AIM identifier ЪЙ1", {"layout": "ru", "prefix": "]Q1"}),
             ("Latin layout, AIM identifier ]Q1", {"prefix": "]Q1"}), ("a slow scanner, 25 ms a key", {"gap": 0.025, "short": True}),
             ("Tab at the end", {"end": "Tab"}), ("digits of the number pad", {"pad": True})]
    for name, pace in cases:
        short = pace.pop("short", False)
        text, sent = kiosk.scan((lambda: code()[-130:]) if short else code, want, **pace)
        expected = pace.get("prefix", "") + text
        check(name, len(sent) == 1 and sent[0]["text"] == expected and sent[0]["source"] == "scanner",
              f"{expected[:40]}… became {[one['text'][:40] for one in sent]}")
    check("a presentation of 690 digits is one scan",
          len(kiosk.scan(lambda: str(10**689 + int(time.time())), want, gap=0.002)[1]) == 1)
    mark = len(kiosk.asked)
    first = kiosk.scanner.burst(short_code, end=None)
    time.sleep(0.12)
    second = kiosk.scanner.burst(short_code, end=None)
    time.sleep(0.4)
    sent = kiosk.since(mark, "scan")
    check("two codes within 200 ms are two scans", [one["text"] for one in sent] == [first, second]
          and len({one["nonce"] for one in sent}) == 2, sent)
    mark = len(kiosk.asked)
    same = short_code()
    for _ in range(2):
        kiosk.scanner.burst(lambda: same)
        time.sleep(0.15)
    time.sleep(0.3)
    sent = kiosk.since(mark, "scan")
    check("one code twice within 200 ms is one scan", len(sent) == 2 and len({one["nonce"] for one in sent}) == 1, sent)
    if scripted:
        check("and its verdict stays", kiosk.shown == "ok", kiosk.shown)
    time.sleep(2.2)
    _, sent_later = kiosk.scan(lambda: same, "already_inside" if scripted else None)
    check("the same code after two seconds is a new scan",
          len(sent_later) == 1 and sent_later[0]["nonce"] != sent[0]["nonce"], sent_later)
    mark = len(kiosk.asked)
    kiosk.hand.type("17")
    time.sleep(0.3)
    check("a hand's digits open the number, they are no scan",
          not kiosk.since(mark, "scan") and kiosk.now("document.querySelector('dialog input')?.value") == "17",
          kiosk.now("document.querySelector('dialog')?.outerHTML"))
    kiosk.hand.press("Escape")
    check("no error in the page", not kiosk.errors, kiosk.errors)
    kiosk.close()


# A code that wants to press the operator's keys

HOSTILE = ["Escape", "Enter", "F4", "Tab", "Enter", "F8", *"24681357", "Enter", "Tab", "Space", "Enter", *"ADMIT",
           "F10", *"2468", "Enter", "Escape", "F1", "Backspace", "Enter", "F2", *"00000000", "Enter", "Enter"]


def hostile(browser, desk, scripted):
    kiosk = Kiosk(browser, desk.url)
    acts = ("admit", "annul", "mode", "shift", "quorum", "find", "person")
    if scripted:
        begin_shift(kiosk)
        kiosk.scan(lambda: code("legacy_unsigned"), "legacy_unsigned")
    mark = len(kiosk.asked)
    kiosk.scanner.keys(HOSTILE)
    time.sleep(0.5)
    check("a hostile code presses nothing", not kiosk.since(mark, *acts), kiosk.since(mark, *acts))
    check("it opens no dialog and turns no language", not kiosk.now("document.getElementById('dialog').open")
          and kiosk.now("document.documentElement.lang") == "ru")
    if scripted:
        kiosk.scan(lambda: code("legacy_unsigned"), "legacy_unsigned")
    for keys, name in [(["Enter"], "a code of one Enter"), (["Tab", "Enter"], "a code of Tab and Enter"),
                       (["Enter", "Enter"], "a code of two Enters"), (["F4"], "a code of one F4")]:
        mark = len(kiosk.asked)
        kiosk.scanner.keys(keys)
        time.sleep(0.3)
        check(f"{name} presses nothing", not kiosk.since(mark, *acts) and not kiosk.now("document.getElementById('dialog').open"))
    kiosk.hand.press("F2")
    kiosk.wait("document.querySelector('dialog input')")
    kiosk.hand.type("17748")
    mark = len(kiosk.asked)
    kiosk.scanner.keys(HOSTILE)
    time.sleep(0.5)
    check("in an open dialog it changes nothing either", kiosk.now("document.getElementById('dialog').open")
          and kiosk.now("document.querySelector('dialog input').value") == "17748" and not kiosk.since(mark, *acts),
          kiosk.now("document.querySelector('dialog input')?.value"))
    check("but is data, split at its line ends", 1 <= len(kiosk.since(mark, "scan")) <= 4, kiosk.since(mark, "scan"))
    kiosk.hand.press("Escape")
    kiosk.hand.press("F6")
    kiosk.wait("document.querySelector('dialog input[type=password]')")
    mark = len(kiosk.asked)
    kiosk.scanner.keys([*"2468", "Enter"])
    time.sleep(0.4)
    check("a scanned PIN is not taken", kiosk.now("document.querySelector('dialog input').value") == ""
          and not kiosk.since(mark, "mode"), kiosk.since(mark, "mode"))
    kiosk.now("document.querySelector('dialog input').value = '2468'")
    kiosk.hand.press("Enter")
    time.sleep(0.4)
    check("a PIN nobody typed is refused by the station",
          len(kiosk.since(mark, "mode")) == 1 and "руками" in kiosk.text("dialog .error"), kiosk.text("dialog"))
    kiosk.hand.press("Escape")
    check("no error in the page but the refusal", all("422" in one for one in kiosk.errors), kiosk.errors)
    kiosk.close()


# Keyboard alone

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


def keyboard(browser, desk, _):
    kiosk = Kiosk(browser, desk.url, (1920, 1080))
    end_shift(kiosk)
    stops, invisible = [], []
    for _ in range(40):
        kiosk.hand.press("Tab")
        name = kiosk.now("document.activeElement.innerText")
        if stops and name == stops[0]:
            break
        stops.append(name)
        style = kiosk.now("""(() => { const one = getComputedStyle(document.activeElement);
            return [parseFloat(one.outlineWidth), one.outlineStyle]; })()""")
        if style[0] < 3 or style[1] == "none":
            invisible.append(name)
    check("Tab goes round all buttons, each with a visible focus", len(stops) >= 9 and not invisible, (stops, invisible))
    mark = len(kiosk.asked)
    kiosk.hand.press("F2")
    kiosk.hand.type("177481516324216")
    kiosk.wait("document.querySelector('.group.wrong')")
    wrong = kiosk.now("[...document.querySelectorAll('.group')].findIndex((one) => one.classList.contains('wrong'))")
    check("a swap in a typed number is shown in its group", wrong == 2 and "3" in kiosk.text("dialog .help"), wrong)
    kiosk.hand.press("Enter")
    check("and is not sent", not kiosk.since(mark, "scan"))
    for _ in range(7):
        kiosk.hand.press("Backspace")
    kiosk.hand.type("623 4216")
    kiosk.wait("document.querySelector('.groups').dataset.state === 'complete'")
    shown_error = kiosk.text("dialog .error")
    kiosk.page.screenshot(path=ARTEFACTS / "number.png")
    kiosk.hand.press("Enter")
    kiosk.wait("document.body.dataset.outcome === 'ok'")
    check("the error of the first try went with it", shown_error == "", shown_error)
    check("the right number is a scan of the keyboard", kiosk.since(mark, "scan")[0]["source"] == "keyboard")
    kiosk.hand.press("F4")
    kiosk.hand.type("1111")
    kiosk.hand.press("Enter")
    kiosk.wait("document.querySelector('dialog .error').textContent")
    check("a wrong PIN is told", "PIN" in kiosk.text("dialog .error"), kiosk.text("dialog .error"))
    kiosk.page.screenshot(path=ARTEFACTS / "wrong-pin.png")
    give_pin(kiosk)
    kiosk.wait("document.body.dataset.standing === 'annulled'")
    check("the scan is annulled with PIN and reason", kiosk.since(mark, "annul")[-1]["reason"] == "Ошибка оператора")
    kiosk.scan(lambda: code("legacy_unsigned"), "legacy_unsigned")
    kiosk.hand.press("Enter")
    kiosk.wait("document.querySelector('dialog input[type=password]')")
    check("without a shift an admission after a check asks for a PIN", True)
    kiosk.hand.press("Escape")
    begin_shift(kiosk)
    check("after a dialog the focus is back on the admission",
          kiosk.now("document.activeElement.closest('#choices') !== null"), kiosk.now("document.activeElement.outerHTML"))
    kiosk.hand.press("Enter")
    kiosk.wait("document.body.dataset.standing === 'admitted'")
    check("in a shift one key admits", True)
    kiosk.scan(lambda: code("ambiguous"), "ambiguous")
    kiosk.hand.press("Tab")
    kiosk.hand.press("Enter")
    kiosk.wait("document.body.dataset.standing === 'admitted'")
    check("one of several people is chosen", kiosk.since(mark, "admit")[-1].get("person") == "p2")
    kiosk.scan(lambda: code("status_unknown"), "status_unknown")
    kiosk.hand.press("Enter")
    kiosk.wait("document.querySelector('dialog .reasons')")
    kiosk.hand.press("Tab", shift=True)
    kiosk.hand.type("паспорт 1", layout="ru")
    give_pin(kiosk)
    kiosk.wait("document.body.dataset.standing === 'admitted'")
    check("a supervisor admits with a reason of their own", kiosk.since(mark, "admit")[-1]["reason"] == "паспорт 1",
          kiosk.since(mark, "admit")[-1])
    kiosk.scan(lambda: code("unknown"), "unknown")
    kiosk.hand.press("F8")
    give_pin(kiosk)
    kiosk.wait("document.querySelector('dialog .error').textContent")
    check("nobody can admit whom nobody knows", "невозможен" in kiosk.text("dialog .error"))
    kiosk.hand.press("Escape")
    names(kiosk, mark)
    gate(kiosk, mark)
    unexpected = [one for one in kiosk.errors if "403" not in one and "409" not in one]
    check("no error in the page but the refusals", not unexpected, unexpected)
    kiosk.close()


def names(kiosk, mark):
    kiosk.hand.press("F3")
    kiosk.hand.type("орлова", layout="ru")
    kiosk.hand.press("Tab")
    kiosk.hand.type("open the index")
    kiosk.hand.press("Enter")
    kiosk.wait("document.querySelectorAll('dialog .person-choice').length === 2")
    kiosk.page.screenshot(path=ARTEFACTS / "names.png")
    kiosk.hand.press("Enter")
    kiosk.wait("document.querySelector('dialog input[type=password]')")
    give_pin(kiosk)
    kiosk.wait("document.body.dataset.outcome === 'ok'")
    check("a person found by name is admitted by a document", kiosk.since(mark, "person")[-1]["person"] == "p1")


def gate(kiosk, mark):
    kiosk.hand.press("F7")
    give_pin(kiosk)
    kiosk.wait("document.getElementById('quorum-words').textContent.includes('зафиксирован')")
    check("the quorum is fixed", len(kiosk.since(mark, "quorum")) == 1)
    kiosk.hand.press("F6")
    kiosk.hand.press("Tab", shift=True)
    kiosk.hand.press("Tab", shift=True)
    kiosk.hand.press("Enter")
    give_pin(kiosk)
    kiosk.wait("document.getElementById('mode').textContent === 'ВЫХОД'")
    check("the gate is turned to exit", kiosk.since(mark, "mode")[-1]["mode"] == "exit")
    kiosk.scan(code, "ok_exit")
    kiosk.page.screenshot(path=ARTEFACTS / "exit-mode.png")
    kiosk.hand.press("F6")
    kiosk.hand.press("Tab", shift=True)
    kiosk.hand.press("Tab", shift=True)
    kiosk.hand.press("Tab", shift=True)
    kiosk.hand.press("Space")
    give_pin(kiosk)
    kiosk.wait("document.getElementById('mode').textContent === 'ВХОД'")
    end_shift(kiosk)
    check("and back, and the shift ends", True)


# Foreign pages

FOREIGN = """<!doctype html><meta charset=utf-8><body><script>
const kiosk = "KIOSK", results = {};
const done = [];
const attempt = (name, work) => done.push(Promise.resolve().then(work)
  .then((value) => { results[name] = value; }, (error) => { results[name] = "refused"; }));
const body = JSON.stringify({ text: "177481516234216", source: "keyboard", nonce: "ab".repeat(16) });
const read = async (response) => `${response.type} ${response.status}`;
attempt("fetch", () => fetch(kiosk + "/api/scan", { method: "POST", credentials: "include",
  headers: { "Content-Type": "application/json" }, body }).then(read));
attempt("no-cors", () => fetch(kiosk + "/api/scan", { method: "POST", mode: "no-cors", credentials: "include", body }).then(read));
attempt("read", () => fetch(kiosk + "/", { credentials: "include" }).then(read));
attempt("script", () => new Promise((ok, no) => { const one = document.createElement("script");
  one.src = kiosk + "/words.js"; one.onload = () => ok("loaded"); one.onerror = no; document.body.append(one); }));
attempt("image", () => new Promise((ok, no) => { const one = new Image();
  one.src = kiosk + "/icon.svg"; one.onload = () => ok("loaded"); one.onerror = no; }));
attempt("events", () => new Promise((ok, no) => { const one = new EventSource(kiosk + "/events", { withCredentials: true });
  one.onopen = () => ok("opened"); one.onerror = () => { one.close(); no(); }; }));
const frame = document.createElement("iframe");
frame.name = "inside"; frame.src = kiosk + "/"; document.body.append(frame);
const target = document.createElement("iframe");
target.name = "target"; document.body.append(target);
const form = document.createElement("form");
form.action = kiosk + "/api/scan"; form.method = "POST"; form.enctype = "text/plain"; form.target = "target";
const line = document.createElement("input");
line.name = body.slice(0, -1) + ',"a":"'; line.value = '"}';
form.append(line); document.body.append(form); form.submit();
Promise.all(done).then(() => setTimeout(() => { window.finished = results; }, 700));
</script>"""


def foreign(browser, desk, scripted):
    base = re.match(r"http://[^/]+", desk.url).group()
    page_text = FOREIGN.replace("KIOSK", base).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page_text)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kiosk = Kiosk(browser, desk.url)
    before = kiosk.text("#last") + kiosk.text("#admitted")
    for host in ("127.0.0.1", "localhost"):
        page = kiosk.context.new_page()
        answers = []
        page.on("response", lambda one: one.url.startswith(base) and answers.append((one.url[len(base):], one.status)))
        page.goto(f"http://{host}:{server.server_port}/")
        page.wait_for_function("window.finished", timeout=15000)
        results = page.evaluate("window.finished")
        allowed = {name: value for name, value in results.items() if value not in ("refused", "opaque 0")}
        check(f"a foreign page on {host} gets nothing", not allowed, results)
        check(f"every answer to it is a refusal ({len(answers)})",
              len(answers) >= 2 and all(status in (401, 403, 421) for _, status in answers), answers)
        framed = [frame.locator("#tools button").count() for frame in page.frames[1:]]
        check("the kiosk shows in no frame", not any(framed), framed)
        page.close()
    time.sleep(0.5)
    check("and nothing happened at the station", kiosk.text("#last") + kiosk.text("#admitted") == before)
    other = kiosk.context.new_page()
    answer = other.goto(desk.url.replace("127.0.0.1", "localhost"))
    check("another name for the same address is refused", answer.status == 421, answer.status)
    other.close()
    kiosk.close()
    server.shutdown()
    stranger = browser.new_context().new_page()
    answer = stranger.goto(base + "/")
    check("without the token there is only a hint", answer.status == 401 and "Откройте адрес" in stranger.content(), answer.status)
    answer = stranger.goto(base + "/?token=guess")
    check("a guessed token is no token", answer.status == 401, answer.status)
    stranger.context.close()


# Sessions, connections, language, eyes

def session(browser, desk, scripted):
    kiosk = Kiosk(browser, desk.url)
    check("the token is not in the address bar", "token" not in kiosk.page.url, kiosk.page.url)
    cookies = kiosk.context.cookies()
    check("the session cookie is strict and out of scripts' reach", len(cookies) == 1 and cookies[0]["httpOnly"]
          and cookies[0]["sameSite"] == "Strict" and not kiosk.now("document.cookie"), cookies)
    kiosk.page.reload()
    kiosk.wait("document.getElementById('station').textContent")
    check("a reload keeps the session", kiosk.page.locator("#tools button").count() == 8)
    second = Kiosk(browser, desk.url)
    if scripted:
        kiosk.scan(code, "ok")
        second.wait("document.body.dataset.outcome === 'ok'")
        check("a second page shows the same verdict live", second.shown == "ok")
    outside = [url for url in kiosk.now("performance.getEntriesByType('resource').map((one) => one.name)")
               if not url.startswith(re.match(r"http://[^/]+", desk.url).group())]
    check("the page asks nobody outside", not outside, outside)
    second.close()
    kiosk.close()


def connection(browser, desk, _):
    kiosk = Kiosk(browser, desk.url)
    start = time.monotonic()
    check("the station ends by itself when told", desk.stop() == 0)
    kiosk.wait("!document.getElementById('lost').hidden", 20)
    check(f"a lost station shows within {time.monotonic() - start:.1f} s", "НЕТ СВЯЗИ" in kiosk.text("#lost"))
    for front in ("#lost-headline", "#lost-action", "#lost-sign"):
        ratio = contrast(kiosk, front, "#lost")
        check(f"contrast of {front}: {ratio:.1f}", ratio >= 4.5)
    kiosk.page.screenshot(path=ARTEFACTS / "no-connection.png")
    desk.start("first-start")
    kiosk.wait("document.getElementById('lost').hidden", 20)
    check("it comes back by itself", not kiosk.page.locator("#lost").is_visible())
    kiosk.scan(code, "ok")
    check("and scans again", kiosk.shown == "ok")
    desk.stop(hard=True)
    kiosk.wait("!document.getElementById('lost').hidden", 20)
    desk.start("second-start")
    kiosk.wait("document.getElementById('lost-headline').textContent.includes('ПЕРЕЗАПУЩЕНА')", 20)
    check("after a new start the page asks for the new address", "адрес" in kiosk.text("#lost"))
    kiosk.page.goto(desk.url)
    kiosk.wait("document.getElementById('station').textContent")
    check("which opens it again", not kiosk.page.locator("#lost").is_visible())
    kiosk.close()


def language(browser, desk, scripted):
    kiosk = Kiosk(browser, desk.url)
    if scripted:
        kiosk.scan(lambda: code("already_inside"), "already_inside")
    russian = kiosk.text("footer")
    kiosk.hand.press("F1")
    kiosk.wait("document.documentElement.lang === 'en'")
    words = [kiosk.text("footer"), kiosk.text("#headline"), kiosk.text("#action"), kiosk.text("#mode"),
             *kiosk.now("[...document.querySelectorAll('aside h2, aside dt, .counts span')].map((one) => one.innerText)")]
    check("English is English", not any(re.search("[а-яА-Я]", one) for one in words) and words[0] != russian, words)
    kiosk.page.screenshot(path=ARTEFACTS / "english.png")
    kiosk.page.reload()
    kiosk.wait("document.getElementById('station').textContent")
    check("it stays after a reload", kiosk.now("document.documentElement.lang") == "en")
    kiosk.hand.press("F1")
    kiosk.wait("document.documentElement.lang === 'ru'")
    check("and turns back", kiosk.text("footer") == russian)
    kiosk.close()


def eyes(browser, desk, scripted):
    kiosk = Kiosk(browser, desk.url, (683, 384), device_scale_factor=2, reduced_motion="reduce")
    if scripted:
        kiosk.scan(lambda: code("mandate_not_confirmed"), "mandate_not_confirmed")
    kiosk.page.screenshot(path=ARTEFACTS / "zoom-200.png", full_page=True)
    check("at 200 % nothing runs out sideways", kiosk.now("document.documentElement.scrollWidth <= innerWidth"),
          kiosk.now("document.documentElement.scrollWidth"))
    unreachable = []
    for place in range(kiosk.page.locator("#tools button").count()):
        kiosk.page.locator("#tools button").nth(place).focus()
        box = kiosk.now("(() => { const one = document.activeElement.getBoundingClientRect(); "
                        "return [one.top, one.bottom, innerHeight]; })()")
        if box[0] < 0 or box[1] > box[2]:
            unreachable.append(box)
    check("and every button can be reached", not unreachable, unreachable)
    check("reduced motion moves nothing", kiosk.now(
        "[...document.querySelectorAll('*')].every((one) => ['0s', 'none', 'all 0s'].includes("
        "getComputedStyle(one).transitionDuration) || getComputedStyle(one).transitionProperty === 'none')"))
    kiosk.close()
    kiosk = Kiosk(browser, desk.url)
    if scripted:
        kiosk.scan(lambda: code("forged"), "forged")
    for front, back in [("header h1", "header"), (".tool", ".tool"), (".card h2", ".card"), (".data dt", ".card"),
                        (".quorum-verdict", ".card"), (".scan time", ".card")]:
        if kiosk.page.locator(front).count() and kiosk.page.locator(front).first.is_visible():
            ratio = contrast(kiosk, front, back)
            check(f"contrast of {front}: {ratio:.1f}", ratio >= 4.5)
    for key in ("F2", "F3", "F4", "F6", "F7", "F8", "F9", "F10"):
        kiosk.hand.press(key)
        kiosk.wait("document.getElementById('dialog').open")
        nameless = kiosk.now("""[...document.querySelectorAll('dialog input, button')].filter((one) =>
            one.tagName === 'INPUT' ? !one.labels.length : !one.innerText.trim()).length""")
        titled = kiosk.now("document.getElementById(document.getElementById('dialog').getAttribute('aria-labelledby')).innerText")
        focused = kiosk.now("document.getElementById('dialog').contains(document.activeElement)")
        check(f"dialog {key} is titled, labelled, and has the focus: {titled}", not nameless and titled and focused, nameless)
        kiosk.hand.press("Escape")
    check("verdicts are announced", kiosk.now("document.getElementById('verdict').getAttribute('aria-live')") == "assertive")
    kiosk.close()


def camera(browser, desk, _):
    """Debian's Chromium has no BarcodeDetector: the page is told one, to see what it does with its answer."""
    kiosk = Kiosk(browser, desk.url)
    kiosk.hand.press("F9")
    has = kiosk.now("'BarcodeDetector' in window")
    check("the page says what this browser can", has or "не читает коды" in kiosk.text("dialog"), kiosk.text("dialog"))
    kiosk.close()
    kiosk = Kiosk(browser, desk.url)
    text = code()
    kiosk.now(f"void (window.BarcodeDetector = class {{ async detect() {{ return [{{ rawValue: '{text}' }}]; }} }})")
    kiosk.hand.press("F9")
    picture = ARTEFACTS / "number.png"
    if not picture.exists():
        kiosk.page.screenshot(path=picture)
    kiosk.page.set_input_files("#picture", picture)
    kiosk.wait("document.body.dataset.outcome === 'ok'")
    sent = kiosk.since(0, "scan")
    check("a code in a picture is a scan of the camera", len(sent) == 1 and sent[0]["source"] == "camera"
          and sent[0]["text"] == text, sent)
    kiosk.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--desk", default=os.environ.get("KIOSK_DESK", ".build/debug/kiosk-desk"))
    parser.add_argument("--url")
    parser.add_argument("--only")
    options = parser.parse_args()
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    scripted = options.url is None
    desk = Desk(options.desk) if scripted else argparse.Namespace(url=options.url)
    parts = [faces, scanners, hostile, keyboard, foreign, session, language, eyes, camera, connection] if scripted \
        else [scanners, hostile, foreign, session, language, eyes]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium",
                args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"])
            for part in parts:
                if options.only in (None, part.__name__):
                    print(part.__name__)
                    try:
                        part(browser, desk, scripted)
                    except (TimeoutError, Error) as error:
                        check(f"{part.__name__} went to its end", False, error)
            browser.close()
    finally:
        if scripted and desk.process.poll() is None:
            desk.stop()
    print(f"kiosk: {passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
