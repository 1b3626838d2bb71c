import Foundation
public import UnionTicket

/// A signed status list, as CWT or as JWT (Token Status List § 5).
public struct StatusListToken: Sendable, Equatable {
    /// The list's own URI.
    public let subject: String
    /// When it was made.
    public let issuedAt: Instant
    /// From this second on it says nothing but what it revokes.
    public let expiresAt: Instant?
    /// How long a reader may take it for fresh, seconds.
    public let timeToLive: Int64?
    /// Counts up with every version of the list; guards against rollback.
    public let sequence: UInt64
    /// The statuses.
    public let list: StatusList
    /// What the register keeps in the CWT form for itself, sealed; readers pass it over.
    public let mark: [UInt8]?

    /// `typ` of the CWT form.
    public static let typeCWT = "application/statuslist+cwt"
    /// `typ` of the JWT form.
    public static let typeJWT = "statuslist+jwt"

    /// Why a token is not taken.
    public enum Refusal: String, Error, Equatable, Sendable {
        /// Not a token of the form.
        case malformed
        /// `typ` says something else.
        case wrongType
        /// The key is unknown, not for status lists, or gives no such expiry.
        case unknownKey
        /// The key was revoked or retired.
        case revokedKey
        /// The signature is not the key's.
        case badSignature
        /// It is another list's.
        case wrongSubject
        /// It claims to be of the future.
        case notYetValid
        /// Older than what the reader holds.
        case rollback
    }

    /// How far a list can be relied on.
    public enum Freshness: String, Sendable {
        /// Within its time to live.
        case fresh
        /// Older, within the event's limit.
        case stale
        /// Older still, past its end, or missing: never good.
        case unknown
    }

    /// A token to be signed.
    public init(
        subject: String,
        issuedAt: Instant,
        expiresAt: Instant?,
        timeToLive: Int64?,
        sequence: UInt64,
        list: StatusList,
        mark: [UInt8]? = nil
    ) {
        self.subject = subject
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.timeToLive = timeToLive
        self.sequence = sequence
        self.list = list
        self.mark = mark
    }

    /// How far it can be relied on now.
    ///
    /// `limit` is the oldest age that still counts, seconds; it may be less than the time to live.
    public func freshness(at now: Instant, limit: Int64 = 72 * 3600) -> Freshness {
        if let expiresAt, now >= expiresAt { return .unknown }
        let age = now.seconds - issuedAt.seconds
        guard age <= limit else { return .unknown }
        return age <= timeToLive ?? 0 ? .fresh : .stale
    }

    /// Signs the CWT form.
    public func sealCWT(with key: SigningKey) throws -> [UInt8] {
        try sealCWT(with: key, packed: list.compressed())
    }

    /// Signs both forms; the list is packed once.
    public func sealBoth(with key: SigningKey) throws -> (cwt: [UInt8], jwt: String) {
        let packed = list.compressed()
        return (try sealCWT(with: key, packed: packed), try sealJWT(with: key, packed: packed))
    }

    private func sealCWT(with key: SigningKey, packed: [UInt8]) throws -> [UInt8] {
        var claims = [
            CBOR.Entry(.integer(2), .text(subject)),
            CBOR.Entry(.integer(6), .integer(issuedAt.seconds)),
            CBOR.Entry(
                .integer(65533),
                .map([
                    CBOR.Entry(.text("bits"), .unsigned(UInt64(list.bits))),
                    CBOR.Entry(.text("lst"), .bytes(packed)),
                ])
            ),
            CBOR.Entry(.integer(-65540), .unsigned(sequence)),
        ]
        if let expiresAt {
            claims.append(CBOR.Entry(.integer(4), .integer(expiresAt.seconds)))
        }
        if let timeToLive { claims.append(CBOR.Entry(.integer(65534), .integer(timeToLive))) }
        if let mark { claims.append(CBOR.Entry(.integer(-65541), .bytes(mark))) }
        return try COSESign1.seal(
            CBOR.map(claims).encoded,
            with: key,
            header: [
                CBOR.Entry(.integer(4), .bytes(key.publicKey.kid)),
                CBOR.Entry(.integer(16), .text(Self.typeCWT)),
            ]
        )
    }

    /// Opens the CWT form and checks everything a reader must (ticket.md § 4).
    ///
    /// `subject` is the list's URI in the trust bundle (nil does not judge it), `heldSequence` the
    /// version the reader holds already.
    public init(
        cwt bytes: [UInt8],
        keys: TrustedKeys,
        subject expected: String? = nil,
        heldSequence: UInt64 = 0,
        at now: Instant
    ) throws(Refusal) {
        guard let message = try? COSESign1(decoding: bytes), let payload = message.payload,
            let claims = try? CBOR(decoding: payload)
        else { throw .malformed }
        guard message.type == Self.typeCWT else { throw .wrongType }
        let key = try Self.check(message.kid, keys) { message.isSigned(by: $0) }
        guard let token = Self(claims: claims) else { throw .malformed }
        try token.check(key, expected, heldSequence, now)
        self = token
    }

    /// What a CWT claims, unjudged: for whoever is about to replace or serve its own file.
    public static func claims(
        ofCWT bytes: [UInt8]
    ) -> (subject: String, issuedAt: Instant, sequence: UInt64)? {
        guard let message = try? COSESign1(decoding: bytes), let payload = message.payload,
            let claims = try? CBOR(decoding: payload), let subject = claims[2]?.text,
            let issued = claims[6]?.integer
        else { return nil }
        let sequence = UInt64(clamping: claims[-65540]?.integer ?? 0)
        return (subject, Instant(seconds: issued), sequence)
    }

