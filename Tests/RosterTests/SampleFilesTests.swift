import Foundation
import Roster

/// The three files of a sample, read back.
struct SampleFiles: Equatable {
    let roster: Data
    let truth: Data
    let organisations: Data
    let summary: SampleRoster.Summary

    init(
        _ sample: SampleRoster,
        _ format: SampleFormat = .csv(.windows1251, separator: .semicolon)
    ) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sample-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let urls = ["roster", "truth", "organisations"].map { folder.appendingPathComponent($0) }
        summary = try sample.write(
            roster: urls[0].path,
            format: format,
            truth: urls[1].path,
            organisations: urls[2].path
        )
        roster = try Data(contentsOf: urls[0])
        truth = try Data(contentsOf: urls[1])
        organisations = try Data(contentsOf: urls[2])
    }

    /// The lines of the truth file.
    var truths: [SampleTruthLine] {
        get throws {
            try truth.split(separator: 0x0A)
                .map { try JSONDecoder().decode(SampleTruthLine.self, from: Data($0)) }
        }
    }
}

/// A line of a truth file.
struct SampleTruthLine: Decodable {
    struct Expected: Decodable {
        let outcome: String
        let codes: [String]
    }

    struct Clean: Decodable {
        let last, first, mid, birth, org, join, ais: String
        let c_pd: Bool

        /// What tells people apart: case and ё do not.
        var person: String {
            "\(last) \(first) \(mid) \(birth)".lowercased().replacingOccurrences(of: "ё", with: "е")
        }
    }

    let line: Int
    let defects: [String]
    let expected: Expected
    let duplicate_of_line: Int?
    let clean: Clean
}

extension SampleEncoding {
    /// The text of these bytes, by another maker's tables where there are any.
    func decoded(_ data: Data) -> String? {
        switch self {
        case .utf8, .utf8WithMark: String(data: data, encoding: .utf8)
        case .windows1251: String(data: data, encoding: .windowsCP1251)
        case .utf16LittleEndian: String(data: data, encoding: .utf16LittleEndian)
        case .cp866: Self.decodedCP866(data)
        }
    }

    /// The second half of code page 866, row by row; box drawing is not in samples.
    private static func decodedCP866(_ data: Data) -> String? {
        let letters = Array("АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп".unicodeScalars)
        let later = Array("рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u{A0}".unicodeScalars)
        var text = String.UnicodeScalarView()
        for byte in data {
            switch byte {
            case ..<0x80: text.append(Unicode.Scalar(byte))
            case ..<0xB0: text.append(letters[Int(byte) - 0x80])
            case 0xE0...: text.append(later[Int(byte) - 0xE0])
            default: return nil
            }
        }
        return String(text)
    }
}
