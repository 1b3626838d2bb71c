import Foundation
import TicketSeal
import UnionTicket

/// Teaches a restored register what was issued and published after its backup was made.
///
/// No printed number stays unknown, none can be used again, and no blocked carrier comes back.
public struct Reclaim: Sendable {
    let register: Register

    /// The reclaiming of this register.
    public init(_ register: Register) { self.register = register }

    /// What was learnt.
    public struct Report: Sendable, Equatable {
        /// Manifests read, known ones included.
        public var manifests = 0
        /// Numbers entered into the ledger.
        public var numbers = 0
        /// Carriers entered.
        public var carriers = 0
        /// Status lists read.
        public var lists = 0
        /// Slots held blocked from now on.
        public var blocked = 0
    }

    private struct Found {
        var manifests: [(folder: String, manifest: Manifest, hash: [UInt8])] = []
        var tokens: [StatusListToken] = []
        /// Files with traces of virtual cards.
        var traces: [String] = []
        var bundles: [(bytes: [UInt8], bundle: TrustBundle)] = []
        /// Bundles with which roots changed, oldest first.
        var changes: [(bytes: [UInt8], bundle: TrustBundle)] = []
    }

    /// Reads folders of manifests and publications and lifts the refusal to allot and sign.
    ///
    /// Folders with `manifest.json` (the old `issuances`) and published folders with `status-lists`
    /// and `trust-bundle` are searched with everything below them. With nothing to read, a gap in the
    /// manifests or a wrong signature it throws, and nothing was taken.
    public func run(_ folders: [String], by user: SignedInUser) throws -> Report {
        try user.requireEverywhere(.manageBackups)
        let found = try search(folders)
        return try register.write { session in
            var report = Report()
            try takeBundles(found, in: session)
            let ordered = found.manifests.sorted { $0.manifest.sequence < $1.manifest.sequence }
            try requireWhole(ordered, in: session)
            for item in ordered { try take(item, by: user, in: session, &report) }
            try takeTraces(found.traces, by: user, in: session, &report)
            for token in found.tokens.sorted(by: { $0.sequence < $1.sequence }) {
                try take(token, by: user, in: session, &report)
            }
            try Setting.mustReclaim.clear(in: session)
            try AuditLog(register).record(
                "register.reclaim",
                "register",
                "manifests \(report.manifests), numbers \(report.numbers), lists \(report.lists), "
                    + "blocked \(report.blocked)",
                by: user,
                in: session
            )
            return report
        }
    }

    private func search(_ folders: [String]) throws -> Found {
        var found = Found()
        var paths: [String] = []
        for folder in folders {
            guard let files = FileManager.default.enumerator(atPath: folder) else {
                throw RegisterError(
                    .notFound,
                    "Нет каталога \(folder).",
                    "There is no directory \(folder)."
                )
            }
            for case let file as String in files { paths.append(folder + "/" + file) }
        }
        let keys = try trustedKeys(paths, &found)
        for path in paths.sorted() {
            if path.hasSuffix("/manifest.json") {
                try takeManifest(path, keys, &found)
            } else if VirtualTrace.isTrace(path) {
                found.traces.append(path)
            } else if path.hasSuffix(".cwt") {
                let bytes = try Files.read(path, atMost: 1 << 24)
                do {
                    // A list past its end still tells what it blocked.
                    found.tokens.append(
                        try StatusListToken(cwt: bytes, keys: keys, at: register.now())
                    )
                } catch { throw Self.refused(path, error.rawValue) }
            }
        }
        guard !found.manifests.isEmpty || !found.tokens.isEmpty || !found.traces.isEmpty else {
            throw RegisterError(
                .badInput,
                "В указанных каталогах нет ни манифестов, ни списков статусов. "
                    + "Укажите каталог issuances и каталог публикации.",
                "The directories hold neither manifests nor status lists. "
                    + "Give the issuances directory and the published one."
            )
        }
        return found
    }

    /// The register's keys and those of newer bundles signed by a pinned root.
    private func trustedKeys(_ paths: [String], _ found: inout Found) throws -> TrustedKeys {
        let (own, pinned) = try register.read { session in
            (
                try KeyRing(register).keys(in: session),
                try Setting.rootThumbprints.value(in: session) ?? ""
            )
        }
        let roots = pinned.split(separator: ",").compactMap { Hex.bytes($0) }
        var keys = own.map {
            TrustedKey(
                key: $0.key,
                purpose: $0.purpose,
                schemes: [register.scheme],
                issues: 0...9,
                longestExpiry: nil,
                state: $0.state == .next ? .active : $0.state
            )
        }
        var pins = PinnedRoots(roots)
        for bytes in try changes(paths) {
            guard let step = try? pins.takingChange(bytes, at: register.now()) else { continue }
            found.changes.append((bytes, step.bundle))
            pins = step.pins
        }
        for path in paths where path.hasSuffix("/trust-bundle") {
            let bytes = try Files.read(path, atMost: 1 << 24)
            do {
                let bundle = try PinnedRoots(roots).taking(
                    bytes,
                    after: found.changes.map(\.bytes),
                    at: register.now()
                ).bundle
                found.bundles.append((bytes, bundle))
                keys += bundle.keys
            } catch { throw Self.refused(path, error.rawValue) }
        }
        return TrustedKeys(keys)
    }

