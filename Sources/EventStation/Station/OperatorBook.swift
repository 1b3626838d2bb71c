import Foundation
import Registry
import TicketSeal
import UnionTicket

/// Who may work at a station; each person is known by a PIN that is kept under scrypt only.
public struct OperatorBook: Sendable {
    /// One person.
    public struct Operator: Equatable, Sendable {
        /// The name that journals hold.
        public let name: String
        /// Whether the person may force, annul others' entries and search names.
        public let isSupervisor: Bool

        /// A person at a station.
        public init(name: String, isSupervisor: Bool) {
            self.name = name
            self.isSupervisor = isSupervisor
        }
    }

    /// Why a person is not taken.
    public enum Refusal: Error, Equatable, Sendable {
        /// Fewer than four or more than twelve digits.
        case weakPIN
        /// Somebody else has this PIN.
        case pinTaken
        /// The name is empty or longer than 64 bytes.
        case badName
    }

    private let path: String
    private var lines: [(person: Operator, sealed: [UInt8])]

    /// log₂ of scrypt's N: a try takes about a hundredth of a second.
    private static let cost: UInt8 = 12

    /// The people of a station.
    public init(_ folder: StationFolder) {
        path = folder.path + "/operators.cbor"
        let bytes = FileManager.default.contents(atPath: path).map { Array($0) } ?? []
        let items = (try? CBOR(decoding: bytes))?.array ?? []
        lines = items.compactMap { item in
            guard let parts = item.array, parts.count == 3, let name = parts[0].text,
                let sealed = parts[2].bytes
            else { return nil }
            return (Operator(name: name, isSupervisor: parts[1] == .simple(21)), sealed)
        }
    }

    /// Everybody, in the order they were added.
    public var people: [Operator] { lines.map(\.person) }

    /// The person with this PIN.
    public func person(pin: String) -> Operator? {
        guard Self.isPIN(pin) else { return nil }
        return lines.first { line in
            let name = try? SealedFile.open(line.sealed, passphrase: pin, purpose: .operatorPIN)
            return name == Array(line.person.name.utf8)
        }?.person
    }

    /// Adds a person, or gives a known one another PIN or role.
    ///
    /// - Parameters:
    ///   - person: Who.
    ///   - pin: Four to twelve digits that nobody else here has.
    /// - Throws: ``Refusal``, or when the file cannot be written.
    public mutating func add(_ person: Operator, pin: String) throws {
        guard (1...64).contains(person.name.utf8.count) else { throw Refusal.badName }
        guard Self.isPIN(pin) else { throw Refusal.weakPIN }
        if let owner = self.person(pin: pin), owner.name != person.name { throw Refusal.pinTaken }
        lines.removeAll { $0.person.name == person.name }
        let sealed = try SealedFile.seal(
            Array(person.name.utf8),
            passphrase: pin,
            purpose: .operatorPIN,
            cost: Self.cost
        )
        lines.append((person, sealed))
        let items = lines.map { line in
            CBOR.array([
                .text(line.person.name), .simple(line.person.isSupervisor ? 21 : 20),
                .bytes(line.sealed),
            ])
        }
        try Files.write(CBOR.array(items).encoded, to: path)
    }

    private static func isPIN(_ text: String) -> Bool {
        (4...12).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
