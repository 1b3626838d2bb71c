import CardReader
import Foundation
import Testing
import TicketSeal

/// The published vectors of chip cryptography, each with its source.
struct ChipVectors: Decodable {
    struct Vector: Decodable, CustomTestStringConvertible {
        let id: String
        let kind: String
        let input: [String: JSONText]
        let expected: [String: JSONText]

        var testDescription: String { id }

        /// Bytes of a field that must be there.
        func bytes(_ name: String) throws -> [UInt8] {
            guard case .text(let text)? = input[name] ?? expected[name], let bytes = Hex.bytes(text)
            else { throw Missing(field: name) }
            return bytes
        }

        func key(_ name: String) throws -> ChipKey {
            guard let key = ChipKey(try bytes(name)) else { throw Missing(field: name) }
            return key
        }

        func number(_ name: String) throws -> Int {
            guard case .number(let number)? = input[name] ?? expected[name] else {
                throw Missing(field: name)
            }
            return number
        }

        func text(_ name: String) -> String? {
            guard case .text(let text)? = input[name] ?? expected[name] else { return nil }
            return text
        }
    }

    struct Missing: Error { let field: String }

    let vectors: [Vector]

    /// All vectors of some kinds.
    static func of(_ kinds: String...) -> [Vector] { all.filter { kinds.contains($0.kind) } }

    static let all: [Vector] = {
        guard let url = Bundle.module.url(forResource: "Vectors/chips", withExtension: "json"),
            let content = try? Data(contentsOf: url),
            let file = try? JSONDecoder().decode(ChipVectors.self, from: content)
        else { return [] }
        return file.vectors
    }()
}

/// A text, a number or null of the vector file.
enum JSONText: Decodable {
    case text(String)
    case number(Int)
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}
