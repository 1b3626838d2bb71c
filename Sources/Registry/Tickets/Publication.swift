import TicketSeal
public import UnionTicket

/// What the world may fetch at one moment, as bytes.
public struct Publication: Sendable {
    /// The signed trust bundle.
    public let bundle: [UInt8]
    /// Its sequence number.
    public let bundleSequence: Int64
    /// The public keys as JSON Web Key Set.
    public let jwks: [UInt8]
    /// The same as COSE_KeySet.
    public let coseKeySet: [UInt8]
    /// Every signed status list.
    public let lists: [List]
    /// The bundles with which roots changed, by sequence.
    public let rootChanges: [(sequence: Int64, bytes: [UInt8])]

    init(
        bundle: [UInt8],
        bundleSequence: Int64,
        keys: [VerificationKey],
        lists: [List],
        rootChanges: [(sequence: Int64, bytes: [UInt8])]
    ) {
        self.bundle = bundle
        self.bundleSequence = bundleSequence
        jwks = VerificationKey.jwkSet(keys)
        coseKeySet = VerificationKey.coseKeySet(keys)
        self.lists = lists
        self.rootChanges = rootChanges
    }

    /// One status list in both forms.
    public struct List: Sendable {
        /// Its number.
        public let number: UInt32
        /// Its own address, which readers find it by.
        public let uri: String
        /// Counts up with each version.
        public let sequence: Int64
        /// When it was signed.
        public let issuedAt: Instant
        /// CWT.
        public let cwt: [UInt8]
        /// JWT.
        public let jwt: [UInt8]
    }
}

extension Publication {
    /// Writes into a folder that exists: `trust-bundle`, `jwks.json`, `cose-keyset`, for each list
    /// `status-lists/N.cwt` and `.jwt`, and `root-changes/N` for each bundle that changed the roots;
    /// every file is replaced in one step.
    ///
    /// - Throws: ``RegisterError``: the folder cannot be written, or holds a newer list or bundle.
    func write(to folder: String) throws {
        if Files.exists(folder + "/trust-bundle") {
            let bytes = try Files.read(folder + "/trust-bundle", atMost: 1 << 22)
            let published = (try? TrustBundle(unjudged: bytes))?.sequence ?? 0
            guard published <= UInt64(clamping: bundleSequence) else { throw Self.newer }
        }
        try Files.makePublicDirectory(folder + "/status-lists")
        for list in lists {
            let path = folder + "/status-lists/\(list.number).cwt"
            try Self.requireNoNewer(path, than: list.sequence)
        }
        if !rootChanges.isEmpty { try Files.makePublicDirectory(folder + "/root-changes") }
        for file in files { try Files.write(file.bytes, to: folder + "/" + file.name, mode: 0o644) }
    }

    /// Every file of the folder in the order of writing: the bundle, which names the rest, comes last.
    private var files: [(name: String, bytes: [UInt8])] {
        lists.flatMap {
            [("status-lists/\($0.number).cwt", $0.cwt), ("status-lists/\($0.number).jwt", $0.jwt)]
        }
            + [("jwks.json", jwks), ("cose-keyset", coseKeySet)]
            + rootChanges.map { ("root-changes/\($0.sequence)", $0.bytes) }
            + [("trust-bundle", bundle)]
    }

    /// What a folder has of publications: by it one sees that somebody emptied it.
    public struct Written: Sendable {
        /// Sequence of every list.
        public private(set) var sequences: [UInt32: Int64] = [:]
        private var sizes: [String: Int] = [:]

        /// Nothing yet.
        public init() {}

        init(_ publication: Publication) {
            sequences = publication.lists.reduce(into: [:]) { $0[$1.number] = $1.sequence }
            sizes = publication.files.reduce(into: [:]) { $0[$1.name] = $1.bytes.count }
        }

        /// Adds what was written later.
        public mutating func add(_ later: Written) {
            sequences.merge(later.sequences) { $1 }
            sizes.merge(later.sizes) { $1 }
        }

        /// Whether all of it is in a folder still, each file of its length.
        public func isWhole(in folder: String) -> Bool {
            sizes.allSatisfy { Files.size(folder + "/" + $0.key) == $0.value }
        }
    }

