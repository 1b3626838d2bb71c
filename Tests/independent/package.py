"""Judges a built batch with code that shares nothing with what built it.

Lets poppler, qpdf, Ghostscript, zxing-cpp, zbar, pikepdf, openpyxl, cryptography and openssl say whether the
manufacturer's and the union's packages are what their manifests and the personalisation table claim.
A fault names file, page and line, never a name, a number or a payload.
Debian: poppler-utils qpdf ghostscript libzbar0 openssl.
Usage: python package.py BATCH_DIR TRUST_BUNDLE_OR_JWKS [--recipient CERT KEY SEALED_FILE]
       [--goldens DIR [--samples DIR] [--write-goldens]] [--artefacts DIR]
"""

import argparse
import base64
import collections
import csv
import hashlib
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import xml.etree.ElementTree as ElementTree

import cbor2
import numpy
import openpyxl
import pikepdf
import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from PIL import Image
from pyzbar import pyzbar

CARDS_A_PART = 5000
CARD_MM = (85.60, 53.98)
MM = 72 / 25.4
SHOWN_FAULTS = 20
# cards of a run: squares of 24 pixels; samples, which never change: every pixel
CARD_GOLDEN = (24, 4)
SAMPLE_GOLDEN = (1, 0.5)
COLUMNS = {"sequence", "name1", "name2", "number", "carrier", "qr", "organisation", "valid", "issue", "parcel"}
CHUNK_BYTES = {3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6, 17: 7}
CODES = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128)
PDFX_VERSION = "{http://www.npes.org/pdfx/ns/id/}GTS_PDFXVersion"
passed = 0
failures = []


def check(name, faults):
    """One line for the check; what is wrong stands below it when it is more than one fault."""
    global passed
    if not faults:
        passed += 1
        print(f"  ok    {name}", flush=True)
        return
    failures.append(name)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    print(f"  FAIL  {name}: {faults[0]}{more}", flush=True)
    for fault in faults[1:SHOWN_FAULTS]:
        print(f"          {fault}", flush=True)


def judge(name, find_faults, *arguments):
    """Checks what a generator of faults finds; a crash of the check is a fault."""
    faults = []
    try:
        faults.extend(find_faults(*arguments))
    except Exception as error:
        faults.append(f"the check itself stopped: {type(error).__name__}: {error}")
    check(name, faults)


def output(*command, codes=(0,)):
    result = subprocess.run([str(part) for part in command], capture_output=True)
    if result.returncode not in codes:
        reason = (result.stderr or result.stdout).decode(errors="replace").strip().splitlines()
        raise RuntimeError(f"{command[0]} gave {result.returncode}: {reason[-1] if reason else ''}")
    return result.stdout.decode(errors="replace")


# The batch on disk


