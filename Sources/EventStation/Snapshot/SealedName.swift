import TicketSeal
import UnionTicket

/// A person's name in a snapshot: sealed under a random key, which each of the person's carriers
/// opens (station.md § Offline).
///
/// What opens a name is on the card or the phone, not in the station: a stolen station discloses
/// no name.
enum SealedName {
    /// Nonce, key, tag.
    static let wrappedLength = FieldSeal.nonceLength + 32 + 16

    /// Seals a name for its person under `key`.
    static func seal(_ name: String, of person: Pseudonym, key: [UInt8]) throws -> [UInt8] {
        try FieldSeal(key: key).seal(Array(name.utf8), for: person.bytes)
    }

    /// The name, or nil when the key is not its own.
    static func open(_ sealed: [UInt8], of person: Pseudonym, key: [UInt8]) -> String? {
        guard let bytes = try? FieldSeal(key: key).open(sealed, for: person.bytes) else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Wraps a name's key for one carrier.
    static func wrap(
        _ key: [UInt8],
        for coordinate: StatusCoordinate,
        secret: [UInt8],
        salt: [UInt8]
    ) throws -> [UInt8] {
        let info = Self.info(coordinate)
        return try FieldSeal(key: KeyDerivation.hkdf(secret, salt: salt, info: info))
            .seal(key, for: info)
    }

    /// The name's key, or nil when the secret is not the carrier's.
    ///
    /// A scan waits for it, so HMAC under the salt, which is the snapshot's, is begun only once.
    static func unwrap(
        _ wrapped: [UInt8],
        for coordinate: StatusCoordinate,
        secret: [UInt8],
        salt: BlindIndex
    ) -> [UInt8]? {
        let info = Self.info(coordinate)
        return try? FieldSeal(key: KeyDerivation.expand(salt.bytes(secret), info: info))
            .open(wrapped, for: info)
    }

    private static func info(_ coordinate: StatusCoordinate) -> [UInt8] {
        var info = Array("profbilet/name/1".utf8)
        info.append(UInt64(coordinate.list), length: 4)
        info.append(UInt64(coordinate.index), length: 4)
        return info
    }
}

/// What a carrier brings along that opens its person's name.
public enum CarrierSecret {
    /// The secret in a payload: the first 32 bytes of the issuer's signature, for a virtual card the
    /// phone's key x‖y.
    ///
    /// - Parameter payload: The issuer's COSE bytes, without a presentation around them.
    /// - Returns: Nil when the bytes are no payload.
    public static func of(payload: [UInt8]) -> [UInt8]? {
        guard let message = try? COSESign1(decoding: payload), let body = message.payload,
            let claims = try? CBOR(decoding: body)
        else { return nil }
        guard let confirmation = claims[8]?[1] else { return Array(message.signature.prefix(32)) }
        guard let x = confirmation[-2]?.bytes, let y = confirmation[-3]?.bytes else { return nil }
        return x + y
    }

    /// The secret of a payload or presentation that was judged already, without reading it again.
    ///
    /// - Returns: Nil unless every signature was right; half of one would open a name too.
    static func of(_ judgement: Judgement, of bytes: [UInt8]) -> [UInt8]? {
        guard judgement.verdict == .valid else { return nil }
        if let phone = judgement.claims?.confirmation { return phone.publicBytes }
        // A message ends with its signature, 64 bytes, whatever stands around it.
        return judgement.isPresentation ? nil : Array(bytes.suffix(64).prefix(32))
    }
}
