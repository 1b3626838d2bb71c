import Foundation
import TicketSeal
public import UnionTicket

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
        /// API clients of the backup that are refused until they are confirmed or revoked.
        public var unconfirmed: [String] = []
        /// What is still unknown; the register opens when there is nothing of it.
        public var missing: [Bilingual] = []
    }

    /// What a person answers for where no file can show it.
    public struct Oaths: Sendable {
        /// Before the backup and since, no number was ever allotted.
        public var isNothingIssued: Bool
        /// The lists that the backup knows as unpublished were not published since.
        public var isNothingPublished: Bool
        /// What lacks of the traces of virtual cards is lost for good: phones bound then stay unknown,
        /// are never renewed, and cannot be blocked while their last payload lives.
        public var areTracesLost: Bool

        /// Nothing is sworn unless said.
        public init(
            isNothingIssued: Bool = false,
            isNothingPublished: Bool = false,
            areTracesLost: Bool = false
        ) {
            self.isNothingIssued = isNothingIssued
            self.isNothingPublished = isNothingPublished
            self.areTracesLost = areTracesLost
        }
    }

    struct Found {
        var manifests: [(folder: String, manifest: Manifest, hash: [UInt8])] = []
        var tokens: [StatusListToken] = []
        /// Files with traces of virtual cards.
        var traces: [String] = []
        var bundles: [(bytes: [UInt8], bundle: TrustBundle)] = []
        /// Bundles with which roots changed, oldest first.
        var changes: [(bytes: [UInt8], bundle: TrustBundle)] = []
    }

    /// Reads folders of manifests and publications, and lifts the refusal to allot and sign once
    /// nothing is missing.
    ///
    /// Folders with `manifest.json` (the old `issuances`) and published folders with `status-lists`
    /// and `trust-bundle` are searched with everything below them. With nothing to read, a gap in the
    /// manifests or a wrong signature it throws, and nothing was taken. Where the manifests or a known
    /// list were not among them, or a list blocks a card that nothing else knows of, what was learnt
    /// stays, the register stays shut, and ``Report/missing`` names what lacks; so too where the traces of
    /// virtual cards do not reach as far as the register or a list knows. A register that was not
    /// restored, or is open again, has nothing to reclaim and is refused.
    public func run(
        _ folders: [String],
        swearing oaths: Oaths = Oaths(),
        by user: SignedInUser
    ) throws -> Report {
        try user.requireEverywhere(.manageBackups)
        try requireRestored()
        let found = try search(folders, oaths)
        return try register.write { session in
            var report = Report()
            try takeBundles(found, in: session)
            let ordered = found.manifests.sorted { $0.manifest.sequence < $1.manifest.sequence }
            try requireWhole(ordered, in: session)
            for item in ordered { try take(item, by: user, in: session, &report) }
            let traceGap = try takeTraces(found, oaths, by: user, in: session, &report)
            for token in found.tokens.sorted(by: { $0.sequence < $1.sequence }) {
                try take(token, by: user, in: session, &report)
            }
            report.missing = try gaps(found, oaths, in: session) + [traceGap].compactMap(\.self)
            report.unconfirmed = try APIClients(register).unconfirmed(in: session)
            if report.missing.isEmpty { try Setting.mustReclaim.clear(in: session) }
            try AuditLog(register).record(
                "register.reclaim",
                "register",
                "manifests \(report.manifests), numbers \(report.numbers), lists \(report.lists), "
                    + "blocked \(report.blocked), missing \(report.missing.count), "
                    + "clients unconfirmed \(report.unconfirmed.count)"
                    + (oaths.areTracesLost ? ", traces lost" : ""),
                by: user,
                in: session
            )
            return report
        }
    }

    /// Refuses a register that knows all that was published; the tools of a server leave no mark when
    /// they restore, so in PostgreSQL whoever calls answers for it.
    private func requireRestored() throws {
        let isMarked = try register.read { try Setting.mustReclaim.value(in: $0) != nil }
        guard !isMarked, register.database is SQLiteDatabase else { return }
        throw RegisterError(
            .refused,
            "Перечитывать нечего: реестр не ждёт reclaim. Команда нужна после "
                + "profbilet restore, пока выпуск закрыт.",
            "There is nothing to reclaim: the register does not wait for it. The command is for after "
                + "profbilet restore, while issuing is shut."
        )
    }

    private func search(_ folders: [String], _ oaths: Oaths) throws -> Found {
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
        guard
            !found.manifests.isEmpty || !found.tokens.isEmpty || !found.traces.isEmpty
                || (oaths.isNothingIssued && oaths.isNothingPublished)
        else {
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
                keys += bundle.keys.map(\.withoutEnd)
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

    static func refused(_ place: String, _ why: String) -> RegisterError {
        RegisterError(
            .badInput,
            "\(place): не принято (\(why)). Возьмите неповреждённую копию.",
            "\(place): not accepted (\(why)). Take an undamaged copy."
        )
    }
}

extension TrustedKey {
    /// The same without a longest expiry: what a key once published is read, whatever it may give now.
    fileprivate var withoutEnd: TrustedKey {
        TrustedKey(
            key: key,
            purpose: purpose,
            schemes: schemes,
            issues: issues,
            longestExpiry: nil,
            state: state
        )
    }
}
