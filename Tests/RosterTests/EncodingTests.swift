import Foundation
import Roster
import Testing
import UnionTicket

struct EncodingTests {
    /// A table without letters that only some encodings have.
    private static var text: String {
        let rows = [
            "10000014;Соловьёва;Анна;Петровна;17.05.1980;Ж;работающий;77-001-0002;03.09.2001;;;;да;да;нет;",
            "10000021;Петров;Иван;Ильич;02.01.1975;М;неработающий пенсионер;77-001-0003;03.09.2001;;;;да;;;",
            "10000028;Щербакова;Юлия;Львовна;12.12.2002;Ж;обучающийся;16-002-0001;01.10.2019;;;;да;;;",
        ]
        return ([RosterFiles.headers.joined(separator: ";")] + rows).joined(separator: "\r\n")
            + "\r\n"
    }

    private static func bytes(_ text: String, _ encoding: TextEncoding) throws -> [UInt8] {
        let foundation: String.Encoding =
            switch encoding {
            case .utf8: .utf8
            case .utf16LittleEndian: .utf16LittleEndian
            case .utf16BigEndian: .utf16BigEndian
            case .windows1251: .windowsCP1251
            case .koi8r, .cp866: .utf8
            }
        if encoding == .cp866 { return text.unicodeScalars.map(cp866) }
        if encoding == .koi8r { return text.unicodeScalars.map(koi8r) }
        return Array(try #require(text.data(using: foundation)))
    }

    /// IBM code page 866 as its layout says: А…п at 0x80, р…я at 0xE0.
    private static func cp866(_ scalar: Unicode.Scalar) -> UInt8 {
        switch scalar.value {
        case 0x410...0x43F: UInt8(scalar.value - 0x410 + 0x80)
        case 0x440...0x44F: UInt8(scalar.value - 0x440 + 0xE0)
        case 0x401: 0xF0
        case 0x451: 0xF1
        case 0x2116: 0xFC
        default: UInt8(truncatingIfNeeded: scalar.value)
        }
    }

    /// RFC 1489: Latin order, small letters from 0xC0.
    private static func koi8r(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar == "ё" { return 0xA3 }
        if scalar == "Ё" { return 0xB3 }
        let order = Array("юабцдефгхийклмнопярстужвьызшэщчъ".unicodeScalars)
        if let place = order.firstIndex(of: scalar) { return UInt8(0xC0 + place) }
        if (0x410...0x42F).contains(scalar.value),
            let place = order.firstIndex(where: { $0.value == scalar.value + 0x20 })
        {
            return UInt8(0xE0 + place)
        }
        return UInt8(truncatingIfNeeded: scalar.value)
    }

    @Test(arguments: TextEncoding.allCases)
    func `every encoding is found out and gives equal drafts`(_ encoding: TextEncoding) throws {
        let expected = try RosterFiles.rows(Self.text.utf8)
        #expect(expected.count == 3)
        #expect(expected.allSatisfy { $0.draft != nil && $0.issues.isEmpty })
        let bytes = try Self.bytes(Self.text, encoding)
        #expect(try RosterFiles.rows(bytes) == expected)
        #expect(try RosterFiles.rows(bytes, encoding) == expected)
        try RosterFiles.with(bytes) { path in
            let reader = try RosterReader.open(path, today: RosterFiles.today)
            #expect(reader.encoding == encoding)
        }
    }

    @Test(arguments: [
        ([0xEF, 0xBB, 0xBF], TextEncoding.utf8), ([0xFF, 0xFE], .utf16LittleEndian),
        ([0xFE, 0xFF], .utf16BigEndian),
    ])
    func `a byte order mark is obeyed and dropped`(_ mark: [UInt8], _ encoding: TextEncoding) throws
    {
        let tabs = Self.text.replacing(";", with: "\t")
        let bytes = mark + (try Self.bytes(tabs, encoding))
        try RosterFiles.with(bytes) { path in
            let reader = try RosterReader.open(path, today: RosterFiles.today)
            #expect(reader.encoding == encoding)
            #expect(reader.separator == "\t")
            #expect(reader.columns.first?.header == "ИД АИС")
        }
        #expect(try RosterFiles.rows(bytes) == RosterFiles.rows(Self.text.utf8))
    }

    @Test func `an uncertain encoding is asked for`() throws {
        #expect(try RosterFiles.failure([0x3B, 0xE0, 0x3B, 0x0A])?.code == .encodingAmbiguous)
    }

    @Test func `bytes that do not fit the named encoding are refused with their place`() throws {
        let bytes = Array("Фамилия;Имя\nа;".utf8) + [0xFF, 0x0A]
        let error = try #require(throws: RosterError.self) {
            try RosterFiles.rows(bytes, .utf8)
        }
        #expect(error.code == .encodingInvalid)
        #expect(error.line == 2)
        #expect(error.column == 3)
    }

    @Test(arguments: [
        ("cp1251", TextEncoding.windows1251), ("UTF-8", .utf8), ("utf-16le", .utf16LittleEndian),
        ("CP866", .cp866), ("koi8-r", .koi8r),
    ])
    func `encodings go by their usual names`(_ name: String, _ encoding: TextEncoding) {
        #expect(TextEncoding(name: name) == encoding)
        #expect(TextEncoding(name: encoding.rawValue) == encoding)
    }

    @Test func `an unknown encoding has no value`() { #expect(TextEncoding(name: "ebcdic") == nil) }
}
