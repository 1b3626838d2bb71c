import TicketSeal
import UnionTicket

/// Reading and writing snapshots: a COSE_Sign1 of the `snapshot` key over a CBOR map.
extension EventSnapshot {
    /// The `typ` of a snapshot.
    public static let type = "application/profbilet-event-snapshot"
    /// How many bytes a snapshot may have.
    public static let limit = 512 << 20

    /// Why a snapshot is not taken.
    public enum Refusal: String, Error, Equatable, Sendable {
        /// Not a snapshot, or damaged.
        case malformed
        /// Its trust bundle is signed by no pinned root.
        case unknownRoot = "unknown_root"
        /// Its key is not the bundle's for snapshots.
        case unknownKey = "unknown_key"
        /// The key was revoked or retired.
        case revokedKey = "revoked_key"
        /// The signature is wrong.
        case badSignature = "bad_signature"
        /// Older than the one the station holds.
        case rollback
        /// Of another event.
        case otherEvent = "other_event"
        /// A status list in it is not what the bundle names.
        case badStatusList = "bad_status_list"
        /// A status list in it is dated in the future.
        case futureStatusList = "future_status_list"
    }

    /// Opens a snapshot.
    ///
    /// The lease is not judged here: whether it is over is a row of `decide`.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - pinnedRoots: Thumbprints of the roots that the reader trusts; nil pins the bundle's own,
    ///     which is good for replaying a file that is trusted already.
    ///   - held: The sequence number of the snapshot that the reader holds.
    /// - Throws: The first reason against it.
    public init(
        opening bytes: [UInt8],
        pinnedRoots: [[UInt8]]? = nil,
        held: UInt64 = 0
    ) throws(Refusal) {
        guard bytes.count <= Self.limit, let message = try? COSESign1(decoding: bytes),
            message.type == Self.type, let payload = message.payload,
            let content = try? CBOR(decoding: payload), let sealed = content[5]?.bytes,
            let issued = content[6]?.integer
        else { throw .malformed }
        let bundle = try Self.bundle(sealed, pinnedRoots, at: Instant(seconds: issued))
        try Self.check(message, bundle.trustedKeys)
        guard let sequence = content[1]?.integer, sequence > 0 else { throw .malformed }
        guard UInt64(sequence) >= held else { throw .rollback }
        try self.init(content, bundle: bundle, sealedBundle: sealed)
    }

    private static func bundle(
        _ sealed: [UInt8],
        _ pinned: [[UInt8]]?,
        at issued: Instant
    ) throws(Refusal) -> TrustBundle {
        let roots = pinned ?? TrustBundle.rootThumbprint(of: sealed).map { [$0] } ?? []
        do { return try TrustBundle(opening: sealed, pinnedRoots: roots, at: issued) } catch {
            switch error {
            case .unknownRoot: throw .unknownRoot
            case .badSignature: throw .badSignature
            case .malformed, .expired, .notYetValid, .rollback: throw .malformed
            }
        }
    }

    private static func check(_ message: COSESign1, _ keys: TrustedKeys) throws(Refusal) {
        guard let kid = message.kid, let trusted = keys.key(kid), trusted.purpose == .snapshot,
            trusted.state != .next
        else { throw .unknownKey }
        guard trusted.state == .active || trusted.state == .verifyOnly else { throw .revokedKey }
        guard message.isSigned(by: trusted.key) else { throw .badSignature }
    }

    private init(
        _ content: CBOR,
        bundle: TrustBundle,
        sealedBundle: [UInt8]
    ) throws(Refusal) {
        guard let rules = content[2].flatMap(EventRules.init),
            let mode = content[17]?.text.flatMap(Mode.init),
            let salt = content[3]?.bytes, salt.count == 32,
            let lease = content[4]?.integer, let issuedAt = content[6]?.integer,
            let gates = content[14]?.array?.compactMap(Gate.init),
            gates.count == content[14]?.array?.count,
            let tables = SnapshotTables(content)
        else { throw .malformed }
        sequence = UInt64(clamping: content[1]?.integer ?? 0)
        self.rules = rules
        self.mode = mode
        self.issuedAt = Instant(seconds: issuedAt)
        leaseEnd = Instant(seconds: lease)
        self.bundle = sealedBundle
        bundleEnd = bundle.expiresAt
        bundleIssuedAt = bundle.issuedAt
        self.gates = gates
        judge = TicketJudge(keys: bundle.trustedKeys)
        statuses = try Self.statuses(
            content[7]?.array ?? [],
            bundle,
            at: Instant(seconds: issuedAt)
        )
        self.salt = salt
        hashes = BlindIndex(key: salt)
        self.tables = tables
        issued = IssuedNumbers(bytes: content[13]?.bytes ?? [])
        nameIndex = content[15]?.bytes ?? []
    }

    /// Opens status lists; without a clock to go by, each is taken as not of the future.
    static func statuses(
        _ tokens: [CBOR],
        _ bundle: TrustBundle,
        at issued: Instant?
    ) throws(Refusal) -> [UInt32: StatusListToken] {
        let named = Dictionary(bundle.lists.map { ($0.uri, $0.list) }) { first, _ in first }
        let keys = bundle.trustedKeys
        var statuses: [UInt32: StatusListToken] = [:]
        for item in tokens {
            guard let bytes = item.bytes else { throw .badStatusList }
            let token: StatusListToken
            do {
                token = try StatusListToken(cwt: bytes, keys: keys, at: issued ?? Self.farFuture)
            } catch { throw error == .notYetValid ? .futureStatusList : .badStatusList }
            guard let list = named[token.subject], token.list.bits == 2 else {
                throw .badStatusList
            }
            statuses[list] = token
        }
        return statuses
    }

    /// When nothing is of the future any more.
    private static let farFuture = Instant(seconds: 1 << 40)
}
