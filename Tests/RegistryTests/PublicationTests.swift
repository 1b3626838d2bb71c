import Foundation
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite("Publication")
struct PublicationTests {
    /// A register of six handed-out cards and the folder it publishes into.
    private static func with(
        _ engine: TestEngine,
        _ body: (TestOffice, _ carriers: [String], _ folder: String) throws -> Void
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take((1...6).map { try TestOffice.draft($0) })
            try office.issue()
            let carriers = try office.payloads(1).map(\.carrier.digits)
            for carrier in carriers {
                _ = try CarrierFile(office.register)
                    .apply(.unblock, to: carrier, reason: "", by: office.admin)
            }
            try body(office, carriers, office.directory.path + "/published")
        }
    }

    @Test(
        "two publishers of one folder never meet a list newer than their own",
        arguments: TestEngine.allCases
    )
    func publishersTakeTurns(_ engine: TestEngine) throws {
        try Self.with(engine) { office, carriers, folder in
            let secrets = try office.secrets
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 3) { worker in
                do {
                    for change in [CarrierFile.Change.suspend, .unblock, .suspend] {
                        for carrier in [carriers[worker], carriers[worker + 3]] {
                            _ = try CarrierFile(office.register)
                                .apply(change, to: carrier, reason: "", by: office.admin)
                            _ = try StatusPublisher(office.register)
                                .publish(to: folder, secrets: secrets, by: office.admin)
                        }
                    }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
            #expect(failures.withLock { $0 } == [])
            let token = try StatusListToken(
                cwt: try Files.read(folder + "/status-lists/26.cwt", atMost: 1 << 20),
                keys: try #require(TrustedKeys(file: try KeyRing(office.register).bundle())),
                at: office.clock.now()
            )
            for carrier in carriers {
                let place = try #require(
                    try CarrierFile(office.register).show(carrier, by: office.admin)[0].coordinate
                )
                #expect(token.list[Int(place.index)] == 2)
            }
        }
    }

    @Test(
        "an older register puts no older trust bundle over a newer one",
        arguments: TestEngine.allCases
    )
    func olderBundleIsRefused(_ engine: TestEngine) throws {
        try Self.with(engine) { office, _, folder in
            let publisher = StatusPublisher(office.register)
            _ = try publisher.publish(to: folder, secrets: try office.secrets, by: office.admin)
            let present = try publisher.publication()
            let older = Publication(
                bundle: present.bundle,
                bundleSequence: present.bundleSequence - 1,
                keys: [],
                lists: [],
                rootChanges: []
            )
            #expect {
                try older.write(to: folder)
            } throws: { ($0 as? RegisterError)?.code == .mustReclaim }
            try present.write(to: folder)
            // A web server reads what is published, and is not the register's owner.
            for path in [folder, folder + "/status-lists"] {
                let facts = try FileManager.default.attributesOfItem(atPath: path)
                let mode = (facts[.posixPermissions] as? NSNumber)?.intValue ?? 0
                #expect(mode & 0o005 == 0o005, "\(path) \(String(mode, radix: 8))")
            }
        }
    }

    @Test(
        "lists of a clock that was ahead are signed anew, and their sequence goes up",
        arguments: TestEngine.allCases
    )
    func listsOfTheFuture(_ engine: TestEngine) throws {
        try Self.with(engine) { office, _, folder in
            let publisher = StatusPublisher(office.register)
            func publish() throws -> StatusPublisher.Report {
                try publisher.publish(to: folder, secrets: try office.secrets, by: office.admin)
            }
            func claims() throws -> (subject: String, issuedAt: Instant, sequence: UInt64) {
                let bytes = try Files.read(folder + "/status-lists/26.cwt", atMost: 1 << 20)
                return try #require(StatusListToken.claims(ofCWT: bytes))
            }
            _ = try publish()
            office.clock.advance(8 * 86_400)
            #expect(try publish().redated.isEmpty)
            let ahead = try claims()
            office.clock.advance(-8 * 86_400)
            #expect(try publisher.publication().lists.isEmpty)
            #expect(try KeyRing(office.register).outOfDate().count == 1)
            #expect { try EventBook(office.register).published() } throws: {
                ($0 as? RegisterError)?.message.english.contains("future (26)") == true
            }
            let report = try publish()
            #expect(report.rebuilt == [26] && report.redated == [26])
            #expect(try claims().sequence == ahead.sequence + 1)
            #expect(try claims().issuedAt == office.clock.now())
            #expect(try KeyRing(office.register).outOfDate().isEmpty)
            _ = try EventBook(office.register).published()
            office.clock.advance(-PublicationDate.tolerance)
            #expect(try publish().rebuilt.isEmpty)
            // Now the trust bundle is of the future too: nothing is signed by such a clock.
            office.clock.advance(-1)
            #expect { try publish() } throws: {
                let error = $0 as? RegisterError
                return error?.code == .refused && error?.message.english.contains("clock") == true
            }
            #expect(try KeyRing(office.register).outOfDate().count == 2)
        }
    }

    @Test(
        "the list of a card whose issuance has ended is rebuilt once, without it",
        arguments: TestEngine.allCases
    )
    func endedCards(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take((1...2).map { try TestOffice.draft($0) })
            let book = OrderBook(office.register)
            let made = try book.create(.organisation(try TestOffice.code("26")), by: office.admin)
            _ = try book.move(.orders(made.done), to: .submitted, reason: "", by: office.admin)
            _ = try book.move(.orders(made.done), to: .approved, reason: "", by: office.admin)
            let end = office.clock.now() + 3600
            _ = try TicketIssuance(office.register).issue(
                .init(expiresAt: end, urlPrefix: "HTTPS://EPB.EXAMPLE.RU/C/"),
                secrets: try office.secrets,
                by: office.admin
            )
            let folder = office.directory.path + "/published"
            func publish() throws -> [UInt32] {
                try StatusPublisher(office.register)
                    .publish(to: folder, secrets: try office.secrets, by: office.admin).rebuilt
            }
            func marked() throws -> Int {
                let token = try StatusListToken(
                    cwt: try Files.read(folder + "/status-lists/26.cwt", atMost: 1 << 20),
                    keys: try #require(TrustedKeys(file: try KeyRing(office.register).bundle())),
                    at: office.clock.now()
                )
                return (0..<StatusCoordinate.slots).count { token.list[$0] != 0 }
            }
            #expect(try publish() == [26])
            #expect(try marked() == 2)
            office.clock.advance(3599)
            #expect(try publish().isEmpty)
            office.clock.advance(1)
            #expect(try publish() == [26])
            #expect(try marked() == 0)
            office.clock.advance(60)
            #expect(try publish().isEmpty)
        }
    }

    @Test("a key signs to its end and no further", arguments: TestEngine.allCases)
    func keysEnd(_ engine: TestEngine) throws {
        try Self.with(engine) { office, _, folder in
            let publisher = StatusPublisher(office.register)
            let ring = KeyRing(office.register)
            func publish() throws -> StatusPublisher.Report {
                try publisher.publish(
                    to: folder,
                    secrets: try office.secrets,
                    rebuildAll: true,
                    by: office.admin
                )
            }
            let end = office.clock.now() + 3 * 86_400
            try office.execute("UPDATE signing_key SET longest_expiry = \(end.seconds)")
            _ = try publish()
            let token = try StatusListToken(
                cwt: try Files.read(folder + "/status-lists/26.cwt", atMost: 1 << 20),
                keys: try #require(TrustedKeys(file: try ring.bundle())),
                at: office.clock.now()
            )
            #expect(token.expiresAt == end)
            office.clock.advance(3 * 86_400)
            #expect { try publish() } throws: {
                let error = $0 as? RegisterError
                return error?.code == .keyUnusable
                    && error?.message.english.contains("keys rotate status") == true
            }
            for purpose in [KeyPurpose.snapshot, .package] {
                #expect(throws: RegisterError.self, "\(purpose)") {
                    try office.register.read {
                        try ring.active(purpose, secrets: try office.secrets, in: $0)
                    }
                }
            }
            let past = try ring.outOfDate().count
            _ = try ring.rotate(
                .status,
                .init(isImmediate: true),
                secrets: try office.secrets,
                root: try office.root,
                by: office.admin
            )
            #expect(try ring.outOfDate().count == past - 1)
            #expect(try publish().rebuilt == [26])
        }
    }

    @Test(
        "a list whose key was retired or revoked is signed anew",
        arguments: TestEngine.allCases
    )
    func listsOutliveTheirKey(_ engine: TestEngine) throws {
        try Self.with(engine) { office, _, folder in
            let publisher = StatusPublisher(office.register)
            let ring = KeyRing(office.register)
            func publish() throws -> StatusPublisher.Report {
                try publisher.publish(to: folder, secrets: try office.secrets, by: office.admin)
            }
            func isTaken() throws -> Bool {
                let keys = try #require(TrustedKeys(file: try ring.bundle()))
                let path = folder + "/status-lists/26"
                let cwt = try Files.read(path + ".cwt", atMost: 1 << 20)
                let jwt = try Files.read(path + ".jwt", atMost: 1 << 20)
                let now = office.clock.now()
                return (try? StatusListToken(cwt: cwt, keys: keys, at: now)) != nil
                    && (try? StatusListToken(
                        jwt: String(decoding: jwt, as: UTF8.self),
                        keys: keys,
                        at: now
                    )) != nil
            }
            _ = try publish()
            for state in [KeyState.retired, .revoked] {
                let key = try #require(
                    try ring.list(by: office.admin)
                        .first { $0.purpose == .status && $0.state == .active }
                )
                _ = try ring.rotate(
                    .status,
                    .init(isImmediate: true),
                    secrets: try office.secrets,
                    root: try office.root,
                    by: office.admin
                )
                // A key that only verifies is good for what it signed.
                #expect(try publish().rebuilt.isEmpty)
                #expect(try ring.outOfDate().isEmpty)
                _ = try ring.end(key.kid, as: state, root: try office.root, by: office.admin)
                #expect(try !isTaken())
                #expect(try ring.outOfDate().map(\.english).first?.contains("(26)") == true)
                #expect { try EventBook(office.register).published() } throws: {
                    ($0 as? RegisterError)?.message.english.contains("signed by a key") == true
                }
                #expect(try publish().rebuilt == [26])
                #expect(try isTaken())
                #expect(try ring.outOfDate().isEmpty)
                #expect(try publish().rebuilt.isEmpty)
            }
        }
    }

    @Test("a revoked or retired key is not published", arguments: TestEngine.allCases)
    func revokedKeysAreLeftOut(_ engine: TestEngine) throws {
        try Self.with(engine) { office, _, _ in
            let ring = KeyRing(office.register)
            let publisher = StatusPublisher(office.register)
            for state in [KeyState.revoked, .retired] {
                let key = try #require(
                    try ring.list(by: office.admin)
                        .first { $0.purpose == .virtual && $0.state == .active }
                )
                let kid = try #require(Hex.bytes(key.kid))
                func isPublished() throws -> [Bool] {
                    let publication = try publisher.publication()
                    return try [publication.jwks, publication.coseKeySet].map {
                        try #require(TrustedKeys(file: $0)).key(kid) != nil
                    }
                }
                #expect(try isPublished() == [true, true])
                _ = try ring.rotate(
                    .virtual,
                    .init(isImmediate: true),
                    secrets: try office.secrets,
                    root: try office.root,
                    by: office.admin
                )
                #expect(try isPublished() == [true, true])
                _ = try ring.end(key.kid, as: state, root: try office.root, by: office.admin)
                #expect(try isPublished() == [false, false])
            }
            let exported = VerificationKey.jwkSet(try ring.published(by: office.admin))
            #expect(try publisher.publication().jwks == exported)
        }
    }
}
