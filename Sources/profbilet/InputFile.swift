import Foundation
import Registry
import UnionTicket

/// Files that a command is given to read.
enum InputFile {
    /// The bytes of a file, bounded.
    static func bytes(_ path: String, atMost limit: Int) throws -> [UInt8] {
        try Files.read(path, atMost: limit)
    }

    /// The text of a small file in UTF-8.
    static func text(_ path: String) throws -> String {
        guard let text = String(validating: try bytes(path, atMost: 4 << 20), as: UTF8.self) else {
            throw Failure("\(path): не текст UTF-8.", "\(path): no UTF-8 text.")
        }
        return text
    }
}

/// Files that a command writes, whole or not at all, readable by their owner only.
enum OutputFile {
    static func write(_ bytes: [UInt8], to path: String) throws {
        try Files.write(bytes, to: path)
    }
}
