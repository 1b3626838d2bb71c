"""The desk of chairs and registrars in a real headless Chromium: from a member without a card to a card in hand.

The served register is a real one with a sealed batch; the chair signs in, orders, receives a parcel, prints its list,
enters the signed one, and hands cards out by a scanner that types. Then what must not work: wrong passphrases, other
organisations, forged forms, ended sessions, markup in names. Screenshots stay in .build/artefacts/desk.
Usage: PROFBILET=path/to/profbilet python desk.py
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

import delivery
from delivery import check
from kiosk_page import LUMINANCE
from serving import Service

ARTEFACTS = pathlib.Path(".build/artefacts/desk")
PLACES = ["26-001-0001", "26-001-0002"]


def prepared(folder):
    """An office with a batch on its way, and people without cards; the names are hostile where names may be."""
    office = delivery.Office(folder)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "maker.key", "-out",
                    folder / "maker.pem", "-subj", "/CN=maker", "-days", "9000"], check=True, capture_output=True)
    # The service's clock is the machine's: what is made now must not lie in its future.
    office.environment["PROFBILET_NOW"] = str(int(time.time()))
    office.ok("init", "--specimen")
    for name, role, scope in [("approver", "cardOffice", "99"), ("chair", "chair", PLACES[0]),
                              ("other", "chair", PLACES[1]), ("registrar", "registrar", "26"), ("auditor", "auditor", "99")]:
        office.ok("user", "add", name, "--role", role, "--scope", scope)
    office.people(PLACES, 7)
    office.order()
    number, cards = office.batch()
    report = office.report("plant.csv", [(card["sequence"], card["carrier"], "ok") for card in cards])
    office.ok("batch", "accept", number, "--report", report)
    office.ok("batch", "ship", number)
    names = folder / "rename.csv"
    names.write_text(f"Код;Наименование\n{PLACES[0]};<script>alert(1)</script> & «Школа № 1»\n")
    office.ok("organisation", "import", names)
    header = ("ИД АИС;Фамилия;Имя;Отчество;Дата рождения;Пол;Категория;Код организации;Дата вступления;"
              "Согласие ПДн;Согласие на изготовление билета\n")
    people = [("Яковлева", "Вера", "да"), ("Абрамова", "Нина", "да"), ("Ёлкина-Д’Артаньян", "Ия", "да"), ("Борисова", "Ада", "нет"),
              *[(f"Петрова{'абвгдежзиклмнопрстуфхцчш'[index % 24]}{'ае'[index // 24 % 2]}", "Ольга", "да") for index in range(60)]]
    lines = [f"L{index};{last};{first};Ивановна;{index % 28 + 1:02}.05.{1960 + index % 30};Ж;работающий;{PLACES[0]};01.09.2011;да;{consent}\n"
             for index, (last, first, consent) in enumerate(people)]
    roster = folder / "late.csv"
    roster.write_text(header + "".join(lines))
    office.ok("roster", "import", roster, codes=(0, 2))
    return office, number, cards


class Desk:
    """One browser context at the desk; what it asked for and what went wrong is kept."""

    def __init__(self, browser, address, size=(1366, 900), **options):
        self.address = address
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, accept_downloads=True, **options)
        self.page = self.context.new_page()
        self.watch(self.page)

    def watch(self, page):
        self.errors, self.foreign = [], []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: line.type == "error" and "status of 4" not in line.text and self.errors.append(line.text))
        page.on("request", lambda request: request.url.startswith(self.address) or self.foreign.append(request.url))

    def open(self, path):
        return self.page.goto(self.address + path)

    def sign_in(self, name, phrase="another phrase"):
        self.open("/desk/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#passphrase", phrase)
        self.enter()

    def enter(self):
        """Enter in a form: the next page."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def click(self, selector):
        with self.page.expect_navigation():
            self.page.click(selector)

    def text(self, selector="main"):
        return self.page.inner_text(selector)

    def shot(self, name):
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    def close(self):
        self.context.close()


