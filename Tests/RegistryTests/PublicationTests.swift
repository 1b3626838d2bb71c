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
}
