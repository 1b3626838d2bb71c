import CPKCS11
import Synchronization

/// The functions of one loaded module (PKCS #11 v2.40, C_GetFunctionList).
///
/// A module is loaded once and stays: its code may not go away under sessions of other tokens.
/// `@unchecked Sendable` because the table of functions never changes and the module was told that
/// several threads call it.
@safe struct PKCS11Module: @unchecked Sendable {
    /// A number that is not CKR_OK.
    struct Refusal: Error {
        let cause: UInt

        /// Whether the sessions or the login are gone, so that a new login may help.
        var isLostSession: Bool {
            let lost = [
                CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_USER_NOT_LOGGED_IN,
                CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_DEVICE_REMOVED,
                CKR_DEVICE_ERROR, CKR_TOKEN_NOT_PRESENT, CKR_CRYPTOKI_NOT_INITIALIZED,
            ]
            return lost.contains(cause)
        }
    }

    private let functions: CK_FUNCTION_LIST_PTR

    /// Loads the module at `path`; nil when the file is none.
    init?(path: String) {
        guard let functions = unsafe cpkcs11_load(path) else { return nil }
        unsafe self.functions = functions
    }

    /// Modules need not bear to be initialised by two threads at once (§ 5.4, C_Initialize).
    private static let turn = Mutex(())

    func initialise() throws(Refusal) {
        try check(Self.turn.withLock { _ in unsafe cpkcs11_initialise(functions) })
    }

    /// The slot of the initialised token with this label.
    func slot(of label: String) throws(Refusal) -> UInt {
        var slot: CK_SLOT_ID = 0
        try check(
            unsafe cpkcs11_find_token(functions, label, UInt(label.utf8.count), &slot)
        )
        return slot
    }

    func openSession(_ slot: UInt, isWriting: Bool = false) throws(Refusal) -> UInt {
        var session: CK_SESSION_HANDLE = 0
        try check(unsafe cpkcs11_open(functions, slot, isWriting ? 1 : 0, &session))
        return session
    }

    func logIn(_ session: UInt, pin: String) throws(Refusal) {
        try check(unsafe cpkcs11_login(functions, session, pin, UInt(pin.utf8.count)))
    }

    func close(_ session: UInt) { unsafe cpkcs11_close(functions, session) }

    /// Makes a pair that never leaves the token.
    func generate(
        _ algorithm: COSEAlgorithm,
        label: String,
        _ session: UInt
    ) throws(Refusal) -> (publicKey: UInt, privateKey: UInt) {
        var (publicKey, privateKey): (CK_OBJECT_HANDLE, CK_OBJECT_HANDLE) = (0, 0)
        let mechanism = algorithm == .edDSA ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN
        let curve = Self.curve(algorithm)
        let code = unsafe cpkcs11_generate(
            functions,
            session,
            mechanism,
            curve,
            UInt(curve.count),
            label,
            UInt(label.utf8.count),
            &publicKey,
            &privateKey
        )
        try check(code)
        return (publicKey, privateKey)
    }

    /// Names an object by the identifier it is found by later.
    func identify(_ object: UInt, as identifier: [UInt8], _ session: UInt) throws(Refusal) {
        try check(
            unsafe cpkcs11_identify(
                functions,
                session,
                object,
                identifier,
                UInt(identifier.count)
            )
        )
    }

    /// The point of a public key as a ``VerificationKey`` takes it; nil when it is none.
    func point(
        of object: UInt,
        _ algorithm: COSEAlgorithm,
        _ session: UInt
    ) throws(Refusal) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 256)
        var count = UInt(bytes.count)
        try check(unsafe cpkcs11_point(functions, session, object, &bytes, &count))
        return Self.rawPoint(Array(bytes.prefix(Int(count))), algorithm)
    }

    func privateKey(_ identifier: [UInt8], _ session: UInt) throws(Refusal) -> UInt {
        var key: CK_OBJECT_HANDLE = 0
        let count = UInt(identifier.count)
        try check(unsafe cpkcs11_find_key(functions, session, identifier, count, &key))
        return key
    }

    /// The raw signature of an Ed25519 message or of an ECDSA digest.
    func sign(
        _ message: [UInt8],
        _ algorithm: COSEAlgorithm,
        _ key: UInt,
        _ session: UInt
    ) throws(Refusal) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 256)
        var count = UInt(signature.count)
        let code = unsafe cpkcs11_sign(
            functions,
            session,
            algorithm == .edDSA ? CKM_EDDSA : CKM_ECDSA,
            key,
            message,
            UInt(message.count),
            &signature,
            &count
        )
        try check(code)
        return Array(signature.prefix(Int(count)))
    }

    private func check(_ code: CK_RV) throws(Refusal) {
        if code != CKR_OK { throw Refusal(cause: code) }
    }

    /// CKA_EC_PARAMS: the curve's object identifier in DER.
    private static func curve(_ algorithm: COSEAlgorithm) -> [UInt8] {
        switch algorithm {
        case .edDSA: [6, 3, 0x2B, 0x65, 0x70]
        case .es256: [6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]
        }
    }

    /// CKA_EC_POINT is a DER OCTET STRING; some tokens leave the wrapping out.
    static func rawPoint(_ bytes: [UInt8], _ algorithm: COSEAlgorithm) -> [UInt8]? {
        let length = algorithm == .edDSA ? 32 : 65
        let isWrapped = bytes.count == length + 2 && bytes[0] == 4 && Int(bytes[1]) == length
        let point = isWrapped ? Array(bytes.dropFirst(2)) : bytes
        guard point.count == length else { return nil }
        if algorithm == .edDSA { return point }
        return point[0] == 4 ? Array(point.dropFirst()) : nil
    }
}