def contrast(desk, selector):
    """Of a piece of text against the first background behind it that is not clear."""
    pair = desk.page.evaluate("""(selector) => {
      const one = document.querySelector(selector);
      let back = one;
      while (back && getComputedStyle(back).backgroundColor === "rgba(0, 0, 0, 0)") back = back.parentElement;
      return [getComputedStyle(one).color, back ? getComputedStyle(back).backgroundColor : "rgb(255, 255, 255)"];
    }""", selector)
    return desk.page.evaluate(LUMINANCE, pair)


def signing_in(browser, address):
    desk = Desk(browser, address)
    desk.open("/desk/members")
    check("whoever is not signed in sees the form", desk.page.url.endswith("/desk/sign-in") and "Вход в кабинет" in desk.text())
    check("the first field has the focus", desk.page.evaluate("document.activeElement.id") == "name")
    desk.shot("sign-in")
    desk.sign_in("chair", "wrong phrase")
    check("a wrong passphrase is refused beside the form", "Войти не удалось" in desk.text(".note.bad"), desk.text())
    check("the name stays, the phrase does not", desk.page.input_value("#name") == "chair"
          and desk.page.input_value("#passphrase") == "")
    desk.shot("sign-in-wrong")
    desk.sign_in("auditor")
    check("an auditor signs in and sees no people", "Ваша роль (ревизор)" in desk.text(), desk.text())
    desk.shot("forbidden")
    desk.close()


def ordering(desk, office):
    desk.sign_in("chair")
    check("the chair comes to those without a card", "Члены Профсоюза без карты" in desk.text("h1"), desk.page.url)
    check("64 of them, by name", "64 человека" in desk.text() and desk.text("tbody tr:first-child").startswith("Абрамова")
          or "Абрамова" in desk.text("tbody tr:first-child"), desk.text()[:400])
    check("a page holds fifty", desk.page.locator("tbody tr").count() == 50)
    desk.shot("members")
    desk.click("a[rel=next]")
    check("the next page the rest", desk.page.locator("tbody tr").count() == 14)
    desk.page.fill("#search", "ёлк")
    desk.enter()
    check("found by the beginning of a name, without ё as well", desk.page.locator("tbody tr").count() == 1)
    desk.page.fill("#search", "борисова")
    desk.enter()
    check("who has not consented cannot be ticked, and why is said", desk.page.locator("tbody input:disabled").count() == 1
          and "нет согласия" in desk.text("tbody"), desk.text())
    desk.page.fill("#search", "")
    desk.page.fill("#organisation", "26-х")
    desk.enter()
    check("a wrong code is said beside its field, and the field has the focus",
          "Код организации пишется так" in desk.text("#organisation-note")
          and desk.page.evaluate("document.activeElement.id") == "organisation", desk.text())
    desk.shot("members-fault")
    desk.open("/desk/members")
    boxes = desk.page.locator("tbody input:enabled")
    # By keyboard alone: the box is reached and ticked, the button pressed.
    boxes.nth(0).focus()
    desk.page.keyboard.press("Space")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Space")
    check("what is ticked is counted", "отмечено: 2" in desk.page.locator("output").inner_text(), desk.page.locator("output").inner_text())
    desk.page.focus("text=Заказать карты отмеченным")
    desk.enter()
    check("two orders are submitted", "Подано заявок: 2" in desk.text(".note.good"), desk.text()[:500])
    check("they stand in the register as the chair's", office.number(
        "SELECT count(*) FROM card_order o JOIN app_user u ON u.id = o.created_by WHERE u.name = 'chair' AND o.state = 'submitted'") == 2)
    desk.shot("ordered")
    # Another window with the same person before the first has ordered.
    second = desk.context.new_page()
    for page in (desk.page, second):
        page.goto(desk.address + "/desk/members")
        page.locator("tbody input:enabled").nth(0).check()
    for page in (desk.page, second):
        with page.expect_navigation():
            page.click("text=Заказать карты отмеченным")
    check("two windows order one card for one member", "Подано заявок: 1" in desk.text()
          and "Уже есть заявка" in second.inner_text(".note.bad"), second.inner_text("main")[:500])
    second.screenshot(path=ARTEFACTS / "ordered-twice.png", full_page=True)
    second.close()
    desk.open("/desk/members")
    desk.page.click("[data-all]")
    check("all of a page are ticked at once", "отмечено: 46" in desk.page.locator("output").inner_text(),
          desk.page.locator("output").inner_text())
    desk.click("text=Список для печати")
    check("the list to print holds everybody", desk.page.locator("tbody tr").count() == 64)
    desk.page.emulate_media(media="print")
    desk.shot("list-print")
    check("on paper there is nothing but the list", not desk.page.locator("nav").is_visible()
          and not desk.page.locator("header").is_visible() and not desk.page.locator("button").first.is_visible())
    desk.page.pdf(path=ARTEFACTS / "list.pdf", prefer_css_page_size=True)
    text = delivery.text_of(ARTEFACTS / "list.pdf")
    check("printed with the organisation's name as it is", "<script>alert(1)</script> & «Школа № 1»" in text and "Яковлева" in text, text[:400])
    desk.page.emulate_media(media="screen")
    desk.open("/desk/orders")
    rows = desk.page.locator("tbody tr")
    check("the orders and their states", rows.count() == 10 and desk.text().count("подана") >= 3 and "в пути" in desk.text(), desk.text())
    desk.shot("orders")
    rows.nth(0).locator("summary").click()
    rows.nth(0).locator("input[name=why]").fill("ошиблись")
    with desk.page.expect_navigation():
        rows.nth(0).locator("button").click()
    check("one is taken back", "отозвана" in desk.text(".note.good"), desk.text()[:300])


