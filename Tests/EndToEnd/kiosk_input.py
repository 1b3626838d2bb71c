"""What comes in by keys: scanners that type, codes that want to press them, an operator without a mouse."""

import time

from kiosk_page import ARTEFACTS, Kiosk, begin_shift, check, code, end_shift, give_pin, short_code


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
