import CardLayout
import Foundation
public import Registry
public import Roster
import TicketSeal
import UnionTicket

/// Takes manufacturers' reports in from files, and prints what follows from them (docs/delivery.md).
public struct AcceptanceOffice {
    let register: Register

    /// The office over a register.
    public init(_ register: Register) { self.register = register }

    /// How a report is to be taken.
    public struct Order: Sendable {
        /// The report, CSV or XLSX.
        public var path: String
        /// Another manufacturer profile than the batch's.
        public var profile: String?
        /// Overrides the detection of a text file's encoding.
        public var encoding: TextEncoding?
        /// Whether it speaks of the cards it names only.
        public var isSupplement: Bool
        /// Whether a report that was taken in before others comes into force again.
        public var isAgain: Bool
        /// Figures of the covering letter.
        public var expected: BatchAcceptance.Expected

        /// An order.
        public init(
            path: String,
            profile: String? = nil,
            encoding: TextEncoding? = nil,
            isSupplement: Bool = false,
            isAgain: Bool = false,
            expected: BatchAcceptance.Expected = .init()
        ) {
            (self.path, self.profile, self.encoding) = (path, profile, encoding)
            (self.isSupplement, self.isAgain) = (isSupplement, isAgain)
            self.expected = expected
        }
    }

    /// Takes a report of a batch in; the same file again changes nothing.
    ///
    /// - Throws: ``ProductionError`` with every faulty row; ``Roster/RosterError`` when the file as a
    ///   whole cannot be read; ``Registry/RegisterError`` when it cannot be this batch's report.
    public func accept(
        _ id: Int64,
        _ order: Order,
        by user: SignedInUser
    ) throws -> BatchAcceptance.Outcome {
        let batch = try BatchBook(register).batch(id)
        let specification = try BatchSpecification(
            text: batch.specification,
            file: "batch \(batch.name)"
        )
        let profile = try profile(order, batch)
        let hash = try HashedFile.hash(order.path).sha256
        return try BatchAcceptance(register).accept(
            id,
            AcceptanceTerms(
                activation: specification.activation,
                spoilage: profile.report.spoilage,
                hasChips: specification.chip != .none,
                tier: specification.price.tier,
                price: Kopecks(Int64(specification.price.kopecks)),
                charges: specification.charges
            ),
            sha256: Hex.bytes(hash) ?? [],
            isSupplement: order.isSupplement,
            isAgain: order.isAgain,
            expecting: order.expected,
            by: user
        ) {
            let report = try ManufacturerReport(
                order.path,
                profile.report,
                of: batch.id,
                encoding: order.encoding
            )
            return { try report.next() }
        }
    }

    private func profile(
        _ order: Order,
        _ batch: BatchBook.Batch
    ) throws -> ManufacturerProfile {
        guard let path = order.profile else {
            return try ManufacturerProfile(text: batch.profile, file: "profile")
        }
        let text = String(decoding: try Files.read(path, atMost: 1 << 20), as: UTF8.self)
        return try ManufacturerProfile(text: text, file: path)
    }

    /// SHA-256 of the plant's act of destruction of a batch's data, scanned.
    ///
    /// - Throws: ``ProductionError`` when the file is empty, or is a file of the batch itself.
    public func hash(ofAct path: String, for batch: Int64) throws -> [UInt8] {
        let (hash, size) = try Self.document(path)
        guard let name = try BatchBook(register).ownFile(of: batch, sha256: hash, size: size) else {
            return hash
        }
        throw ProductionError(
            "\(path) — файл самой партии (\(name)), а нужен акт завода об уничтожении "
                + "персональных данных. Укажите его скан.",
            "\(path) is a file of the batch itself (\(name)); the plant's act of the destruction of "
                + "personal data is needed. Give its scan."
        )
    }

    /// SHA-256 of a document that came on paper, scanned.
    public static func hash(ofDocument path: String) throws -> [UInt8] { try document(path).hash }

    private static func document(_ path: String) throws -> (hash: [UInt8], size: Int) {
        let found = try HashedFile.hash(path)
        guard found.bytes > 0 else {
            throw ProductionError("Файл \(path) пуст.", "The file \(path) is empty.")
        }
        return (Hex.bytes(found.sha256) ?? [], found.bytes)
    }
}
