import Foundation
import Registry
import TicketSeal
import UnionTicket

/// What a phone keeps: its key, its card, and where it was enrolled; a file of mode 0600.
///
/// A real phone keeps the key in secure hardware; this file is the reference client's.
struct PhoneFile: Codable {
    /// The private key's 32 bytes, base64url.
    var key: String
    /// The service's address.
    var server: String
    /// The card's name in the service; nil until it is enrolled.
    var card: String?
    /// The inner payload, base64url.
    var payload: String?
    /// End of the payload's life, Unix seconds.
    var expiresAt: Int64?
    /// From when on it is to be renewed, Unix seconds.
    var renewAfter: Int64?
    /// The nonce of the next proof, base64url.
    var nonce: String?

    /// A new phone with a key of its own.
    init(server: String) {
        key = Base64URL.text(SigningKey.generate(.es256).privateBytes ?? [])
        self.server = server
    }

    static func read(_ path: String) throws -> PhoneFile {
        guard let bytes = try bytes(path) else {
            throw Failure(
                .notFound,
                "Нет файла телефона \(path): profbilet virtual enrol.",
                "There is no phone file \(path): profbilet virtual enrol."
            )
        }
        guard let file = try? JSONDecoder().decode(PhoneFile.self, from: Data(bytes)),
            [file.expiresAt, file.renewAfter].compactMap(\.self).map(Instant.init(seconds:))
                .allSatisfy(Instant.dated.contains)
        else {
            throw Failure(
                .damaged,
                "Файл телефона \(path) повреждён. Привяжите устройство заново.",
                "The phone file \(path) is damaged. Enrol the device anew."
            )
        }
        return file
    }

    /// A file's bytes; nil only where there is none: of one that cannot be read that is told, for it may
    /// hold a key that is nowhere else.
    fileprivate static func bytes(_ path: String) throws -> [UInt8]? {
        do { return try Files.read(path, atMost: 1 << 20) } catch let error
            where error.code == .notFound
        { return nil }
    }

    /// Whether a file holds a card, and of another ticket than `ticket` as far as can be told.
    static func holdsCard(
        at path: String,
        ofOtherThan ticket: TicketNumber
    ) throws -> Bool {
        let bytes = try bytes(path) ?? []
        guard let file = try? JSONDecoder().decode(PhoneFile.self, from: Data(bytes)),
            file.card != nil
        else { return false }
        let payload = file.payload.flatMap { Base64URL.bytes($0) } ?? []
        let judgement = TicketJudge(keys: TrustedKeys([])).examine(bytes: payload)
        return judgement.claims?.carrier.ticket != ticket
    }

    func write(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try Files.write(Array(try encoder.encode(self)) + [0x0A], to: path)
    }

    var signingKey: SigningKey {
        get throws {
            guard let bytes = Base64URL.bytes(key),
                let key = SigningKey(algorithm: .es256, privateBytes: bytes)
            else {
                throw Failure(
                    .damaged,
                    "Ключ в файле телефона повреждён. Привяжите устройство заново.",
                    "The key in the phone file is damaged. Enrol the device anew."
                )
            }
            return key
        }
    }

    /// The card, once there is one.
    func enrolled() throws -> (card: String, payload: [UInt8], nonce: [UInt8]) {
        guard let card, let payload = payload.flatMap({ Base64URL.bytes($0) }),
            let nonce = nonce.flatMap({ Base64URL.bytes($0) })
        else {
            throw Failure(
                .notFound,
                "Телефон ещё не привязан: profbilet virtual enrol.",
                "The phone is not enrolled yet: profbilet virtual enrol."
            )
        }
        return (card, payload, nonce)
    }

    /// Takes a card as the service answers it.
    mutating func take(_ answer: [String: Any]) throws {
        guard let card = answer["id"] as? String, let payload = answer["payload"] as? String,
            let nonce = answer["nonce"] as? String,
            let expiresAt = (answer["expiresAt"] as? String).flatMap(TimeArgument.instant),
            let renewAfter = (answer["renewAfter"] as? String).flatMap(TimeArgument.instant)
        else { throw Self.notUnderstood }
        self.card = card
        self.payload = payload
        self.nonce = nonce
        self.expiresAt = expiresAt.seconds
        self.renewAfter = renewAfter.seconds
    }

    static var notUnderstood: Failure {
        Failure(
            .unusable,
            "Ответ сервера не понят: возможно, это другой сервис.",
            "The server's answer is not understood: perhaps it is another service."
        )
    }
}

/// An enrolment whose confirmation was sent, or is about to be: kept beside the phone's file until it is
/// answered, for the code is good once.
struct Enrolling: Codable {
    /// The phone with its key.
    var phone: PhoneFile
    /// The number it enrols with.
    var ticket: String
    /// The enrolment's name in the service.
    var enrolment: String
    /// The activation code's digits.
    var code: String
    /// The proof of possession, base64url.
    var proof: String
    /// What names this request whenever it is sent again.
    var retry = UUID().uuidString

    /// Nil where none was begun.
    static func read(_ path: String) throws -> Enrolling? {
        guard let bytes = try PhoneFile.bytes(path) else { return nil }
        do { return try JSONDecoder().decode(Enrolling.self, from: Data(bytes)) } catch {
            throw Failure(
                .damaged,
                "Файл начатой привязки \(path) повреждён. Удалите его и начните заново с новым кодом.",
                "The file of a begun enrolment, \(path), is damaged. Remove it and begin anew with a "
                    + "new code."
            )
        }
    }

    func write(_ path: String) throws {
        try Files.write(Array(try JSONEncoder().encode(self)), to: path)
    }
}
