import CardLayout
import Foundation
import Roster
public import TicketSeal
public import UnionTicket

/// Judges a manufacturer's package as its receiver would: by its own files and the keys he trusts
/// (production.md § 3, `batch verify`).
public final class PackageVerifier {
    private let folder: String
    private let keys: TrustedKeys
    private let now: Instant
    private let isSignatureJudged: Bool
    /// The union's package beside it, when a whole batch is judged.
    private let union: String?
    private var report = Report()

    /// What verification found.
    public struct Report: Sendable {
        /// What was looked at, with what was found.
        public internal(set) var checks: [(name: Bilingual, faults: [String])] = []
        /// Cards in the package.
        public internal(set) var cards = 0
        /// The batch's number.
        public internal(set) var batch: Int64?
        /// SHA-256 of the manifest.
        public internal(set) var manifest: [UInt8] = []
        /// Whether nothing was found.
        public var passed: Bool { !checks.isEmpty && checks.allSatisfy(\.faults.isEmpty) }
    }

    /// One line of the data file.
    private struct Line {
        let sequence: Int
        let names: [String]
        let number: String
        let carrier: String
        let qr: String
    }

    /// A verifier of the package in `folder`: a batch's folder or its `manufacturer` folder.
    ///
    /// Without `isSignatureJudged` it looks at the pages of a package whose manifest is not signed by
    /// these keys, for proofs and tests.
    public init(
        folder: String,
        keys: TrustedKeys,
        now: Instant,
        isSignatureJudged: Bool = true
    ) {
        self.isSignatureJudged = isSignatureJudged
        let inner = folder + "/manufacturer"
        let isBatch = FileManager.default.fileExists(atPath: inner + "/manifest.json")
        self.folder = isBatch ? inner : folder
        union = isBatch ? folder + "/union" : nil
        (self.keys, self.now) = (keys, now)
    }

    /// Looks at everything; what is wrong is in the report.
    public func verify(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
        guard let manifest = readManifest() else { return report }
        try checkFiles()
        let lines = readLines(manifest)
        checkLines(lines, manifest)
        checkPayloads(lines, manifest)
        let parts = manifest.files.map(\.name).filter {
            $0.hasPrefix("cards-") && $0.hasSuffix(".pdf")
        }.sorted()
        try checkPages(parts, lines, hasText: manifest.extra["text"] != "curves", progress)
        return report
    }

    private func add(_ russian: String, _ english: String, _ faults: [String]) {
        report.checks.append((Bilingual(russian, english), faults))
    }

    private func path(_ name: String) -> String { folder + "/" + name }

    // MARK: Manifest and files

    private func readManifest() -> Manifest? {
        guard
            let bytes = FileManager.default.contents(atPath: path("manifest.json")).map(Array.init),
            let signature = FileManager.default.contents(atPath: path("manifest.json.cose"))
        else {
            add("Манифест", "Manifest", ["manifest.json, manifest.json.cose: –"])
            return nil
        }
        report.manifest = SHA256Digest.of(bytes)
        let isSigned = Manifest.isSigned(bytes, signature: Array(signature), keys: keys)
        guard isSigned || !isSignatureJudged else {
            add("Подпись манифеста", "The manifest's signature", ["manifest.json.cose: ≠"])
            return nil
        }
        guard let manifest = Manifest(decoding: bytes), manifest.kind == "batch-manufacturer" else {
            add("Манифест", "Manifest", ["manifest.json: ?"])
            return nil
        }
        if isSignatureJudged { add("Подпись манифеста", "The manifest's signature", []) }
        report.cards = manifest.counts["cards"] ?? 0
        report.batch = Int64(manifest.id)
        return manifest
    }

    private func checkFiles() throws {
        add(
            "Файлы, размеры, SHA-256",
            "Files, sizes, SHA-256",
            try PackageFiles.faults(of: folder)
        )
        guard let union else { return }
        let bytes = FileManager.default.contents(atPath: union + "/manifest.json") ?? Data()
        let signature =
            FileManager.default.contents(atPath: union + "/manifest.json.cose") ?? Data()
        var faults = try PackageFiles.faults(of: union)
        if isSignatureJudged,
            !Manifest.isSigned(Array(bytes), signature: Array(signature), keys: keys)
        {
            faults.append("manifest.json.cose: ≠")
        }
        add("Пакет Профсоюза", "The union's package", faults)
    }

    // MARK: Data

