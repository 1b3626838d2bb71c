"""Regions files of the golden test: judged to the last cell, divided for smaller scales.

A fault names its line, what is wrong, and the remedy; all of them are listed before anything is run.
Usage: python3 regions.py FILE      (judges only)
"""

import pathlib
import sys

TEXTS = ["code", "name_ru"]
COUNTS = ["members_2020", "register_2020_12_08", "plastic_cards", "virtual_est", "bonus_est", "ppo_est", "tpo_est"]
MOST = 8_000_000
SHOWN = 20


class Faults(Exception):
    """Everything wrong with a file, as lines for people."""


def read(path):
    """The regions of a file, or Faults."""
    faults = []

    def fault(line, russian, english):
        faults.append(f"{path}:{line}: {russian} / {english}")

    rows = table(path, fault)
    regions = [] if faults else [region for region in (judge(line, row, fault) for line, row in rows) if region]
    seen = {}
    for region in regions:
        for field, what in (("code", "код/code"), ("name_ru", "название/name")):
            first = seen.setdefault((field, region[field]), region["line"])
            if first != region["line"]:
                fault(region["line"], f"{what} «{region[field]}» уже есть в строке {first}: оставьте одну строку.",
                      f"{what} {region[field]} stands in line {first} already: keep one of the lines.")
    total = sum(region["members_2020"] for region in regions)
    if not faults and not 0 < total <= MOST:
        fault(2, f"членов всего {total}: нужно от 1 до {MOST}. Исправьте members_2020.",
              f"{total} members in all: 1 to {MOST} are needed. Correct members_2020.")
    if faults:
        more = [f"… и ещё/and more: {len(faults) - SHOWN}"] if len(faults) > SHOWN else []
        raise Faults("\n".join(faults[:SHOWN] + more))
    return regions


def table(path, fault):
    """The rows of a tab-separated file by their column, each with its line."""
    try:
        content = pathlib.Path(path).read_bytes()
    except OSError as error:
        fault(0, f"файл не читается ({error.strerror}). Проверьте путь REGIONS=…",
              f"cannot be read ({error.strerror}). Check the path REGIONS=…")
        return []
    if len(content) > 1 << 20:
        fault(0, "файл больше 1 МБ: это не список регионов.", "is larger than 1 MB: no list of regions.")
        return []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault(content[:error.start].count(b"\n") + 1, "не UTF-8. Сохраните файл в UTF-8.",
              "is not UTF-8. Save the file as UTF-8.")
        return []
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    head = lines[0].split("\t")
    missing = [name for name in TEXTS + COUNTS if name not in head]
    if missing:
        tip = ("столбцы разделяет табуляция", "columns are separated by tabs")
        fault(1, f"в заголовке нет столбцов {', '.join(missing)}; {tip[0]}. Возьмите за образец "
                 "Tests/Golden/Data/regions_80.tsv.",
              f"the header lacks the columns {', '.join(missing)}; {tip[1]}. Take Tests/Golden/Data/regions_80.tsv "
              "as a pattern.")
    for name in sorted({name for name in head if head.count(name) > 1}):
        fault(1, f"столбец «{name}» стоит дважды: уберите один.", f"the column {name} stands twice: remove one.")
    if len(lines) < 2:
        fault(1, "под заголовком нет ни одной строки: добавьте регионы.",
              "there is no line below the header: add the regions.")
    rows = []
    for line, text in enumerate(lines[1:], 2):
        cells = text.split("\t")
        if not text.strip():
            fault(line, "пустая строка: удалите её.", "an empty line: remove it.")
        elif len(cells) != len(head):
            fault(line, f"столбцов {len(cells)}, в заголовке {len(head)}: проверьте табуляции.",
                  f"{len(cells)} columns, the header has {len(head)}: check the tabs.")
        else:
            rows.append((line, dict(zip(head, cells))))
    return rows


