"""The kiosk page in a real headless Chromium: faces, scanners that type, hostile codes, foreign pages.

Usage: python kiosk.py [--desk PROGRAM] [--url ADDRESS-WITH-TOKEN] [--pin PIN] [--only NAME]
Without --url a desk of scripted verdicts is started; with it only what any station must do is checked.
Screenshots stay in .build/artefacts/kiosk.
"""

import argparse
import os
import re
import sys
import time

from playwright.sync_api import Error, sync_playwright

import kiosk_page
from kiosk_input import hostile, keyboard, scanners
from kiosk_page import ARTEFACTS, OUTCOMES, Desk, Kiosk, check, code, contrast
from kiosk_reach import connection, foreign, session

SIZES = [(1920, 1080), (1366, 768)]


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
    print(f"kiosk: {len(kiosk_page.passed)} passed, {len(kiosk_page.failures)} failed")
    sys.exit(1 if kiosk_page.failures else 0)


main()