    private func readLines(_ manifest: Manifest) -> [Line] {
        guard let encoding = CodePage(rawValue: manifest.extra["encoding"] ?? ""),
            let separator = manifest.extra["separator"]?.first,
            let columns = manifest.extra["columns"]?.split(separator: ",").map(String.init),
            let bytes = FileManager.default.contents(atPath: path("personalization.csv")),
            let text = encoding.decode(Array(bytes))
        else {
            add("Файл данных", "The data file", ["personalization.csv: ?"])
            return []
        }
        var faults: [String] = []
        var lines: [Line] = []
        let rows = Self.rows(text, separator)
        for (index, cells) in rows.enumerated().dropFirst() {
            guard cells.count == columns.count else {
                faults.append("personalization.csv:\(index + 1): \(cells.count) ≠ \(columns.count)")
                continue
            }
            let cell = Dictionary(zip(columns, cells)) { first, _ in first }
            lines.append(
                Line(
                    sequence: Int(cell["sequence"] ?? "") ?? 0,
                    names: [cell["name1"] ?? "", cell["name2"] ?? ""],
                    number: cell["number"] ?? "",
                    carrier: cell["carrier"] ?? "",
                    qr: cell["qr"] ?? ""
                )
            )
        }
        add("Файл данных", "The data file", faults)
        return lines
    }

    /// RFC 4180.
    private static func rows(_ text: String, _ separator: Character) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell = ""
        var isQuoted = false
        var rest = text.unicodeScalars[...]
        let separator = separator.unicodeScalars.first ?? ";"
        while let scalar = rest.popFirst() {
            if isQuoted {
                if scalar != "\"" {
                    cell.unicodeScalars.append(scalar)
                } else if rest.first == "\"" {
                    rest.removeFirst()
                    cell.append("\"")
                } else {
                    isQuoted = false
                }
            } else if scalar == "\"" {
                isQuoted = true
            } else if scalar == separator {
                row.append(cell)
                cell = ""
            } else if scalar == "\n" {
                row.append(cell)
                rows.append(row)
                (row, cell) = ([], "")
            } else if scalar != "\r" {
                cell.unicodeScalars.append(scalar)
            }
        }
        if !cell.isEmpty || !row.isEmpty { rows.append(row + [cell]) }
        return rows
    }

    private func checkLines(_ lines: [Line], _ manifest: Manifest) {
        var faults: [String] = []
        if lines.count != report.cards { faults.append("\(lines.count) ≠ \(report.cards)") }
        for (index, line) in lines.enumerated() where line.sequence != index + 1 {
            faults.append("sequence \(line.sequence) ≠ \(index + 1)")
        }
        var totals = ["organisation": 0, "region": 0]
        for (name, count) in manifest.counts {
            let kind = name.prefix { $0 != "/" }
            if name.contains("/") { totals[String(kind), default: 0] += count }
        }
        for (kind, total) in totals.sorted(by: { $0.key < $1.key }) where total != report.cards {
            faults.append("\(kind): \(total) ≠ \(report.cards)")
        }
        add(
            "Число строк и контрольные суммы",
            "Counts and control totals",
            Array(faults.prefix(20))
        )
    }

    private func checkPayloads(_ lines: [Line], _ manifest: Manifest) {
        let judge = TicketJudge(keys: keys)
        var faults: [String] = []
        var carriers: Set<String> = []
        var texts: Set<String> = []
        for line in lines {
            let judgement = judge.judge(text: line.qr, at: now)
            let isOne = carriers.insert(line.carrier).inserted && texts.insert(line.qr).inserted
            let claims = judgement.ticket?.claims
            if judgement.verdict != .valid {
                faults.append("\(line.sequence): \(judgement.verdict)")
            } else if claims?.carrier.digits != line.carrier {
                faults.append("\(line.sequence): carrier ≠ QR")
            } else if !isOne {
                faults.append("\(line.sequence): carrier ×2")
            } else if line.number.filter(\.isNumber) != line.carrier.dropLast() {
                faults.append("\(line.sequence): number ≠ carrier")
            } else if let kid = judgement.kid, !manifest.kids.contains(Hex.text(kid)) {
                faults.append("\(line.sequence): kid")
            }
        }
        add("Подписи билетов", "The tickets' signatures", Array(faults.prefix(20)))
    }

    // MARK: Pages

    private func checkPages(
        _ parts: [String],
        _ lines: [Line],
        hasText: Bool,
        _ progress: (Int, Int) -> Void
    ) throws {
        var faults: [String] = []
        var textFaults: [String] = []
        var done = 0
        for part in parts {
            guard let pages = PageText.pages(path(part)) else {
                faults.append("\(part): ?")
                continue
            }
            let count = pages.count / 2
            if pages.count % 2 != 0 { faults.append("\(part): \(pages.count) pages") }
            let end = min(done + count, lines.count)
            if hasText { checkTexts(part, pages, Array(lines[min(done, end)..<end]), &textFaults) }
            var inPart = 0
            while inPart < count {
                let size = min(500, count - inPart)
                let read = try PageReader.read(path(part), cards: inPart + 1...inPart + size)
                if read.count != size { faults.append("\(part): \(read.count) ≠ \(size)") }
                for (offset, page) in read.enumerated() {
                    let place = "\(part), page \(page.page)"
                    faults += page.faults.map { "\(place): \($0)" }
                    let index = done + inPart + offset
                    guard index < lines.count else {
                        faults.append("\(place): no line")
                        continue
                    }
                    if page.texts != [lines[index].qr] {
                        faults.append("\(place): QR ≠ line \(index + 1)")
                    }
                    if page.bars.count != 1 {
                        faults.append("\(place): Code 128 ×\(page.bars.count)")
                    } else if page.bars != [lines[index].carrier] {
                        faults.append("\(place): Code 128 ≠ line \(index + 1)")
                    }
                }
                inPart += size
                progress(done + inPart, lines.count)
            }
            done += count
        }
        if done != lines.count { faults.append("cards \(done) ≠ \(lines.count)") }
        add(
            "QR и штрихкоды на страницах",
            "QR and bar codes on the pages",
            Array(faults.prefix(20))
        )
        add(
            "Имена и номера на страницах",
            "Names and numbers on the pages",
            Array(textFaults.prefix(20))
        )
    }

    private func checkTexts(
        _ part: String,
        _ pages: [String],
        _ lines: [Line],
        _ faults: inout [String]
    ) {
        for (index, line) in lines.enumerated() {
            let front = Self.letters(pages[2 * index])
            let place = "\(part), page \(2 * index + 1)"
            if !front.contains(line.carrier.dropLast()) { faults.append("\(place): number") }
            for name in line.names where !front.contains(Self.letters(name)) {
                faults.append("\(place): name")
            }
            let back = Self.letters(pages[2 * index + 1])
            if !back.contains(line.carrier.dropLast()) {
                faults.append("\(part), page \(2 * index + 2): number")
            }
        }
    }

    /// Letters and digits only: how a line is broken does not matter.
    private static func letters(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.precomposedStringWithCanonicalMapping.unicodeScalars.filter {
                    $0.properties.isAlphabetic || $0.properties.numericType != nil
                }
            )
        )
    }
}