    private func changes(_ paths: [String]) throws -> [[UInt8]] {
        let files = paths.compactMap { path -> (sequence: Int, path: String)? in
            let parts = path.split(separator: "/").suffix(2)
            guard parts.first == "root-changes", let last = parts.last, let number = Int(last)
            else { return nil }
            return (number, path)
        }
        return try files.sorted { $0.sequence < $1.sequence }
            .map { try Files.read($0.path, atMost: 1 << 24) }
    }

    private func takeManifest(
        _ path: String,
        _ keys: TrustedKeys,
        _ found: inout Found
    ) throws {
        let bytes = try Files.read(path, atMost: 1 << 24)
        let signature = try Files.read(path + ".cose", atMost: 1 << 16)
        guard let manifest = Manifest(decoding: bytes) else {
            throw Self.refused(path, "malformed")
        }
        guard Manifest.isSigned(bytes, signature: signature, keys: keys) else {
            throw Self.refused(path, "signature")
        }
        let folder = String(path.dropLast("/manifest.json".count))
        for file in manifest.files {
            let content = try Files.read(folder + "/" + file.name, atMost: 1 << 30)
            guard content.count == file.bytes,
                Hex.text(SHA256Digest.of(content)) == file.sha256
            else { throw Self.refused(folder + "/" + file.name, "SHA-256") }
        }
        guard manifest.kind == "issuance" else { return }
        found.manifests.append((folder, manifest, SHA256Digest.of(bytes)))
    }

    private func takeBundles(_ found: Found, in session: any DatabaseSession) throws {
        let held = try Counter.trustBundle.last(in: session)
        guard let newest = found.bundles.max(by: { $0.bundle.sequence < $1.bundle.sequence }),
            Int64(newest.bundle.sequence) > held
        else { return }
        let sequence = Int64(newest.bundle.sequence)
        try session.execute(
            "INSERT INTO trust_bundle (sequence, issued_at, bytes) VALUES ($1, $2, $3)",
            [
                .integer(sequence), .integer(newest.bundle.issuedAt.seconds), .blob(newest.bytes),
            ]
        )
        _ = try Counter.trustBundle.take(Int(sequence - held), in: session)
        try takeRoots(of: newest.bundle, found.changes, after: held, in: session)
        let known = Set(try KeyRing(register).keys(in: session).map(\.key.thumbprint))
        for key in newest.bundle.keys where !known.contains(key.key.thumbprint) {
            // Its private part is not here: it verifies and never signs.
            if let purpose = key.purpose {
                try KeyRing(register).insert(
                    key.key,
                    purpose,
                    state: key.state == .revoked ? .revoked : .verifyOnly,
                    in: session
                )
            }
        }
        for key in newest.bundle.keys where key.state == .revoked || key.state == .retired {
            try session.execute(
                "UPDATE signing_key SET state = $1 WHERE thumbprint = $2",
                [.text(key.state.rawValue), .blob(key.key.thumbprint)]
            )
        }
    }

    /// Roots replaced since the backup are this register's roots again.
    private func takeRoots(
        of bundle: TrustBundle,
        _ changes: [(bytes: [UInt8], bundle: TrustBundle)],
        after held: Int64,
        in session: any DatabaseSession
    ) throws {
        let thumbprints = bundle.roots.map { Hex.text($0) }.joined(separator: ",")
        try Setting.rootThumbprints.set(thumbprints, in: session)
        for (bytes, change) in changes
        where (held + 1...Int64(bundle.sequence)).contains(Int64(change.sequence)) {
            try session.execute(
                """
                INSERT INTO trust_bundle (sequence, issued_at, bytes) VALUES ($1, $2, $3)
                ON CONFLICT (sequence) DO NOTHING
                """,
                [
                    .integer(Int64(change.sequence)), .integer(change.issuedAt.seconds),
                    .blob(bytes),
                ]
            )
            try RootChanges.add([Int64(change.sequence)], in: session)
        }
    }

