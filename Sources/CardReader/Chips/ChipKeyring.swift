import Foundation
public import TicketSeal
public import UnionTicket

/// Keys of specimen chips out of a file under a passphrase.
///
/// A station never holds master keys of real cards in a file: a file whose keys are not marked as
/// specimen does not open, and ``ChipExaminer`` never tries these keys on a card whose payload is of
/// the production scheme.
public struct ChipKeyring: Sendable {
    /// The keys of one batch, under the reference that `encoding.csv` names.
    public struct KeySet: Sendable {
        /// `000001/ntag424/1`.
        public let reference: String
        /// Opens the encrypted UID and counter: the same on all chips, for the UID is in it.
        package let metaRead: ChipKey
        /// The master of the keys behind the MAC of a tap.
        package let fileReadMaster: ChipKey
        /// The master of the keys behind a live answer.
        package let authenticationMaster: ChipKey

        /// New keys that nobody chose.
        public init(random reference: String) {
            self.reference = reference
            metaRead = .random()
            fileReadMaster = .random()
            authenticationMaster = .random()
        }

        fileprivate init?(_ line: Line) {
            guard let meta = Hex.bytes(line.metaRead).flatMap(ChipKey.init),
                let file = Hex.bytes(line.fileRead).flatMap(ChipKey.init),
                let live = Hex.bytes(line.authentication).flatMap(ChipKey.init)
            else { return nil }
            reference = line.reference
            metaRead = meta
            fileReadMaster = file
            authenticationMaster = live
        }

        fileprivate var line: Line {
            Line(
                reference: reference,
                metaRead: Hex.text(metaRead.bytes),
                fileRead: Hex.text(fileReadMaster.bytes),
                authentication: Hex.text(authenticationMaster.bytes)
            )
        }
    }

    /// Why a file of keys cannot be used.
    public enum Refusal: Error, Equatable, Sendable {
        /// The passphrase is wrong, the file was changed, or it is no such file.
        case notOpened(SealedFile.Refusal)
        /// Opened, but not as it should be inside.
        case malformed
        /// Not marked as specimen: such keys belong in a SAM or a token.
        case notSpecimen
        /// More sets than ``ChipKeyring/mostSets``.
        case tooManySets

        /// What to do about it.
        public var reason: Bilingual {
            switch self {
            case .notOpened(.wrongPassphrase):
                Bilingual(
                    "Ключи чипов не открылись: парольная фраза неверна или файл изменён.",
                    "The chip keys do not open: wrong passphrase, or the file was changed."
                )
            case .notOpened, .malformed:
                Bilingual("Это не файл ключей чипов.", "This is no file of chip keys.")
            case .notSpecimen:
                Bilingual(
                    "Ключи рабочих карт в файле не допускаются: нужен модуль безопасности (SAM).",
                    "Keys of real cards are not taken from a file: use a SAM."
                )
            case .tooManySets:
                Bilingual("В файле слишком много наборов ключей.", "Too many key sets in the file.")
            }
        }
    }

    /// A tap tries every set: more would make it slow.
    public static let mostSets = 64
    private static let format = "chip-keys/1"

    /// The sets in the file's order.
    public let sets: [KeySet]

    /// Keys held in memory.
    public init(_ sets: [KeySet]) { self.sets = sets }

    /// Opens a file of specimen keys.
    ///
    /// - Parameters:
    ///   - file: The sealed file's bytes.
    ///   - passphrase: What it was sealed with.
    /// - Throws: ``Refusal``.
    public init(sealed file: [UInt8], passphrase: String) throws(Refusal) {
        let text: [UInt8]
        do throws(SealedFile.Refusal) {
            text = try SealedFile.open(file, passphrase: passphrase, purpose: .chipKeys)
        } catch {
            throw .notOpened(error)
        }
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(text)),
            content.format == Self.format
        else { throw .malformed }
        guard content.specimen else { throw .notSpecimen }
        guard content.sets.count <= Self.mostSets else { throw .tooManySets }
        let sets = content.sets.compactMap(KeySet.init)
        guard sets.count == content.sets.count else { throw .malformed }
        self.init(sets)
    }

    /// The keys as a sealed file, marked as specimen.
    ///
    /// - Parameters:
    ///   - passphrase: What opens the file again.
    ///   - isSpecimen: The mark; a file without it is refused by every reader.
    /// - Returns: The file's bytes.
    /// - Throws: What encoding or sealing throws.
    public func sealed(passphrase: String, isSpecimen: Bool = true) throws -> [UInt8] {
        let content = Content(format: Self.format, specimen: isSpecimen, sets: sets.map(\.line))
        let text = Array(try JSONEncoder().encode(content))
        return try SealedFile.seal(text, passphrase: passphrase, purpose: .chipKeys)
    }

    /// The set with this reference.
    public subscript(reference: String) -> KeySet? { sets.first { $0.reference == reference } }

    fileprivate struct Line: Codable {
        var reference: String
        var metaRead: String
        var fileRead: String
        var authentication: String
    }

    private struct Content: Codable {
        var format: String
        var specimen: Bool
        var sets: [Line]
    }
}

extension ChipKeyring.KeySet {
    /// Which key of the chip does what (hardware/chips/ntag424.yaml).
    package enum Slot: UInt8 {
        /// Changes the others; no station needs it.
        case master = 0
        /// Encrypts UID and counter.
        case metaRead = 1
        /// Makes the MAC of a tap.
        case fileRead = 2
        /// Answers a live challenge.
        case authentication = 3
    }

    /// One chip's key behind the MAC of a tap.
    package func fileRead(of uid: [UInt8]) throws(ReaderFailure) -> ChipKey {
        try fileReadMaster.diversified(Self.input(uid, .fileRead))
    }

    /// One chip's key behind a live answer.
    package func authentication(of uid: [UInt8]) throws(ReaderFailure) -> ChipKey {
        try authenticationMaster.diversified(Self.input(uid, .authentication))
    }

    /// UID, slot and our own mark: more than fifteen bytes, where AN10922 and a plain CMAC agree.
    package static func input(_ uid: [UInt8], _ slot: Slot) -> [UInt8] {
        uid + [slot.rawValue] + Array(NDEFMessage.payloadType.utf8)
    }
}