/// Compares a package's files with its manifest.
enum PackageFiles {
    /// Files that are missing, changed or too many.
    static func faults(of folder: String) throws -> [String] {
        guard let bytes = FileManager.default.contents(atPath: folder + "/manifest.json"),
            let manifest = Manifest(decoding: Array(bytes))
        else { return ["manifest.json: ?"] }
        var faults: [String] = []
        var known: Set = ["manifest.json", "manifest.json.cose", "manifest.json.p7s"]
        for file in manifest.files {
            known.insert(file.name)
            let path = folder + "/" + file.name
            guard !file.name.contains(".."), let found = try? HashedFile.hash(path) else {
                faults.append("\(file.name): –")
                continue
            }
            if found.bytes != file.bytes || found.sha256 != file.sha256 {
                faults.append("\(file.name): SHA-256 ≠")
            }
        }
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        where !known.contains(name) && !known.contains(where: { $0.hasPrefix(name + "/") }) {
            faults.append("\(name): +")
        }
        return faults
    }
}

/// The texts of a PDF's pages, by poppler, half of them on each core.
enum PageText {
    static func pages(_ path: String) -> [String]? {
        guard let count = count(path), count > 0 else { return nil }
        return try? Cores.map(count) { _, range in
            let arguments = [
                "-raw", "-enc", "UTF-8", "-f", "\(range.lowerBound + 1)", "-l",
                "\(range.upperBound)",
                path, "-",
            ]
            let text = try output("pdftotext", arguments, path)
            // A form feed ends every page.
            return text.split(separator: "\u{0C}", omittingEmptySubsequences: false).dropLast()
                .map(String.init)
        }
    }

    private static func count(_ path: String) -> Int? {
        (try? output("pdfinfo", [path], path))?.split(separator: "\n").first {
            $0.hasPrefix("Pages:")
        }
        .flatMap { Int($0.dropFirst(6).trimmingCharacters(in: .whitespaces)) }
    }

    private static func output(
        _ program: String,
        _ arguments: [String],
        _ path: String
    ) throws -> String {
        let pipe = Pipe()
        let process = try Poppler.start(program, arguments, output: pipe)
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        try Poppler.finish(process, program, path)
        return String(decoding: data, as: UTF8.self)
    }
}