def parcels(desk, office, number, cards):
    desk.open("/desk/parcels")
    check("a chair sees the own parcel only", desk.page.locator("tbody tr").count() == 1 and "Школа № 1" in desk.text(), desk.text())
    check("markup in names is text", "<script>alert(1)</script>" in desk.text() and not desk.errors, desk.errors)
    desk.shot("parcels")
    desk.click("tbody a")
    desk.page.fill("#cards", "6")
    desk.click("text=Принять >> nth=-1")
    check("a count that does not agree is said beside the field", "должно быть карт 7" in desk.text("#cards-note")
          and "--" not in desk.text(), desk.text()[:600])
    desk.shot("parcel-fault")
    desk.page.fill("#cards", "7")
    desk.enter()
    check("the parcel is received, its cards come into force", "введено в действие 7" in desk.text(".note.good"), desk.text()[:400])
    check("as the chair", office.number("SELECT count(*) FROM audit WHERE action = 'parcel.primary' AND user_name = 'chair'") == 1)
    address = desk.page.url.replace(":receive", "") + "/sheet"
    answer = desk.context.request.get(address)
    (ARTEFACTS / "handout.pdf").write_bytes(answer.body())
    check("the list to sign is a PDF with everybody", answer.headers["content-type"] == "application/pdf"
          and delivery.text_of(ARTEFACTS / "handout.pdf").count("Анна Петровна") == 7)
    desk.shot("parcel")
    desk.page.locator("input[name=card]").nth(0).check()
    desk.page.locator("input[name=card]").nth(1).check()
    desk.page.fill("#day", "32.13.2026")
    desk.click("text=Записать выдачу")
    check("a day that is none, and the ticks stay", "Дата пишется так" in desk.text("#day-note")
          and desk.page.locator("input[name=card]:checked").count() == 2, desk.text())
    desk.page.fill("#day", time.strftime("%d.%m.%Y", time.gmtime(time.time() + 3 * 3600)))
    desk.click("text=Записать выдачу")
    check("the signed list is recorded", "Выдача записана: 2 карты" in desk.text(".note.good"), desk.text()[:500])
    check("as a list, by the chair", office.number(
        "SELECT count(*) FROM hand_out h JOIN app_user u ON u.id = h.user_id WHERE h.way = 'list' AND u.name = 'chair'") == 2)
    desk.shot("parcel-recorded")
    for path in (f"/desk/parcels/{number}/2", f"/desk/parcels/{number}/2/sheet"):
        check(f"another organisation's parcel is 403: {path}", desk.context.request.get(desk.address + path).status == 403)
    check("as is one that is not there", desk.context.request.get(desk.address + f"/desk/parcels/{number}/77").status == 403)


