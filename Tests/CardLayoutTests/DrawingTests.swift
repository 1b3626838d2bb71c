import Foundation
import Testing
import TicketSeal
import UnionTicket

@testable import CardLayout

struct DrawingTests {
    private static func bold() throws -> Shaper {
        Shaper(["bold": try FontFace(path: FontPlaces.system + "/PTS75F.ttf")], [:])
    }

    private static func item(
        size: Double,
        shrink: Double? = nil,
        lines: Int = 1
    ) throws -> CardLayout.TextItem {
        CardLayout.TextItem(
            template: try #require(Template("{last}")),
            font: "bold",
            size: size,
            align: .left,
            fit: CardLayout.Fit(shrink: shrink, lines: lines),
            ink: "black"
        )
    }

    /// A box as wide as `text` is at so many points, and high enough for four lines of ten.
    private static func box(_ shaper: Shaper, _ text: String, _ points: Double) -> Box {
        let width = shaper.shape(text, "bold").width * points * TextFitter.millimetres
        return Box(x: 0, y: 0, width: width, height: 16)
    }

    @Test func `text that fits keeps its size`() throws {
        let shaper = try Self.bold()
        let box = Self.box(shaper, "Кузнецова", 10.1)
        let item = try Self.item(size: 10, shrink: 6)
        let fitted = try #require(TextFitter(shaper).fit("Кузнецова", item, in: box))
        #expect(fitted.size == 10)
        #expect(fitted.lines == [shaper.shape("Кузнецова", "bold")])
    }

    @Test func `text shrinks by quarters of a point, to its smallest size and no further`() throws {
        let shaper = try Self.bold()
        let box = Self.box(shaper, "Кузнецова", 8.1)
        let fitter = TextFitter(shaper)
        let small = try Self.item(size: 10, shrink: 6)
        let fitted = try #require(fitter.fit("Кузнецова", small, in: box))
        #expect(fitted.size == 8)
        #expect(fitted.lines.count == 1)
        for item in try [Self.item(size: 10), Self.item(size: 10, shrink: 8.25)] {
            #expect(fitter.fit("Кузнецова", item, in: box)?.size == nil)
        }
    }

