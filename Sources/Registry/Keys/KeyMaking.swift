public import TicketSeal
import UnionTicket

/// Publish before use: a new key of a purpose is `next` for a while, then active.
extension KeyRing {
    /// How a new key is made.
    public struct Making: Sendable {
        /// What it signs with.
        public var algorithm: COSEAlgorithm
        /// Used at once, without the time of publication.
        public var isImmediate: Bool
        /// The token that makes and keeps it; nil for the sealed file.
        public var place: PKCS11Token.Place?

        /// Ed25519 in the sealed file after a day of publication, unless said otherwise.
        public init(
            _ algorithm: COSEAlgorithm = .edDSA,
            isImmediate: Bool = false,
            in place: PKCS11Token.Place? = nil
        ) {
            (self.algorithm, self.isImmediate, self.place) = (algorithm, isImmediate, place)
        }
    }

    /// Makes the next key of a purpose, or puts the waiting one in use.
    ///
    /// The new key is added to the file of `secrets`, or made inside a token and noted there.
    ///
    /// - Parameters:
    ///   - purpose: Any but `root`.
    ///   - making: How a new key is made; a waiting one is only put in use.
    ///   - secrets: The opened key file.
    ///   - root: Signs the new bundle.
    ///   - user: Who does it.
    ///   - second: Another administrator, needed where there is one.
    /// - Returns: The new or activated key.
    /// - Throws: ``RegisterError``, ``PKCS11Error``; then the keys are as they were.
    public func rotate(
        _ purpose: KeyPurpose,
        _ making: Making = Making(),
        secrets: SigningSecrets,
        root: SigningKey,
        by user: SignedInUser,
        second: SignedInUser? = nil
    ) throws -> Key {
        try user.requireEverywhere(.manageKeys)
        let waiting = try register.write { session in
            try register.requireReclaimed(session)
            try requireRoot(root, in: session)
            try FourEyes.require(
                second,
                beside: user,
                for: "key/\(purpose.rawValue)",
                of: register,
                in: session
            )
            return try keys(in: session).first { $0.purpose == purpose && $0.state == .next }
        }
        if let waiting {
            try check(waiting, making)
            return try register.write { session in
                try activate(waiting.listed.kid, purpose, in: session)
                return try finish("keys.activate", waiting.listed.kid, root, by: user, in: session)
            }
        }
        let key = try make(purpose, making, secrets)
        try secrets.adding(key).save(for: register)
        return try register.write { session in
            try insert(key.publicKey, purpose, token: key.token, state: .next, in: session)
            let kid = Hex.text(key.publicKey.kid)
            if making.isImmediate { try activate(kid, purpose, in: session) }
            return try finish("keys.rotate", kid, root, by: user, in: session)
        }
    }

    private func make(
        _ purpose: KeyPurpose,
        _ making: Making,
        _ secrets: SigningSecrets
    ) throws -> SigningKey {
        guard let place = making.place else { return SigningKey.generate(making.algorithm) }
        let label = "profbilet \(purpose.rawValue) \(register.now().moscowDate.iso)"
        return try secrets.token(place).generate(making.algorithm, label: label)
    }

    private func check(_ waiting: Stored, _ making: Making) throws {
        guard making.isImmediate || waiting.createdAt + Self.lead <= register.now() else {
            throw RegisterError(
                .refused,
                "Ключ \(waiting.listed.kid) опубликован менее суток назад. Подождите до "
                    + "\((waiting.createdAt + Self.lead).russian) или укажите --now.",
                "The key \(waiting.listed.kid) was published less than a day ago. Wait until "
                    + "\((waiting.createdAt + Self.lead).rfc3339) or say --now."
            )
        }
        guard making.place == nil || making.place?.label == waiting.token else {
            throw RegisterError(
                .refused,
                "Уже опубликован другой ключ, \(waiting.listed.kid): сначала введите его без "
                    + "--pkcs11, затем создайте ключ в токене.",
                "Another key, \(waiting.listed.kid), is published already: put it in use without "
                    + "--pkcs11 first, then make a key in the token."
            )
        }
    }
}