    /// The manifests must follow on what the register knows, without a gap and in one chain.
    private func requireWhole(
        _ ordered: [(folder: String, manifest: Manifest, hash: [UInt8])],
        in session: any DatabaseSession
    ) throws {
        var expected = try Counter.issuance.last(in: session) + 1
        let last = try session.first(
            "SELECT manifest FROM issuance WHERE sequence = $1",
            [.integer(expected - 1)]
        ) { $0.optionalBlob(0) }
        var previous = (last ?? nil).map { Hex.text($0) }
        let registerId = try Setting.registerId.value(in: session)
        for (folder, manifest, hash) in ordered {
            guard manifest.extra["register"] == registerId else {
                throw Self.refused(folder, "other register")
            }
            guard manifest.sequence >= expected else { continue }
            guard manifest.sequence == expected, previous == nil || manifest.previous == previous
            else {
                throw RegisterError(
                    .refused,
                    "Не хватает манифеста выпуска \(expected). Найдите его каталог и повторите.",
                    "The manifest of issuance \(expected) is missing. Find its folder and repeat."
                )
            }
            previous = Hex.text(hash)
            expected += 1
        }
    }

    private func take(
        _ item: (folder: String, manifest: Manifest, hash: [UInt8]),
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        report.manifests += 1
        let sequence = Int64(item.manifest.sequence)
        guard sequence > (try Counter.issuance.last(in: session)) else { return }
        let rows = try IssuedRow.read(item.folder + "/tickets.csv")
        _ = try Counter.issuance.take(in: session)
        try session.execute(
            """
            INSERT INTO issuance (sequence, at, user_id, kid, expires_at, url_prefix, cards,
                manifest) VALUES ($1, $2, $3, $4, $5, '', $6, $7)
            """,
            [
                .integer(sequence), .integer(item.manifest.created.seconds), .integer(user.id),
                .blob(rows.first?.kid ?? []), .integer(rows.first?.expiresAt ?? 0),
                .int(Swift.max(rows.count, 1)), .blob(item.hash),
            ]
        )
        for row in rows { try take(row, sequence, by: user, in: session, &report) }
    }

    private func take(
        _ row: IssuedRow,
        _ sequence: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        let ticket = row.carrier.ticket
        let member = try session.first(
            """
            SELECT m.id, (SELECT number FROM ticket_number t
                WHERE t.member_id = m.id AND t.state = 'assigned') FROM member m WHERE m.id = $1
            """,
            [.integer(row.member)]
        ) { (id: $0.integer(0), ticket: $0.optionalInteger(1)) }
        // A member whose number differs is another person than the manifest meant.
        let owner = member.flatMap { found in
            found.ticket == nil || found.ticket == Int64(ticket.value) ? found.id : nil
        }
        let isKnown =
            try session.first(
                "SELECT 1 FROM ticket_number WHERE number = $1",
                [.int(ticket.value)]
            ) { $0.integer(0) } != nil
        if !isKnown {
            try session.execute(
                """
                INSERT INTO ticket_number (number, region, state, member_id, at)
                VALUES ($1, $2, $3, $4, $5)
                """,
                [
                    .int(ticket.value), .int(ticket.region),
                    .text(owner == nil ? "retired" : "assigned"), .optional(owner),
                    .integer(register.now().seconds),
                ]
            )
            report.numbers += 1
        }
        let hasPipeline = try owner.map { id in
            try CarrierFile(register).carriers(of: id, in: session).contains {
                $0.kind == .plastic && $0.state.isInPipeline
            }
        }
        let holder = hasPipeline == false ? owner : nil
        try session.execute(
            """
            INSERT INTO carrier (id, region, member_id, kind, number, issue, state, list, idx,
                published, expires_at, kid, issuance)
            VALUES ($1, $2, $3, 'plastic', $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            [
                .integer(try Counter.carrier.take(in: session)), .int(ticket.region),
                .optional(holder), .int(ticket.value), .int(row.carrier.issue),
                .text((holder == nil ? CarrierState.withdrawn : .allocated).rawValue),
                .int(row.coordinate.list), .int(row.coordinate.index),
                .int((holder == nil ? PublishedStatus.invalid : .suspended).rawValue),
                .integer(row.expiresAt), .blob(row.kid), .integer(sequence),
            ]
        )
        report.carriers += 1
        try session.execute(
            """
            UPDATE card_order SET state = 'batched', issuance = $1
            WHERE id = $2 AND member_id = $3 AND state = 'approved'
            """,
            [.integer(sequence), .integer(row.order), .integer(row.member)]
        )
        try session.execute(
            """
            INSERT INTO status_list (list, region, used, changed) VALUES ($1, $2, 1, 1)
            ON CONFLICT (list) DO UPDATE SET used = status_list.used + 1, changed = 1
            """,
            [.int(row.coordinate.list), .int(ticket.region)]
        )
    }

    static func refused(_ place: String, _ why: String) -> RegisterError {
        RegisterError(
            .badInput,
            "\(place): не принято (\(why)). Возьмите неповреждённую копию.",
            "\(place): not accepted (\(why)). Take an undamaged copy."
        )
    }
}
