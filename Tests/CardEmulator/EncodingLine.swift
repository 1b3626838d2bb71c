import ArgumentParser
import Foundation
import TicketSeal

/// One card's line of a batch's `encoding.csv`: `sequence;carrier;ndef;key`.
struct EncodingLine {
    /// The NDEF message.
    let message: [UInt8]
    /// The reference of the card's keys; nil for cards without.
    let key: String?

    /// Reads the line of a card.
    static func read(_ path: String, sequence: Int) throws -> Self {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read")
        }
        for line in String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let cells = line.split(separator: ";", omittingEmptySubsequences: false)
            guard cells.count == 4, Int(cells[0]) == sequence else { continue }
            guard let message = Hex.bytes(cells[2]) else { break }
            return Self(message: message, key: cells[3].isEmpty ? nil : String(cells[3]))
        }
        throw ValidationError("\(path) has no card \(sequence)")
    }
}
