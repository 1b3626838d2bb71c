import CZip
import UnionTicket

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A one-sheet workbook, built in memory.
final class SheetWriter {
    /// What a cell holds.
    enum Cell {
        /// A shared string.
        case text(String)
        /// A number in the general format.
        case number(Double)
        /// A day number with a date format.
        case date(Int)
        /// Nothing.
        case empty
    }

    private let countsFrom1904: Bool
    private var rows = ""
    private var rowCount = 0
    private var indices: [String: Int] = [:]
    private var strings: [String] = []

    init(countsFrom1904: Bool = false) { self.countsFrom1904 = countsFrom1904 }

    /// Appends one row.
    func append(_ cells: [Cell]) {
        rowCount += 1
        rows += "<row r=\"\(rowCount)\">"
        for (column, cell) in cells.enumerated() {
            let place = Self.letters(column) + String(rowCount)
            switch cell {
            case .text(let text): rows += "<c r=\"\(place)\" t=\"s\"><v>\(index(of: text))</v></c>"
            case .number(let number): rows += "<c r=\"\(place)\"><v>\(number)</v></c>"
            case .date(let serial): rows += "<c r=\"\(place)\" s=\"1\"><v>\(serial)</v></c>"
            case .empty: break
            }
        }
        rows += "</row>"
    }

    /// Writes the workbook.
    func save(to path: String) throws(RosterError) {
        try Self.pack(parts, to: path)
    }

    /// Packs texts into a container.
    static func pack(_ parts: [(String, String)], to path: String) throws(RosterError) {
        var code: Int32 = 0
        guard let archive = unsafe zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
            throw ByteSink.failed
        }
        for (name, text) in parts {
            let bytes = Array(text.utf8)
            guard let copy = unsafe malloc(max(1, bytes.count)) else { throw ByteSink.failed }
            unsafe copy.copyMemory(from: bytes, byteCount: bytes.count)
            let source = unsafe zip_source_buffer(archive, copy, UInt64(bytes.count), 1)
            guard unsafe zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8) >= 0 else {
                unsafe zip_discard(archive)
                throw ByteSink.failed
            }
        }
        guard unsafe zip_close(archive) == 0 else { throw ByteSink.failed }
    }

    private func index(of text: String) -> Int {
        if let known = indices[text] { return known }
        indices[text] = strings.count
        strings.append(text)
        return strings.count - 1
    }

    private static let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    private static let relations =
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    private static let packageRelations =
        "http://schemas.openxmlformats.org/package/2006/relationships"
    private static let types = "http://schemas.openxmlformats.org/package/2006/content-types"
    private static let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

    private var parts: [(String, String)] {
        [
            ("[Content_Types].xml", contentTypes),
            ("_rels/.rels", links([("officeDocument", "xl/workbook.xml")])),
            (
                "xl/_rels/workbook.xml.rels",
                links([
                    ("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"),
                    ("sharedStrings", "sharedStrings.xml"),
                ])
            ),
            ("xl/workbook.xml", workbook), ("xl/styles.xml", styles),
            ("xl/sharedStrings.xml", sharedStrings),
            (
                "xl/worksheets/sheet1.xml",
                Self.head
                    + "<worksheet xmlns=\"\(Self.main)\"><sheetData>\(rows)</sheetData></worksheet>"
            ),
        ]
    }

    private var contentTypes: String {
        let base = "application/vnd.openxmlformats-officedocument.spreadsheetml."
        let overrides = [
            ("xl/workbook.xml", "sheet.main"), ("xl/worksheets/sheet1.xml", "worksheet"),
            ("xl/styles.xml", "styles"), ("xl/sharedStrings.xml", "sharedStrings"),
        ].map { "<Override PartName=\"/\($0)\" ContentType=\"\(base)\($1)+xml\"/>" }
        return Self.head + "<Types xmlns=\"\(Self.types)\"><Default Extension=\"rels\" "
            + "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
            + overrides.joined() + "</Types>"
    }

    private func links(_ links: [(String, String)]) -> String {
        let items = links.enumerated().map { index, link in
            "<Relationship Id=\"rId\(index + 1)\" Type=\"\(Self.relations)/\(link.0)\" "
                + "Target=\"\(link.1)\"/>"
        }
        return Self.head + "<Relationships xmlns=\"\(Self.packageRelations)\">" + items.joined()
            + "</Relationships>"
    }

    private var workbook: String {
        Self.head + "<workbook xmlns=\"\(Self.main)\" xmlns:r=\"\(Self.relations)\">"
            + (countsFrom1904 ? "<workbookPr date1904=\"1\"/>" : "")
            + "<sheets><sheet name=\"Roster\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    }

    private var styles: String {
        Self.head + "<styleSheet xmlns=\"\(Self.main)\"><fonts count=\"1\"><font/></fonts>"
            + "<fills count=\"1\"><fill/></fills><borders count=\"1\"><border/></borders>"
            + "<cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"2\">"
            + "<xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
    }

    private var sharedStrings: String {
        let items = strings.map { text in
            let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            return "<si><t xml:space=\"preserve\">\(escaped)</t></si>"
        }
        return Self.head + "<sst xmlns=\"\(Self.main)\">" + items.joined() + "</sst>"
    }

    private static func letters(_ column: Int) -> String {
        var text = ""
        var rest = column + 1
        while rest > 0 {
            text = String(Unicode.Scalar(UInt8(0x41 + (rest - 1) % 26))) + text
            rest = (rest - 1) / 26
        }
        return text
    }
}