    @Test(arguments: [
        ("Мария Ивановна", ["Мария", "Ивановна"]),
        ("Римская-Корсакова", ["Римская-", "Корсакова"]),
        ("Анна Римская-Корсакова", ["Анна", "Римская-", "Корсакова"]),
    ])
    func `lines break at spaces and behind hyphens`(_ text: String, _ lines: [String]) throws {
        let shaper = try Self.bold()
        let longest = lines.max { shaper.shape($0, "bold").width < shaper.shape($1, "bold").width }
        let box = Self.box(shaper, try #require(longest), 10.05)
        let fitter = TextFitter(shaper)
        let item = try Self.item(size: 10, lines: lines.count)
        let fitted = try #require(fitter.fit(text, item, in: box))
        #expect(fitted.size == 10)
        #expect(fitted.lines == lines.map { shaper.shape($0, "bold") })
        let fewer = try Self.item(size: 10, lines: lines.count - 1)
        #expect(fitter.fit(text, fewer, in: box)?.size == nil)
    }

    @Test func `text is refused when a word is too wide or the box too low`() throws {
        let shaper = try Self.bold()
        let fitter = TextFitter(shaper)
        let item = try Self.item(size: 10, lines: 3)
        let narrow = Self.box(shaper, "Ивановн", 10)
        #expect(fitter.fit("Мария Ивановна", item, in: narrow)?.size == nil)
        let wide = Self.box(shaper, "Ивановна", 10.1)
        #expect(fitter.fit("Мария Ивановна", item, in: wide)?.size == 10)
        let low = Box(x: 0, y: 0, width: wide.width, height: 6)
        #expect(fitter.fit("Мария Ивановна", item, in: low)?.size == nil)
    }

    @Test func `a record is shown as the layout says`() throws {
        let layout = try LayoutFolders.layout()
        var record = CardRecord.sample(.typical, for: layout)
        record.number = "123456789012345"
        #expect(layout.shown("number", record) == "123 4567 8901 2345")
        #expect(layout.shown("carrier", record) == record.carrier)
        #expect(layout.shown("qr", record) == record.qrPrefix + record.qrDigits)
        #expect(layout.shown("last", record) == "Кузнецова")
        #expect(layout.shown("nothing", record) == "")
        (record.validMonth, record.validYear) = (3, 2031)
        #expect(layout.shown("valid", record) == "03/2031")
        record.validMonth = 12
        #expect(layout.shown("valid", record) == "12/2031")
        record.issue = 1
        #expect(layout.shown("issue", record) == "")
        record.issue = 2
        #expect(layout.shown("issue", record) == "экз. 2")
        record.issue = 9
        #expect(layout.shown("issue", record) == "экз. 9")
        record.texts["patronymic"] = nil
        #expect(layout.shown("patronymic", record) == "")
    }

    @Test func `texts of a record are composed`() {
        let record = CardRecord(
            number: "",
            carrier: "",
            qrPrefix: "",
            qrDigits: "",
            texts: ["last": "Бои\u{306}ко"],
            issue: 1,
            validMonth: 1,
            validYear: 2030
        )
        let scalars = record.texts["last"]?.unicodeScalars.map { $0.value }
        #expect(scalars == [0x411, 0x43E, 0x439, 0x43A, 0x43E])
    }

    @Test(arguments: CardRecord.Sample.allCases)
    func `sample records can be printed`(_ sample: CardRecord.Sample) throws {
        let layout = try LayoutFolders.layout()
        let drawing = CardDrawing(layout)
        let record = CardRecord.sample(sample, for: layout)
        #expect(drawing.faults(of: record) == [])
        #expect(try !drawing.contents(record).front.isEmpty)
    }

    private static let unprintable: [(String, String, String, String)] = [
        ("last", "李", "last", "missing_glyph"), ("last", "", "last", "empty"),
        ("organisation", "Школа 李", "organisation", "missing_glyph"),
        ("hours", String(repeating: "а", count: 41), "hours", "too_long"),
        ("patronymic", String(repeating: "Щ", count: 40), "given", "does_not_fit"),
        ("last", String(repeating: "Щ", count: 50), "last", "does_not_fit"),
    ]

    @Test(arguments: unprintable)
    func `what cannot be printed is told by a code`(
        _ field: String,
        _ text: String,
        _ item: String,
        _ code: String
    ) throws {
        let layout = try LayoutFolders.layout()
        var record = CardRecord.sample(.typical, for: layout)
        record.texts["first"] = String(repeating: "Щ", count: 30)
        record.texts["patronymic"] = nil
        record.texts[field] = text
        let faults = CardDrawing(layout).faults(of: record)
        let fault = try #require(faults.first { $0.item == item && $0.code == code }, "\(faults)")
        #expect(!fault.message.russian.isEmpty)
        if code == "missing_glyph" { #expect(fault.message.english.contains("U+674E")) }
    }

    @Test func `a missing patronymic and a first issue are no faults`() throws {
        let layout = try LayoutFolders.layout()
        var record = CardRecord.sample(.typical, for: layout)
        record.texts["patronymic"] = nil
        record.issue = 1
        #expect(CardDrawing(layout).faults(of: record) == [])
    }

    private static func records(_ layout: CardLayout) -> [CardRecord] {
        (0..<20).map { index in
            let sample: CardRecord.Sample = index.isMultiple(of: 3) ? .minority : .typical
            var record = CardRecord.sample(sample, for: layout)
            record.number = String(977_000_000_000_000 + index)
            record.texts["organisation"] = "Школа № \(index)"
            record.issue = 1 + index % 2
            return record
        }
    }

    @Test func `the same cards give the same bytes and hash`() throws {
        let layout = try LayoutFolders.layout()
        let records = Self.records(layout)
        try LayoutFolders.withScratch { scratch in
            var files: [[UInt8]] = []
            for name in ["a", "b"] {
                let path = scratch + "/\(name).pdf"
                let file = try CardFile(path: path, layout: layout, title: "Партия", cards: 20)
                try file.add(Array(records[..<12]))
                try file.add(Array(records[12...]))
                let end = try file.finish()
                let bytes = try LayoutFolders.bytes(path)
                #expect(end.bytes == bytes.count)
                #expect(end.sha256 == Hex.text(SHA256Digest.of(bytes)))
                files.append(bytes)
            }
            #expect(files[0] == files[1])
            #expect(files[0].starts(with: Array("%PDF-1.6\n".utf8)))
            #expect(String(decoding: files[0].suffix(6), as: UTF8.self) == "%%EOF\n")
            let other = try CardFile(
                path: scratch + "/c.pdf",
                layout: layout,
                title: "Партия",
                cards: 20
            )
            try other.add(Array(records.reversed()))
            let end = try other.finish()
            #expect(end.sha256 != Hex.text(SHA256Digest.of(files[0])))
        }
    }

    @Test func `a card that cannot be printed stops the file`() throws {
        let layout = try LayoutFolders.layout()
        try LayoutFolders.withScratch { scratch in
            let file = try CardFile(
                path: scratch + "/a.pdf",
                layout: layout,
                title: "x",
                cards: 1
            )
            var foreign = CardRecord.sample(.typical, for: layout)
            foreign.texts["last"] = "李"
            var long = CardRecord.sample(.typical, for: layout)
            long.qrDigits = String(repeating: "1", count: 2_000)
            for record in [foreign, long] {
                #expect(throws: CardDrawing.Unprintable.self) { try file.add([record]) }
            }
            #expect(throws: FileFailure.self) {
                _ = try CardFile(path: scratch + "/no/a.pdf", layout: layout, title: "", cards: 1)
            }
        }
    }

    private static func document(_ path: String) throws -> Manifest.File {
        let folder = LayoutFolders.real
        let document = try TextDocument(
            path: path,
            title: "Накладная",
            footer: "Партия 1",
            fonts: TextDocument.Fonts(folder: folder)
        )
        try document.heading("Накладная № 1")
        try document.paragraph(String(repeating: "Посылки для первичных организаций. ", count: 20))
        try document.facts([("Карт", "1000"), ("Изготовитель", "ООО «Пример-Карт»")])
        let columns: [TextDocument.Column] = [
            .init("№", 1), .init("Организация", 5), .init("Номер", 3, isMono: true),
        ]
        let rows = (1...120).map { ["\($0)", "Школа № \($0)", "977 0000 0000 0005"] }
        try document.table(columns, rows)
        try document.newPage()
        try document.paragraph("Конец")
        return try document.finish()
    }

    @Test func `a text document has the same bytes twice`() throws {
        try LayoutFolders.withScratch { scratch in
            let first = try Self.document(scratch + "/a.pdf")
            let second = try Self.document(scratch + "/b.pdf")
            let bytes = try LayoutFolders.bytes(scratch + "/a.pdf")
            #expect(first.bytes == bytes.count)
            #expect(first.sha256 == Hex.text(SHA256Digest.of(bytes)))
            #expect(first.sha256 == second.sha256)
            let others = try LayoutFolders.bytes(scratch + "/b.pdf")
            #expect(bytes == others)
        }
    }
}
