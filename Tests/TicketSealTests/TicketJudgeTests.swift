import Foundation
import TicketSeal
import Testing
import UnionTicket

@Suite struct `Judging payloads` {
    static let instant = Instant(seconds: 1_800_000_000)

    static func ticket(scheme: TicketNumber.Scheme = .production) -> TicketNumber {
        TicketNumber(scheme: scheme, region: 26, serial: 48_151_623_421)
    }

    static func claims(issue: UInt8 = 1, days: Int64 = 365) throws -> TicketClaims {
        TicketClaims(
            expiresAt: instant + days * 86_400,
            carrier: try #require(CarrierNumber(ticket: ticket(), issue: issue)),
            coordinate: try #require(StatusCoordinate(list: 26, index: 123_456))
        )
    }

    static func trusted(
        _ key: SigningKey,
        purpose: KeyPurpose = .plastic,
        state: KeyState = .active,
        longest: Instant? = nil
    ) -> TrustedKeys {
        TrustedKeys([
            TrustedKey(
                key: key.publicKey,
                purpose: purpose,
                schemes: [.production],
                issues: purpose == .virtual ? 0...0 : 1...9,
                longestExpiry: longest,
                state: state
            )
        ])
    }

    @Test func `the vector files are there`() {
        #expect(VectorFiles.cases("ticket-cases").count == 20)
        #expect(VectorFiles.cases("presentation-cases").count == 5)
    }

    @Test(arguments: VectorFiles.cases("ticket-cases"))
    func `every ticket vector gets its verdict`(_ vector: VectorFiles.Case) throws {
        let judge = TicketJudge(keys: try VectorFiles.keys("ticket-cases"))
        let found = judge.judge(text: vector.text, at: Instant(seconds: vector.now))
        #expect(found.verdict.rawValue == vector.expect)
    }

    @Test(arguments: VectorFiles.cases("presentation-cases"))
    func `every presentation vector gets its verdict`(_ vector: VectorFiles.Case) throws {
        let judge = TicketJudge(keys: try VectorFiles.keys("presentation-cases"))
        let found = judge.judge(text: vector.text, at: Instant(seconds: vector.now))
        #expect(found.verdict.rawValue == vector.expect)
    }

    @Test(arguments: COSEAlgorithm.allCases)
    func `what is sealed is judged valid and read back`(_ algorithm: COSEAlgorithm) throws {
        let key = SigningKey.generate(algorithm)
        let claims = try Self.claims()
        let bytes = try claims.seal(with: key)
        #expect(bytes.count == 110)
        let judge = TicketJudge(keys: Self.trusted(key))
        for text in ["", "HTTPS://EPB.EXAMPLE.RU/C/", "]Q1", "ЪЙ1", "]Q1\\000026"] {
            let found = judge.judge(text: text + DigitText.encode(bytes) + "\r\n", at: Self.instant)
            #expect(found.verdict == .valid)
            #expect(found.ticket?.claims == claims)
            #expect(found.isPurposeJudged)
        }
    }

    @Test func `a key judges only what it may sign`() throws {
        let key = SigningKey.generate(.edDSA)
        func verdict(_ claims: TicketClaims, _ keys: TrustedKeys) throws -> PayloadVerdict {
            TicketJudge(keys: keys).judge(bytes: try claims.seal(with: key), at: Self.instant)
                .verdict
        }
        let plastic = try Self.claims()
        #expect(try verdict(plastic, Self.trusted(key)) == .valid)
        #expect(try verdict(plastic, Self.trusted(key, purpose: .virtual)) == .unknownKey)
        #expect(try verdict(plastic, Self.trusted(key, purpose: .status)) == .unknownKey)
        #expect(try verdict(try Self.claims(issue: 0), Self.trusted(key)) == .unknownKey)
        #expect(try verdict(plastic, Self.trusted(key, longest: Self.instant)) == .unknownKey)
        #expect(try verdict(plastic, Self.trusted(key, state: .next)) == .unknownKey)
        #expect(try verdict(plastic, Self.trusted(key, state: .verifyOnly)) == .valid)
        #expect(try verdict(plastic, Self.trusted(key, state: .retired)) == .revokedKey)
        #expect(try verdict(plastic, Self.trusted(key, state: .revoked)) == .revokedKey)
    }

    @Test func `a specimen is not valid under a production key`() throws {
        let key = SigningKey.generate(.edDSA)
        let claims = TicketClaims(
            expiresAt: Self.instant + 60,
            carrier: try #require(CarrierNumber(ticket: Self.ticket(scheme: .specimen), issue: 1)),
            coordinate: try #require(StatusCoordinate(list: 26, index: 1))
        )
        let found = TicketJudge(keys: Self.trusted(key)).judge(
            bytes: try claims.seal(with: key),
            at: Self.instant
        )
        #expect(found.verdict == .unknownKey)
    }

    @Test func `a static virtual payload is known as unbound`() throws {
        let key = SigningKey.generate(.edDSA)
        let device = SigningKey.generate(.es256)
        let claims = TicketClaims(
            expiresAt: Self.instant + 86_400,
            carrier: try #require(CarrierNumber(ticket: Self.ticket(), issue: 0)),
            coordinate: try #require(StatusCoordinate(list: 26, index: 9)),
            confirmation: device.publicKey
        )
        let judge = TicketJudge(keys: Self.trusted(key, purpose: .virtual))
        let inner = try claims.seal(with: key)
        #expect(judge.judge(bytes: inner, at: Self.instant).isUnboundVirtual)
        let shown = try Presentation.seal(inner: inner, at: Self.instant, with: device)
        for (offset, verdict) in [
            (Int64(0), PayloadVerdict.valid), (60, .valid), (-60, .valid), (61, .staleVirtual),
            (-61, .staleVirtual),
        ] {
            let found = judge.judge(bytes: shown, at: Self.instant + offset)
            #expect(found.verdict == verdict)
            #expect(found.isPresentation)
            #expect(!found.isUnboundVirtual)
        }
        let stranger = try Presentation.seal(
            inner: inner,
            at: Self.instant,
            with: SigningKey.generate(.es256)
        )
        #expect(judge.judge(bytes: stranger, at: Self.instant).verdict == .badSignature)
    }

    @Test func `mutated payloads never verify as anything else and never crash`() throws {
        let key = SigningKey.generate(.edDSA)
        let claims = try Self.claims()
        let bytes = try claims.seal(with: key)
        let judge = TicketJudge(keys: Self.trusted(key))
        var generator = SeededGenerator(state: 7)
        for _ in 0..<4_000 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                switch Int.random(in: 0..<3, using: &generator) {
                case 0:
                    let place = Int.random(in: mutated.indices, using: &generator)
                    mutated[place] ^= UInt8.random(in: 1...255, using: &generator)
                case 1: mutated.remove(at: Int.random(in: mutated.indices, using: &generator))
                default:
                    mutated.insert(
                        UInt8.random(in: 0...255, using: &generator),
                        at: Int.random(in: mutated.indices, using: &generator)
                    )
                }
            }
            let found = judge.judge(bytes: mutated, at: Self.instant)
            if found.verdict == .valid { #expect(found.ticket?.claims == claims) }
        }
    }
}

/// SplitMix64: the same sequence on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
