import CPKCS11
import Foundation
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Keys in a token` {
    @Test(arguments: COSEAlgorithm.allCases)
    func `a key made in a token signs payloads that the judge accepts`(
        _ algorithm: COSEAlgorithm
    ) throws {
        let key = try TestToken.signing.open().generate(algorithm, label: "test")
        #expect(key.algorithm == algorithm && key.privateBytes == nil)
        #expect(try key.token == TestToken.signing.place)
        let claims = TicketClaims(
            expiresAt: TestOffice.start + 1000,
            carrier: try #require(CarrierNumber(value: 1_774_815_162_342_161)),
            coordinate: try #require(StatusCoordinate(list: 26, index: 7))
        )
        let judge = TicketJudge(keys: TrustedKeys([TrustedKey(bare: key.publicKey)]))
        let bytes = try claims.seal(with: key)
        #expect(judge.judge(bytes: bytes, at: TestOffice.start).verdict == .valid)
        var forged = bytes
        forged[forged.count - 1] ^= 1
        #expect(judge.judge(bytes: forged, at: TestOffice.start).verdict == .badSignature)
        let again = SigningKey(token: try TestToken.signing.open(), publicKey: key.publicKey)
        #expect(try again.provesItself())
    }

    @Test func `the private part cannot be read out of the token`() throws {
        let token = try TestToken.secrecy.open()
        let key = try token.generate(.es256, label: "secret")
        let functions = try unsafe #require(unsafe cpkcs11_load(TestToken.module))
        var (slot, session, object): (UInt, UInt, UInt) = (0, 0, 0)
        unsafe cpkcs11_find_token(functions, "secrecy", 7, &slot)
        unsafe cpkcs11_open(functions, slot, 0, &session)
        defer { unsafe cpkcs11_close(functions, session) }
        let identifier = key.publicKey.thumbprint
        #expect(
            unsafe cpkcs11_find_key(functions, session, identifier, 32, &object) == CKR_OK
        )
        var bytes = [UInt8](repeating: 0, count: 64)
        let code = unsafe bytes.withUnsafeMutableBytes {
            var value = unsafe CK_ATTRIBUTE(
                type: CKA_VALUE,
                pValue: $0.baseAddress,
                ulValueLen: 64
            )
            return unsafe functions.pointee.C_GetAttributeValue(session, object, &value, 1)
        }
        #expect(code == CKR_ATTRIBUTE_SENSITIVE)
        #expect(bytes == [UInt8](repeating: 0, count: 64))
    }

    @Test func `a lost session is opened again`() throws {
        let key = try TestToken.loss.open().generate(.edDSA, label: "lost")
        for _ in 0..<3 {
            #expect(try key.provesItself())
            try TestToken.loss.dropSessions()
        }
        #expect(try key.provesItself())
    }

    @Test func `eight threads sign at once`() throws {
        let key = try TestToken.bulk.open().generate(.edDSA, label: "bulk")
        let wrong = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<50 {
                let message = Array("message \(thread) \(number)".utf8)
                let signature = (try? key.sign(message)) ?? []
                if !key.publicKey.isValid(signature: signature, for: message) {
                    wrong.withLock { $0 += 1 }
                }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
    }

    @Test func `what is missing or wrong is named with its remedy`() throws {
        func failure(_ body: () throws -> Void) -> PKCS11Error? {
            do { try body() } catch { return error as? PKCS11Error }
            return nil
        }
        let module = PKCS11Token.Place(module: "/usr/lib/none.so", label: "x")
        let text = PKCS11Token.Place(module: "/etc/passwd", label: "x")
        for place in [module, text] {
            let error = failure { _ = try PKCS11Token(place, pin: TestToken.pin) }
            #expect(error?.code == .moduleNotFound && error?.place == place.module)
        }
        let absent = failure { _ = try TestToken.absent.open() }
        #expect(absent?.code == .tokenNotFound)
        #expect(absent?.message.russian.contains("absent") == true)
        let pin = failure { _ = try PKCS11Token(try TestToken.guarded.place, pin: "000000") }
        #expect(pin?.code == .wrongPIN)
        let stranger = SigningKey(
            token: try TestToken.signing.open(),
            publicKey: SigningKey.generate(.edDSA).publicKey
        )
        #expect(failure { _ = try stranger.sign([1]) }?.code == .keyNotFound)
    }

    @Test(arguments: TestEngine.allCases)
    func `a purpose key in a token issues cards and publishes lists`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let place = try TestToken.office.place
            for purpose in [KeyPurpose.plastic, .status, .package] {
                _ = try KeyRing(office.register).rotate(
                    purpose,
                    .init(.es256, isImmediate: true, in: place),
                    secrets: try office.secrets,
                    root: try office.root,
                    by: office.admin
                )
            }
            let listed = try KeyRing(office.register).list(by: office.admin)
            let active = listed.filter { $0.state == .active && $0.token != nil }
            #expect(Set(active.map(\.purpose)) == [.plastic, .status, .package])
            #expect(active.allSatisfy { $0.token == "office" })
            try office.take(try (0..<20).map { try TestOffice.draft($0) })
            try office.issue()
            let (first, second) = (try office.payloads(1), try office.payloads(1))
            // ES256 gives another signature each time: what was signed once is kept.
            #expect(first.count == 20 && first.map(\.bytes) == second.map(\.bytes))
            let keys = try #require(TrustedKeys(file: try KeyRing(office.register).bundle()))
            for payload in first {
                let finding = TicketJudge(keys: keys).judge(
                    bytes: payload.bytes,
                    at: office.clock.now()
                )
                #expect(finding.verdict == .valid)
            }
            let folder = office.directory.path + "/published"
            _ = try StatusPublisher(office.register).publish(
                to: folder,
                secrets: try office.secrets,
                by: office.admin
            )
            let list = try Files.read(folder + "/status-lists/26.cwt", atMost: 1 << 20)
            #expect(throws: Never.self) {
                try StatusListToken(cwt: list, keys: keys, at: office.clock.now())
            }
        }
    }

    @Test func `without its token a key is not used, and the others are`() throws {
        try TestOffice.with(.sqlite) { office in
            _ = try KeyRing(office.register).rotate(
                .plastic,
                .init(isImmediate: true, in: try TestToken.office.place),
                secrets: try office.secrets,
                root: try office.root,
                by: office.admin
            )
            let wrong = try SigningSecrets.open(
                in: office.directory,
                passphrase: TestOffice.passphrase
            ) { _ in throw TestToken.Missing(description: "no PIN here") }
            _ = try StatusPublisher(office.register).publish(
                to: office.directory.path + "/published",
                secrets: wrong,
                by: office.admin
            )
            try office.take([try TestOffice.draft(1)])
            let book = OrderBook(office.register)
            let made = try book.create(
                .organisation(try TestOffice.code("26")),
                reason: .first,
                by: office.admin
            )
            for state in [OrderState.submitted, .approved] {
                _ = try book.move(.orders(made.done), to: state, reason: "", by: office.admin)
            }
            #expect(throws: TestToken.Missing.self) {
                try TicketIssuance(office.register).issue(
                    .init(expiresAt: office.clock.now() + 86_400, urlPrefix: ""),
                    secrets: wrong,
                    by: office.admin
                )
            }
            #expect(try office.number("SELECT count(*) FROM ticket_number") == 0)
            #expect(try office.issueApproved().cards == 1)
        }
    }
}
