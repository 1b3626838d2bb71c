import Foundation
public import Registry
import TicketSeal
public import UnionTicket

/// A file that a partner sent: its bytes with the proof whose they are.
///
/// The proof is a detached CMS signature by the certificate in the partner's contract, as
/// `openssl cms -sign -binary -outform DER` makes it; over the API the client's key takes its place.
public struct PartnerFile: Sendable {
    /// As errors name it.
    public let name: String
    /// What came.
    public let bytes: [UInt8]

    /// At most so many bytes are read.
    public static let limit = 4 << 20

    /// What came over a connection that proves the partner by itself.
    ///
    /// - Throws: ``ExchangeError`` when there is nothing in it or too much.
    public init(name: String, bytes: [UInt8]) throws(ExchangeError) {
        guard !bytes.isEmpty else { throw .empty(name) }
        guard bytes.count <= Self.limit else {
            throw .format(
                name,
                "",
                Bilingual("больше \(Self.limit) байт.", "it is larger than \(Self.limit) bytes.")
            )
        }
        (self.name, self.bytes) = (name, bytes)
    }

    /// Reads a file and judges its signature.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - signature: The signature; nil is the file's path with `.p7s`.
    ///   - partner: Whose it must be.
    ///   - now: The moment by which certificates are judged.
    /// - Throws: ``ExchangeError``, ``Registry/RegisterError``.
    public init(
        _ path: String,
        signature: String?,
        of partner: Partners.Partner,
        now: Instant
    ) throws {
        try self.init(name: path, bytes: try Files.read(path, atMost: Self.limit + 1))
        let place = signature ?? path + ".p7s"
        guard Files.exists(place) else {
            throw ExchangeError(
                .wrongPartner,
                "\(path): нет подписи партнёра \(place).",
                "\(path): the partner's signature \(place) is missing."
            )
        }
        let proof = try Files.read(place, atMost: 1 << 20)
        let certificate: PackageEnvelope.Certificate
        do {
            certificate = try PackageEnvelope.Certificate(
                bytes: partner.terms.signer,
                path: partner.terms.name,
                now: now.seconds
            )
        } catch {
            throw ExchangeError(
                .wrongPartner,
                "Сертификат подписи партнёра «\(partner.terms.name)» не действует: попросите новый "
                    + "и повторите profbilet partner add.",
                "The signing certificate of partner \(partner.terms.name) is not valid: ask for a "
                    + "new one and repeat profbilet partner add."
            )
        }
        guard certificate.isSigned(bytes, signature: proof) else {
            throw ExchangeError(
                .wrongPartner,
                "\(path): подпись не сделана ключом партнёра «\(partner.terms.name)» или файл "
                    + "изменён.",
                "\(path): the signature is not by the key of partner \(partner.terms.name), or the "
                    + "file was changed."
            )
        }
    }

    /// Decodes the file's JSON; a fault names its place in the file.
    func decode<Body: Decodable>(_ type: Body.Type) throws(ExchangeError) -> Body {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch let error
            as DecodingError
        {
            throw Self.fault(error, name)
        } catch {
            throw .format(name, "", Bilingual("это не JSON.", "it is no JSON."))
        }
    }

    private static func fault(_ error: DecodingError, _ file: String) -> ExchangeError {
        let context: DecodingError.Context
        var missing: String?
        switch error {
        case .keyNotFound(let key, let found): (context, missing) = (found, key.stringValue)
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
            context = found
        @unknown default:
            return .format(file, "", Bilingual("это не JSON.", "it is no JSON."))
        }
        let place = Self.place(context.codingPath)
        if let missing {
            return .format(
                file,
                place,
                Bilingual("нет поля «\(missing)».", "the field \(missing) is missing.")
            )
        }
        if context.codingPath.isEmpty {
            return .format(file, place, Bilingual("это не JSON.", "it is no JSON."))
        }
        return .format(
            file,
            place,
            Bilingual(
                "значение не того вида: нужны целые числа (деньги в копейках) и тексты.",
                "the value is of the wrong kind: whole numbers (money in kopecks) and texts."
            )
        )
    }

    /// A path as people read it: `regions[3].turnover`.
    static func place(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }
}
