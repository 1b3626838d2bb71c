"""A partner as its own developers would write it: openssl and Python's library, nothing of ProfBilet's.

It takes packages in any order and any number of times, keeps its set, and answers with acknowledgements
(docs/partner.md). Used by partner.py; alone it shows what a package holds:

    python3 reference_partner.py show PACKAGE.tar.cms --key KEY.pem --certificate CERT.pem --union UNION.pem
"""

import argparse
import csv
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile

WIDTH = 256
MODULUS = 1 << (8 * WIDTH)
FIELDS = ("id", "number", "status", "validUntil", "carriers", "region", "changedAt")


class Fault(Exception):
    def __init__(self, code, detail, expected=None):
        super().__init__(f"{code}: {detail}")
        self.code, self.expected = code, expected


def element(row):
    """SHAKE256 of a row's line, as a number of 2 048 bits."""
    line = "\t".join(row.get(field, "") for field in FIELDS)
    return int.from_bytes(hashlib.shake_256(line.encode()).digest(WIDTH), "big")


def set_hash(rows):
    total = sum(element(row) for row in rows) % MODULUS
    return hashlib.sha256(total.to_bytes(WIDTH, "big")).hexdigest()


class Keys:
    """A key with a certificate signed by itself: decrypts packages, signs the partner's own files."""

    def __init__(self, folder, name, kind="rsa"):
        folder.mkdir(parents=True, exist_ok=True)
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.pem"
        how = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        subprocess.run(["openssl", "req", "-x509", *how, "-nodes", "-keyout", self.key, "-out", self.certificate,
                        "-subj", f"/CN={name}", "-days", "9000"], check=True, capture_output=True)

    def sign(self, path):
        subprocess.run(["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in", path, "-signer",
                        self.certificate, "-inkey", self.key, "-out", f"{path}.p7s"], check=True, capture_output=True)


def opened(path, key, certificate):
    """The files of a package."""
    if pathlib.Path(path).stat().st_size == 0:
        raise Fault("emptyFile", path)
    plain = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", path, "-recip", certificate,
                            "-inkey", key], capture_output=True)
    if plain.returncode:
        raise Fault("badFormat", plain.stderr.decode()[-200:])
    with tarfile.open(fileobj=io.BytesIO(plain.stdout)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def verified(files, union, scratch):
    """The manifest, once its signature and every hash in it are right."""
    manifest, signature = files["manifest.json"], files["manifest.json.p7s"]
    (scratch / "m").write_bytes(manifest)
    (scratch / "s").write_bytes(signature)
    check = subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-binary", "-content", scratch / "m", "-in",
                            scratch / "s", "-CAfile", union, "-certfile", union, "-purpose", "any", "-out", "/dev/null"],
                           capture_output=True)
    if check.returncode:
        raise Fault("badFormat", "signature: " + check.stderr.decode()[-200:])
    manifest = json.loads(manifest)
    whole = hashlib.sha256()
    for file in manifest["files"]:
        content = files[file["name"]]
        if len(content) != file["bytes"] or hashlib.sha256(content).hexdigest() != file["sha256"]:
            raise Fault("hashMismatch", file["name"])
        whole.update(content)
    if whole.hexdigest() != manifest["extra"]["data"]:
        raise Fault("hashMismatch", "data")
    return manifest


def rows_of(files, manifest):
    """The rows with our names of the columns, whatever the contract calls them."""
    extra = manifest["extra"]
    names = [pair.split("=", 1) for pair in extra["columns"].split(";")]
    text = b"".join(files[file["name"]] for file in manifest["files"]).decode(
        extra["encoding"].replace("utf-8-bom", "utf-8-sig"))
    if extra["form"] == "jsonl":
        found = [json.loads(line) for line in text.splitlines()]
    else:
        found = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=extra["separator"], strict=True))
    return [{ours: row[theirs] for ours, theirs in names} for row in found]


class Partner:
    def __init__(self, folder, name, kind="rsa"):
        self.folder, self.name = folder, name
        self.keys = Keys(folder, name, kind)
        self.rows, self.sequence, self.previous = {}, 0, None
        self.seen, self.merges, self.revocations = {}, 0, 0
        self.words = 0

    def take(self, path, union):
        """Applies one package; returns its manifest and whether it was there before."""
        files = opened(path, self.keys.key, self.keys.certificate)
        manifest = verified(files, union, self.folder)
        extra, sequence = manifest["extra"], manifest["sequence"]
        digest = hashlib.sha256(files["manifest.json"]).hexdigest()
        manifest["digest"] = digest
        if extra["partner"] != self.name:
            raise Fault("wrongPartner", extra["partner"])
        if sequence in self.seen:
            if self.seen[sequence] != digest:
                raise Fault("hashMismatch", "another package of this number")
            return manifest, True
        if extra["package"] == "delta":
            if sequence != self.sequence + 1:
                raise Fault("gap", f"have {self.sequence}, got {sequence}", self.sequence + 1)
            if manifest["previous"] != self.previous:
                raise Fault("hashMismatch", "previous package")
        rows = rows_of(files, manifest)
        assert len(rows) == manifest["counts"]["rows"], "counts"
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows), "order"
        after = {} if extra["package"] == "base" else dict(self.rows)
        for row in rows:
            self.apply(row, after)
        if len(after) != manifest["counts"]["set"] or set_hash(after.values()) != extra["set"]:
            raise Fault("hashMismatch", "set")
        self.rows, self.sequence, self.previous = after, sequence, digest
        self.seen[sequence] = digest
        return manifest, False

    def apply(self, row, after):
        if row["status"] in ("active", "suspended"):
            assert not row["mergedInto"]
            after[row["id"]] = {key: value for key, value in row.items() if key != "mergedInto"}
            return
        told = [key for key, value in row.items() if value and key not in ("id", "status", "mergedInto")]
        assert not told, f"a {row['status']} row tells {told}"
        if row["status"] == "merged":
            assert row["mergedInto"]
            self.merges += 1
        else:
            assert row["status"] == "revoked", row
            self.revocations += 1
        after.pop(row["id"], None)

    def answer(self, manifest, stage, **more):
        """An acknowledgement as a signed file."""
        body = {"format": "partner-ack/1", "partner": self.name, "package": manifest["sequence"], "stage": stage,
                "manifest": manifest.get("digest")}
        if stage == "applied":
            body["set"] = set_hash(self.rows.values())
        return self.write("ack", dict(body, **more))

    def write(self, kind, body):
        self.words += 1
        path = self.folder / f"{kind}-{self.words:05d}.json"
        path.write_text(json.dumps({key: value for key, value in body.items() if value is not None}, indent=1))
        self.keys.sign(path)
        return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["show"])
    parser.add_argument("package")
    for name in ("key", "certificate", "union"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    files = opened(options.package, options.key, options.certificate)
    scratch = pathlib.Path(options.package).parent
    manifest = verified(files, options.union, scratch)
    json.dump(manifest, sys.stdout, indent=1)
    print()
    for row in rows_of(files, manifest)[:20]:
        print(row)


if __name__ == "__main__":
    main()
