"""Measures production against floors taken in the same run (docs/production.md).

Usage: PROFBILET=release/profbilet python3 Tests/Benchmarks/production.py [--rounds N] [--largest N]
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from figures import BENCH, ROOT, finish, row, run


class Office:
    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.environment = dict(
            os.environ, PROFBILET_DATA=str(self.data), PROFBILET_USER="planner",
            PROFBILET_PASSPHRASE="register phrase", PROFBILET_ROOT_PASSPHRASE="root phrase",
            PROFBILET_USER_PASSPHRASE="planner phrase", PROFBILET_NEW_PASSPHRASE="approver phrase")
        self.approver = dict(PROFBILET_USER="approver", PROFBILET_USER_PASSPHRASE="approver phrase")

    def run(self, *arguments, codes=(0,), **changes):
        """Seconds, peak megabytes and output of one command."""
        return run(dict(self.environment, **changes), *arguments, codes=codes)

    def approved(self, cards):
        """A batch of so many cards, approved."""
        text = (ROOT / "batches/example-nationwide.yaml").read_text()
        text = re.sub(r"(?m)^(\s*)limit:.*$", rf"\1limit: {cards}", text)
        text = re.sub(r"(?m)^two-people-above:.*$", "two-people-above: 10000000", text)
        text = re.sub(r"(?m)^minimum:.*$", "minimum: 1", text)
        text = text.replace("../card-layouts", str(ROOT / "card-layouts"))
        text = text.replace("profiles/", str(ROOT / "batches/profiles") + "/")
        path = self.folder / f"batch{cards}.yaml"
        path.write_text(text)
        batch = json.loads(self.run("batch", "plan", path, "--json")[2])
        assert batch["cards"] == cards, batch["cards"]
        self.run("batch", "approve", batch["batch"], **self.approver)
        return batch["batch"]

    def built(self, batch, rounds):
        """Median seconds and greatest peak of building the same batch anew, without opening the register."""
        seconds, peaks = [], []
        for _ in range(rounds):
            shutil.rmtree(self.data / f"batches/{batch:06}", ignore_errors=True)
            took, peak, _ = self.run("batch", "build", batch)
            seconds.append(took)
            peaks.append(peak)
        return statistics.median(seconds), max(peaks)


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key",
                    "-out", folder / f"{name}.pem", "-subj", f"/CN={name}", "-days", "30"], check=True,
                   capture_output=True)
    return folder / f"{name}.pem"


def gather(roster):
    """Gathers the people as the union's are, about sixty in a primary organisation."""
    lines = roster.read_bytes().split(b"\r\n" if b"\r\n" in roster.read_bytes()[:4000] else b"\n")
    places = {}
    found = re.compile(rb"\b(\d\d)-\d\d\d-\d\d\d\d\b")
    for number, line in enumerate(lines):
        match = found.search(line)
        if not match:
            continue
        count, place = places.get(match[1], (0, match[0]))
        if count == 60:
            count, place = 0, match[0]
        places[match[1]] = (count + 1, place)
        lines[number] = line[:match.start()] + place + line[match.end():]
    roster.write_bytes(b"\n".join(lines))


def poppler(path, cards):
    """Poppler alone drawing the same back pages, half of them on each core."""
    started = time.monotonic()
    half = cards // 2
    processes = [subprocess.Popen(["pdftoppm", "-gray", "-r", "300", "-e", "-f", str(2 * first), "-l", str(2 * last), path],
                                  stdout=subprocess.DEVNULL) for first, last in ((1, half), (half + 1, cards))]
    for process in processes:
        process.wait()
    return cards / (time.monotonic() - started)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--largest", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = pathlib.Path(name)
        office = Office(folder)
        office.run("init", "--specimen")
        office.run("user", "add", "approver", "--role", "cardOffice")
        roster = folder / "roster.csv"
        sizes = [1_000, 10_000, 20_000, options.largest]
        office.run("sample", "roster", "--rows", int(sum(sizes) * 1.25) + 1_000, "--seed", 1, "--dirt", 0, "--out", roster)
        office.run("organisation", "import", f"{roster}.organisations.csv")
        gather(roster)
        office.run("roster", "import", roster, codes=(0, 2))
        office.run("order", "create", "--organisation", "99", "--submit", codes=(0, 2))
        office.run("order", "approve", "--organisation", "99")
        batches = {size: office.approved(size) for size in sizes}
        figures = {size: office.built(batches[size], options.rounds if size < 50_000 else 1) for size in sizes}
        # A batch that stands is only told so: what is left is opening the register and its keys.
        opening = statistics.median(office.run("batch", "build", batches[1_000])[0] for _ in range(3))
        few = office.built(office.approved(100), options.rounds)[0]
        micro = {}
        for line in subprocess.run([BENCH], capture_output=True, text=True, check=True).stdout.splitlines():
            figure = json.loads(line)
            micro[figure["name"]] = figure["rate"]
        batch = batches[20_000]
        package = office.data / f"batches/{batch:06}"
        # The envelope belongs to the work measured; sealing wants a verified batch, so a small one is verified and
        # the time of sealing is scaled by bytes.
        small = batches[1_000]
        small_package = office.data / f"batches/{small:06}"
        verify_seconds, _, _ = office.run("batch", "verify", small_package)
        pem = certificate(folder, "maker")
        seal_seconds, _, _ = office.run("batch", "seal", small, "--manufacturer", pem, "--archive", pem)
        size = lambda path: sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
        seal_seconds = max(0.0, seal_seconds - opening) * size(package) / size(small_package)
        seconds = figures[20_000][0] - opening + seal_seconds
        rate = 20_000 / seconds
        row("batch build of 20 000 cards with its CMS", rate, "cards/s", micro["libqrencode on both cores"], 0.5)
        peer = subprocess.run([sys.executable, ROOT / "Tests/Benchmarks/peer_batch.py", "400", folder / "peer.pdf"],
                              capture_output=True, text=True, check=True).stdout
        row("the same against reportlab and segno", rate, "cards/s",
            float(re.search(r"cards_per_wall_s=([\d.]+)", peer)[1]), 60)
        floor = poppler(small_package / "manufacturer/cards-001.pdf", 1_000)
        row("batch verify of 1 000 cards", 1_000 / (verify_seconds - opening), "cards/s", floor, 0.5)
        row(f"peak memory at {options.largest} cards", figures[options.largest][1], "MB", figures[10_000][1], 1.10,
            is_at_most=True)
        row("the same", figures[options.largest][1], "MB", None, 300, is_at_most=True)
        pdfs = sum(path.stat().st_size for path in package.glob("manufacturer/cards-*.pdf"))
        row("PDF bytes a card", pdfs / 20_000, "bytes", None, 2_600, is_at_most=True)
        # From one size to the next, so that the keys, the proof and its reading do not count as cards.
        steps = [(100, few)] + [(size, figures[size][0]) for size in (1_000, 10_000, options.largest)]
        rates = [(cards - before) / (seconds - earlier)
                 for (before, earlier), (cards, seconds) in zip(steps, steps[1:])]
        print("cards/s from 100 to 1 000, to 10 000, to the largest: " + ", ".join(f"{rate:.0f}" for rate in rates))
        row("cards/s from size to size: slowest to fastest", min(rates), "cards/s", max(rates), 0.85)
    finish("bench-production")


main()
