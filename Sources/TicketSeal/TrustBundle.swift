public import UnionTicket

/// The keys and lists that readers go by, signed by a root key (ticket.md § 3).
public struct TrustBundle: Sendable {
    /// Counts up with every bundle; rollback is judged by it, never by time alone.
    public let sequence: UInt64
    /// When it was made.
    public let issuedAt: Instant
    /// From this second on it is of no use.
    public let expiresAt: Instant
    /// Every key with what it may do.
    public let keys: [TrustedKey]
    /// Where each status list is published.
    public let lists: [(list: UInt32, uri: String)]
    /// Thumbprints of the current root and of the next.
    public let roots: [[UInt8]]

    /// The `typ` of a bundle.
    public static let type = "application/profbilet-trust-bundle"

    /// Why a bundle is not taken.
    public enum Refusal: String, Error, Equatable, Sendable {
        /// Not a bundle.
        case malformed
        /// Signed by no pinned root.
        case unknownRoot
        /// The root's signature is wrong.
        case badSignature
        /// Past its end.
        case expired
        /// More than ten minutes in the future.
        case notYetValid
        /// Older than what the reader holds.
        case rollback
    }

    /// A bundle to be signed.
    public init(
        sequence: UInt64,
        issuedAt: Instant,
        expiresAt: Instant,
        keys: [TrustedKey],
        lists: [(list: UInt32, uri: String)],
        roots: [[UInt8]]
    ) {
        self.sequence = sequence
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.keys = keys
        self.lists = lists
        self.roots = roots
    }

    /// The key set of the bundle, for judging.
    public var trustedKeys: TrustedKeys { TrustedKeys(keys) }

    /// Signs the bundle; the root's public key travels in the header, its thumbprint is pinned.
    public func seal(with root: SigningKey) throws -> [UInt8] {
        let claims = CBOR.map([
            1: .unsigned(sequence), 6: .integer(issuedAt.seconds), 4: .integer(expiresAt.seconds),
            -1: .array(keys.map(Self.item)),
            -2: .array(
                lists.map { .array([.unsigned(UInt64($0.list)), .text($0.uri)]) }
            ),
            -3: .array(roots.map(CBOR.bytes)),
            -4: root.publicKey.coseKey,
        ])
        return try COSESign1.seal(
            claims.encoded,
            with: root,
            header: [
                CBOR.Entry(.integer(4), .bytes(root.publicKey.kid)),
                CBOR.Entry(.integer(16), .text(Self.type)),
            ]
        )
    }

    /// Opens a bundle against the pinned roots.
    ///
    /// `pinnedRoots` are the thumbprints the reader was given, `heldSequence` the version it holds.
    public init(
        opening bytes: [UInt8],
        pinnedRoots: [[UInt8]],
        heldSequence: UInt64 = 0,
        at now: Instant
    ) throws(Refusal) {
        try self.init(
            opening: bytes,
            pinnedRoots: pinnedRoots,
            heldSequence: heldSequence,
            at: now,
            mayBePast: false
        )
    }

    /// The same, for a bundle whose own end is not asked after where it `mayBePast`.
    init(
        opening bytes: [UInt8],
        pinnedRoots: [[UInt8]],
        heldSequence: UInt64,
        at now: Instant,
        mayBePast: Bool
    ) throws(Refusal) {
        guard let message = try? COSESign1(decoding: bytes), let payload = message.payload,
            let claims = try? CBOR(decoding: payload),
            let root = claims[-4].flatMap(VerificationKey.init(coseKey:))
        else { throw .malformed }
        let bundle = try TrustBundle(unverified: message)
        guard pinnedRoots.contains(root.thumbprint) else { throw .unknownRoot }
        guard message.isSigned(by: root) else { throw .badSignature }
        guard !PublicationDate.isFuture(bundle.issuedAt, at: now) else { throw .notYetValid }
        guard bundle.sequence >= heldSequence else { throw .rollback }
        guard mayBePast || now < bundle.expiresAt else { throw .expired }
        self = bundle
    }

