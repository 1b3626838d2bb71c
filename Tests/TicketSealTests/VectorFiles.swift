import Foundation
import TicketSeal
import Testing
import UnionTicket

/// The shared test vectors, one file per source.
enum VectorFiles {
    struct Case: Codable, Sendable, CustomTestStringConvertible {
        var id: String
        var text: String
        var now: Int64
        var expect: String
        var testDescription: String { id }
    }

    struct CaseFile: Codable {
        var ticket: String
        var issue: Int
        var cases: [Case]
    }

    static func data(_ name: String) throws -> Data {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Vectors")
        )
        return try Data(contentsOf: url)
    }

    static func cases(_ name: String) -> [Case] {
        (try? JSONDecoder().decode(CaseFile.self, from: data(name)))?.cases ?? []
    }

    static func keys(_ name: String) throws -> TrustedKeys {
        try #require(TrustedKeys(file: Array(try data(name))))
    }
}
