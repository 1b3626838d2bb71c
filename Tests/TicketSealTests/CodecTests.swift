import Foundation
import Testing
import UnionTicket

@testable import TicketSeal

@Suite struct `CBOR, digits and COSE` {
    /// RFC 8949 appendix A, the examples within the profile: diagnostic meaning in comments.
    static let accepted = [
        "00", "01", "0a", "17", "1818", "1819", "1864", "1903e8", "1a000f4240",
        "1b000000e8d4a51000", "1bffffffffffffffff", "20", "29", "3863", "3903e7",
        "3bffffffffffffffff", "f4", "f5", "f6", "f7", "f0", "f8ff", "40", "4401020304", "60",
        "6161", "6449455446", "62225c", "62c3bc", "63e6b0b4", "64f0908591", "80", "83010203",
        "8301820203820405", "98190102030405060708090a0b0c0d0e0f101112131415161718181819", "a0",
        "a201020304", "a26161016162820203", "826161a161626163",
        "a56161614161626142616361436164614461656145", "c11a514b67b0",
        "c074323031332d30332d32315432303a30343a30305a", "d74401020304", "d818456449455446",
        "d82076687474703a2f2f7777772e6578616d706c652e636f6d", "c249010000000000000000",
    ]
    static let refused = [
        "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff",
        "83018202039f0405ff", "bf61610161629f0203ffff", "1800", "190001", "1a00000001",
        "a2010101 02",
        "0000", "18", "62c328", "fc", "f818", "ff", "8181818181818181818101", "9b7fffffffffffffff",
    ]

    @Test(arguments: accepted)
    func `an example of RFC 8949 reads and writes back`(_ hex: String) throws {
        let bytes = try #require(Hex.bytes(hex))
        #expect(Hex.text(try CBOR(decoding: bytes).encoded) == hex)
    }

    @Test(arguments: refused)
    func `what the strict profile forbids is refused`(_ hex: String) throws {
        let bytes = try #require(Hex.bytes(hex.filter { $0 != " " }))
        #expect(throws: CBOR.Refusal.self) { try CBOR(decoding: bytes) }
    }

    struct Digits: Codable {
        struct Pair: Codable {
            var hex: String?
            var digits: String
        }
        var valid: [Pair]
        var invalid: [Pair]
    }

    @Test func `digits follow the vectors both ways`() throws {
        let file = try JSONDecoder().decode(Digits.self, from: VectorFiles.data("digits"))
        #expect(file.valid.count > 15)
        for pair in file.valid {
            let bytes = try #require(Hex.bytes(pair.hex ?? ""))
            #expect(DigitText.encode(bytes) == pair.digits)
            #expect(DigitText.decode(Array(pair.digits.utf8)) == bytes)
        }
        for pair in file.invalid { #expect(DigitText.decode(Array(pair.digits.utf8)) == nil) }
    }

    @Test func `scanner text is told apart by its trailing digits`() {
        #expect(TicketText("177 4815 1623 4216") == .unknownFormat)
        #expect(TicketText("177481516234216\n") == .number("177481516234216"))
        #expect(TicketText("x1774815162342161") == .number("1774815162342161"))
        #expect(TicketText("4606038069239") == .unknownFormat)
        #expect(TicketText("") == .unknownFormat)
        #expect(TicketText(String(repeating: "1", count: 20_000)) == .unknownFormat)
        #expect(TicketText(String(repeating: "9", count: 102)) == .malformed)
        let text = "HTTPS://EPB.EXAMPLE.RU/C/" + DigitText.encode([UInt8](0..<110))
        let split = text.prefix(100) + "\r\n" + text.dropFirst(100) + "\n"
        #expect(TicketText(split) == .payload([UInt8](0..<110)))
        #expect(TicketText.isValidPrefix("HTTPS://EPB.EXAMPLE.RU/C/"))
        #expect(!TicketText.isValidPrefix("https://epb.example.ru/c/"))
        #expect(!TicketText.isValidPrefix("HTTPS://EPB.EXAMPLE.RU/C1"))
    }

    @Test func `key thumbprints follow the vectors`() throws {
        let keys = try VectorFiles.keys("ticket-cases").keys
        #expect(keys.map { Hex.text($0.key.kid) } == ["133bb508", "9a376b60"])
        #expect(
            Hex.text(keys[0].key.thumbprint)
                == "133bb508c0c0ae428cd2f4a728211003300d0d9a7d18208f43043a0e8c9d520a"
        )
    }

    @Test func `keys survive JWK and COSE_Key`() throws {
        for algorithm in COSEAlgorithm.allCases {
            let key = SigningKey.generate(algorithm).publicKey
            for file in [VerificationKey.jwkSet([key]), VerificationKey.coseKeySet([key])] {
                #expect(TrustedKeys(file: file)?.keys.map(\.key) == [key])
            }
        }
    }

    @Test func `a message of another profile is refused`() throws {
        let key = SigningKey.generate(.edDSA)
        let good = try COSESign1.seal([1, 2, 3], with: key, header: [])
        #expect(try COSESign1(decoding: good).isSigned(by: key.publicKey))
        #expect(try COSESign1(decoding: [0xD8, 61] + good).isSigned(by: key.publicKey))
        let unprotected = CBOR.tagged(
            18,
            .array([
                .bytes([]), .map([1: .integer(-8)]), .bytes([1]),
                .bytes(Array(repeating: 0, count: 64)),
            ])
        )
        #expect(throws: COSESign1.Refusal.algorithm) {
            try COSESign1(decoding: unprotected.encoded)
        }
        let der = CBOR.tagged(
            18,
            .array([
                .bytes(CBOR.map([1: .integer(-7)]).encoded), .map([]), .bytes([1]),
                .bytes(Array(repeating: 0, count: 71)),
            ])
        )
        #expect(
            try !COSESign1(decoding: der.encoded).isSigned(
                by: SigningKey.generate(.es256).publicKey
            )
        )
        #expect(throws: COSESign1.Refusal.notSign1) {
            try COSESign1(decoding: Array(good.dropFirst()))
        }
        let detached = try COSESign1.seal([9], with: key, header: [], isDetached: true)
        let message = try COSESign1(decoding: detached)
        #expect(message.payload == nil)
        #expect(message.isSigned(by: key.publicKey, detached: [9]))
        #expect(!message.isSigned(by: key.publicKey, detached: [8]))
    }
}

@Suite struct `Points as tokens give them` {
    static let points: [(COSEAlgorithm, prefix: [UInt8], sevens: Int, isTaken: Bool)] = [
        (.edDSA, [4, 32], 32, true), (.edDSA, [], 32, true), (.edDSA, [4, 31], 31, false),
        (.edDSA, [], 0, false), (.es256, [4, 65, 4], 64, true), (.es256, [4], 64, true),
        (.es256, [4, 65, 2], 64, false), (.es256, [2], 64, false), (.es256, [4], 0, false),
    ]

    @Test(arguments: points)
    func `an octet string or a bare point is taken, anything else is not`(
        _ algorithm: COSEAlgorithm,
        _ prefix: [UInt8],
        _ sevens: Int,
        _ isTaken: Bool
    ) {
        let rest = [UInt8](repeating: 7, count: sevens)
        #expect(PKCS11Module.rawPoint(prefix + rest, algorithm) == (isTaken ? rest : nil))
    }
}