    /// The key that a JWT names, unjudged.
    ///
    /// - Parameter text: The token or a beginning of it that holds its header.
    /// - Returns: Nil where there is no header that names one.
    public static func kid(ofJWT text: String) -> [UInt8]? {
        guard let head = Base64URL.bytes(String(text.prefix { $0 != "." })) else { return nil }
        let header = try? JSONDecoder().decode(Header.self, from: Data(head))
        return header.flatMap { Hex.bytes($0.kid) }
    }

    /// Reads the claims of the CWT form without judging the signature.
    init?(claims: CBOR) {
        guard let subject = claims[2]?.text, let issued = claims[6]?.integer,
            let content = claims[65533], let bits = content["bits"]?.integer,
            let packed = content["lst"]?.bytes,
            let list = StatusList(bits: Int(clamping: bits), compressed: packed)
        else { return nil }
        self.init(
            subject: subject,
            issuedAt: Instant(seconds: issued),
            expiresAt: claims[4]?.integer.map(Instant.init(seconds:)),
            timeToLive: claims[65534]?.integer,
            sequence: UInt64(clamping: claims[-65540]?.integer ?? 0),
            list: list,
            mark: claims[-65541]?.bytes
        )
    }

    private func check(
        _ key: TrustedKey,
        _ expected: String?,
        _ held: UInt64,
        _ now: Instant
    ) throws(Refusal) {
        guard key.covers(expiry: expiresAt) else { throw .unknownKey }
        if let expected, expected != subject { throw .wrongSubject }
        // A reader of ours knows two bits only; without a bundle any list may be looked at.
        guard expected == nil || list.bits == 2 else { throw .malformed }
        guard !PublicationDate.isFuture(issuedAt, at: now) else { throw .notYetValid }
        guard sequence >= held else { throw .rollback }
    }

    private static func check(
        _ kid: [UInt8]?,
        _ keys: TrustedKeys,
        _ isSigned: (VerificationKey) -> Bool
    ) throws(Refusal) -> TrustedKey {
        guard let kid, let trusted = keys.key(kid), trusted.purpose ?? .status == .status,
            trusted.state != .next
        else { throw .unknownKey }
        guard trusted.state == .active || trusted.state == .verifyOnly else { throw .revokedKey }
        guard isSigned(trusted.key) else { throw .badSignature }
        return trusted
    }
}

// The JWT form (RFC 7519).
extension StatusListToken {
    private struct Header: Codable {
        var alg: String
        var kid: String
        var typ: String
    }

    private struct Claims: Codable {
        var sub: String
        var iat: Int64
        var exp: Int64?
        var ttl: Int64?
        var seq: UInt64?
        var statusList: Content

        struct Content: Codable {
            var bits: Int
            var lst: String
        }

        enum CodingKeys: String, CodingKey {
            case sub, iat, exp, ttl
            case seq = "profbilet_seq"
            case statusList = "status_list"
        }
    }

    /// Signs the JWT form.
    public func sealJWT(with key: SigningKey) throws -> String {
        try sealJWT(with: key, packed: list.compressed())
    }

    private func sealJWT(with key: SigningKey, packed: [UInt8]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = Header(
            alg: key.algorithm.name,
            kid: Hex.text(key.publicKey.kid),
            typ: Self.typeJWT
        )
        let claims = Claims(
            sub: subject,
            iat: issuedAt.seconds,
            exp: expiresAt?.seconds,
            ttl: timeToLive,
            seq: sequence,
            statusList: .init(bits: list.bits, lst: Base64URL.text(packed))
        )
        let head = Base64URL.text(Array(try encoder.encode(header)))
        let text = head + "." + Base64URL.text(Array(try encoder.encode(claims)))
        return text + "." + Base64URL.text(try key.sign(Array(text.utf8)))
    }

    /// Opens the JWT form with the checks of the CWT form.
    public init(
        jwt text: String,
        keys: TrustedKeys,
        subject expected: String? = nil,
        heldSequence: UInt64 = 0,
        at now: Instant
    ) throws(Refusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.count < 1 << 22, parts.count == 3, let head = Base64URL.bytes(parts[0]),
            let body = Base64URL.bytes(parts[1]), let signature = Base64URL.bytes(parts[2]),
            let header = try? JSONDecoder().decode(Header.self, from: Data(head)),
            let claims = try? JSONDecoder().decode(Claims.self, from: Data(body)),
            let packed = Base64URL.bytes(claims.statusList.lst),
            let list = StatusList(bits: claims.statusList.bits, compressed: packed)
        else { throw .malformed }
        guard header.typ == Self.typeJWT else { throw .wrongType }
        let signed = Array((parts[0] + "." + parts[1]).utf8)
        let key = try Self.check(Hex.bytes(header.kid), keys) {
            $0.algorithm.name == header.alg && $0.isValid(signature: signature, for: signed)
        }
        let token = Self(
            subject: claims.sub,
            issuedAt: Instant(seconds: claims.iat),
            expiresAt: claims.exp.map(Instant.init(seconds:)),
            timeToLive: claims.ttl,
            sequence: claims.seq ?? 0,
            list: list
        )
        try token.check(key, expected, heldSequence, now)
        self = token
    }
}