    /// The thumbprint of the root that a bundle says it is signed by; nothing is judged.
    public static func rootThumbprint(of bytes: [UInt8]) -> [UInt8]? {
        (try? COSESign1(decoding: bytes)).flatMap(root)?.thumbprint
    }

    /// The root key that travels in a bundle.
    static func root(of message: COSESign1) -> VerificationKey? {
        message.payload.flatMap { try? CBOR(decoding: $0) }?[-4]
            .flatMap(VerificationKey.init(coseKey:))
    }

    /// A bundle that was opened before: nothing is judged again.
    public init(unjudged bytes: [UInt8]) throws(Refusal) {
        guard let message = try? COSESign1(decoding: bytes) else { throw .malformed }
        try self.init(unverified: message)
    }

    /// Reads what a bundle says without judging who signed it.
    init(unverified message: COSESign1) throws(Refusal) {
        guard message.type == Self.type, let payload = message.payload,
            let claims = try? CBOR(decoding: payload), let sequence = claims[1]?.integer,
            let issued = claims[6]?.integer, let expires = claims[4]?.integer,
            let keys = claims[-1]?.array, let lists = claims[-2]?.array,
            let roots = claims[-3]?.array
        else { throw .malformed }
        self.sequence = UInt64(clamping: sequence)
        issuedAt = Instant(seconds: issued)
        expiresAt = Instant(seconds: expires)
        self.keys = keys.compactMap(Self.key)
        self.lists = lists.compactMap { item in
            guard let pair = item.array, pair.count == 2, let number = pair[0].integer,
                let uri = pair[1].text
            else { return nil }
            return (UInt32(clamping: number), uri)
        }
        self.roots = roots.compactMap(\.bytes)
        guard self.keys.count == keys.count, self.lists.count == lists.count,
            self.roots.count == roots.count
        else { throw .malformed }
    }

    private static func item(_ key: TrustedKey) -> CBOR {
        var entries = [
            CBOR.Entry(.integer(1), key.key.coseKey),
            CBOR.Entry(.integer(2), .text(key.purpose?.rawValue ?? "")),
            CBOR.Entry(.integer(3), .array(key.schemes.map { .unsigned(UInt64($0.rawValue)) })),
            CBOR.Entry(
                .integer(4),
                .array([
                    .unsigned(UInt64(key.issues.lowerBound)),
                    .unsigned(UInt64(key.issues.upperBound)),
                ])
            ),
            CBOR.Entry(.integer(6), .text(key.state.rawValue)),
        ]
        let instants: [(Int64, Instant?)] = [
            (5, key.longestExpiry), (7, key.createdAt), (8, key.activeFrom), (9, key.revokedAt),
        ]
        for (label, instant) in instants {
            if let instant {
                entries.append(CBOR.Entry(.integer(label), .integer(instant.seconds)))
            }
        }
        return .map(entries)
    }

    private static func key(_ item: CBOR) -> TrustedKey? {
        guard let key = item[1].flatMap(VerificationKey.init(coseKey:)),
            let purpose = item[2]?.text.flatMap(KeyPurpose.init),
            let schemes = item[3]?.array, let issues = item[4]?.array, issues.count == 2,
            let first = issues[0].integer.flatMap({ UInt8(exactly: $0) }),
            let last = issues[1].integer.flatMap({ UInt8(exactly: $0) }), first <= last,
            let state = item[6]?.text.flatMap(KeyState.init)
        else { return nil }
        func instant(_ label: Int64) -> Instant? {
            item[label]?.integer.map(Instant.init(seconds:))
        }
        return TrustedKey(
            key: key,
            purpose: purpose,
            schemes: schemes.compactMap {
                $0.integer.flatMap { UInt8(exactly: $0) }.flatMap(TicketNumber.Scheme.init)
            },
            issues: first...last,
            longestExpiry: instant(5),
            state: state,
            createdAt: instant(7),
            activeFrom: instant(8),
            revokedAt: instant(9)
        )
    }
}
