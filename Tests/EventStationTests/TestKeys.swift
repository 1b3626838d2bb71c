import TicketSeal
import UnionTicket

/// Keys of every purpose and state, the same in every run.
enum TestKeys: UInt8, CaseIterable {
    case root = 1
    case plastic, virtual, status, snapshot
    case retiredPlastic, nextPlastic
    /// Signs like the others, but no bundle names it.
    case stranger
    /// The phone's key, and another phone's.
    case phone, otherPhone

    /// The private key.
    var signing: SigningKey {
        let algorithm: COSEAlgorithm = self == .phone || self == .otherPhone ? .es256 : .edDSA
        let bytes = [UInt8](repeating: rawValue, count: 32)
        guard let key = SigningKey(algorithm: algorithm, privateBytes: bytes) else {
            preconditionFailure("32 equal bytes are a private key")
        }
        return key
    }

    private var purpose: KeyPurpose? {
        switch self {
        case .plastic, .retiredPlastic, .nextPlastic: .plastic
        case .virtual: .virtual
        case .status: .status
        case .snapshot: .snapshot
        case .root, .stranger, .phone, .otherPhone: nil
        }
    }

    private var state: KeyState {
        switch self {
        case .retiredPlastic: .retired
        case .nextPlastic: .next
        default: .active
        }
    }

    /// The keys as a bundle lists them.
    static var trusted: [TrustedKey] {
        allCases.compactMap { key in
            key.purpose.map {
                TrustedKey(
                    key: key.signing.publicKey,
                    purpose: $0,
                    schemes: [.production],
                    issues: $0 == .virtual ? 0...0 : 1...9,
                    longestExpiry: nil,
                    state: key.state
                )
            }
        }
    }
}