def scanning(desk, office, cards):
    own = [card for card in cards if card["parcel"] == "1"]
    other = [card for card in cards if card["parcel"] == "2"]
    given = {office_number for office_number in office.tables_numbers()}
    rest = [card for card in own if card["carrier"] not in given]
    desk.open("/desk/handout")
    desk.shot("handout")

    def scan(text):
        # As a scanner does: keys at once, Enter behind them; nobody clicks anywhere.
        desk.page.keyboard.insert_text(text)
        desk.enter()

    scan(rest[0]["qr"])
    check("a scanned QR hands the card out and tells whose it is", "Выдана" in desk.text(".note.good")
          and "Анна Петровна" in desk.text(".note.good"), desk.text())
    desk.shot("handout-done")
    scan(rest[1]["carrier"])
    check("the next scan goes into the same field", "Выдана" in desk.text(".note.good") and "на этой странице: 2" in desk.text())
    scan(rest[1]["carrier"])
    check("a card scanned twice is known", "Уже была выдана" in desk.text(".note.known"), desk.text())
    scan(other[0]["carrier"])
    check("another organisation's card is refused without a name", "в вашей области такого носителя нет" in desk.text("#card-note").lower()
          and "Анна" not in desk.text(), desk.text())
    desk.shot("handout-fault")
    scan("177481516234217")
    check("a mistyped number says what is wrong and waits to be corrected", desk.page.locator("#card-note.fault").count() == 1
          and desk.page.input_value("#card") == "177481516234217", desk.text())
    damaged = rest[2]["qr"][:-9] + ("1" if rest[2]["qr"][-9] != "1" else "2") + rest[2]["qr"][-8:]
    scan(damaged)
    check("a forged code is not handed out", "подпись не сходится" in desk.text("#card-note"), desk.text())
    check("four hand-outs in all", office.number("SELECT count(*) FROM hand_out") == 4)


def safety(browser, desk, address, office):
    page = desk.page
    desk.open("/desk/handout")
    key = page.input_value("input[name=key]")
    for name, form in [("no key", {"card": "1"}), ("a wrong key", {"card": "1", "key": key[:-1] + "x"})]:
        answer = desk.context.request.post(address + "/desk/handout", form=form)
        check(f"a form with {name} is 403", answer.status == 403 and "Форма устарела" in answer.text())
    cookies = {one["name"]: one for one in desk.context.cookies()}
    check("the cookie is HttpOnly and SameSite=Strict", cookies["desk"]["httpOnly"] and cookies["desk"]["sameSite"] == "Strict")
    check("scripts see no cookie", "desk" not in page.evaluate("document.cookie"))
    check("no other frame may hold the page", "frame-ancestors 'none'" in desk.open("/desk/handout").headers["content-security-policy"])
    foreign = browser.new_context()
    evil = foreign.new_page()
    foreign.add_cookies([{"name": "desk", "value": cookies["desk"]["value"], "url": address, "httpOnly": True, "sameSite": "Strict"}])
    evil.route("http://evil.example/**", lambda route: route.fulfill(content_type="text/html", body=(
        f'<form method="post" action="{address}/desk/sign-out"><input name="key" value="{key}"></form>'
        "<script>document.forms[0].submit()</script>")))
    evil.goto("http://evil.example/")
    evil.wait_for_url(address + "/desk/sign-in*")
    check("a foreign page signs nobody out", desk.context.request.get(address + "/desk/members").status == 200
          and "Вход" in evil.inner_text("main"), evil.url)
    foreign.close()
    saved = desk.context.cookies()
    desk.click("text=Выйти")
    check("signing out leads to the form", page.url.endswith("/desk/sign-in"))
    desk.context.add_cookies(saved)
    desk.open("/desk/members")
    check("and the old cookie is worth nothing", "Сеанс закончился" in desk.text(".note.bad"), desk.text())
    check("no error in any page", not desk.errors, desk.errors)
    check("nothing was asked of other hosts", not desk.foreign, desk.foreign)
    locked = Desk(browser, address)
    for _ in range(5):
        locked.sign_in("other", "wrong phrase")
    said = locked.text(".note.bad")
    locked.sign_in("other")
    check("five wrong passphrases lock, in the same words", locked.text(".note.bad") == said and "/sign-in" in locked.page.url)
    check("the lock stands in the register", office.number("SELECT failures FROM app_user WHERE name = 'other'") == 5)
    office.ok("user", "enable", "other")
    locked.sign_in("other")
    check("an administrator unlocks", locked.page.url.endswith("/desk/members"), locked.page.url)
    locked.close()


