import Foundation
import TicketSeal
import Testing
import UnionTicket

@Suite struct `Status lists, bundles, manifests, sealed files` {
    let now = Instant(seconds: 1_800_000_000)

    struct Vectors: Codable {
        struct Encoding: Codable {
            var bits: Int
            var statuses: [UInt8]
            var bytes: String
            var lst: String
        }
        struct Token: Codable {
            var hex: String
        }
        var encodings: [Encoding]
        var cwt: Token
    }

    @Test func `packing follows the draft's examples`() throws {
        let file = try JSONDecoder().decode(Vectors.self, from: VectorFiles.data("status-list"))
        for example in file.encodings {
            var list = StatusList(bits: example.bits, slots: example.statuses.count)
            for (slot, status) in example.statuses.enumerated() { list[slot] = status }
            #expect(Hex.text(list.bytes) == example.bytes)
            #expect(list.compressed() == Base64URL.bytes(example.lst))
            let back = StatusList(bits: example.bits, compressed: list.compressed())
            #expect(back == list)
            #expect(example.statuses.indices.map { list[$0] } == example.statuses)
        }
    }

    @Test func `the draft's own token is a status list`() throws {
        let file = try JSONDecoder().decode(Vectors.self, from: VectorFiles.data("status-list"))
        let bytes = try #require(Hex.bytes(file.cwt.hex))
        let key = try #require(
            VerificationKey(jwk: [
                "crv": "P-256", "x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo",
                "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M",
            ])
        )
        let message = try COSESign1(decoding: bytes)
        #expect(message.isSigned(by: key))
        #expect(message.type == StatusListToken.typeCWT)
    }

    private func token(sequence: UInt64 = 5) -> StatusListToken {
        var list = StatusList(bits: 2, slots: 1024)
        list[3] = 1
        list[9] = 2
        return StatusListToken(
            subject: "https://x/26",
            issuedAt: now,
            expiresAt: now + 1000,
            timeToLive: 100,
            sequence: sequence,
            list: list
        )
    }

    private func keys(
        _ key: SigningKey,
        _ purpose: KeyPurpose = .status,
        longest: Instant? = nil
    ) -> TrustedKeys {
        TrustedKeys([
            TrustedKey(
                key: key.publicKey,
                purpose: purpose,
                schemes: [],
                issues: 0...9,
                longestExpiry: longest,
                state: .active
            )
        ])
    }

    @Test func `a list opens only as what it is`() throws {
        let key = SigningKey.generate(.edDSA)
        let cwt = try token().sealCWT(with: key)
        let jwt = try token().sealJWT(with: key)
        #expect(
            try StatusListToken(cwt: cwt, keys: keys(key), subject: "https://x/26", at: now)
                == token()
        )
        #expect(
            try StatusListToken(jwt: jwt, keys: keys(key), subject: "https://x/26", at: now)
                == token()
        )
        #expect(throws: StatusListToken.Refusal.wrongSubject) {
            try StatusListToken(cwt: cwt, keys: keys(key), subject: "https://x/27", at: now)
        }
        #expect(throws: StatusListToken.Refusal.rollback) {
            try StatusListToken(cwt: cwt, keys: keys(key), heldSequence: 6, at: now)
        }
        #expect(throws: StatusListToken.Refusal.notYetValid) {
            try StatusListToken(cwt: cwt, keys: keys(key), at: now + -601)
        }
        #expect(throws: StatusListToken.Refusal.unknownKey) {
            try StatusListToken(cwt: cwt, keys: keys(key, .plastic), at: now)
        }
        var damaged = cwt
        damaged[damaged.count - 1] ^= 1
        #expect(throws: StatusListToken.Refusal.badSignature) {
            try StatusListToken(cwt: damaged, keys: keys(key), at: now)
        }
    }

    @Test func `a list past its key's longest expiry is of no known key`() throws {
        let key = SigningKey.generate(.edDSA)
        let (cwt, jwt) = try token().sealBoth(with: key)
        let endless = StatusListToken(
            subject: token().subject,
            issuedAt: now,
            expiresAt: nil,
            timeToLive: 100,
            sequence: 5,
            list: token().list
        )
        let unbounded = try endless.sealCWT(with: key)
        let within = keys(key, longest: now + 1000)
        #expect(try StatusListToken(cwt: cwt, keys: within, at: now) == token())
        #expect(try StatusListToken(jwt: jwt, keys: within, at: now) == token())
        let short = keys(key, longest: now + 999)
        #expect(throws: StatusListToken.Refusal.unknownKey) {
            try StatusListToken(cwt: cwt, keys: short, at: now)
        }
        #expect(throws: StatusListToken.Refusal.unknownKey) {
            try StatusListToken(jwt: jwt, keys: short, at: now)
        }
        #expect(throws: StatusListToken.Refusal.unknownKey) {
            try StatusListToken(cwt: unbounded, keys: short, at: now)
        }
        #expect(try StatusListToken(cwt: unbounded, keys: keys(key), at: now) == endless)
        #expect(Inspection(bytes: cwt, keys: short, at: now).verdict == "unknown_key")
    }

    @Test func `age gives three answers`() {
        #expect(token().freshness(at: now + 100) == .fresh)
        #expect(token().freshness(at: now + 101) == .stale)
        #expect(token().freshness(at: now + 101, limit: 100) == .unknown)
        #expect(token().freshness(at: now + 60, limit: 60) == .fresh)
        #expect(token().freshness(at: now + 61, limit: 60) == .unknown)
        #expect(token().freshness(at: now + 1000) == .unknown)
    }

    @Test func `a bundle opens by its pinned root only, and never backwards`() throws {
        let root = SigningKey.generate(.edDSA)
        let next = SigningKey.generate(.edDSA)
        let signing = SigningKey.generate(.es256)
        let bundle = TrustBundle(
            sequence: 7,
            issuedAt: now,
            expiresAt: now + 1000,
            keys: [
                TrustedKey(
                    key: signing.publicKey,
                    purpose: .plastic,
                    schemes: [.production],
                    issues: 1...9,
                    longestExpiry: now + 500,
                    state: .verifyOnly,
                    createdAt: now,
                    activeFrom: now,
                    revokedAt: nil
                )
            ],
            lists: [(26, "https://x/26")],
            roots: [root.publicKey.thumbprint, next.publicKey.thumbprint]
        )
        let bytes = try bundle.seal(with: root)
        let pins = [root.publicKey.thumbprint]
        let opened = try TrustBundle(opening: bytes, pinnedRoots: pins, heldSequence: 7, at: now)
        #expect(opened.keys == bundle.keys)
        #expect(opened.lists.map(\.uri) == ["https://x/26"])
        #expect(throws: TrustBundle.Refusal.rollback) {
            try TrustBundle(opening: bytes, pinnedRoots: pins, heldSequence: 8, at: now)
        }
        #expect(throws: TrustBundle.Refusal.unknownRoot) {
            try TrustBundle(opening: bytes, pinnedRoots: [next.publicKey.thumbprint], at: now)
        }
        #expect(throws: TrustBundle.Refusal.expired) {
            try TrustBundle(opening: bytes, pinnedRoots: pins, at: now + 1000)
        }
        #expect(throws: TrustBundle.Refusal.notYetValid) {
            try TrustBundle(opening: bytes, pinnedRoots: pins, at: now + -601)
        }
    }

    @Test func `an edited bundle gives no keys, and another register's is none of ours`() throws {
        let (root, other) = (SigningKey.generate(.edDSA), SigningKey.generate(.edDSA))
        func bundle(_ root: SigningKey) throws -> [UInt8] {
            try TrustBundle(
                sequence: 1,
                issuedAt: now,
                expiresAt: now + 1000,
                keys: [
                    TrustedKey(
                        key: SigningKey.generate(.edDSA).publicKey,
                        purpose: .plastic,
                        schemes: [.production],
                        issues: 1...9,
                        longestExpiry: nil,
                        state: .active
                    )
                ],
                lists: [],
                roots: [root.publicKey.thumbprint]
            ).seal(with: root)
        }
        let own = try bundle(root)
        let keys = try #require(TrustedKeys(file: own))
        #expect(keys.roots == [root.publicKey.thumbprint])
        var edited = own
        edited[edited.count - 1] ^= 1
        #expect(TrustedKeys(file: edited) == nil && TrustedKeys.isBundle(edited))
        #expect(Inspection(bytes: edited, keys: keys, at: now).verdict == "bad_signature")
        #expect(Inspection(bytes: own, keys: keys, at: now).verdict == "valid")
        #expect(Inspection(bytes: own, keys: keys, at: now + -600).verdict == "valid")
        #expect(Inspection(bytes: own, keys: keys, at: now + -601).verdict == "not_yet_valid")
        #expect(Inspection(bytes: own, keys: keys, at: now + 1000).verdict == "expired")
        let foreign = try bundle(other)
        #expect(Inspection(bytes: foreign, keys: keys, at: now).verdict == "unknown_key")
        #expect(Inspection(bytes: foreign, keys: TrustedKeys([]), at: now).verdict == "valid")
    }

    @Test func `a number is told and never valid; a payload's figures are figures`() throws {
        let number = Inspection(text: "177481516234216", keys: TrustedKeys([]), at: now)
        #expect(number.kind == .number && number.verdict == "unknown_format")
        #expect(number.lines.first?.exact == .text("177481516234216"))
    }

    @Test func `a manifest is signed and names no file outside its folder`() throws {
        let key = SigningKey.generate(.edDSA)
        func manifest(_ name: String) -> Manifest {
            Manifest(
                kind: "issuance",
                id: "000001",
                sequence: 1,
                previous: nil,
                created: now,
                files: [.init(name: name, bytes: 3, sha256: "00")],
                counts: ["cards": 3],
                kids: ["133bb508"]
            )
        }
        let bytes = try manifest("tickets.csv").encoded()
        #expect(Manifest(decoding: bytes) == manifest("tickets.csv"))
        let signature = try Manifest.signature(of: bytes, with: key)
        #expect(Manifest.isSigned(bytes, signature: signature, keys: keys(key, .package)))
        #expect(!Manifest.isSigned(bytes + [32], signature: signature, keys: keys(key, .package)))
        #expect(!Manifest.isSigned(bytes, signature: signature, keys: keys(key, .plastic)))
        for name in ["../x", "/etc/x", "a//b", "", "a/../b"] {
            #expect(Manifest(decoding: try manifest(name).encoded()) == nil)
        }
    }

    @Test func `a sealed file opens by its passphrase and as its purpose only`() throws {
        let sealed = try SealedFile.seal(
            [1, 2, 3],
            passphrase: "пароль-й",
            purpose: .rootKey,
            cost: 10
        )
        #expect(
            try SealedFile.open(sealed, passphrase: "пароль-й", purpose: .rootKey) == [1, 2, 3]
        )
        #expect(throws: SealedFile.Refusal.wrongPassphrase) {
            try SealedFile.open(sealed, passphrase: "пароль", purpose: .rootKey)
        }
        #expect(throws: SealedFile.Refusal.wrongPurpose) {
            try SealedFile.open(sealed, passphrase: "пароль-й", purpose: .userKey)
        }
        #expect(throws: SealedFile.Refusal.notSealedFile) {
            try SealedFile.open(Array(sealed.prefix(30)), passphrase: "пароль-й", purpose: .rootKey)
        }
        var changed = sealed
        changed[10] ^= 1
        #expect(throws: SealedFile.Refusal.wrongPassphrase) {
            try SealedFile.open(changed, passphrase: "пароль-й", purpose: .rootKey)
        }
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func `a sealed stream opens whole or not at all`(_ length: Int) throws {
        let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let stream = SealedStream(key: FieldSeal.randomKey())
        func pour(
            _ bytes: [UInt8],
            _ body: ((Int) throws -> [UInt8], ([UInt8]) throws -> Void) throws -> Void
        ) throws -> [UInt8] {
            var rest = bytes[...]
            var result: [UInt8] = []
            try body(
                { count in
                    let piece = Array(rest.prefix(count))
                    rest = rest.dropFirst(count)
                    return piece
                },
                { result += $0 }
            )
            return result
        }
        let sealed = try pour(plain, stream.seal)
        #expect(try pour(sealed, stream.open) == plain)
        for damaged in [Array(sealed.dropLast()), sealed + [0], Array(sealed.dropLast(65_552))]
        where damaged.count != sealed.count {
            #expect(throws: SealedStream.Mismatch.self) { try pour(damaged, stream.open) }
        }
    }
}
