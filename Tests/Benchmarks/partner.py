"""Measures the partner's packages: a base of 500 000 consenting members, a delta after 10 000 changes.

The register has 3.9 M members by a real import. Their tickets are put into its tables by SQL, because signing
3.9 M payloads would take longer than everything measured here; which are exported is judged by the program.
Usage: PROFBILET=release/profbilet python3 Tests/Benchmarks/partner.py [--members N] [--consenting N]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from figures import BENCH, ROOT, finish, row, run

sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
from reference_partner import Keys, opened  # noqa: E402


class Office:
    def __init__(self, data):
        self.data = data
        self.environment = dict(
            os.environ, PROFBILET_DATA=str(data), PROFBILET_USER="bench", PROFBILET_PASSPHRASE="register phrase",
            PROFBILET_ROOT_PASSPHRASE="root phrase", PROFBILET_USER_PASSPHRASE="bench phrase")

    def run(self, *arguments, codes=(0,)):
        return run(self.environment, *arguments, codes=codes)

    def sql(self, *statements):
        """By a process of its own, which keeps this one small: see figures.run."""
        script = "PRAGMA cache_size = -400000;\n" + "".join(f"{sql};\n" for sql in statements)
        return subprocess.run(["sqlite3", "-bail", self.data / "register.sqlite"], input=script, text=True, check=True,
                              capture_output=True).stdout

    def number(self, sql):
        return int(self.sql(sql))


def people(office, folder, members, consenting):
    roster = folder / "roster.csv"
    office.run("sample", "roster", "--rows", members, "--seed", 11, "--dirt", 0, "--out", roster)
    office.run("init", "--specimen")
    office.run("organisation", "import", f"{roster}.organisations.csv")
    office.run("roster", "import", roster, codes=(0, 2))
    roster.unlink()
    purpose = "SELECT id FROM consent_text WHERE purpose = 'bonusTransfer'"
    have = office.number(f"SELECT count(DISTINCT member_id) FROM consent WHERE text_id IN ({purpose})")
    member = f"m.id IN (SELECT member_id FROM consent WHERE text_id IN ({purpose}))"
    if have > consenting:
        office.sql(f"UPDATE consent SET withdrawn_on = given_on WHERE text_id IN ({purpose}) AND member_id > "
                   f"(SELECT member_id FROM consent WHERE text_id IN ({purpose}) ORDER BY member_id "
                   f"LIMIT 1 OFFSET {consenting - 1})")
    else:
        office.sql(f"INSERT INTO consent (member_id, text_id, import_id, region, given_on) "
                   f"SELECT m.id, ({purpose} LIMIT 1), 0, m.region, 18000 FROM member m WHERE NOT {member} "
                   f"ORDER BY m.id LIMIT {consenting - have}")
    office.sql(
        f"INSERT INTO ticket_number (number, region, state, member_id, at) "
        f"SELECT 900000000000000 + m.id, m.region, 'assigned', m.id, 0 FROM member m WHERE {member}",
        f"INSERT INTO carrier (id, region, member_id, kind, number, issue, state, list, idx, published, expires_at) "
        f"SELECT m.id, m.region, m.id, 'plastic', 900000000000000 + m.id, 1, 'active', 1 + m.id / 1000000, "
        f"m.id % 1000000, 0, 2100000000 FROM member m WHERE {member}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=3_900_000)
    parser.add_argument("--consenting", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = pathlib.Path(name)
        office = Office(folder / "data")
        people(office, folder, options.members, options.consenting)
        keys = Keys(folder / "keys", "profcards")
        contract = folder / "profcards.yaml"
        contract.write_text((ROOT / "batches/partners/profcards.yaml").read_text().replace(
            "certificate: profcards.pem", f"certificate: {keys.certificate}"))
        office.run("partner", "add", contract)
        idle, _, _ = office.run("partner", "list")
        first, first_peak, output = office.run("partner", "export", "profcards", "--json")
        count = json.loads(output)["rows"]
        print(f"{count} rows; the first base took {first - idle:.1f} s, everybody judged in it", flush=True)
        plain = folder / "plain.tar"
        subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", json.loads(output)["path"], "-recip",
                        keys.certificate, "-inkey", keys.key, "-out", plain], check=True)
        megabytes = plain.stat().st_size / 1e6
        times, floors, peaks = [], [], [first_peak]
        for _ in range(options.rounds):
            floors.append(float(subprocess.run([BENCH, "envelope", plain, keys.certificate, folder / "floor.cms"],
                                               capture_output=True, text=True, check=True).stdout))
            seconds, peak, _ = office.run("partner", "export", "profcards", "--base", "--json")
            times.append(seconds - idle)
            peaks.append(peak)
        floor = statistics.median(floors)
        row(f"base of {count} rows, {megabytes:.0f} MB, encrypted and signed", megabytes / statistics.median(times), "MB/s",
            megabytes / floor, 0.5)
        # told beside it: judging half a million people, which changes bring about one by one, is no writing of bytes
        row("the first base, everybody judged in it", megabytes / (first - idle), "MB/s", megabytes / floor, None)
        row("peak memory of a base", max(peaks), "MB", None, 300, is_at_most=True)
        # of those that the partner has (carriers bear their members' ids here): of the others nothing is told
        had = ("SELECT c.id FROM carrier c WHERE c.state = 'active' AND c.member_id IN (SELECT member_id FROM consent "
               "WHERE withdrawn_on IS NULL AND text_id IN (SELECT id FROM consent_text WHERE purpose = 'bonusTransfer')) "
               "ORDER BY random() LIMIT 5000")
        office.sql(f"UPDATE carrier SET state = 'suspended', published = 2 WHERE id IN ({had})",
                   f"UPDATE consent SET withdrawn_on = 20000 WHERE member_id IN ({had}) AND text_id IN "
                   "(SELECT id FROM consent_text WHERE purpose = 'bonusTransfer')")
        seconds, _, output = office.run("partner", "export", "profcards", "--json")
        made = json.loads(output)
        told = made["suspended"] + made["revoked"]
        row(f"delta of {told} rows after 10 000 changes among {options.members} members", seconds - idle, "s", None, 5,
            is_at_most=True)
        if not 9_000 <= told <= 10_000 or made["kind"] != "delta":
            sys.exit(f"10 000 changes gave {made}")
    finish("partner")


main()