class Batch:
    """The folder, its PDFs and the lines of the personalisation table."""

    def __init__(self, folder):
        self.folder = folder
        self.manufacturer = folder / "manufacturer"
        self.union = folder / "union"
        self.parts = sorted(self.manufacturer.glob("cards-*.pdf"), key=lambda path: (len(path.name), path.name))
        self.pdfs = sorted(folder.rglob("*.pdf"))
        self.page_counts = {path: len(self.open(path).pages) for path in self.parts}
        with (self.manufacturer / "personalization.csv").open(encoding="utf-8-sig", newline="") as file:
            self.lines = list(csv.DictReader(file, delimiter=";", restkey="surplus"))
        self.manifest = json.loads((self.manufacturer / "manifest.json").read_bytes())

    def name(self, path):
        return path.relative_to(self.folder)

    def open(self, path):
        return pikepdf.open(path)

    def cards(self, part):
        """Card pages of a part with their table lines: (front page number, line number, line)."""
        before = sum(self.page_counts[path] // 2 for path in self.parts[:self.parts.index(part)])
        lines = self.lines[before:before + self.page_counts[part] // 2]
        return [(2 * at + 1, before + at + 2, line) for at, line in enumerate(lines)]


def table_faults(batch):
    missing = COLUMNS - set(batch.lines[0]) if batch.lines else COLUMNS
    if missing:
        yield f"personalization.csv lacks the columns {', '.join(sorted(missing))}"
        return
    cards = batch.manifest["counts"].get("cards")
    if len(batch.lines) != cards:
        yield f"personalization.csv has {len(batch.lines)} lines, counts.cards is {cards}"
    for at, line in enumerate(batch.lines, 2):
        if "surplus" in line or None in line.values():
            yield f"personalization.csv line {at} has too many or too few cells"
        elif not re.fullmatch(r"\d{3}(-\d{4}){3}", line["number"]) or not re.fullmatch(r"\d{16}", line["carrier"]):
            yield f"personalization.csv line {at}: number or carrier is not of the form"
        elif line["carrier"][:15] != line["number"].replace("-", ""):
            yield f"personalization.csv line {at}: the carrier is not of the number"
    for column in ("sequence", "carrier", "qr"):
        yield from repeated(column, [line[column] for line in batch.lines])


def repeated(column, values):
    seen = {}
    for at, value in enumerate(values, 2):
        if value in seen:
            yield f"personalization.csv line {at}: the {column} of line {seen[value]} again"
        seen.setdefault(value, at)


def part_faults(batch):
    names = [path.name for path in batch.parts]
    expected = [f"cards-{at:03}.pdf" for at in range(1, len(names) + 1)]
    if not names or names != expected:
        yield f"the parts are {', '.join(names) or 'missing'}"
    for part, pages in batch.page_counts.items():
        if pages % 2 or not 0 < pages <= 2 * CARDS_A_PART:
            yield f"{batch.name(part)} has {pages} pages"
    if sum(batch.page_counts.values()) != 2 * len(batch.lines):
        yield f"{sum(batch.page_counts.values())} pages for {len(batch.lines)} lines of the table"


# Keys, manifests and payloads


def decode_jwk_bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_points(raw):
    """Ed25519 keys of a JWKS or of a trust bundle: (raw key, purpose where it is stated)."""
    if raw.lstrip()[:1] == b"{":
        for jwk in json.loads(raw)["keys"]:
            if jwk.get("crv") == "Ed25519":
                yield decode_jwk_bytes(jwk["x"]), jwk.get("purpose")
    else:
        for item in cbor2.loads(cbor2.loads(raw).value[2])[-1]:
            if item[1].get(-1) == 6:
                yield item[1][-2], item.get(2)


def trusted_keys(path):
    """By kid: the first 4 bytes of the RFC 9679 thumbprint, computed here."""
    keys = {}
    for point, purpose in public_points(path.read_bytes()):
        thumbprint = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: point}, canonical=True)).digest()
        keys[thumbprint[:4]] = (ed25519.Ed25519PublicKey.from_public_bytes(point), purpose)
    return keys


def open_sign1(raw, keys, purpose, detached=None):
    """The kid and the payload of a COSE_Sign1 whose signature verifies; ValueError says why not."""
    message = cbor2.loads(raw)
    if not isinstance(message, cbor2.CBORTag) or message.tag != 18 or cbor2.dumps(message, canonical=True) != raw:
        raise ValueError("is no COSE_Sign1 in deterministic CBOR")
    protected, unprotected, payload, signature = message.value
    header = cbor2.loads(protected)
    if (payload is None) == (detached is None) or unprotected or header.get(1) != -8:
        raise ValueError("has a header or payload that is not of the profile")
    key, stated = keys.get(header.get(4), (None, None))
    if key is None or stated not in (None, purpose):
        raise ValueError(f"names a key that is no {purpose} key of the bundle")
    content = payload if detached is None else detached
    try:
        key.verify(signature, cbor2.dumps(["Signature1", protected, b"", content], canonical=True))
    except InvalidSignature:
        raise ValueError("has a wrong signature") from None
    return header[4], content


def manifest_faults(folder, keys):
    raw = (folder / "manifest.json").read_bytes()
    try:
        open_sign1((folder / "manifest.json.cose").read_bytes(), keys, "package", detached=raw)
    except ValueError as error:
        yield f"{folder.name}/manifest.json.cose {error}"
    listed = {file["name"]: file for file in json.loads(raw)["files"]}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    for name in sorted(found - set(listed) - {"manifest.json", "manifest.json.cose", "manifest.json.p7s"}):
        yield f"{folder.name}/{name} is not in the manifest"
    for name, file in sorted(listed.items()):
        if name not in found:
            yield f"{folder.name}/{name} is missing"
        elif (folder / name).stat().st_size != file["bytes"]:
            yield f"{folder.name}/{name} has another size"
        elif file_hash(folder / name) != file["sha256"]:
            yield f"{folder.name}/{name} has another SHA-256"


