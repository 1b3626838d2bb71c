public import UnionTicket

/// What a payload says: a CWT claim set (RFC 8392) without any personal data.
public struct TicketClaims: Sendable, Equatable {
    /// Claim 4: from this second on the payload is expired.
    public let expiresAt: Instant
    /// Claim 5, where there is one.
    public let notBefore: Instant?
    /// Claim 7: the carrier's printed name in seven bytes.
    public let carrier: CarrierNumber
    /// Claim −65537: the carrier's identity.
    public let coordinate: StatusCoordinate
    /// Claim −65539: the UID of the chip the payload is bound to.
    public let chipUID: [UInt8]?
    /// Claim 8: the phone's key (RFC 8747).
    public let confirmation: VerificationKey?

    /// The claims of one carrier.
    public init(
        expiresAt: Instant,
        notBefore: Instant? = nil,
        carrier: CarrierNumber,
        coordinate: StatusCoordinate,
        chipUID: [UInt8]? = nil,
        confirmation: VerificationKey? = nil
    ) {
        self.expiresAt = expiresAt
        self.notBefore = notBefore
        self.carrier = carrier
        self.coordinate = coordinate
        self.chipUID = chipUID
        self.confirmation = confirmation
    }

    /// Reads a claim set; unknown claims are ignored (RFC 8392 § 3).
    ///
    /// - Returns: Nil when a claim that the profile requires is missing or wrong.
    init?(_ claims: CBOR) {
        guard let expiry = claims[4]?.integer, let name = claims[7]?.bytes, name.count == 7,
            let carrier = CarrierNumber(value: name.reduce(0) { $0 << 8 | UInt64($1) }),
            let place = claims[-65537]?.array, place.count == 2,
            let list = place[0].integer.flatMap({ UInt32(exactly: $0) }),
            let index = place[1].integer.flatMap({ UInt32(exactly: $0) }),
            let coordinate = StatusCoordinate(list: list, index: index)
        else { return nil }
        if let start = claims[5] {
            guard let seconds = start.integer else { return nil }
            notBefore = Instant(seconds: seconds)
        } else {
            notBefore = nil
        }
        if let uid = claims[-65539] {
            guard let bytes = uid.bytes else { return nil }
            chipUID = bytes
        } else {
            chipUID = nil
        }
        if let confirmation = claims[8] {
            guard let key = confirmation[1].flatMap(VerificationKey.init(coseKey:)),
                key.algorithm == .es256
            else { return nil }
            self.confirmation = key
        } else {
            confirmation = nil
        }
        expiresAt = Instant(seconds: expiry)
        self.carrier = carrier
        self.coordinate = coordinate
    }

    /// Signs the claims: 110 bytes with Ed25519 and nothing optional.
    ///
    /// The key's kid goes into the protected header of a COSE_Sign1 with tag 18.
    public func seal(with key: SigningKey) throws -> [UInt8] {
        try COSESign1.seal(
            encoded,
            with: key,
            header: [CBOR.Entry(.integer(4), .bytes(key.publicKey.kid))]
        )
    }

    private var encoded: [UInt8] {
        var name: [UInt8] = []
        for shift in stride(from: 48, through: 0, by: -8) {
            name.append(UInt8(truncatingIfNeeded: carrier.value >> UInt64(shift)))
        }
        let place = CBOR.array([
            .unsigned(UInt64(coordinate.list)), .unsigned(UInt64(coordinate.index)),
        ])
        var claims = [
            CBOR.Entry(.integer(4), .integer(expiresAt.seconds)),
            CBOR.Entry(.integer(7), .bytes(name)), CBOR.Entry(.integer(-65537), place),
        ]
        if let notBefore {
            claims.append(CBOR.Entry(.integer(5), .integer(notBefore.seconds)))
        }
        if let chipUID { claims.append(CBOR.Entry(.integer(-65539), .bytes(chipUID))) }
        if let confirmation {
            claims.append(CBOR.Entry(.integer(8), .map([1: confirmation.coseKey])))
        }
        return CBOR.map(claims).encoded
    }
}

/// What the app shows: the inner payload and the time, signed by the phone's key (ticket.md § 5).
public enum Presentation {
    /// The `typ` of the outer message.
    public static let type = "application/profbilet-presentation"
    /// How far the phone's clock may be off, seconds.
    public static let tolerance: Int64 = 60

    /// Wraps an inner payload for this moment.
    ///
    /// - Returns: COSE bytes, to be shown as digits without a URL.
    public static func seal(
        inner: [UInt8],
        at instant: Instant,
        with deviceKey: SigningKey
    ) throws -> [UInt8] {
        let payload = CBOR.map([6: .integer(instant.seconds), -65538: .bytes(inner)])
        return try COSESign1.seal(
            payload.encoded,
            with: deviceKey,
            header: [CBOR.Entry(.integer(16), .text(type))]
        )
    }
}
