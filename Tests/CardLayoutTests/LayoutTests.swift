import Foundation
import Testing
import UnionTicket

@testable import CardLayout

struct LayoutTests {
    @Test func `the layout in this repository is usable`() throws {
        let layout = try LayoutFolders.layout()
        #expect(layout.id == "epb-2026")
        #expect(layout.hash.count == 64)
        #expect(layout.sides.map(\.name) == ["front", "back"])
        #expect(layout.sides.allSatisfy { !$0.art.isEmpty && !$0.items.isEmpty })
        #expect(layout.fields["last"]?.type == .name)
        #expect(layout.fields["last"]?.max == 50)
        #expect(layout.fields["patronymic"]?.isOptional == true)
        #expect(layout.fields["issue"]?.from == 2)
        #expect(layout.palette["black"]?.isBlackOnly == true)
    }

    @Test func `the hash covers every file, and not the place`() throws {
        let hash = try LayoutFolders.layout().hash
        try LayoutFolders.withCopy { folder in
            #expect(try CardLayout.read(folder: folder).hash == hash)
            let path = folder + "/art/back.svg"
            try LayoutFolders.change(path, "<svg ", "<svg  ")
            #expect(try CardLayout.read(folder: folder).hash != hash)
        }
        try LayoutFolders.withCopy { folder in
            try LayoutFolders.change(folder + "/layout.yaml", "# Card", "# A card")
            #expect(try CardLayout.read(folder: folder).hash != hash)
        }
    }

