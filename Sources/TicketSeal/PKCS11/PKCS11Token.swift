import CPKCS11
import Synchronization

/// A token that makes keys and signs with them; the keys never leave it.
///
/// Any number of threads may sign, each on a session of its own. When the sessions or the login are
/// lost (token pulled, driver restarted), one new login is tried.
public final class PKCS11Token: Sendable {
    /// Where a token is.
    public struct Place: Hashable, Sendable {
        /// Path of the module, a shared library.
        public let module: String
        /// Label of the token.
        public let label: String

        /// A token of this label behind this module.
        public init(module: String, label: String) {
            (self.module, self.label) = (module, label)
        }
    }

    private struct State {
        /// Counts the logins; what was learnt before the last one is of no use.
        var login = 0
        var slot: UInt = 0
        /// Sessions nobody uses now.
        var idle: [UInt] = []
        /// Never handed out: the login ends with the last session.
        var anchor: UInt?
        var keys: [[UInt8]: UInt] = [:]
    }

    /// Where the token is.
    public let place: Place
    private let module: PKCS11Module
    private let pin: String
    private let state = Mutex(State())

    /// Finds the token and logs in.
    ///
    /// - Parameters:
    ///   - place: Module and label.
    ///   - pin: The user's PIN; kept for another login after a lost session.
    /// - Throws: ``PKCS11Error`` with the remedy.
    public init(_ place: Place, pin: String) throws(PKCS11Error) {
        guard let module = PKCS11Module(path: place.module) else {
            throw PKCS11Error(.moduleNotFound, place.module)
        }
        (self.place, self.module, self.pin) = (place, module, pin)
        try logIn(after: 0)
    }

    deinit {
        state.withLock { state in
            for session in state.idle { module.close(session) }
            if let anchor = state.anchor { module.close(anchor) }
        }
    }

    /// Makes a key pair inside the token, sensitive and not extractable.
    ///
    /// - Parameters:
    ///   - algorithm: Ed25519 or P-256.
    ///   - label: What the token's own tools show.
    /// - Returns: A key that signs in the token.
    /// - Throws: ``PKCS11Error``.
    public func generate(
        _ algorithm: COSEAlgorithm,
        label: String
    ) throws(PKCS11Error) -> SigningKey {
        do throws(PKCS11Module.Refusal) {
            let slot = state.withLock { $0.slot }
            let session = try module.openSession(slot, isWriting: true)
            defer { module.close(session) }
            let pair = try module.generate(algorithm, label: label, session)
            let point = try module.point(of: pair.publicKey, algorithm, session) ?? []
            guard let key = VerificationKey(algorithm: algorithm, publicBytes: point) else {
                throw PKCS11Module.Refusal(cause: CKR_ATTRIBUTE_VALUE_INVALID)
            }
            for object in [pair.privateKey, pair.publicKey] {
                try module.identify(object, as: key.thumbprint, session)
            }
            return SigningKey(token: self, publicKey: key)
        } catch { throw failure(error) }
    }

    /// Signs with the private key that belongs to `key`: 64 raw bytes.
    func sign(_ message: [UInt8], for key: VerificationKey) throws(PKCS11Error) -> [UInt8] {
        let content = key.algorithm == .edDSA ? message : SHA256Digest.of(message)
        let login = state.withLock { $0.login }
        do throws(PKCS11Module.Refusal) { return try attempt(content, key) } catch {
            guard error.isLostSession else { throw failure(error) }
        }
        try logIn(after: login)
        do throws(PKCS11Module.Refusal) { return try attempt(content, key) } catch {
            throw failure(error)
        }
    }

    private func attempt(
        _ content: [UInt8],
        _ key: VerificationKey
    ) throws(PKCS11Module.Refusal) -> [UInt8] {
        let (login, slot, idle, known) = state.withLock {
            ($0.login, $0.slot, $0.idle.popLast(), $0.keys[key.thumbprint])
        }
        let session: UInt
        if let idle { session = idle } else { session = try module.openSession(slot) }
        do throws(PKCS11Module.Refusal) {
            let handle: UInt
            if let known {
                handle = known
            } else {
                handle = try module.privateKey(key.thumbprint, session)
            }
            let signature = try module.sign(content, key.algorithm, handle, session)
            let isKept = state.withLock { state in
                guard state.login == login else { return false }
                state.keys[key.thumbprint] = handle
                state.idle.append(session)
                return true
            }
            if !isKept { module.close(session) }
            return signature
        } catch {
            module.close(session)
            throw error
        }
    }

    /// Logs in unless somebody has since the login of this number.
    private func logIn(after login: Int) throws(PKCS11Error) {
        do throws(PKCS11Module.Refusal) {
            try state.withLock { (state) throws(PKCS11Module.Refusal) in
                guard state.login == login else { return }
                for session in state.idle { module.close(session) }
                if let anchor = state.anchor { module.close(anchor) }
                (state.idle, state.anchor, state.keys) = ([], nil, [:])
                try module.initialise()
                let slot = try module.slot(of: place.label)
                let session = try module.openSession(slot)
                do throws(PKCS11Module.Refusal) { try module.logIn(session, pin: pin) } catch {
                    module.close(session)
                    throw error
                }
                (state.login, state.slot, state.anchor) = (login + 1, slot, session)
            }
        } catch { throw failure(error) }
    }

    private func failure(_ refusal: PKCS11Module.Refusal) -> PKCS11Error {
        let code: PKCS11Error.Code =
            switch refusal.cause {
            case CKR_TOKEN_NOT_PRESENT, CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_RECOGNIZED:
                .tokenNotFound
            case CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE: .wrongPIN
            case CKR_PIN_LOCKED: .pinLocked
            case CKR_KEY_HANDLE_INVALID: .keyNotFound
            default: refusal.isLostSession ? .sessionLost : .refused
            }
        return PKCS11Error(code, place.label, cause: refusal.cause)
    }
}
