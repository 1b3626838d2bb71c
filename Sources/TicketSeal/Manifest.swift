import Foundation
public import UnionTicket

/// The signed list of a package's files: JSON with stable bytes, its signature apart.
///
/// The signature is a COSE_Sign1 without payload by a `package` key, beside the file as
/// `manifest.json.cose`.
public struct Manifest: Sendable, Equatable {
    /// One file of the package.
    public struct File: Sendable, Equatable, Codable {
        /// Relative name, no folders above.
        public let name: String
        /// Its size.
        public let bytes: Int
        /// Its SHA-256, hexadecimal.
        public let sha256: String

        /// A file as the manifest lists it.
        public init(name: String, bytes: Int, sha256: String) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// What kind of package, as `issuance`.
    public let kind: String
    /// Its identifier.
    public let id: String
    /// Its place among its kind.
    public let sequence: Int
    /// SHA-256 of the manifest before it, hexadecimal.
    public let previous: String?
    /// When it was made.
    public let created: Instant
    /// The files.
    public let files: [File]
    /// Counts and control totals.
    public let counts: [String: Int]
    /// The keys whose payloads are in it.
    public let kids: [String]
    /// What else the kind needs.
    public let extra: [String: String]

    /// A manifest to be written.
    public init(
        kind: String,
        id: String,
        sequence: Int,
        previous: String?,
        created: Instant,
        files: [File],
        counts: [String: Int],
        kids: [String],
        extra: [String: String] = [:]
    ) {
        self.kind = kind
        self.id = id
        self.sequence = sequence
        self.previous = previous
        self.created = created
        self.files = files
        self.counts = counts
        self.kids = kids
        self.extra = extra
    }

    private static let format = "profbilet-manifest/1"

    private struct Body: Codable {
        var format: String
        var kind: String
        var id: String
        var sequence: Int
        var previous: String?
        var created: Int64
        var files: [File]
        var counts: [String: Int]
        var kids: [String]
        var extra: [String: String]
    }

    /// The stable bytes.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let body = Body(
            format: Self.format,
            kind: kind,
            id: id,
            sequence: sequence,
            previous: previous,
            created: created.seconds,
            files: files,
            counts: counts,
            kids: kids,
            extra: extra
        )
        return Array(try encoder.encode(body)) + [0x0A]
    }

    /// Reads a manifest of at most 16 MB; nil when it is none or names files outside its folder.
    public init?(decoding bytes: [UInt8]) {
        guard bytes.count <= 1 << 24,
            let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)),
            body.format == Self.format,
            body.files.allSatisfy({ file in
                let parts = file.name.split(separator: "/", omittingEmptySubsequences: false)
                return !file.name.isEmpty && file.bytes >= 0
                    && !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
            })
        else { return nil }
        self.init(
            kind: body.kind,
            id: body.id,
            sequence: body.sequence,
            previous: body.previous,
            created: Instant(seconds: body.created),
            files: body.files,
            counts: body.counts,
            kids: body.kids,
            extra: body.extra
        )
    }

    /// Signs a manifest's bytes.
    public static func signature(of bytes: [UInt8], with key: SigningKey) throws -> [UInt8] {
        try COSESign1.seal(
            bytes,
            with: key,
            header: [CBOR.Entry(.integer(4), .bytes(key.publicKey.kid))],
            isDetached: true
        )
    }

    /// Whether `signature` is a package key's over a manifest's bytes.
    public static func isSigned(
        _ bytes: [UInt8],
        signature: [UInt8],
        keys: TrustedKeys
    ) -> Bool {
        verdict(on: bytes, signature: signature, keys: keys) == .valid
    }

    /// What a signature over a manifest's bytes is worth: the key first, then the signature.
    ///
    /// - Parameters:
    ///   - bytes: The manifest.
    ///   - signature: The detached COSE_Sign1.
    ///   - keys: The keys to go by.
    /// - Returns: `valid`, `malformed`, `unknown_key`, `revoked_key` or `bad_signature`.
    public static func verdict(
        on bytes: [UInt8],
        signature: [UInt8],
        keys: TrustedKeys
    ) -> PayloadVerdict {
        guard let message = try? COSESign1(decoding: signature), message.payload == nil else {
            return .malformed
        }
        guard let trusted = message.kid.flatMap(keys.key), trusted.purpose ?? .package == .package
        else { return .unknownKey }
        switch trusted.state {
        case .next: return .unknownKey
        case .retired, .revoked: return .revokedKey
        case .active, .verifyOnly:
            return message.isSigned(by: trusted.key, detached: bytes) ? .valid : .badSignature
        }
    }
}
