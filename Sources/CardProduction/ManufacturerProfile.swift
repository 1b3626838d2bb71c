import CardLayout
public import Roster

/// How one manufacturer wants the data: `batches/profiles/*.yaml`.
public struct ManufacturerProfile: Sendable {
    /// Name of the profile.
    public let id: String
    /// Encoding of the data file.
    public let encoding: CodePage
    /// Between the columns.
    public let separator: Character
    /// Columns in their order, with their headings.
    public let columns: [(column: Column, title: String)]
    /// Also the same table as a workbook.
    public let hasWorkbook: Bool
    /// Chips the manufacturer can encode, with the bytes each holds.
    public let chipTypes: [ChipType]
    /// How the manufacturer's report is read.
    public let report: ReportFormat

    /// What a data file can hold of a card.
    public enum Column: String, Sendable, CaseIterable {
        /// Place in the run.
        case sequence
        /// First printed line of the name.
        case name1
        /// Second one.
        case name2
        /// Grouped ticket number.
        case number
        /// 16 digits.
        case carrier
        /// Text of the QR.
        case qr
        /// Primary organisation.
        case organisation
        /// Regional organisation.
        case region
        /// End of validity as printed.
        case valid
        /// Issue mark as printed.
        case issue
        /// Parcel number.
        case parcel
    }

    /// Chips and how many bytes of NDEF they hold.
    public enum ChipType: String, Sendable, CaseIterable {
        case ntag213 = "NTAG213"
        case ntag215 = "NTAG215"
        case ntag216 = "NTAG216"
        case ntag424 = "NTAG424"

        /// User memory for the NDEF message.
        public var capacity: Int {
            switch self {
            case .ntag213: 144
            case .ntag215: 504
            case .ntag216: 888
            case .ntag424: 256
            }
        }
    }

    /// Reads the text of a profile.
    public init(text: String, file: String) throws {
        enum Separator: String, CaseIterable {
            case semicolon = ";"
            case comma = ","
            case tab
        }
        let d = DescriptionFile(file: file)
        let root = d.root(text)
        d.allow(
            root,
            [
                "format", "id", "title", "encoding", "separator", "columns", "workbook", "chips",
                "report",
            ]
        )
        if let format = d.text(d.member(root, "format")), format != "manufacturer-profile/1" {
            d.report(
                d.member(root, "format"),
                "нужно manufacturer-profile/1.",
                "manufacturer-profile/1 is needed."
            )
        }
        id = d.text(d.member(root, "id")) ?? ""
        encoding = d.choice(d.member(root, "encoding")) ?? .utf8
        let separator = d.choice(d.member(root, "separator"), Separator.self) ?? .semicolon
        self.separator = separator == .tab ? "\t" : Character(separator.rawValue)
        var columns: [(Column, String)] = []
        let columnsEntry = d.member(root, "columns")
        for (key, value) in d.members(columnsEntry) {
            guard let column = Column(rawValue: key) else {
                let all = Column.allCases.map(\.rawValue).joined(separator: ", ")
                d.report(
                    value,
                    "нет столбца «\(key)»; есть \(all).",
                    "no column \(key); there are \(all)."
                )
                continue
            }
            columns.append((column, d.text(value) ?? key))
        }
        self.columns = columns
        for needed in [Column.sequence, .name1, .number, .carrier, .qr]
        where columnsEntry != nil && !columns.contains(where: { $0.0 == needed }) {
            d.report(
                columnsEntry,
                "нужен столбец «\(needed.rawValue)».",
                "the column \(needed.rawValue) is needed."
            )
        }
        hasWorkbook = d.flag(d.member(root, "workbook", isRequired: false)) ?? false
        chipTypes = d.elements(d.member(root, "chips", isRequired: false)).compactMap {
            d.choice($0, ChipType.self)
        }
        report = ReportFormat(d, d.member(root, "report", isRequired: false))
        guard d.findings.isEmpty else { throw LayoutError(d.findings) }
    }
}
