import CardLayout
import Foundation
public import Registry
public import Roster
import UnionTicket

/// A partner's contract as people write it down: YAML, format `partner/1` (docs/partner.md).
///
/// Column names, their order, encoding and separator are the partner's wish and live here only; what a
/// row may hold at all is fixed by ``Registry/PartnerRow``.
public struct PartnerContract: Sendable {
    /// One column of a data file.
    public enum Column: String, Sendable, CaseIterable {
        /// The pseudonym.
        case id
        /// The grouped ticket number.
        case number
        /// `active`, `suspended`, `revoked`, `merged`.
        case status
        /// The last day of validity.
        case validUntil
        /// `plastic`, `virtual`, `plastic+virtual`.
        case carriers
        /// Code of the regional organisation.
        case region
        /// When the row last changed.
        case changedAt
        /// The pseudonym that goes on after a merge.
        case mergedInto

        var option: PartnerRow.Columns {
            switch self {
            case .number: .number
            case .validUntil: .validUntil
            case .carriers: .carriers
            case .region: .region
            case .changedAt: .changedAt
            case .id, .status, .mergedInto: []
            }
        }
    }

    /// The form of a data file.
    public enum Form: String, Sendable, CaseIterable {
        /// RFC 4180.
        case csv
        /// JSON Lines.
        case jsonl
    }

    /// Short name.
    public let name: String
    /// For people.
    public let title: String
    /// Whom a consent must name.
    public let recipient: String
    /// Where the certificate for encryption is.
    public let certificate: String
    /// Where the certificate of the partner's own files is.
    public let signer: String
    /// From which age on a member's own consent is enough; never below 18 (privacy.md L15).
    public let minimumAge: Int
    /// Working days until a revocation must be applied.
    public let deadlineDays: Int
    /// Where packages are put; nil for the data directory.
    public let outbox: String?
    /// The form of data files.
    public let form: Form
    /// Their encoding.
    public let encoding: CodePage
    /// Between the columns.
    public let separator: Character
    /// The columns in their order, with their names.
    public let columns: [(column: Column, title: String)]
    private let text: String

    /// Reads the text of a contract.
    ///
    /// - Parameters:
    ///   - text: The YAML.
    ///   - file: The file as errors name it.
    /// - Throws: ``CardLayout/LayoutError`` with every fault, its line and field.
    public init(text: String, file: String) throws {
        enum Separator: String, CaseIterable {
            case comma = ","
            case semicolon = ";"
            case tab
        }
        let d = DescriptionFile(file: file)
        let root = d.root(text)
        d.allow(
            root,
            [
                "format", "name", "title", "recipient", "certificate", "signer", "minimum-age",
                "revocation-working-days", "outbox", "file", "columns",
            ]
        )
        if let format = d.text(d.member(root, "format")), format != "partner/1" {
            d.report(d.member(root, "format"), "нужно partner/1.", "partner/1 is needed.")
        }
        name = Self.name(d, d.member(root, "name"), 32)
        title = d.text(d.member(root, "title")) ?? ""
        recipient = Self.name(d, d.member(root, "recipient"), 64)
        certificate = d.text(d.member(root, "certificate")) ?? ""
        signer = d.text(d.member(root, "signer", isRequired: false)) ?? certificate
        minimumAge =
            d.integer(d.member(root, "minimum-age", isRequired: false), 18...99) ?? 18
        deadlineDays =
            d.integer(d.member(root, "revocation-working-days", isRequired: false), 1...30) ?? 3
        outbox = d.text(d.member(root, "outbox", isRequired: false))
        let file = d.member(root, "file")
        d.allow(file, ["form", "encoding", "separator"])
        form = d.choice(d.member(file, "form")) ?? .csv
        encoding = d.choice(d.member(file, "encoding", isRequired: false)) ?? .utf8
        let mark =
            d.choice(d.member(file, "separator", isRequired: false), Separator.self) ?? .comma
        separator = mark == .tab ? "\t" : Character(mark.rawValue)
        columns = Self.columns(d, d.member(root, "columns"), encoding)
        if form == .jsonl, encoding != .utf8 {
            d.report(
                d.member(file, "encoding"),
                "JSON Lines бывает только в utf-8.",
                "JSON Lines come in utf-8 only."
            )
        }
        self.text = text
        guard d.findings.isEmpty else { throw LayoutError(d.findings) }
    }

    /// Reads a contract and the certificates it names; paths in it count from its folder.
    ///
    /// - Throws: ``CardLayout/LayoutError``, ``Registry/RegisterError`` for files that cannot be read.
    public static func read(_ path: String) throws -> Partners.Terms {
        let bytes = try Files.read(path, atMost: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw LayoutError([
                LayoutFinding(
                    file: path,
                    line: nil,
                    message: Bilingual("Файл не в UTF-8.", "The file is not UTF-8.")
                )
            ])
        }
        let contract = try PartnerContract(text: text, file: path)
        let folder = URL(filePath: path).standardizedFileURL.deletingLastPathComponent().path
        func file(_ name: String) throws -> [UInt8] {
            try Files.read(name.hasPrefix("/") ? name : folder + "/" + name, atMost: 1 << 20)
        }
        return contract.terms(
            certificate: try file(contract.certificate),
            signer: try file(contract.signer)
        )
    }

    /// The contract of a partner that was added before.
    public init(_ partner: Partners.Partner) throws {
        try self.init(
            text: partner.terms.configuration,
            file: "partner \(partner.terms.name)"
        )
    }

    /// What the register acts on.
    public func terms(certificate: [UInt8], signer: [UInt8]) -> Partners.Terms {
        Partners.Terms(
            name: name,
            title: title,
            recipient: recipient,
            minimumAge: minimumAge,
            columns: columns.reduce(into: []) { $0.formUnion($1.column.option) },
            deadlineDays: deadlineDays,
            configuration: text,
            certificate: certificate,
            signer: signer
        )
    }

    private static func name(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?,
        _ limit: Int
    ) -> String {
        guard let text = d.text(entry) else { return "" }
        let isPlain = text.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
        if !isPlain || text.utf8.count > limit || text.utf8.first == 0x2D {
            d.report(
                entry,
                "нужны строчные латинские буквы, цифры и дефис, до \(limit) знаков.",
                "lower-case letters, digits and hyphens are needed, up to \(limit)."
            )
        }
        return text
    }

    private static func columns(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?,
        _ encoding: CodePage
    ) -> [(column: Column, title: String)] {
        var found: [(column: Column, title: String)] = []
        for (key, value) in d.members(entry) {
            guard let column = Column(rawValue: key) else {
                let all = Column.allCases.map(\.rawValue).joined(separator: ", ")
                d.report(
                    value,
                    "нет столбца «\(key)»; есть \(all).",
                    "no column \(key); there are \(all)."
                )
                continue
            }
            let title = d.text(value) ?? key
            let isFree = !found.contains { $0.title == title || $0.column == column }
            if !isFree || !encoding.missing(in: title).isEmpty || title.utf8.count > 64
                || title.contains(where: { $0 == "\"" || $0.isNewline })
            {
                d.report(
                    value,
                    "имя столбца повторяется, длиннее 64 байт, в кавычках или не в этой кодировке.",
                    "the column's name is repeated, over 64 bytes, quoted or not in the encoding."
                )
            }
            found.append((column, title))
        }
        for needed in [Column.id, .status, .mergedInto]
        where entry != nil && !found.contains(where: { $0.column == needed }) {
            d.report(
                entry,
                "нужен столбец «\(needed.rawValue)».",
                "the column \(needed.rawValue) is needed."
            )
        }
        return found
    }
}
