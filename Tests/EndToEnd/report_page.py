"""Statistical reports as pages, opened in a real headless Chromium: charts, sorting by mouse and keyboard, paper, policy.

The pages come from the real program over a register of invented people; nothing may be fetched from anywhere.
Screenshots stay in .build/artefacts/reports. Usage: PROFBILET=path/to/profbilet python report_page.py
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

import delivery
from delivery import check
from kiosk_page import LUMINANCE

ARTEFACTS = pathlib.Path(".build/artefacts/reports").absolute()
REPORTS = ["coverage", "production", "virtual", "programme", "quality", "handout"]


class Page:
    def __init__(self, browser, path, size=(1366, 900)):
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page = self.context.new_page()
        self.errors, self.asked = [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def column(self, number):
        return self.page.evaluate(f"[...document.querySelectorAll('tbody tr')].map((row) => row.cells[{number}].dataset.value)")

    def sums(self):
        """Every row's and the foot's values."""
        return self.page.evaluate("[...document.querySelectorAll('tbody tr, tfoot tr')].map((row) => [...row.cells].map((cell) => cell.dataset.value))")


def one(browser, name, path):
    page = Page(browser, path)
    heads = page.page.evaluate("[...document.querySelectorAll('th span')].map((one) => one.textContent)")
    check(f"{name}: in Russian, with a table", page.page.evaluate("document.documentElement.lang") == "ru"
          and all(re.search("[А-Яа-я]", head) for head in heads) and page.page.locator("tbody tr").count() > 1, heads)
    check(f"{name}: nothing is fetched and the policy is not broken", page.asked == [path.as_uri()] and not page.errors,
          (page.asked, page.errors))
    check(f"{name}: no policy of trust in everything inline", "unsafe" not in page.page.content())
    # Nobody of these people has a virtual card: bars of nothing, with their names and 0,00 %.
    check(f"{name}: charts with something in them", page.page.locator("svg.chart").count() > 0
          and (name == "virtual" or page.page.evaluate("[...document.querySelectorAll('svg.chart rect')].some((one) => one.getBoundingClientRect().width > 20)")),
          page.page.locator("svg.chart").count())
    check(f"{name}: charts are drawn in colours", page.page.evaluate(
        "[...document.querySelectorAll('svg.chart rect')].every((one) => getComputedStyle(one).fill !== 'rgb(0, 0, 0)')"))
    check(f"{name}: each chart has a name", page.page.evaluate(
        "[...document.querySelectorAll('svg.chart')].every((one) => one.getAttribute('aria-label'))"))
    check(f"{name}: nothing runs out sideways", page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
    page.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)
    return page


def sorting(page):
    heads = page.page.locator("th span")
    heads.nth(3).click()
    numbers = [float(value) for value in page.column(3) if value]
    check("a click on a figure's head sorts, the largest first", numbers == sorted(numbers, reverse=True) and len(set(numbers)) > 1, numbers)
    check("the head says so", page.page.locator("th").nth(3).get_attribute("aria-sort") == "descending")
    heads.nth(3).click()
    check("again: the smallest first", [float(value) for value in page.column(3) if value] == sorted(numbers))
    heads.nth(1).focus()
    page.page.keyboard.press("Enter")
    names = page.column(1)
    heads.nth(1).focus()
    page.page.keyboard.press("Space")
    check("by the other key: backwards", page.column(1) == names[::-1] and len(set(names)) == len(names), page.column(1))
    page.page.keyboard.press("Enter")
    collated = page.page.evaluate("(names) => [...names].sort((a, b) => a.localeCompare(b, 'ru'))", names)
    check("by keyboard: words from А on", names == collated and page.page.locator("th[aria-sort]").count() == 1, names)
    foot = page.page.locator("tfoot tr").inner_text()
    check("the sum stays below", foot.split("\t")[1].strip() == "Итого", foot)
    page.page.screenshot(path=ARTEFACTS / "sorted.png")


def paper(page, name):
    target = ARTEFACTS / f"{name}.pdf"
    page.page.pdf(path=target, prefer_css_page_size=True, print_background=False)
    text = subprocess.run(["pdftotext", "-layout", target, "-"], capture_output=True, text=True, check=True).stdout
    size = subprocess.run(["pdfinfo", target], capture_output=True, text=True, check=True).stdout
    check(f"{name} on paper: A4 across, with charts' words and the sum", re.search(r"841\.\d+ x 59[45]", size)
          and "Итого" in text and "%" in text, size)
    # Rows for several pages: each has the heads.
    page.page.evaluate("""() => { const body = document.querySelector("tbody"); const rows = [...body.rows];
        while (body.rows.length < 120) body.append(...rows.map((row) => row.cloneNode(true))); }""")
    page.page.pdf(path=target.with_suffix(".long.pdf"), prefer_css_page_size=True)
    second = subprocess.run(["pdftotext", "-layout", "-f", "2", "-l", "2", target.with_suffix(".long.pdf"), "-"],
                            capture_output=True, text=True, check=True).stdout
    check(f"{name} on paper: the heads on the second page too", "Организация" in second and "На учёте" in second, second[:300])
    subprocess.run(["pdftoppm", "-r", "50", "-png", target, target.with_suffix("")], check=True)


def published(browser, office, folder):
    """What may leave the union, against the whole: no small figure, none that follows from the others."""
    for report in ("coverage", "programme", "quality"):
        whole_file, told_file = folder / f"{report}-whole.html", folder / f"{report}-told.html"
        office.ok("report", report, "--by", "primary", "--format", "html", "--out", whole_file)
        office.ok("report", report, "--by", "primary", "--publication", "--format", "html", "--out", told_file)
        whole, told = Page(browser, whole_file).sums(), Page(browser, told_file).sums()
        small = [(row, column) for row, cells in enumerate(whole) for column, cell in enumerate(cells)
                 if column > 1 and cell.isdigit() and 0 < int(cell) < 5 and told[row][column] != "•"]
        check(f"{report}: no figure below five is told", not small, small)
        parts = re.findall(r"</i>[^<:]+: (\d+) \(", told_file.read_text())
        check(f"{report}: no part of the four ways below five is told", not [part for part in parts if 0 < int(part) < 5], parts)
        hidden = sum(cell == "•" for cells in told for cell in cells)
        alone = [column for column in range(2, len(told[0])) if sum(cells[column] == "•" for cells in told) == 1]
        check(f"{report}: {hidden} figures hidden, none of them alone in its column", hidden > 0 and not alone, alone)
    page = Page(browser, folder / "coverage-told.html")
    page.page.screenshot(path=ARTEFACTS / "published.png", full_page=True)
    check("the page says what the dots mean", "нельзя" in page.page.inner_text(".notes") or "не приводятся" in page.page.inner_text(".notes"))


def prepared(folder):
    """Cards at four primary organisations, handed out at some; then people without cards, some of them in the programme."""
    office = delivery.Office(folder)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "maker.key", "-out",
                    folder / "maker.pem", "-subj", "/CN=maker", "-days", "9000"], check=True, capture_output=True)
    office.ok("init", "--specimen")
    office.ok("user", "add", "approver", "--role", "cardOffice")
    places = ["26-001-0001", "26-001-0002", "27-001-0001", "77-002-0003"]
    office.people(places, 8)
    office.order()
    number, cards = office.batch()
    office.ok("batch", "accept", number, "--report", office.report(
        "plant.csv", [(card["sequence"], card["carrier"], "ok") for card in cards]))
    office.ok("batch", "ship", number)
    office.ok("parcel", "receive", "--batch", number, "--all", "--at", "primary")
    office.ok("handout", "parcel", f"{number}/1", "--except", cards[0]["carrier"])
    header = ("ИД АИС;Фамилия;Имя;Отчество;Дата рождения;Пол;Категория;Код организации;Дата вступления;Согласие ПДн;"
              "Согласие на изготовление билета;Согласие PROFCARDS\n")
    lines = [f"L{index};Петрова{'абвгдежзик'[index % 10]};Ольга;Ивановна;{index % 28 + 1:02}.05.{1950 + index % 40};Ж;работающий;"
             f"{places[index % 7 % 4]};01.09.2011;да;{'да' if index % 3 else 'нет'};{'да' if index % 4 else 'нет'}\n" for index in range(70)]
    # Too few to be told outside.
    (folder / "small.csv").write_text("Код;Наименование\n26-001-0003;Малая\n")
    office.ok("organisation", "import", folder / "small.csv")
    lines += [f"S{index};Малова;Ольга;Ивановна;0{index + 1}.05.1970;Ж;работающий;26-001-0003;01.09.2011;да;да;да\n" for index in range(3)]
    (folder / "late.csv").write_text(header + "".join(lines))
    office.ok("roster", "import", folder / "late.csv", codes=(0, 2))
    return office


def main():
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = pathlib.Path(name)
        office = prepared(folder)
        names = folder / "names.csv"
        first = office.ok("report", "coverage", "--format", "csv").splitlines()[1].split(";")[0].strip('"')
        names.write_text(f"Код;Наименование\n{first};<script>alert(1)</script><b>Край\n")
        office.ok("organisation", "import", names)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for report in REPORTS:
            target = folder / f"{report}.html"
            office.ok("report", report, "--format", "html", "--out", target)
            page = one(browser, report, target)
            if report == "coverage":
                check("coverage: the split of four with its legend", page.page.locator("svg.chart").first.locator("rect").count() == 4
                      and page.page.locator(".legend span").count() == 4)
                check("names are text, whatever stands in them", "<script>alert(1)</script><b>Край" in page.page.inner_text("tbody"))
                for selector in ("header p", "h1", ".figure span", "th span", ".notes p", "tbody td"):
                    pair = page.page.evaluate("""(selector) => {
                        let back = document.querySelector(selector);
                        const front = getComputedStyle(back).color;
                        while (back && getComputedStyle(back).backgroundColor === "rgba(0, 0, 0, 0)") back = back.parentElement;
                        return [front, back ? getComputedStyle(back).backgroundColor : "rgb(255, 255, 255)"]; }""", selector)
                    ratio = page.page.evaluate(LUMINANCE, pair)
                    check(f"contrast of {selector}: {ratio:.1f}", ratio >= 4.5)
                sorting(page)
            if report == "production":
                check("production: a column for each month", page.page.locator("svg[aria-label='Карты по месяцам'] rect").count() > 0)
            if report in ("coverage", "production"):
                paper(page, report)
            page.context.close()
        published(browser, office, folder)
        browser.close()
        office.tables.drop()
    print(f"{delivery.passed} passed, {len(delivery.failures)} failed, {time.monotonic() - started:.0f} s")
    for one_name in delivery.failures:
        print(f"  {one_name}")
    sys.exit(1 if delivery.failures else 0)


if __name__ == "__main__":
    main()
