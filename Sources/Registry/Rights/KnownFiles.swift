import Crypto
import Foundation
import TicketSeal
import UnionTicket

/// Files that this register made or read, known again by their SHA-256.
struct KnownFiles {
    let register: Register

    init(_ register: Register) { self.register = register }

    /// A file of ours and the rows that say whose data it holds.
    struct Known {
        let kind: String
        let source: String
        /// Finds those of whom our rows say that it held their data.
        let members: (any DatabaseSession) throws -> Set<Int64>
        /// Whether those are all: what an import left unchanged has no row that names the file.
        var isWhole: Bool { kind != "roster" }

        init(
            kind: String,
            source: String,
            members: @escaping (any DatabaseSession) throws -> Set<Int64>
        ) {
            (self.kind, self.source, self.members) = (kind, source, members)
        }

        init(kind: String, source: String, sql: String, arguments: [SQLValue]) {
            self.init(kind: kind, source: source) { session in
                Set(
                    try session.all(sql, arguments) { $0.optionalInteger(0) }.compactMap(\.self)
                )
            }
        }
    }

    /// The file among imports, packages and snapshots, or nil.
    func recognise(_ evidence: Incident.Evidence) throws -> Known? {
        if let manifest = evidence.manifest, let known = batch(of: manifest) { return known }
        let inTables = try register.read { try tables(evidence.sha256, in: $0) }
        return try inTables ?? package(evidence)
    }

    private func tables(_ hash: [UInt8], in session: any DatabaseSession) throws -> Known? {
        let imported = try session.first(
            "SELECT id FROM file_import WHERE file_sha256 = $1 ORDER BY id DESC",
            [.blob(hash)]
        ) { $0.integer(0) }
        if let imported {
            return Known(
                kind: "roster",
                source: "import/\(imported)",
                sql: """
                    SELECT id FROM member WHERE import_id = $1
                    UNION SELECT member_id FROM consent WHERE import_id = $2
                    UNION SELECT member_id FROM conflict WHERE import_id = $3
                    """,
                arguments: [.integer(imported), .integer(imported), .integer(imported)]
            )
        }
        let snapshot = try session.first(
            "SELECT event_id, sequence FROM event_snapshot WHERE sha256 = $1",
            [.blob(hash)]
        ) { (event: $0.integer(0), sequence: $0.integer(1)) }
        if let snapshot {
            return Known(
                kind: "station",
                source: "event/\(snapshot.event) snapshot \(snapshot.sequence)",
                sql: "SELECT member_id FROM event_person WHERE event_id = $1",
                arguments: [.integer(snapshot.event)]
            )
        }
        if let known = try partner(hash, in: session) { return known }
        let batch = try session.first(
            "SELECT id FROM batch WHERE manifest = $1",
            [.blob(hash)]
        ) { $0.integer(0) }
        return batch.map { Self.batch($0, "manufacturer/manifest.json") }
    }

    /// A package for a partner: the pseudonyms of its rows lead back to members here only.
    private func partner(_ hash: [UInt8], in session: any DatabaseSession) throws -> Known? {
        let found = try session.first(
            """
            SELECT p.name, k.sequence FROM partner_package k JOIN partner p ON p.id = k.partner_id
            WHERE k.manifest = $1 OR k.data = $2 OR EXISTS
                (SELECT 1 FROM partner_file f WHERE f.sha256 = $3
                 AND f.partner_id = k.partner_id AND f.sequence = k.sequence)
            """,
            [.blob(hash), .blob(hash), .blob(hash)]
        ) { (name: $0.text(0), sequence: Int($0.integer(1))) }
        guard let found else { return nil }
        let register = register
        return Known(
            kind: "partner",
            source: "partner/\(found.name) package \(found.sequence)"
        ) { session in
            let partner = try Partners(register).partner(found.name, in: session)
            let packages = PartnerPackages(register)
            let package = try packages.package(found.sequence, of: partner, in: session)
            var pseudonyms: [[UInt8]] = []
            try packages.rows(
                of: package,
                partner,
                { pseudonyms.append($0.pseudonym.bytes) },
                in: session
            )
            return Set(
                try pseudonyms.compactMap { try partner.member(behind: $0, in: session) }
            )
        }
    }