def file_hash(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def payload_bytes(text):
    digits = re.search(r"[0-9]*\Z", text).group()
    chunks = []
    for start in range(0, len(digits), 17):
        chunk = digits[start:start + 17]
        if len(chunk) not in CHUNK_BYTES:
            raise ValueError(f"has {len(digits)} digits")
        try:
            chunks.append(int(chunk).to_bytes(CHUNK_BYTES[len(chunk)], "little"))
        except OverflowError:
            raise ValueError("has a chunk that is no bytes") from None
    return b"".join(chunks)


def payload_faults(batch, keys):
    used, coordinates = set(), {}
    for at, line in enumerate(batch.lines, 2):
        place = f"personalization.csv line {at}"
        try:
            kid, payload = open_sign1(payload_bytes(line["qr"]), keys, "plastic")
        except (ValueError, cbor2.CBORDecodeError) as error:
            yield f"{place}: the payload {error}"
            continue
        claims = cbor2.loads(payload)
        used.add(kid.hex())
        if claims.get(7) != int(line["carrier"]).to_bytes(7, "big"):
            yield f"{place}: cti is not the carrier number"
        coordinate = tuple(claims.get(-65537, ()))
        if len(coordinate) != 2 or coordinate in coordinates:
            yield f"{place}: no status coordinate of its own"
        coordinates[coordinate] = at
    kids = set(batch.manifest["kids"])
    if used != kids:
        yield f"manifest.json names the keys {sorted(kids)}, the payloads are by {sorted(used)}"


# What a scanner reads


def rendered(pdf, *options):
    """Pages as grey arrays at 300 dpi, one process for all of them."""
    command = ["pdftoppm", "-gray", "-r", "300", *options, str(pdf)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while process.stdout.readline() == b"P5\n":
            width, height = map(int, process.stdout.readline().split())
            process.stdout.readline()
            yield numpy.frombuffer(process.stdout.read(width * height), numpy.uint8).reshape(height, width)
    if process.returncode:
        raise RuntimeError(f"pdftoppm gave {process.returncode} for {pdf.name}")


def zxing_texts(image):
    texts = collections.defaultdict(list)
    for code in zxingcpp.read_barcodes(image, formats=CODES):
        kind = "128" if code.format == zxingcpp.BarcodeFormat.Code128 else "qr"
        texts[kind].append(code.text)
    return texts


def zbar_texts(image):
    height, width = image.shape
    codes = pyzbar.decode((image.tobytes(), width, height), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [code.data.decode("utf-8", "replace") for code in codes]


def scan(batch):
    """Faults of the three readings, as lists: QR by zxing-cpp, QR by zbar, Code 128 by zxing-cpp."""
    faults, seen = {"zxing": [], "zbar": [], "128": []}, {}
    for part in batch.parts:
        images = rendered(part, "-e")
        for card, image in itertools.zip_longest(batch.cards(part), images):
            if card is None or image is None:
                faults["zxing"].append(f"{batch.name(part)}: not as many back pages as lines of the table")
                break
            page, at, line = card
            place = f"{batch.name(part)} page {page + 1}"
            codes = zxing_texts(image)
            readings = (("zxing", codes["qr"], "qr"), ("zbar", zbar_texts(image), "qr"),
                        ("128", codes["128"], "carrier"))
            for kind, texts, column in readings:
                faults[kind] += [f"{place}: {fault}" for fault in reading_faults(texts, line[column], at)]
            for text in codes["qr"]:
                if text in seen:
                    faults["zxing"].append(f"{place}: the QR of {seen[text]} again")
                seen.setdefault(text, place)
    return faults


def reading_faults(texts, expected, at):
    if len(texts) != 1:
        yield f"{len(texts)} codes read, not 1"
    elif texts[0] != expected:
        yield f"reads otherwise than line {at} of the table"


def scan_checks(batch):
    try:
        faults = scan(batch)
    except Exception as error:
        stopped = [f"the check itself stopped: {type(error).__name__}: {error}"]
        faults = {"zxing": stopped, "zbar": stopped, "128": stopped}
    check(f"zxing-cpp reads the table's QR on each of {len(batch.lines)} backs, no QR twice", faults["zxing"])
    check("zbar reads the same QR on each back", faults["zbar"])
    check("zxing-cpp reads the carrier number in each Code 128", faults["128"])


# What a press takes


def qpdf_faults(batch):
    for path in batch.pdfs:
        result = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
        if result.returncode:
            lines = (result.stderr + result.stdout).strip().splitlines()
            yield f"{batch.name(path)}: {next((l for l in lines if 'WARNING' in l or 'ERROR' in l.upper()), lines[-1])}"


class Preflight:
    """PDF/X-4 structure and the house's narrower rules for one PDF; `faults` name the page."""

    def __init__(self, path):
        self.faults = []
        self.seen = set()
        with pikepdf.open(path) as pdf:
            self.document(pdf)
            for number, page in enumerate(pdf.pages, 1):
                self.where = f"page {number}"
                self.boxes(page.obj)
                if "/Annots" in page.obj:
                    self.fault("annotations")
                self.transparency_group(page.obj)
                self.content(page.obj, page.resources)

    def fault(self, text):
        self.faults.append(f"{self.where}: {text}")

    def document(self, pdf):
        self.where = "document"
        intents = [item for item in pdf.Root.get("/OutputIntents", []) if item.get("/S") == "/GTS_PDFX"]
        profile = intents[0].get("/DestOutputProfile") if intents else None
        header = profile.read_bytes()[:40] if profile is not None else b""
        rules = (
            (len(intents) == 1, "no GTS_PDFX output intent"),
            (header[16:20] == b"CMYK" and header[36:40] == b"acsp", "the output intent has no CMYK profile"),
            (profile is not None and profile.get("/N") == 4, "the output profile's N is not 4"),
            (self.xmp_version(pdf) == "PDF/X-4", "XMP states no pdfxid PDF/X-4"),
            (str(pdf.docinfo.get("/Trapped", "")) in ("/True", "/False"), "no Trapped"),
            (len(pdf.trailer.get("/ID", [])) == 2, "no ID"),
            (not pdf.is_encrypted, "encrypted"),
        )
        for is_right, text in rules:
            if not is_right:
                self.fault(text)

    def xmp_version(self, pdf):
        if "/Metadata" not in pdf.Root:
            return None
        for element in ElementTree.fromstring(pdf.Root.Metadata.read_bytes().strip(b"\0 \r\n")).iter():
            version = element.text if element.tag == PDFX_VERSION else element.get(PDFX_VERSION)
            if version:
                return version.strip()
        return None

    def boxes(self, page):
        media, bleed, trim = (
            [float(value) for value in page[key]] if key in page else None
            for key in ("/MediaBox", "/BleedBox", "/TrimBox"))
        if trim is None:
            self.fault("no TrimBox of its own")
            return
        size = ((trim[2] - trim[0]) / MM, (trim[3] - trim[1]) / MM)
        if any(abs(got - right) > 0.02 for got, right in zip(size, CARD_MM)):
            self.fault(f"TrimBox {size[0]:.2f} x {size[1]:.2f} mm")
        nested = ((bleed, trim, "TrimBox outside BleedBox"), (media, bleed, "BleedBox outside MediaBox"))
        for outer, inner, text in nested:
            if outer is None or inner is None:
                self.fault("no BleedBox or MediaBox of its own")
            elif any(a > b + 0.001 for a, b in zip(outer[:2] + inner[2:], inner[:2] + outer[2:])):
                self.fault(text)

    def transparency_group(self, item):
        if "/Group" in item and item.Group.get("/S") == "/Transparency":
            self.fault("transparency group")

    def content(self, item, resources):
        spaces = resources.get("/ColorSpace", {})
        for instruction in pikepdf.parse_content_stream(item):
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                if "RGB" in str(instruction.iimage.colorspace):
                    self.fault("RGB inline image")
                continue
            operator = str(instruction.operator)
            if operator in ("rg", "RG"):
                self.fault(f"RGB operator {operator}")
            elif operator in ("cs", "CS"):
                space = instruction.operands[0]
                if self.is_rgb(spaces.get(space, space)):
                    self.fault(f"RGB colour space by {operator}")
        self.resources(resources)

    def is_rgb(self, space):
        """Whether a colour space is, or rests on, one that is not CMYK or grey."""
        if not isinstance(space, pikepdf.Array):
            return str(space) in ("/DeviceRGB", "/RGB", "/CalRGB", "/Lab")
        family = str(space[0])
        if family == "/ICCBased":
            return int(space[1].N) == 3
        if family in ("/Indexed", "/I", "/Pattern"):
            return len(space) > 1 and self.is_rgb(space[1])
        if family in ("/Separation", "/DeviceN"):
            return self.is_rgb(space[2])
        return family in ("/DeviceRGB", "/CalRGB", "/Lab")

    def is_new(self, item):
        """Shared resources are judged once, at the page where they first come."""
        if not item.is_indirect:
            return True
        is_new = item.objgen not in self.seen
        self.seen.add(item.objgen)
        return is_new

    def resources(self, resources):
        judges = (("/Font", self.font), ("/ExtGState", self.graphics_state), ("/XObject", self.external),
                  ("/Pattern", self.pattern), ("/Shading", self.shading))
        for kind, judge_item in judges:
            for name, item in resources.get(kind, {}).items():
                if self.is_new(item):
                    judge_item(name, item)

    def font(self, name, font):
        if font.get("/Subtype") == "/Type3":
            return
        holder = font.DescendantFonts[0] if "/DescendantFonts" in font else font
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(holder.get("/FontDescriptor", {}).keys()):
            self.fault(f"font {font.get('/BaseFont', name)} not embedded")

    def graphics_state(self, name, state):
        if (state.get("/SMask", "/None") != "/None" or float(state.get("/ca", 1)) < 1
                or float(state.get("/CA", 1)) < 1
                or str(state.get("/BM", "/Normal")) not in ("/Normal", "/Compatible")):
            self.fault(f"transparency by graphics state {name}")

    def external(self, name, item):
        if item.get("/Subtype") == "/Form":
            self.transparency_group(item)
            self.content(item, item.get("/Resources", pikepdf.Dictionary()))
        elif item.get("/Subtype") == "/Image":
            if "/ColorSpace" in item and self.is_rgb(item.ColorSpace):
                self.fault(f"RGB image {name}")
            if "/SMask" in item or item.get("/SMaskInData", 0) != 0:
                self.fault(f"transparency by image {name}")

    def pattern(self, name, pattern):
        if pattern.get("/PatternType") == 1:
            self.content(pattern, pattern.get("/Resources", pikepdf.Dictionary()))
        elif "/Shading" in pattern:
            self.shading(name, pattern.Shading)

    def shading(self, name, shading):
        if self.is_rgb(shading.ColorSpace):
            self.fault(f"RGB shading {name}")


def preflight_faults(batch):
    for part in batch.parts:
        for fault in Preflight(part).faults:
            yield f"{batch.name(part)} {fault}"


def separations(pdf, page, folder):
    """Ink of each plate from 0 to 255, by the plate's name."""
    output("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=tiffsep", "-r300",
           f"-dFirstPage={page}", f"-dLastPage={page}", "-sOutputFile=" + str(folder / "plate%d.tif"), pdf)
    plates = {}
    for path in folder.glob("plate*(*).tif"):
        with Image.open(path) as image:
            plates[re.search(r"\((.*)\)", path.name).group(1)] = 255 - numpy.asarray(image.convert("L"))
    return plates


def plate_faults(batch):
    """The QR is read from the black plate alone, and where it has ink the other plates have none."""
    part, page = batch.parts[0], 2
    place = f"{batch.name(part)} page {page}"
    with tempfile.TemporaryDirectory() as folder:
        plates = separations(part, page, pathlib.Path(folder))
    black = plates.pop("Black")
    codes = zxingcpp.read_barcodes(numpy.ascontiguousarray(255 - black), formats=zxingcpp.BarcodeFormat.QRCode)
    if len(codes) != 1:
        yield f"{place}: {len(codes)} QR read from the Black separation, not 1"
        return
    corners = [getattr(codes[0].position, f"{y}_{x}") for y in ("top", "bottom") for x in ("left", "right")]
    box = (slice(min(c.y for c in corners), max(c.y for c in corners) + 1),
           slice(min(c.x for c in corners), max(c.x for c in corners) + 1))
    inked = black[box] > 0
    if numpy.median(black[box][inked]) < 255:
        yield f"{place}: the QR is not full black"
    for name, plate in sorted(plates.items()):
        if (plate[box][inked] > 0).any():
            yield f"{place}: {name} has ink under the QR"


def font_faults(batch):
    for path in batch.pdfs:
        for line in output("pdffonts", path).splitlines()[2:]:
            embedded, subset = line.split()[-5:-3]
            if (embedded, subset) != ("yes", "yes"):
                yield f"{batch.name(path)}: font {line.split()[0]} embedded {embedded}, subset {subset}"


def box_faults(batch):
    for part, pages in batch.page_counts.items():
        report = output("pdfinfo", "-box", "-f", 1, "-l", pages, part)
        boxes = re.findall(r"^Page +(\d+) TrimBox: +(\S+) +(\S+) +(\S+) +(\S+)$", report, re.MULTILINE)
        if [int(box[0]) for box in boxes] != list(range(1, pages + 1)):
            yield f"{batch.name(part)}: {len(boxes)} TrimBoxes for {pages} pages"
        for page, *sides in boxes:
            left, bottom, right, top = map(float, sides)
            if abs((right - left) / MM - CARD_MM[0]) > 0.02 or abs((top - bottom) / MM - CARD_MM[1]) > 0.02:
                yield f"{batch.name(part)} page {page}: the TrimBox is not the card"


# What a person reads


def normal(text):
    return unicodedata.normalize("NFC", re.sub(r"[\u00a0\u2007\u2009\u202f]", " ", text))


def text_faults(batch):
    for part in batch.parts:
        pages = normal(output("pdftotext", "-raw", "-enc", "UTF-8", part, "-")).split("\f")
        if len(pages) - 1 != batch.page_counts[part]:
            yield f"{batch.name(part)}: text of {len(pages) - 1} pages, not {batch.page_counts[part]}"
            continue
        for page, at, line in batch.cards(part):
            for fault in card_text_faults(pages[page - 1], line):
                yield f"{batch.name(part)} page {page}: {fault} of line {at}"
            for fault in number_faults(pages[page], line):
                yield f"{batch.name(part)} page {page + 1}: {fault} of line {at}"


def card_text_faults(text, line):
    """A name may break at its hyphen, so words are sought in the text without white space."""
    squeezed = re.sub(r"\s", "", text)
    for column in ("name1", "name2"):
        if any(word not in squeezed for word in normal(line[column]).split()):
            yield f"not every word of the {column}"
    if line["number"].replace("-", " ") not in text:
        yield "not the grouped number"
    yield from number_faults(text, line)


def number_faults(text, line):
    found = re.findall(r"(?<![\d ])(?<!\d )\d{3} \d{4} \d{4} \d{4}(?!\d| \d)", text)
    if any(number != line["number"].replace("-", " ") for number in found):
        yield "another number than that"


def workbook_faults(batch, path):
    rows = openpyxl.load_workbook(path, read_only=True).active.iter_rows()
    header = [cell.value for cell in next(rows)]
    missing = {"number", "carrier", "qr"} - set(header)
    if missing:
        yield f"{batch.name(path)} lacks the columns {', '.join(sorted(missing))}"
        return
    count = 0
    for count, (row, line) in enumerate(zip(rows, batch.lines), 1):
        for name, cell in zip(header, row):
            is_text = name in ("number", "carrier", "qr")
            if is_text and not isinstance(cell.value, str):
                yield f"{batch.name(path)} row {count + 1}: {name} is no string cell"
            elif name in line and ("" if cell.value is None else str(cell.value)) != line[name]:
                yield f"{batch.name(path)} row {count + 1}: {name} is not the table's"
    if count != len(batch.lines) or next(rows, None) is not None:
        yield f"{batch.name(path)} has not as many rows as the table"


# What leaves the house


def sealed_faults(batch, certificate, key, sealed):
    with tempfile.TemporaryDirectory() as folder:
        opened = pathlib.Path(folder) / "opened.tar"
        output("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", sealed,
               "-recip", certificate, "-inkey", key, "-out", opened)
        with tarfile.open(opened) as archive:
            members = {member.name.removeprefix("./"): member for member in archive if not member.isdir()}
            root = next((name.removesuffix("manifest.json") for name in sorted(members, key=len)
                         if name.endswith("manifest.json")), "")
            found = {str(path.relative_to(batch.manufacturer)): path
                     for path in batch.manufacturer.rglob("*") if path.is_file()}
            for name in sorted({root + name for name in found} ^ set(members)):
                yield f"{name} is only on one side of the seal"
            for name, path in sorted(found.items()):
                member = members.get(root + name)
                if member is not None and (
                        not member.isfile() or hashlib.file_digest(archive.extractfile(member), "sha256").hexdigest()
                        != file_hash(path)):
                    yield f"{root + name} differs from manufacturer/{name}"


def preview(pdf, pages, folder):
    """The first pages as PNG files at 150 dpi, named by PDF and page."""
    for page in range(1, pages + 1):
        name = folder / f"{pdf.stem}-{page}"
        output("pdftoppm", "-png", "-r", "150", "-f", page, "-l", page, "-singlefile", pdf, name)
        yield name.with_name(name.name + ".png")


def blocks(picture, side):
    """Mean colours of squares: the keys, and so the symbols' modules and the numbers, are others in every run."""
    pixels = numpy.asarray(picture.convert("RGB"), numpy.float64)
    rows, columns = (size // side for size in pixels.shape[:2])
    return pixels[:rows * side, :columns * side].reshape(rows, side, columns, side, 3).mean((1, 3))


def distance(left, right, side):
    """Mean absolute distance of the pictures' squares, 0 to 255."""
    with Image.open(left) as one, Image.open(right) as other:
        if one.size != other.size:
            raise ValueError(f"is {one.size[0]} x {one.size[1]} pixels, the golden {other.size[0]} x {other.size[1]}")
        return float(numpy.abs(blocks(one, side) - blocks(other, side)).mean())


def golden_check(picture, golden, is_written, side, limit):
    if is_written:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(picture.read_bytes())
        check(f"{picture.name} is written as golden", [])
        return
    try:
        far = distance(picture, golden, side)
    except (OSError, ValueError) as error:
        check(f"{picture.name} is like its golden", [str(error)])
        return
    check(f"{picture.name} is {far:.2f} of 255 from its golden", [] if far <= limit else [f"more than {limit}"])


def pictures(batch, folder):
    folder.mkdir(parents=True, exist_ok=True)
    yield from preview(batch.parts[0], 2, folder)


def picture_checks(batch, options):
    with tempfile.TemporaryDirectory() as spare:
        try:
            made = list(pictures(batch, options.artefacts or pathlib.Path(spare)))
        except (IndexError, RuntimeError) as error:
            check("the pictures of the first card and the proof", [str(error)])
            return
        for picture in made if options.goldens else []:
            golden_check(picture, options.goldens / picture.name, options.write_goldens, *CARD_GOLDEN)
        for picture in sorted(options.samples.glob("sample-*.png")) if options.goldens and options.samples else []:
            golden_check(picture, options.goldens / picture.name, options.write_goldens, *SAMPLE_GOLDEN)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("batch", type=pathlib.Path)
    parser.add_argument("keys", type=pathlib.Path)
    parser.add_argument("--recipient", nargs=3, type=pathlib.Path, metavar=("CERT", "KEY", "SEALED_FILE"))
    parser.add_argument("--goldens", type=pathlib.Path)
    parser.add_argument("--samples", type=pathlib.Path, help="the folder of the layout's sample-*.png")
    parser.add_argument("--write-goldens", action="store_true")
    parser.add_argument("--artefacts", type=pathlib.Path)
    return parser.parse_args()


def press_checks(batch):
    judge(f"qpdf finds {len(batch.pdfs)} PDFs clean", qpdf_faults, batch)
    judge("PDF/X-4 structure, CMYK, no transparency, boxes and fonts on every card page", preflight_faults, batch)
    judge("the QR is on the black plate only", plate_faults, batch)
    judge("pdffonts finds every font embedded and a subset", font_faults, batch)
    judge("pdfinfo finds the card's TrimBox on every card page", box_faults, batch)
    judge("pdftotext gives back names and numbers, page by page", text_faults, batch)


def package_checks(batch, keys):
    for folder in (batch.manufacturer, batch.union):
        judge(f"{folder.name}: signature of the manifest, every file, nothing else", manifest_faults, folder, keys)
    judge("the table has its columns and counts.cards lines, none twice", table_faults, batch)
    judge("the parts hold two pages a card", part_faults, batch)
    judge("every payload verifies and names its carrier", payload_faults, batch, keys)
    workbook = batch.manufacturer / "personalization.xlsx"
    if workbook.exists():
        judge("the workbook holds the table, numbers as strings", workbook_faults, batch, workbook)


def main():
    options = arguments()
    try:
        keys, batch = trusted_keys(options.keys), Batch(options.batch)
    except (OSError, ValueError, pikepdf.PdfError) as error:
        check("the keys and the batch can be read", [str(error)])
    else:
        package_checks(batch, keys)
        scan_checks(batch)
        press_checks(batch)
        if options.recipient:
            judge("openssl opens the sealed package: the same files", sealed_faults, batch, *options.recipient)
        if options.goldens or options.artefacts:
            picture_checks(batch, options)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
