import UnionTicket

/// An XLSX workbook: its sheets, its shared strings and which styles are dates.
final class Workbook {
    let archive: ZipArchive
    /// The sheets, the visible ones first, else in the order of the tabs.
    let sheets: [Sheet]
    /// 1462 for workbooks that count days from 1904, else 0.
    let serialShift: Int
    /// Strings that cells refer to.
    let strings: SharedStrings
    /// For each cell style whether it shows a date.
    let dateStyles: [Bool]
    /// By cell format, to how many digits whole numbers are filled up with zeros; 0 where they are not.
    let zeroStyles: [Int]

    /// Parts other than sheets and strings may unpack to so much.
    private static let partLimit: UInt64 = 1 << 26

    /// Reads everything but the sheets.
    init(path: String) throws(RosterError) {
        archive = try ZipArchive(path: path)
        let outline = WorkbookOutline()
        try XMLParser.parse(archive.part("xl/workbook.xml", limit: Self.partLimit), outline)
        let links = WorkbookLinks()
        try XMLParser.parse(
            archive.part("xl/_rels/workbook.xml.rels", limit: Self.partLimit),
            links
        )
        let listed = outline.sheets.compactMap { sheet in
            links.targets[sheet.relation].map {
                Sheet(name: sheet.name, path: Self.absolute($0), isHidden: sheet.isHidden)
            }
        }
        sheets = listed.filter { !$0.isHidden } + listed.filter(\.isHidden)
        serialShift = outline.countsFrom1904 ? 1462 : 0
        let styles = SheetStyles()
        if archive.has("xl/styles.xml") {
            try XMLParser.parse(archive.part("xl/styles.xml", limit: Self.partLimit), styles)
        }
        (dateStyles, zeroStyles) = (styles.isDate, styles.zeros)
        strings = SharedStrings()
        if archive.has("xl/sharedStrings.xml") {
            let part = try archive.part("xl/sharedStrings.xml", limit: SharedStrings.xmlLimit)
            try XMLParser.parse(part, strings)
        }
    }

    /// One sheet.
    struct Sheet {
        /// What its tab says.
        let name: String
        /// Path of its part.
        let path: String
        /// Whether the spreadsheet shows it only when asked.
        let isHidden: Bool
    }

    private static func absolute(_ target: String) -> String {
        target.hasPrefix("/") ? String(target.dropFirst()) : "xl/" + target
    }
}

/// The sheets of workbook.xml, in order, by relation.
private final class WorkbookOutline: XMLEvents {
    var sheets: [(relation: String, name: String, isHidden: Bool)] = []
    var countsFrom1904 = false

    func start(_ name: String, _ attributes: XMLAttributes) {
        if name == "sheet", sheets.count < 256, let relation = attributes["id"] {
            let isHidden = attributes["state"]?.lowercased().contains("hidden") ?? false
            sheets.append((relation, attributes["name"] ?? "", isHidden))
        } else if name == "workbookPr", let flag = attributes["date1904"] {
            countsFrom1904 = flag == "1" || flag == "true"
        }
    }

    func end(_ name: String) {}

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}
}

/// The targets of workbook.xml.rels.
private final class WorkbookLinks: XMLEvents {
    var targets: [String: String] = [:]

    func start(_ name: String, _ attributes: XMLAttributes) {
        guard name == "Relationship", targets.count < 1024, let id = attributes["Id"] else {
            return
        }
        targets[id] = attributes["Target"]
    }

    func end(_ name: String) {}

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}
}

/// Which cell formats of styles.xml show dates, and which show leading zeros.
private final class SheetStyles: XMLEvents {
    private(set) var isDate: [Bool] = []
    /// To how many digits a format fills whole numbers up, as `000000` does; else 0.
    private(set) var zeros: [Int] = []
    private var zeroFormats: [Int: Int] = [:]
    private var dateFormats: Set<Int> = Set(14...17).union([22]).union(27...31).union([
        36, 50, 57, 58,
    ])
    private var isInCellFormats = false

    func start(_ name: String, _ attributes: XMLAttributes) {
        switch name {
        case "numFmt":
            guard let id = attributes["numFmtId"].flatMap({ Int($0) }),
                let code = attributes["formatCode"]
            else { return }
            if Self.showsDay(code) { dateFormats.insert(id) }
            if code.utf8.count <= 32, code.utf8.allSatisfy({ $0 == 0x30 }) {
                zeroFormats[id] = code.utf8.count
            }
        case "cellXfs": isInCellFormats = true
        case "xf" where isInCellFormats && isDate.count < 65_536:
            let id = attributes["numFmtId"].flatMap { Int($0) } ?? 0
            isDate.append(dateFormats.contains(id))
            zeros.append(zeroFormats[id] ?? 0)
        default: break
        }
    }

    func end(_ name: String) { if name == "cellXfs" { isInCellFormats = false } }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}

    /// Whether a format code shows days or years: outside quotes and brackets.
    private static func showsDay(_ code: String) -> Bool {
        var isQuoted = false
        var isBracketed = false
        for character in code.lowercased().prefix(256) {
            switch character {
            case "\"": isQuoted.toggle()
            case "[": isBracketed = true
            case "]": isBracketed = false
            case "d", "y", "д", "г":
                if !isQuoted, !isBracketed { return true }
            default: break
            }
        }
        return false
    }
}