    /// A manifest's own identifier, where our register has such a batch.
    private func batch(of manifest: Manifest) -> Known? {
        guard manifest.kind.hasPrefix("batch-"), let id = Int64(manifest.id) else { return nil }
        return Self.batch(id, "\(manifest.kind.dropFirst(6))/manifest.json")
    }

    private func package(_ evidence: Incident.Evidence) throws -> Known? {
        try batchFile(evidence).map { Self.batch($0.batch, $0.name) }
    }

    /// A file below the batches' folder of the same size and hash, or named by a manifest there.
    ///
    /// - Parameters:
    ///   - evidence: What is known of the file.
    ///   - batch: Only files of this batch; nil looks through all.
    /// - Returns: The batch and the file's path in its folder, such as `union/waybills.pdf`, or nil.
    /// - Throws: What reading the folder threw.
    func batchFile(
        _ evidence: Incident.Evidence,
        of batch: Int64? = nil
    ) throws -> (batch: Int64, name: String)? {
        let root = register.directory.path + "/batches"
        guard let all = FileManager.default.enumerator(atPath: root) else { return nil }
        let wanted = Hex.text(evidence.sha256)
        for case let name as String in all {
            let path = root + "/" + name
            let inside = name.split(separator: "/").dropFirst().joined(separator: "/")
            guard let id = Int64(name.prefix(6)), batch == nil || id == batch else { continue }
            if name.hasSuffix("manifest.json"),
                let manifest = Manifest(decoding: try Files.read(path, atMost: 1 << 24)),
                let file = manifest.files.first(where: { $0.sha256 == wanted })
            {
                return (id, inside.dropLast("manifest.json".count) + file.name)
            }
            let size = all.fileAttributes?[.size] as? Int
            if size == evidence.size, size != 0, try Self.hash(path) == evidence.sha256 {
                return (id, inside)
            }
        }
        return nil
    }

    /// A file of a batch's packages, by its path in the batch's folder.
    private static func batch(_ id: Int64, _ file: String) -> Known {
        let package = file.hasPrefix("union/") || file.hasSuffix("-union.tar.cms")
        return Known(
            kind: package ? "union" : "manufacturer",
            source: "batch/\(id) \(file)",
            sql: """
                SELECT member_id FROM batch_card WHERE batch_id = $1 AND live = 1
                    AND seq BETWEEN $2 AND $3 AND organisation BETWEEN $4 AND $5
                """,
            arguments: [.integer(id)] + cards(of: file)
        )
    }

    /// Whose cards a file of a package tells of: first and last place in the run, first and last
    /// organisation.
    ///
    /// A manifest or a sealed archive stands for its whole package.
    private static func cards(of file: String) -> [SQLValue] {
        let everywhere = OrganisationCode.centralCouncil.subtree
        let name = file.split(separator: "/").last ?? ""
        func number(_ prefix: String) -> Int? {
            guard name.hasPrefix(prefix), name.hasSuffix(".pdf") else { return nil }
            return Int(name.dropFirst(prefix.count).dropLast(4))
        }
        var places = 1...Int(Int32.max)
        var organisations = everywhere
        if let part = number("cards-"), part > 0 {
            let size = BatchBook.cardsPerPart
            places = ((part - 1) * size + 1)...(part * size)
        } else if let region = number("vedomost-"),
            let code = OrganisationCode(region < 10 ? "0\(region)" : "\(region)")
        {
            organisations = code.subtree
        } else if sampled.contains(String(name)) {
            // Which cards these show stands in themselves only, if in them at all.
            places = 0...0
        }
        return [
            .int(places.lowerBound), .int(places.upperBound), .integer(organisations.lowerBound),
            .integer(organisations.upperBound),
        ]
    }

    /// Files that name nobody (counts, places, contacts), and the proof with its few cards.
    private static let sampled: Set = [
        "parcels.csv", "waybills.pdf", "спецификация.pdf", "proof.pdf",
    ]

    private static func hash(_ path: String) throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        var hash = SHA256()
        while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty {
            hash.update(data: chunk)
        }
        return Array(hash.finalize())
    }
}
