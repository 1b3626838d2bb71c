import TicketSeal
import UnionTicket

/// The supervisor's index of all names, unlocked by a passphrase (station.md § Events).
public struct NameIndex: Sendable {
    private let names: [(name: String, folded: [UInt8], person: Int)]

    /// Opens the index of a snapshot.
    ///
    /// - Returns: Nil when the snapshot has none or the passphrase is wrong.
    public init?(_ snapshot: EventSnapshot, passphrase: String) {
        guard
            let keys = try? SealedFile.open(
                snapshot.nameIndex,
                passphrase: passphrase,
                purpose: .nameIndex
            ), keys.count == snapshot.personCount * 32
        else { return nil }
        names = (0..<snapshot.personCount).compactMap { person in
            let key = Array(keys[person * 32..<person * 32 + 32])
            return snapshot.name(of: person, key: key).map { ($0, Self.fold($0), person) }
        }
    }

    /// People whose name has every word of `query` at the beginning of one of its words.
    ///
    /// Case, ё and е do not matter.
    ///
    /// - Parameters:
    ///   - query: At least three letters; anything shorter finds nobody.
    ///   - limit: How many people to return at most.
    /// - Returns: Names with the people's places, in the order of the snapshot.
    public func find(_ query: String, limit: Int = 20) -> [(name: String, person: Int)] {
        let words = Self.fold(query).split(separator: 0x20)
        let letters = words.joined().count { $0 & 0xC0 != 0x80 }
        guard letters >= 3 else { return [] }
        var found: [(name: String, person: Int)] = []
        for entry in names where found.count < limit {
            let parts = entry.folded.split(separator: 0x20)
            if words.allSatisfy({ word in parts.contains { $0.starts(with: word) } }) {
                found.append((entry.name, entry.person))
            }
        }
        return found
    }

    /// The name of a person.
    public func name(of person: Int) -> String? {
        names.first { $0.person == person }?.name
    }

    private static func fold(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        PersonName.appendFolded(text, to: &bytes)
        return bytes
    }
}
