import Testing
import UnionTicket

@testable import TicketSeal

@Suite struct `Proofs by a phone's key` {
    private static let key = SigningKey.generate(.es256)
    private static let nonce = [UInt8](repeating: 7, count: 32)

    private static let statements: [DeviceStatement] = [
        .possession(
            nonce: nonce,
            enrolment: "AAECAwQFBgcICQoLDA0ODw",
            codeDigest: SHA256Digest.of(Array("48151623421607".utf8)),
            key: key.publicKey
        ), .renewal(nonce: nonce, card: "card"), .deletion(nonce: nonce, card: "card"),
    ]

    @Test(arguments: statements)
    func `a statement is proven by its key and by no other`(_ statement: DeviceStatement) throws {
        let proof = try statement.prove(with: Self.key)
        #expect(statement.refusal(of: proof, by: Self.key.publicKey) == nil)
        #expect(
            statement.refusal(of: proof, by: SigningKey.generate(.es256).publicKey) == .signature
        )
        for other in Self.statements where other != statement {
            #expect(other.refusal(of: proof, by: Self.key.publicKey) == .type)
        }
    }

    @Test func `another nonce, card, enrolment, code or key is another statement`() throws {
        let other = SigningKey.generate(.es256)
        let said = DeviceStatement.possession(
            nonce: Self.nonce,
            enrolment: "e",
            codeDigest: SHA256Digest.of([1]),
            key: Self.key.publicKey
        )
        let proof = try said.prove(with: Self.key)
        for meant: DeviceStatement in [
            .possession(
                nonce: [1],
                enrolment: "e",
                codeDigest: SHA256Digest.of([1]),
                key: Self.key.publicKey
            ),
            .possession(
                nonce: Self.nonce,
                enrolment: "f",
                codeDigest: SHA256Digest.of([1]),
                key: Self.key.publicKey
            ),
            .possession(
                nonce: Self.nonce,
                enrolment: "e",
                codeDigest: SHA256Digest.of([2]),
                key: Self.key.publicKey
            ),
            .possession(
                nonce: Self.nonce,
                enrolment: "e",
                codeDigest: SHA256Digest.of([1]),
                key: other.publicKey
            ),
        ] { #expect(meant.refusal(of: proof, by: Self.key.publicKey) == .content) }
    }

    /// A message as an attacker writes it.
    private static func message(
        _ header: CBOR,
        unprotected: CBOR = .map([]),
        tag: UInt64 = 18,
        payload: [UInt8]? = nil,
        signature: [UInt8]? = nil
    ) throws -> [UInt8] {
        let payload = payload ?? statements[1].payload
        let protected = header.encoded
        let structure = CBOR.array([
            .text("Signature1"), .bytes(protected), .bytes([]), .bytes(payload),
        ]).encoded
        let signature = try signature ?? key.sign(structure)
        return CBOR.tagged(
            tag,
            .array([.bytes(protected), unprotected, .bytes(payload), .bytes(signature)])
        ).encoded
    }

    private static func header(
        _ algorithm: Int64?,
        _ type: CBOR?,
        _ more: [CBOR.Entry] = []
    ) -> CBOR {
        var entries: [CBOR.Entry] = []
        if let algorithm { entries.append(.init(.integer(1), .integer(algorithm))) }
        if let type { entries.append(.init(.integer(16), type)) }
        return .map(entries + more)
    }

    @Test func `confused algorithms, other headers and other forms are refused`() throws {
        let statement = Self.statements[1]
        let type = CBOR.text(statement.type)
        func refusal(_ bytes: [UInt8]) -> DeviceStatement.Refusal? {
            statement.refusal(of: bytes, by: Self.key.publicKey)
        }
        #expect(refusal(try Self.message(Self.header(-7, type))) == nil)
        // EdDSA, none, HS256, ESP256, ES384: the key is P-256 and the profile says -7
        for algorithm: Int64 in [-8, 0, 5, -9, -35] {
            #expect(refusal(try Self.message(Self.header(algorithm, type))) != nil)
        }
        #expect(refusal(try Self.message(Self.header(nil, type))) == .malformed)
        #expect(refusal(try Self.message(Self.header(-7, nil))) == .header)
        #expect(refusal(try Self.message(Self.header(-7, .unsigned(1)))) == .header)
        let kid = [CBOR.Entry(.integer(4), .bytes([1]))]
        #expect(refusal(try Self.message(Self.header(-7, type, kid))) == .header)
        #expect(refusal(try Self.message(Self.header(-7, type), unprotected: .map(kid))) == .header)
        let alg = [CBOR.Entry(.integer(1), .integer(-7))]
        #expect(
            refusal(try Self.message(Self.header(nil, type), unprotected: .map(alg))) == .malformed
        )
        #expect(refusal(try Self.message(Self.header(-7, type), tag: 17)) == .malformed)
        for empty in [[UInt8](), [UInt8](repeating: 0, count: 64), [1, 2, 3]] {
            let bytes = try Self.message(Self.header(-7, type), signature: empty)
            #expect(refusal(bytes) == .signature)
        }
        let edward = SigningKey.generate(.edDSA)
        #expect(
            statement.refusal(of: try statement.prove(with: edward), by: edward.publicKey)
                == .header
        )
    }

    @Test func `any bytes give one answer`() throws {
        let statement = Self.statements[0]
        let proof = try statement.prove(with: Self.key)
        for count in 0..<proof.count {
            #expect(
                statement.refusal(of: Array(proof.prefix(count)), by: Self.key.publicKey)
                    == .malformed
            )
        }
        for place in proof.indices {
            var changed = proof
            changed[place] ^= 1
            #expect(statement.refusal(of: changed, by: Self.key.publicKey) != nil)
        }
        let long = proof + [UInt8](repeating: 0, count: 2000)
        #expect(statement.refusal(of: long, by: Self.key.publicKey) == .malformed)
        #expect(statement.refusal(of: [0xD9, 0, 61] + proof, by: Self.key.publicKey) == .malformed)
    }
}