    /// Reads what ``write(to:)`` wrote; nil when there is no trust bundle in the folder.
    ///
    /// Signatures are for the readers to judge; a list that is no CWT is left out.
    public init?(folder: String) throws {
        guard Files.exists(folder + "/trust-bundle") else { return nil }
        bundle = try Files.read(folder + "/trust-bundle", atMost: 1 << 22)
        let sequence = (try? TrustBundle(unjudged: bundle))?.sequence ?? 0
        bundleSequence = Int64(clamping: sequence)
        jwks = try Files.read(folder + "/jwks.json", atMost: 1 << 20)
        coseKeySet = try Files.read(folder + "/cose-keyset", atMost: 1 << 20)
        lists = try Files.names(folder + "/status-lists").compactMap { name in
            guard name.hasSuffix(".cwt"), let number = UInt32(name.dropLast(4)) else { return nil }
            let path = folder + "/status-lists/\(number)"
            let cwt = try Files.read(path + ".cwt", atMost: 1 << 22)
            guard let claims = StatusListToken.claims(ofCWT: cwt) else { return nil }
            return List(
                number: number,
                uri: claims.subject,
                sequence: Int64(clamping: claims.sequence),
                issuedAt: claims.issuedAt,
                cwt: cwt,
                jwt: try Files.read(path + ".jwt", atMost: 1 << 22)
            )
        }
        rootChanges = try Files.names(folder + "/root-changes").compactMap { Int64($0) }.sorted()
            .map { ($0, try Files.read(folder + "/root-changes/\($0)", atMost: 1 << 22)) }
    }

    /// Refuses to put an older list over a newer one, as a restored register would.
    private static func requireNoNewer(_ path: String, than sequence: Int64) throws {
        guard Files.exists(path),
            let published = StatusListToken.claims(
                ofCWT: try Files.read(path, atMost: 1 << 22)
            ), published.sequence > UInt64(clamping: sequence)
        else { return }
        throw newer
    }

    private static let newer = RegisterError(
        .mustReclaim,
        "В каталоге публикации список новее, чем в реестре: сначала profbilet reclaim КАТАЛОГ.",
        "The publication folder holds a newer list than the register: first profbilet reclaim DIR."
    )
}

extension StatusPublisher {
    /// What is signed now, for who serves it.
    ///
    /// - Parameter known: Sequences the caller has; lists that did not change are left out.
    /// - Returns: Keys, bundle and the lists that are newer.
    /// - Throws: ``RegisterError``: a restored register that was not reclaimed, or no bundle.
    public func publication(newerThan known: [UInt32: Int64] = [:]) throws -> Publication {
        try register.read { session in
            try register.requireReclaimed(session)
            let base = try Setting.listBase.value(in: session) ?? ""
            // What a clock ahead has dated waits for its rebuilding.
            let numbers = try session.all(
                "SELECT list, sequence FROM status_list WHERE issued_at <= $1 ORDER BY list",
                [.integer(register.now().seconds + PublicationDate.tolerance)]
            ) { (UInt32(truncatingIfNeeded: $0.integer(0)), $0.integer(1)) }
            let lists = try numbers.filter { known[$0.0] != $0.1 }.compactMap { number, _ in
                try list(number, base, in: session)
            }
            let keys = try KeyRing(register).publicKeys(in: session)
            let bundle = try session.first(
                "SELECT sequence, bytes FROM trust_bundle ORDER BY sequence DESC LIMIT 1"
            ) { ($0.integer(0), $0.blob(1)) }
            guard let bundle else { throw KeyRing.noBundle }
            return Publication(
                bundle: bundle.1,
                bundleSequence: bundle.0,
                keys: keys,
                lists: lists,
                rootChanges: try RootChanges.bundles(in: session)
            )
        }
    }

    /// Writes what is signed into a folder (``Publication/write(to:)``).
    ///
    /// Two processes may publish into one folder: each reads the register when its turn has come, so
    /// that neither puts back what the other replaced.
    ///
    /// - Parameters:
    ///   - folder: Where everything goes.
    ///   - known: Sequences of the lists that the folder has.
    /// - Returns: What was written.
    /// - Throws: ``RegisterError``: the folder cannot be written, or holds newer lists than the register.
    @discardableResult
    public func write(
        to folder: String,
        newerThan known: [UInt32: Int64] = [:]
    ) throws -> Publication.Written {
        // What is published is for everybody, as a web server reads it.
        try Files.makeDirectory(folder, mode: 0o755)
        return try Files.alone(in: folder) {
            let publication = try publication(newerThan: known)
            try publication.write(to: folder)
            return Publication.Written(publication)
        }
    }

    private func list(
        _ number: UInt32,
        _ base: String,
        in session: any DatabaseSession
    ) throws -> Publication.List? {
        try session.first(
            "SELECT sequence, issued_at, cwt, jwt FROM status_list WHERE list = $1",
            [.int(number)]
        ) {
            Publication.List(
                number: number,
                uri: base + "\(number)",
                sequence: $0.integer(0),
                issuedAt: Instant(seconds: $0.integer(1)),
                cwt: $0.blob(2),
                jwt: Array($0.text(3).utf8)
            )
        }
    }
}
