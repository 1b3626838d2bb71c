public import TicketSeal

/// A station's signed request to headquarters over HTTP.
///
/// A COSE_Sign1 of the station's key over method, target and the body's hash stands, in base64url, in
/// `Authorization: Station …`. It names the server's time as the station knows it from its last
/// contact, so that a station with a wrong clock can still speak.
public struct StationCall: Equatable, Sendable {
    /// The `typ` of a call.
    public static let type = "application/profbilet-station-call"
    /// The scheme's name in the `Authorization` field.
    public static let scheme = "Station"
    /// How far the named time may be from the server's, milliseconds.
    public static let tolerance: Int64 = 5 * 60 * 1000

    /// The event.
    public let event: Int64
    /// Who asks.
    public let station: String
    /// `GET` or `POST`.
    public let method: String
    /// Path and query.
    public let target: String
    /// The server's time as the station knows it, milliseconds.
    public let at: Int64
    /// SHA-256 of the body; of nothing, where there is none.
    public let body: [UInt8]
    private let message: COSESign1

    /// Signs a call.
    ///
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - target: Path and query.
    ///   - body: The body's bytes.
    ///   - event: The event.
    ///   - station: Who asks.
    ///   - at: The server's time as the station knows it, milliseconds.
    ///   - key: The station's key.
    /// - Returns: The value of the `Authorization` field.
    /// - Throws: What the key throws.
    public static func sign(
        _ method: String,
        _ target: String,
        body: [UInt8] = [],
        event: Int64,
        station: String,
        at: Int64,
        with key: SigningKey
    ) throws -> String {
        let content = CBOR.map([
            1: .integer(event), 2: .text(station), 3: .text(method), 4: .text(target),
            5: .integer(at), 6: .bytes(SHA256Digest.of(body)),
        ])
        let sealed = try COSESign1.seal(
            content.encoded,
            with: key,
            header: [CBOR.Entry(.integer(16), .text(type))]
        )
        return scheme + " " + Base64URL.text(sealed)
    }

    /// Reads the value of an `Authorization` field; nothing is judged but its form.
    ///
    /// - Returns: Nil for anything else.
    public init?(authorization value: String) {
        let parts = value.utf8.prefix(4_097).split(separator: 0x20)
        guard value.utf8.count <= 4_096, parts.count == 2, parts[0].elementsEqual(Self.scheme.utf8),
            let bytes = Base64URL.bytes(parts[1]),
            let message = try? COSESign1(decoding: bytes), message.type == Self.type,
            let payload = message.payload, let content = try? CBOR(decoding: payload),
            let event = content[1]?.integer, let station = content[2]?.text,
            let method = content[3]?.text, let target = content[4]?.text,
            let at = content[5]?.integer, at.magnitude < 1 << 52, let body = content[6]?.bytes
        else { return nil }
        (self.event, self.station, self.method, self.target) = (event, station, method, target)
        (self.at, self.body, self.message) = (at, body, message)
    }

    /// Whether this key signed it.
    public func isSigned(by key: VerificationKey) -> Bool { message.isSigned(by: key) }

    /// Whether it is about this request.
    public func fits(_ method: String, _ target: String, body: [UInt8]) -> Bool {
        self.method == method && self.target == target && self.body == SHA256Digest.of(body)
    }
}
