import Foundation
public import UnionTicket

/// What a key signs; separate purposes are separate keys.
public enum KeyPurpose: String, Sendable, CaseIterable {
    /// Trust bundles only; kept offline.
    case root
    /// Payloads of plastic cards.
    case plastic
    /// Payloads of virtual cards.
    case virtual
    /// Status lists.
    case status
    /// Event snapshots.
    case snapshot
    /// Manifests of files to the manufacturer and partners.
    case package
}

/// Where a key is in its life.
public enum KeyState: String, Sendable, CaseIterable {
    /// Published, not signing yet.
    case next
    /// Signs.
    case active
    /// Signs no more; what it signed holds.
    case verifyOnly
    /// Past its time: nothing it signed holds.
    case retired
    /// Compromised: nothing it signed holds.
    case revoked
}

/// A key with what it may do.
public struct TrustedKey: Sendable, Equatable {
    /// The key.
    public let key: VerificationKey
    /// What it signs; nil for a bare key, whose purpose is not judged.
    public let purpose: KeyPurpose?
    /// The number schemes it may sign.
    public let schemes: [TicketNumber.Scheme]
    /// The issues it may sign: 0 virtual, 1…9 plastic.
    public let issues: ClosedRange<UInt8>
    /// The last expiry it may give.
    public let longestExpiry: Instant?
    /// Where it is in its life.
    public let state: KeyState
    /// When it was made.
    public let createdAt: Instant?
    /// Since when it signs.
    public let activeFrom: Instant?
    /// When it was revoked; for the audit.
    public let revokedAt: Instant?

    /// A key of a trust bundle.
    public init(
        key: VerificationKey,
        purpose: KeyPurpose?,
        schemes: [TicketNumber.Scheme],
        issues: ClosedRange<UInt8>,
        longestExpiry: Instant?,
        state: KeyState,
        createdAt: Instant? = nil,
        activeFrom: Instant? = nil,
        revokedAt: Instant? = nil
    ) {
        self.key = key
        self.purpose = purpose
        self.schemes = schemes
        self.issues = issues
        self.longestExpiry = longestExpiry
        self.state = state
        self.createdAt = createdAt
        self.activeFrom = activeFrom
        self.revokedAt = revokedAt
    }

    /// A bare key: signs anything, and the verdict says that its purpose was not judged.
    public init(bare key: VerificationKey) {
        self.init(
            key: key,
            purpose: nil,
            schemes: TicketNumber.Scheme.allCases,
            issues: 0...9,
            longestExpiry: nil,
            state: .active
        )
    }

    /// Whether a payload with these claims lies in the key's range.
    func covers(_ claims: TicketClaims) -> Bool {
        guard let purpose else { return true }
        return purpose == (claims.carrier.issue == 0 ? .virtual : .plastic)
            && schemes.contains(claims.carrier.ticket.scheme)
            && issues.contains(claims.carrier.issue)
            && covers(expiry: claims.expiresAt)
    }

    /// Whether it may give this expiry; no expiry lies past every longest one.
    func covers(expiry: Instant?) -> Bool {
        guard let longestExpiry else { return true }
        return expiry.map { $0 <= longestExpiry } ?? false
    }
}

/// The keys a judge goes by.
public struct TrustedKeys: Sendable {
    /// All of them.
    public let keys: [TrustedKey]
    /// Thumbprints of the roots that their bundle names; empty for keys of another source.
    public let roots: [[UInt8]]
    private let byKid: [[UInt8]: TrustedKey]

    /// Keys of any source; of two with the same kid the first counts.
    public init(_ keys: [TrustedKey], roots: [[UInt8]] = []) {
        (self.keys, self.roots) = (keys, roots)
        byKid = Dictionary(keys.map { ($0.key.kid, $0) }) { first, _ in first }
    }

    /// The keys of a file: a trust bundle, a COSE_KeySet, a JWK Set, or a JSON object or array with
    /// keys in JWK form.
    ///
    /// A bundle must be signed by the root key that it carries: that it was changed on the way shows;
    /// whose root that is, pins tell (``PinnedRoots``).
    ///
    /// - Returns: Nil when the file is none of these, holds no key, or is a bundle whose signature does
    ///   not hold.
    public init?(file: [UInt8]) {
        let found: [TrustedKey]
        if let message = try? COSESign1(decoding: file),
            let bundle = try? TrustBundle(unverified: message)
        {
            guard !bundle.keys.isEmpty, let root = TrustBundle.root(of: message),
                message.isSigned(by: root)
            else { return nil }
            self.init(bundle.keys, roots: bundle.roots)
            return
        } else if let set = try? CBOR(decoding: file), let items = set.array {
            found = items.compactMap(VerificationKey.init(coseKey:)).map(TrustedKey.init(bare:))
        } else {
            found = Self.json(file)
        }
        guard !found.isEmpty else { return nil }
        self.init(found)
    }

    /// Whether a file is a trust bundle, whatever its signature is worth.
    public static func isBundle(_ file: [UInt8]) -> Bool {
        (try? TrustBundle(unjudged: file)) != nil
    }

    /// The key with this identifier.
    public func key(_ kid: [UInt8]) -> TrustedKey? { byKid[kid] }

    private static func json(_ file: [UInt8]) -> [TrustedKey] {
        let object = try? JSONSerialization.jsonObject(with: Data(file))
        let list = (object as? [String: Any])?["keys"] ?? object
        let items = list as? [[String: Any]] ?? (list as? [String: Any]).map { [$0] } ?? []
        return items.compactMap(VerificationKey.init(jwk:)).map(TrustedKey.init(bare:))
    }
}
