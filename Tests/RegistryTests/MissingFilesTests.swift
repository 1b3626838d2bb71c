import Foundation
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `What is missing is named, and nothing goes on without it` {
    @Test(arguments: TestEngine.allCases)
    func `a manifest that could not be written is written by the next command`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            try office.issue()
            let folder = office.directory.issuances + "/000001"
            let manifest = try Files.read(folder + "/manifest.json", atMost: 1 << 20)
            func cut() throws {
                try FileManager.default.removeItem(atPath: folder)
                try office.execute("UPDATE issuance SET manifest = NULL")
            }
            func isWhole() throws -> Bool {
                try Files.read(folder + "/manifest.json", atMost: 1 << 20) == manifest
            }
            try cut()
            #expect(throws: RegisterError.self) { try office.issueApproved() }
            #expect(try isWhole(), "also where nothing is approved")
            try cut()
            _ = try StatusPublisher(office.register)
                .refresh(secrets: try office.secrets, by: office.admin)
            #expect(try isWhole())
            guard engine == .sqlite else { return }
            try cut()
            try Backup(office.register).write(
                to: office.directory.path + "/../backup",
                passphrase: "backup phrase",
                secrets: try office.secrets,
                by: office.admin
            )
            #expect(try isWhole())
        }
    }

    @Test(arguments: TestEngine.allCases)
    func
        `without the key of manifests no number is allotted, and blocks are published all the same`(
            _ engine: TestEngine
        ) throws
    {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            try office.issue()
            try office.execute("UPDATE issuance SET manifest = NULL")
            let ring = KeyRing(office.register)
            let key = try #require(
                try ring.list(by: office.admin).first { $0.purpose == .package }
            )
            _ = try ring.end(key.kid, as: .revoked, root: try office.root, by: office.admin)
            let lists = try StatusPublisher(office.register)
                .refresh(secrets: try office.secrets, rebuildAll: true, by: office.admin)
            #expect(lists.rebuilt.count == 1)
            #expect { try office.issueApproved() } throws: {
                ($0 as? RegisterError)?.code == .keyUnusable
            }
            // Nothing is left to write, and yet nothing more is allotted.
            try office.execute("UPDATE issuance SET manifest = kid")
            #expect { try office.issueApproved() } throws: {
                ($0 as? RegisterError)?.code == .keyUnusable
            }
            #expect(try office.number("SELECT count(*) FROM issuance") == 1)
        }
    }

    @Test func `a register without its master key or its members' keys does not open`() throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            func refusal() -> RegisterError? {
                do {
                    _ = try Register.open(
                        in: office.directory,
                        passphrase: TestOffice.passphrase,
                        now: office.clock.now
                    )
                    return nil
                } catch { return error as? RegisterError }
            }
            #expect(refusal() == nil)
            let (store, master) = (office.directory.keyStoreFile, office.directory.masterKeyFile)
            for file in [store, master] {
                try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
                let missing = try #require(refusal())
                #expect(missing.code == .keyUnusable && missing.message.russian.contains(file))
                #expect(missing.message.english.contains("profbilet restore"))
                #expect(!Files.exists(file), "nothing is made in its place")
                try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
            }
            #expect(refusal() == nil)
            try FileManager.default.moveItem(atPath: store, toPath: store + ".away")
            try Files.write([], to: store)
            #expect(refusal()?.code == .keyUnusable, "an empty one is none")
        }
    }

    @Test func `a backup whose members lack their keys is not sound`() throws {
        try TestOffice.with(.sqlite) { office in
            try office.take(try (1...3).map { try TestOffice.draft($0) })
            func complaints(erasing member: Int64?) throws -> [String] {
                let path = office.directory.path + "/../backup-\(member ?? 0)"
                if let member {
                    try office.register.keyStore.write {
                        try $0.execute("DELETE FROM member_key WHERE member_id = \(member)", [])
                    }
                }
                try Backup(office.register)
                    .write(to: path, passphrase: "backup phrase", by: office.admin)
                return try Backup.verify(
                    path,
                    passphrase: "backup phrase",
                    masterPassphrase: TestOffice.passphrase,
                    directory: office.directory,
                    now: office.clock.now
                ).complaints
            }
            #expect(try complaints(erasing: nil).isEmpty)
            #expect(try complaints(erasing: 2) == ["members without their keys: 1"])
            try ErasureLog(office.register).erase(2, at: office.clock.now())
            #expect(try complaints(erasing: 2).isEmpty, "whose key was destroyed is no fault")
        }
    }

    @Test func `a restored register makes no key and signs no bundle before it is reclaimed`()
        throws
    {
        try TestOffice.with(.sqlite) { office in
            try office.register.write { try Setting.mustReclaim.set("1", in: $0) }
            let (secrets, root) = (try office.secrets, try office.root)
            let ring = KeyRing(office.register)
            let keys = try ring.list(by: office.admin)
            let file = try Files.read(office.directory.signingKeysFile, atMost: 1 << 20)
            let attempts: [() throws -> Void] = [
                {
                    _ = try ring.rotate(
                        .plastic,
                        .init(isImmediate: true),
                        secrets: secrets,
                        root: root,
                        by: office.admin
                    )
                },
                { try ring.renewBundle(root: root, by: office.admin) },
                { _ = try ring.end(keys[0].kid, as: .revoked, root: root, by: office.admin) },
                {
                    _ = try RootReplacement(office.register, present: nil, next: nil)
                        .run(passphrase: "root passphrase", immediately: true, by: office.admin)
                },
            ]
            for attempt in attempts {
                #expect { try attempt() } throws: {
                    ($0 as? RegisterError)?.code == .mustReclaim
                }
            }
            #expect(try ring.list(by: office.admin) == keys)
            #expect(try Files.read(office.directory.signingKeysFile, atMost: 1 << 20) == file)
        }
    }
}
