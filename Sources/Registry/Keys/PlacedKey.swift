import Synchronization
import TicketSeal

/// A purpose key whose private part a token keeps, as the sealed key file remembers it.
struct PlacedKey: Sendable {
    let place: PKCS11Token.Place
    let key: VerificationKey

    init(place: PKCS11Token.Place, key: VerificationKey) { (self.place, self.key) = (place, key) }

    /// What ``item`` gave; nil for a key that lies in the file itself.
    init?(_ item: CBOR) {
        guard let module = item[3]?.text, let label = item[4]?.text,
            let key = item[5].flatMap(VerificationKey.init(coseKey:))
        else { return nil }
        self.init(place: PKCS11Token.Place(module: module, label: label), key: key)
    }

    var item: CBOR {
        .map([
            1: .integer(Int64(key.algorithm.rawValue)), 3: .text(place.module),
            4: .text(place.label), 5: key.coseKey,
        ])
    }
}

/// The tokens a command has opened: each asks for its PIN once.
final class OpenTokens: Sendable {
    private let pin: @Sendable (PKCS11Token.Place) throws -> String
    private let tokens = Mutex<[PKCS11Token.Place: PKCS11Token]>([:])
    private let proven = Mutex<Set<VerificationKey>>([])

    init(_ pin: @escaping @Sendable (PKCS11Token.Place) throws -> String) { self.pin = pin }

    func token(_ place: PKCS11Token.Place) throws -> PKCS11Token {
        try tokens.withLock { tokens in
            if let token = tokens[place] { return token }
            let token = try PKCS11Token(place, pin: try pin(place))
            tokens[place] = token
            return token
        }
    }

    /// The key, after it signed a test message.
    func key(_ placed: PlacedKey) throws -> SigningKey {
        let key = SigningKey(token: try token(placed.place), publicKey: placed.key)
        if proven.withLock({ $0.contains(placed.key) }) { return key }
        guard try key.provesItself() else {
            throw RegisterError(
                .damaged,
                "Подпись токена «\(placed.place.label)» не подходит к ключу "
                    + "\(Hex.text(placed.key.kid)). Смените ключ: profbilet keys rotate.",
                "The signature of the token \(placed.place.label) does not fit the key "
                    + "\(Hex.text(placed.key.kid)). Replace the key: profbilet keys rotate."
            )
        }
        proven.withLock { _ = $0.insert(placed.key) }
        return key
    }
}
