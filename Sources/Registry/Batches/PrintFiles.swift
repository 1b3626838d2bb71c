import Foundation
import UnionTicket

/// The plain files of batches that hold people's data, and their end (docs/production.md).
///
/// They go with the batch: when it is closed or cancelled. Manifests and papers that name nobody stay,
/// for `incident` knows leaked files by them, and so do sealed envelopes, which this register cannot
/// open. Hand-out lists stay while a card of theirs may still be handed out.
public struct PrintFiles: Sendable {
    let register: Register

    /// The files of this register's batches.
    public init(_ register: Register) { self.register = register }

    /// What a closed or cancelled batch still has to lose.
    public struct Leftover: Sendable, Equatable {
        /// The batch.
        public let batch: Int64
        /// How many files.
        public let files: Int
    }

    /// A folder that holds one person's data in clear, and the command by which it will no longer.
    public struct Remnant: Sendable, Equatable {
        /// Below the data directory, as `batches/000001/manufacturer`.
        public let folder: String
        /// The command, as `profbilet retention run`.
        public let removedBy: String
    }

    /// What of a package names nobody.
    private static let nameless: Set = [
        "manifest.json", "manifest.json.cose", "manifest.json.p7s", "parcels.csv", "waybills.pdf",
        "спецификация.pdf",
    ]
    private static let lists = "union/handover"

    /// Removes the plain files of batches that are over.
    ///
    /// To be repeated at will: what a killed command left goes with the next one. Within
    /// ``Register/together(_:)`` it does nothing, for what is not committed may be taken back: call it
    /// afterwards.
    ///
    /// - Parameters:
    ///   - batch: Only this one's; nil means all.
    ///   - isDry: Only counts.
    /// - Returns: What went, or would.
    /// - Throws: ``RegisterError`` when a file cannot be removed.
    @discardableResult
    public func sweep(_ batch: Int64? = nil, isDry: Bool = false) throws -> [Leftover] {
        guard JoinedTransaction.current?.register !== register, Files.exists(root) else {
            return []
        }
        let over = try register.read { session in
            try session.all(
                "SELECT id, state FROM batch WHERE state IN ('closed', 'cancelled') ORDER BY id"
            ) { (id: $0.integer(0), isCancelled: $0.text(1) == "cancelled") }
        }
        return try over.compactMap { id, isCancelled -> Leftover? in
            guard batch == nil || batch == id else { return nil }
            var paths = try files(id, in: "manufacturer") + files(id, in: "union")
            let lists = try files(id, in: Self.lists)
            if !lists.isEmpty, try isCancelled || !isWaiting(id) { paths += lists }
            let unfinished = ["building", "sealing"].map { "\(root)/.\(name(id)).\($0)" }
                .filter(Files.exists)
            guard !paths.isEmpty || !unfinished.isEmpty else { return nil }
            if !isDry {
                for path in paths { try Files.unlinked(path) }
                for path in unfinished { try removeFolder(path) }
                for path in Set(paths.map(Self.folder)) { Files.syncDirectory(of: path + "/") }
            }
            return Leftover(batch: id, files: paths.count + unfinished.count)
        }
    }

    /// Whether a closed batch keeps its hand-out lists.
    public func keepsLists(_ batch: Int64) throws -> Bool {
        try !files(batch, in: Self.lists).isEmpty
    }

    /// The folders that hold a person's data in clear.
    func holding(
        _ member: Int64,
        in session: any DatabaseSession
    ) throws -> [Remnant] {
        let batches = try session.all(
            """
            SELECT DISTINCT b.id, b.state, c.organisation
            FROM batch_card c JOIN batch b ON b.id = c.batch_id WHERE c.member_id = $1
            ORDER BY b.id
            """,
            [.integer(member)]
        ) {
            (
                id: $0.integer(0), isOver: ["closed", "cancelled"].contains($0.text(1)),
                region: OrganisationCode(ordinal: $0.integer(2))?.regional
            )
        }
        var found: [Remnant] = []
        for (id, isOver, region) in batches {
            let command =
                isOver
                ? "profbilet retention run"
                : "profbilet batch close \(id) --destruction-act"
            let list = "vedomost-\(region.map { "\($0)" } ?? "").pdf"
            for folder in ["manufacturer", Self.lists] {
                let names = try files(id, in: folder).map { $0.split(separator: "/").last ?? "" }
                guard folder == Self.lists ? names.contains(list[...]) : !names.isEmpty else {
                    continue
                }
                found.append(
                    Remnant(folder: "batches/\(name(id))/\(folder)", removedBy: command)
                )
            }
        }
        return found
    }

    private var root: String { BatchBook(register).folder }

    private func name(_ batch: Int64) -> String { IssuanceManifest.name(batch) }

    private static func folder(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// Files that name people in one folder of a batch.
    private func files(_ batch: Int64, in folder: String) throws -> [String] {
        let path = "\(root)/\(name(batch))/\(folder)"
        return try Files.names(path).filter { !Self.nameless.contains($0) && $0 != "handover" }
            .map { "\(path)/\($0)" }
    }

    /// Whether a card of the batch may still be handed out, or came into force with its parcel and
    /// nobody noted into whose hands.
    private func isWaiting(_ batch: Int64) throws -> Bool {
        let pipeline = CarrierState.allCases.filter(\.isInPipeline)
        let usable = CarrierState.allCases.filter(\.isUsable)
        return try register.read { session in
            try session.first(
                """
                SELECT 1 FROM batch b JOIN carrier c
                ON c.id BETWEEN b.first_carrier AND b.first_carrier + b.cards - 1
                WHERE b.id = $1 AND ((\(RegisterSchema.oneOf("c.state", pipeline)))
                    OR (\(RegisterSchema.oneOf("c.state", usable))) AND c.handed_out_on IS NULL)
                LIMIT 1
                """,
                [.integer(batch)]
            ) { $0.integer(0) } != nil
        }
    }

    private func removeFolder(_ path: String) throws {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw RegisterError(
                .storage,
                "Не удалён каталог \(path): проверьте права и повторите.",
                "The folder \(path) was not removed: check its permissions and repeat."
            )
        }
    }
}