    /// One thing done to a copy of the layout, and what must be said about it.
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        var file = "layout.yaml"
        let old: String
        let new: String
        /// In the line that must be named; nil when the fault has no line.
        var anchor: String?
        let says: String
        /// The file that must be named, when it is not the changed one.
        var blamed: String?
        var testDescription: String { name }
    }

    private static let placed: [Fault] = [
        Fault(
            name: "item outside the safe zone",
            old: "[6, 13.1, 54, 3.6]",
            new: "[2, 13.1, 54, 3.6]",
            anchor: "id: doc,",
            says: "leaves the safe zone of 3.0 mm"
        ),
        Fault(
            name: "overlapping items",
            old: "[6, 13.1, 54, 3.6]",
            new: "[6, 12.1, 54, 3.6]",
            anchor: "id: doc,",
            says: "front.doc: overlaps union"
        ),
        Fault(
            name: "id used twice",
            old: "id: doc,",
            new: "id: union,",
            anchor: "id: union, text: \"Электронный",
            says: "this id is used twice"
        ),
        Fault(
            name: "line higher than its box",
            old: "[6, 13.1, 54, 3.6]",
            new: "[6, 13.1, 54, 2.8]",
            anchor: "id: doc,",
            says: "is higher than its box"
        ),
        Fault(
            name: "text under the minimum",
            old: "font: narrow, size: 6.5, fit: {shrink: 6,",
            new: "font: narrow, size: 6.5, fit: {shrink: 5.5,",
            anchor: "id: hours,",
            says: "5.5 pt is less than"
        ),
        Fault(
            name: "longest value not fitting",
            old: "[6, 18.6, 73.6, 7.5]",
            new: "[6, 18.6, 20, 7.5]",
            anchor: "id: last,",
            says: "does not fit"
        ),
        Fault(
            name: "box with three numbers",
            old: "[6, 18.6, 73.6, 7.5]",
            new: "[6, 18.6, 73.6]",
            anchor: "id: last,",
            says: "[left, top, width, height]"
        ),
        Fault(
            name: "unknown font",
            old: "font: mono, size: 13",
            new: "font: monp, size: 13",
            anchor: "font: monp",
            says: "the font monp is not in fonts"
        ),
        Fault(
            name: "unknown ink",
            old: "ink: amber}",
            new: "ink: umber}",
            anchor: "ink: umber",
            says: "the colour umber is not in the palette"
        ),
    ]

    private static let symbols: [Fault] = [
        Fault(
            name: "QR box wrong",
            old: "[53.1, 13.8, 28.5, 28.5]",
            new: "[53.1, 13.8, 28.5, 28.0]",
            anchor: "id: qr,",
            says: "the box must be 28.5 mm"
        ),
        Fault(
            name: "module too small",
            old: "[53.1, 13.8, 28.5, 28.5], ec: M, version: 8, module: 0.50",
            new: "[53.1, 13.8, 22.23, 22.23], ec: M, version: 8, module: 0.39",
            anchor: "id: qr,",
            says: "the module of 0.39 mm is under 0.4"
        ),
        Fault(
            name: "coloured symbol",
            old: "module: 0.50, quiet: 4, ink: black",
            new: "module: 0.50, quiet: 4, ink: navy",
            anchor: "id: qr,",
            says: "printed in black ink only"
        ),
        Fault(
            name: "unknown level",
            old: "ec: M",
            new: "ec: Z",
            anchor: "id: qr,",
            says: "one of L, M, Q, H is needed"
        ),
        Fault(
            name: "narrow quiet zone",
            old: "quiet: 10",
            new: "quiet: 9",
            anchor: "id: bar,",
            says: "the quiet zone is under 10 modules"
        ),
        Fault(
            name: "barcode box too narrow",
            old: "[3.46, 39.7, 36.4, 8]",
            new: "[3.46, 39.7, 36.3, 8]",
            anchor: "id: bar,",
            says: "the box must be at least"
        ),
    ]

    private static let contents: [Fault] = [
        Fault(
            name: "undeclared field",
            old: "text: \"{region}\"",
            new: "text: \"{district}\"",
            says: "the field {district} is not declared"
        ),
        Fault(
            name: "missing mandatory field",
            old: "text: \"{valid}\"",
            new: "text: \"12/2035\"",
            says: "the card lacks the mandatory field {valid}"
        ),
        Fault(
            name: "missing property note",
            old: "собственностью",
            new: "имуществом",
            says: "the card lacks the property note"
        ),
        Fault(
            name: "missing note on the duty",
            old: "подлежит возврату",
            new: "сдаётся",
            says: "the card lacks the note on the duty"
        ),
        Fault(
            name: "ink sum over the limit",
            old: "[100, 82, 30, 16]",
            new: "[100, 100, 90, 16]",
            says: "palette.navy: the inks add up to 306.0 %"
        ),
        Fault(
            name: "brackets that do not match",
            old: "{first}[ {patronymic}]",
            new: "{first}[ {patronymic}",
            anchor: "id: given,",
            says: "the brackets"
        ),
    ]

    private static let files: [Fault] = [
        Fault(
            name: "missing font file",
            old: "narrow: PTN57F.ttf",
            new: "narrow: PTN57X.ttf",
            anchor: "PTN57X.ttf",
            says: "the font PTN57X.ttf was not found"
        ),
        Fault(
            name: "missing colour profile",
            old: "FOGRA39L.icc",
            new: "FOGRA39X.icc",
            anchor: "FOGRA39X.icc",
            says: "there is no profile FOGRA39X.icc"
        ),
        Fault(
            name: "missing art",
            old: "art/front.svg",
            new: "art/frontal.svg",
            says: "There is no such file",
            blamed: "art/frontal.svg"
        ),
        Fault(
            name: "unknown colour in art",
            file: "art/back.svg",
            old: "fill=\"#ffffff\"",
            new: "fill=\"#fffffe\"",
            anchor: "#fffffe",
            says: "The colour #fffffe is not in the palette"
        ),
        Fault(
            name: "view box without bleed",
            file: "art/front.svg",
            old: "viewBox=\"-2 -2 89.6 57.98\"",
            new: "viewBox=\"0 0 85.6 53.98\"",
            says: "viewBox must be"
        ),
    ]

    private static let description: [Fault] = [
        Fault(
            name: "unknown key",
            old: "revision: 1",
            new: "revisoin: 1",
            anchor: "revisoin",
            says: "unknown or repeated field revisoin"
        ),
        Fault(
            name: "missing key",
            old: "revision: 1\n",
            new: "",
            anchor: "format: card-layout/1",
            says: "the field revision is missing"
        ),
        Fault(
            name: "wrong type",
            old: "revision: 1",
            new: "revision: one",
            anchor: "revision: one",
            says: "revision: a whole number"
        ),
        Fault(
            name: "other format",
            old: "format: card-layout/1",
            new: "format: card-layout/2",
            anchor: "format: card-layout/2",
            says: "card-layout/1 is needed"
        ),
        Fault(
            name: "no YAML",
            old: "card: {size: ID-1,",
            new: "card: {size: [ID-1,",
            anchor: "card: {size",
            says: "This is no YAML"
        ),
        Fault(
            name: "no colour",
            old: "\"#12305f\"",
            new: "\"#12305\"",
            anchor: "\"#12305\"",
            says: "a colour like #0d3873 is needed"
        ),
        Fault(
            name: "one colour with two mixtures",
            old: "\"#2a4a7c\"",
            new: "\"#213f70\"",
            anchor: "line2:",
            says: "line1 has the same svg colour"
        ),
    ]

    private static let faults: [Fault] =
        [placed, symbols, contents, files, description].flatMap { $0 }

    @Test(arguments: faults)
    func `a fault is refused with its file and line`(_ fault: Fault) throws {
        try LayoutFolders.withCopy { folder in
            let text = try LayoutFolders.change(folder + "/" + fault.file, fault.old, fault.new)
            let findings = try LayoutFolders.findings { _ = try CardLayout.read(folder: folder) }
            let told = "\(findings.map { "\($0.place): \($0.message.english)" })"
            let finding = try #require(
                findings.first { $0.message.english.contains(fault.says) },
                "\(told)"
            )
            #expect(finding.file == folder + "/" + (fault.blamed ?? fault.file))
            #expect(!finding.message.russian.isEmpty)
            if let anchor = fault.anchor {
                let line = try LayoutFolders.line(of: anchor, in: text)
                #expect(finding.line == line)
            }
        }
    }

    @Test func `all faults are told at once`() throws {
        try LayoutFolders.withCopy { folder in
            let path = folder + "/layout.yaml"
            try LayoutFolders.change(path, "[6, 13.1, 54, 3.6]", "[2, 13.1, 54, 3.6]")
            try LayoutFolders.change(path, "quiet: 10", "quiet: 9")
            try LayoutFolders.change(path, "ink: amber}", "ink: umber}")
            let findings = try LayoutFolders.findings { _ = try CardLayout.read(folder: folder) }
            #expect(findings.count == 3)
        }
    }

    @Test func `a folder without a layout is refused`() throws {
        try LayoutFolders.withScratch { folder in
            let findings = try LayoutFolders.findings { _ = try CardLayout.read(folder: folder) }
            #expect(findings.map(\.file) == [folder + "/layout.yaml"])
            let path = folder + "/layout.yaml"
            try Data([0x61, 0x3A, 0x20, 0xFF, 0xFE]).write(to: URL(filePath: path))
            let others = try LayoutFolders.findings { _ = try CardLayout.read(folder: folder) }
            #expect(others.first?.message.english == "The file is not UTF-8.")
        }
    }
}
