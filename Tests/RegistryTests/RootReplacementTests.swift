import Foundation
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Replacing the root key` {
    private static let passphrase = "root passphrase"

    private func pins(_ office: TestOffice) throws -> PinnedRoots {
        let text = try office.register.read { try Setting.rootThumbprints.value(in: $0) }
        return PinnedRoots(
            try #require(text).split(separator: ",").compactMap { Hex.bytes($0) }
        )
    }

    private func replace(
        _ office: TestOffice,
        immediately: Bool = false
    ) throws -> RootReplacement.Result {
        try RootReplacement(office.register)
            .run(passphrase: Self.passphrase, immediately: immediately, by: office.admin)
    }

    @Test(arguments: TestEngine.allCases)
    func `a reader that pinned the old roots follows to the new one`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let ring = KeyRing(office.register)
            let start = try pins(office)
            let leaving = try office.root
            #expect(throws: RegisterError.self) { try replace(office) }
            office.clock.advance(RootReplacement.lead)
            let result = try replace(office)
            #expect(result.thumbprints[0] == start.thumbprints[1] && !result.wasCompleted)
            #expect(try office.root.publicKey.thumbprint == start.thumbprints[1])
            let step = try start.taking(try ring.bundle(), at: office.clock.now())
            #expect(step.pins.thumbprints == result.thumbprints)
            // What the old root signs from now on is nothing, to the register and to that reader.
            #expect(throws: RegisterError.self) {
                try ring.renewBundle(root: leaving, by: office.admin)
            }
            let forged = TrustBundle(
                sequence: 1000,
                issuedAt: office.clock.now(),
                expiresAt: office.clock.now() + 1000,
                keys: [],
                lists: [],
                roots: [leaving.publicKey.thumbprint]
            )
            let bytes = try forged.seal(with: leaving)
            #expect(throws: TrustBundle.Refusal.unknownRoot) {
                try step.pins.taking(bytes, at: office.clock.now())
            }
        }
    }

    @Test func `a reader that was away for several roots needs every change`() throws {
        try TestOffice.with(.sqlite) { office in
            let start = try pins(office)
            for _ in 0..<3 {
                office.clock.advance(RootReplacement.lead)
                _ = try replace(office)
            }
            // The changes are past their own end by now; the newest bundle is not.
            office.clock.advance(KeyRing.bundleLife)
            try KeyRing(office.register).renewBundle(root: try office.root, by: office.admin)
            let folder = office.directory.path + "/published"
            _ = try StatusPublisher(office.register).publish(
                to: folder,
                secrets: try office.secrets,
                by: office.admin
            )
            let names = try FileManager.default.contentsOfDirectory(
                atPath: folder + "/root-changes"
            )
            let changes = try names.compactMap { Int($0) }.sorted().map {
                try Files.read(folder + "/root-changes/\($0)", atMost: 1 << 20)
            }
            #expect(changes.count == 3)
            let newest = try Files.read(folder + "/trust-bundle", atMost: 1 << 20)
            let now = office.clock.now()
            #expect(throws: TrustBundle.Refusal.unknownRoot) { try start.taking(newest, at: now) }
            #expect(throws: TrustBundle.Refusal.unknownRoot) {
                try start.taking(newest, after: Array(changes.dropFirst()), at: now)
            }
            let taken = try start.taking(newest, after: changes, at: now)
            #expect(try taken.pins.thumbprints == pins(office).thumbprints)
            #expect(throws: TrustBundle.Refusal.rollback) {
                try taken.pins.taking(changes[2], at: now)
            }
            let again = try taken.pins.taking(newest, after: changes, at: now)
            #expect(again.pins == taken.pins)
        }
    }

    @Test func `a replacement that was killed is completed once`() throws {
        try TestOffice.with(.sqlite) { office in
            let keys = office.directory
            let before = (
                root: try Files.read(keys.rootKeyFile, atMost: 4096),
                next: try Files.read(keys.nextRootKeyFile, atMost: 4096)
            )
            // Killed before the bundle was signed: a successor nobody knows.
            let stranger = try SigningKey.generate(.edDSA).sealed(Self.passphrase, .rootKey)
            try Files.write(stranger, to: keys.nextRootKeyFile + ".new")
            let first = try replace(office, immediately: true)
            #expect(!first.wasCompleted)
            // Killed after the bundle was signed, before any file was moved.
            let after = try Files.read(keys.nextRootKeyFile, atMost: 4096)
            try Files.write(before.root, to: keys.rootKeyFile)
            try Files.write(before.next, to: keys.nextRootKeyFile)
            try Files.write(after, to: keys.nextRootKeyFile + ".new")
            #expect(throws: RegisterError.self) {
                try KeyRing(office.register).renewBundle(root: try office.root, by: office.admin)
            }
            let second = try replace(office, immediately: true)
            #expect(second.wasCompleted && second.thumbprints == first.thumbprints)
            #expect(try office.root.publicKey.thumbprint == first.thumbprints[0])
            try KeyRing(office.register).renewBundle(root: try office.root, by: office.admin)
        }
    }

    @Test func `the old root is not needed, and another key is no next root`() throws {
        try TestOffice.with(.sqlite) { office in
            let other = office.directory.path + "/other.key"
            try Files.write(
                try SigningKey.generate(.edDSA).sealed(Self.passphrase, .rootKey),
                to: other
            )
            #expect {
                try RootReplacement(office.register, next: other)
                    .run(passphrase: Self.passphrase, immediately: true, by: office.admin)
            } throws: { ($0 as? RegisterError)?.code == .keyUnusable }
            try FileManager.default.removeItem(atPath: office.directory.rootKeyFile)
            _ = try replace(office, immediately: true)
            try KeyRing(office.register).renewBundle(root: try office.root, by: office.admin)
        }
    }

    @Test func `a restored register learns the roots replaced since`() throws {
        try TestOffice.with(.sqlite) { office in
            let path = office.directory.path + "/../backup"
            try Backup(office.register).write(
                to: path,
                passphrase: "backup phrase",
                by: office.admin
            )
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            for _ in 0..<2 { _ = try replace(office, immediately: true) }
            let folder = office.directory.path + "/published"
            _ = try StatusPublisher(office.register).publish(
                to: folder,
                secrets: try office.secrets,
                by: office.admin
            )
            let (register, target, _) = try office.restored(path)
            _ = try Reclaim(register).run(
                [folder, office.directory.issuances],
                by: office.admin
            )
            let root = try Register.rootKey(at: target.rootKeyFile, passphrase: Self.passphrase)
            try KeyRing(register).renewBundle(root: root, by: office.admin)
            #expect(try register.read { try RootChanges.bundles(in: $0).count } == 2)
        }
    }
}
