import TicketSeal
import UnionTicket

/// What the service looks at to know whether it can work.
public struct ServiceProbe: Sendable {
    let register: Register

    /// Probes of this register.
    public init(_ register: Register) { self.register = register }

    /// Opens a transaction that may write and changes one setting: fails when the database is away,
    /// locked, full or read-only.
    public func writes() throws {
        try register.write { try Setting.probedAt.set("\(register.now().seconds)", in: $0) }
    }

    /// Lets the active status and virtual keys sign, and checks the signatures.
    ///
    /// - Throws: ``RegisterError`` or the token's error when a key is missing or does not sign.
    public func signs(_ secrets: SigningSecrets) throws {
        for purpose in [KeyPurpose.status, .virtual] {
            let key = try register.read { session in
                try KeyRing(register).active(purpose, secrets: secrets, in: session).key
            }
            guard try key.provesItself() else {
                throw RegisterError(
                    .keyUnusable,
                    "Ключ «\(purpose.rawValue)» не прошёл самопроверку: profbilet keys list.",
                    "The key \(purpose.rawValue) failed its self-test: profbilet keys list."
                )
            }
        }
    }
}