def judge(line, row, fault):
    """One region, or None after its faults."""
    region = {"line": line, "code": row["code"].strip(), "name_ru": row["name_ru"].strip(),
              "kind": row.get("kind", "").strip()}
    good = True

    def refuse(russian, english):
        nonlocal good
        good = False
        fault(line, russian, english)

    code = region["code"]
    if not (len(code) == 2 and code.isascii() and code.isdigit() and code not in ("00", "99")):
        refuse(f"code «{code[:20]}»: нужны две цифры от 01 до 98.", f"code {code[:20]}: two digits, 01 to 98, are needed.")
    if not 0 < len(region["name_ru"]) <= 200 or not region["name_ru"].isprintable():
        refuse("name_ru: нужно название, не длиннее 200 знаков и без управляющих знаков.",
               "name_ru: a name is needed, of 200 characters at most and without control characters.")
    for name in COUNTS:
        cell = row[name].strip()
        if not (cell.isascii() and cell.isdigit() and len(cell) <= 8):
            refuse(f"{name} «{cell[:20]}»: нужно целое число от 0 без пробелов, запятых и знаков.",
                   f"{name} {cell[:20]!r}: a whole number from 0 is needed, without spaces, commas or signs.")
        else:
            region[name] = int(cell)
    if good:
        for russian, english in contradictions(region):
            refuse(russian, english)
    return region if good else None


def contradictions(region):
    """What the counts of one region say against each other."""
    members, registered, cards, virtual, programme, primaries, territorials = (region[name] for name in COUNTS)
    for name, count in (("virtual_est", virtual), ("bonus_est", programme)):
        if count > registered:
            yield (f"{name} {count} больше register_2020_12_08 {registered}: считаются только состоящие на учёте. "
                   "Уменьшите одно или увеличьте другое.",
                   f"{name} {count} exceeds register_2020_12_08 {registered}: only members on record count. "
                   "Lower the one or raise the other.")
    if registered > members:
        yield (f"register_2020_12_08 {registered} больше members_2020 {members}: на учёте не больше, чем членов. "
               "Уменьшите одно или увеличьте другое.",
               f"register_2020_12_08 {registered} exceeds members_2020 {members}: no more are on record than there are "
               "members. Lower the one or raise the other.")
    elif cards > 9 * members:
        yield (f"plastic_cards {cards}: больше девяти карт на члена ({members}) не бывает. Уменьшите plastic_cards.",
               f"plastic_cards {cards}: nobody has more than nine cards, and there are {members} members. "
               "Lower plastic_cards.")
    if not 1 <= territorials <= 999:
        yield (f"tpo_est {territorials}: нужно от 1 до 999.", f"tpo_est {territorials}: 1 to 999 are needed.")
    if not max(1, territorials) <= primaries <= 9999:
        yield (f"ppo_est {primaries}: нужно от tpo_est ({territorials}) до 9999.",
               f"ppo_est {primaries}: from tpo_est ({territorials}) to 9999 are needed.")


def scaled(regions, scale):
    """Every count divided and rounded half up by itself; sums are sums of what was rounded."""
    if scale == 1:
        return regions
    small = []
    for region in regions:
        counts = {name: (2 * region[name] + scale) // (2 * scale) for name in COUNTS}
        counts["tpo_est"] = max(1, counts["tpo_est"])
        counts["ppo_est"] = max(counts["tpo_est"], counts["ppo_est"])
        counts["plastic_cards"] = min(counts["plastic_cards"], 9 * counts["members_2020"])
        small.append(dict(region, **counts))
    return small


def write(regions, path):
    """As `profbilet-golden` reads it."""
    head = TEXTS + ["kind"] + COUNTS
    lines = ["\t".join(head)] + ["\t".join(str(region[name]) for name in head) for region in regions]
    pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Укажите один файл: python3 regions.py ФАЙЛ. / Name one file: python3 regions.py FILE.")
    try:
        print(f"{len(read(sys.argv[1]))} regions")
    except Faults as faults:
        sys.exit(str(faults))