def looks(browser, address):
    desk = Desk(browser, address)
    desk.sign_in("registrar")
    desk.open("/desk/members?language=en")
    desk.shot("members-english")
    check("English is English", "Members without a card" in desk.text("h1") and desk.page.evaluate("document.documentElement.lang") == "en")
    desk.open("/desk/handout?language=ru")
    for selector in ("header .union", "header .ticket", ".person span", "nav a", "h1", ".hint", "label", "button:not(.quiet)", ".words"):
        ratio = contrast(desk, selector)
        check(f"contrast of {selector}: {ratio:.1f}", ratio >= 4.5)
    small = desk.page.evaluate("""[...document.querySelectorAll('a.button, button, input:not([type=hidden])')]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)""")
    check("what is pressed is at least 44 px high", not small, small)
    for path in ("/desk/members", "/desk/orders", "/desk/parcels", "/desk/handout"):
        desk.open(path)
        nameless = desk.page.evaluate("""[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
            .filter((one) => !one.labels.length && !one.getAttribute('aria-label')).map((one) => one.outerHTML)""")
        check(f"{path}: every field has a name", not nameless, nameless)
        check(f"{path}: no two ids are the same", desk.page.evaluate("""(() => { const ids = [...document.querySelectorAll('[id]')]
            .map((one) => one.id); return new Set(ids).size === ids.length; })()"""))
    desk.open("/desk/members")
    desk.page.keyboard.press("Tab")
    check("the first Tab leads past the head", desk.page.evaluate("document.activeElement.className") == "skip")
    desk.close()
    phone = Desk(browser, address, (390, 800), device_scale_factor=2)
    phone.sign_in("registrar")
    phone.open("/desk/members")
    phone.shot("members-phone")
    for path in ("/desk/members", "/desk/orders", "/desk/parcels", "/desk/handout"):
        phone.open(path)
        check(f"on a phone nothing runs out sideways: {path}", phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
              phone.page.evaluate("document.documentElement.scrollWidth"))
    check("no error in any page", not phone.errors + desk.errors, phone.errors + desk.errors)
    phone.close()


def main():
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        office, number, cards = prepared(pathlib.Path(name))
        office.tables_numbers = lambda: given(office)
        print(f"  an office with {len(cards)} cards on their way after {time.monotonic() - started:.0f} s")
        # The service tells the time by the machine.
        environment = dict(office.environment)
        environment.pop("PROFBILET_NOW")
        office.environment, kept = environment, office.environment
        with Service(office) as service, sync_playwright() as playwright:
            office.environment = kept
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            signing_in(browser, service.address)
            desk = Desk(browser, service.address)
            ordering(desk, office)
            parcels(desk, office, number, cards)
            scanning(desk, office, cards)
            safety(browser, desk, service.address, office)
            desk.close()
            looks(browser, service.address)
            browser.close()
            people = ["Абрамова", "Яковлева", "another phrase", "chair phrase"]
            check("the log holds no name and no passphrase", not service.traces(*people), service.traces(*people))
        office.tables.check()
        office.tables.drop()
    print(f"{delivery.passed} passed, {len(delivery.failures)} failed, {time.monotonic() - started:.0f} s")
    for one in delivery.failures:
        print(f"  {one}")
    sys.exit(1 if delivery.failures else 0)


def given(office):
    """Carrier numbers that were handed out."""
    import sqlite3
    with sqlite3.connect(f"file:{office.data}/register.sqlite?mode=ro", uri=True) as connection:
        return {f"{number}{issue}" for number, issue in connection.execute(
            "SELECT number, issue FROM carrier WHERE handed_out_on IS NOT NULL")}


if __name__ == "__main__":
    main()
