/// Writes a ZIP container whose parts are not packed, for sheets made up by tests.
enum StoredArchive {
    /// The bytes of a container with these parts (APPNOTE.TXT 6.3.10 § 4.3).
    static func bytes(_ parts: [(name: String, text: String)]) -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for (name, text) in parts {
            let (title, content) = (Array(name.utf8), Array(text.utf8))
            var fields: [UInt8] = []
            fields += little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4)
            fields += little(crc(content), 4) + little(UInt32(content.count), 4)
            fields += little(UInt32(content.count), 4) + little(UInt32(title.count), 2)
            fields += little(0, 2)
            directory += little(0x0201_4B50, 4) + little(20, 2) + fields + little(0, 2)
            directory += little(0, 2) + little(0, 2) + little(0, 4)
            directory += little(UInt32(file.count), 4) + title
            file += little(0x0403_4B50, 4) + fields + title + content
        }
        let start = UInt32(file.count)
        let count = UInt32(parts.count)
        file += directory + little(0x0605_4B50, 4) + little(0, 4) + little(count, 2)
        file += little(count, 2) + little(UInt32(directory.count), 4) + little(start, 4)
        return file + little(0, 2)
    }

    /// A workbook with several sheets, told by tab, XML and whether it is hidden.
    static func workbook(sheets: [(name: String, xml: String, isHidden: Bool)]) -> [UInt8] {
        let tabs = sheets.enumerated().map { index, sheet in
            "<sheet name='\(sheet.name)' sheetId='\(index)' r:id='r\(index)'"
                + (sheet.isHidden ? " state='hidden'/>" : "/>")
        }
        let links = sheets.indices.map { "<Relationship Id='r\($0)' Target='s\($0).xml'/>" }
        return bytes(
            [
                (
                    "xl/workbook.xml",
                    "<workbook xmlns:r='r'><sheets>\(tabs.joined())</sheets></workbook>"
                ),
                ("xl/_rels/workbook.xml.rels", "<Relationships>\(links.joined())</Relationships>"),
            ] + sheets.enumerated().map { ("xl/s\($0).xml", $1.xml) }
        )
    }

    /// A workbook with one sheet of this XML.
    static func workbook(
        sheet: String,
        strings: String? = nil,
        styles: String = "<styleSheet/>",
        from1904: Bool = false
    ) -> [UInt8] {
        var parts = [
            (
                "xl/workbook.xml",
                "<workbook xmlns:r='r'><workbookPr date1904='\(from1904 ? 1 : 0)'/>"
                    + "<sheets><sheet name='1' sheetId='1' r:id='rId1'/></sheets></workbook>"
            ),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships><Relationship Id='rId1' Target='worksheets/sheet1.xml'/>"
                    + "</Relationships>"
            ),
            ("xl/styles.xml", styles), ("xl/worksheets/sheet1.xml", sheet),
        ]
        if let strings { parts.append(("xl/sharedStrings.xml", strings)) }
        return bytes(parts)
    }

    private static func little(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var register: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 {
                register = register & 1 == 1 ? register >> 1 ^ 0xEDB8_8320 : register >> 1
            }
        }
        return ~register
    }
}
