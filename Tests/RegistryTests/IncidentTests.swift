import Testing
import UnionTicket

@testable import Registry

@Suite struct `Whose data a leaked roster held` {
    @Test(arguments: TestEngine.allCases)
    func `whom an import left unchanged is in the file as well`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            func options(_ hash: UInt8) -> RosterImport.Options {
                var options = RosterImport.Options()
                options.fileSHA256 = [hash]
                return options
            }
            let first = try (0..<4).map { try TestOffice.draft($0) }
            try office.take(first, options(1))
            var second = first
            second[1].phone = "+70009999999"
            second.append(try TestOffice.draft(4))
            let said = try office.take(second, options(2)).summary
            #expect(said.counts[.unchanged] == 3)
            var evidence = Incident.Evidence(sha256: [2], size: 10)
            evidence.people = second
            let report = try Incident(office.register).find(evidence, by: office.admin)
            #expect(report.kind == "roster" && report.strangers == 0)
            let members = try office.number("SELECT count(*) FROM member")
            #expect(Set(report.people.map(\.member)).count == 5 && members == 5)
            let dossier = try Dossier.gather(
                "1000",
                reason: "x",
                from: office.register,
                by: office.admin
            )
            let leaks = dossier.sections.first { $0.name == "incidents" }
            #expect(leaks?.rows.count == 1, "of whom the import left unchanged, too")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the dossier tells of parcels and of the hand-out`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            try batch.deliver()
            let card = try batch.carrier(1)
            let day = batch.office.clock.now().moscowDate
            #expect(try batch.handOut([card.digits]).refused.isEmpty)
            let dossier = try Dossier.gather(
                card.ticket.digits,
                reason: "x",
                from: batch.register,
                by: batch.admin
            )
            func rows(_ name: String) throws -> [[String: String]] {
                let section = try #require(dossier.sections.first { $0.name == name })
                return section.rows.map {
                    Dictionary(uniqueKeysWithValues: zip(section.columns, $0))
                }
            }
            let told = try rows("handOuts")
            #expect(told.count == 1 && told[0]["handedOn"] == day.iso)
            #expect(told[0]["way"] == "list" && told[0]["document"] == "d")
            #expect(told[0]["user"] == "admin" && told[0]["organisation"] == "26-001-0001")
            let parcels = try rows("parcels")
            #expect(parcels.count == 1 && parcels[0]["state"] == "atPrimary")
            #expect(parcels[0]["primaryAt"]?.isEmpty == false)
        }
    }
}
