import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `What a dossier tells beside the record` {
    private func rows(
        _ name: String,
        of reference: String = "#1",
        _ office: TestOffice,
        _ readers: Dossier.Readers = .init()
    ) throws -> [[String]] {
        let dossier = try Dossier.gather(
            reference,
            reason: "request",
            from: office.register,
            readers: readers,
            by: office.admin
        )
        return try #require(dossier.sections.first { $0.name == name }).rows
    }

    @Test(arguments: TestEngine.allCases)
    func `rows that were decided upon, with another's data left out`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let one = try TestOffice.draft(1)
            let moved = try TestOffice.draft(1, organisation: "27-001-0001")
            let other = try TestOffice.draft(2, organisation: "26-001-0002") {
                $0.aisId = nil
                $0.birthDate = one.birthDate
            }
            try office.take([one])
            try office.take([moved, other])
            func told() throws -> [[String]] { try rows("rosterRows", office) }
            let open = try told()
            #expect(open.count == 2 && open.allSatisfy { $0[4].isEmpty })
            // Who only has the same name and birth date may be somebody else.
            #expect(open[0][6].contains("27-001-0001") && open[1][6].isEmpty)
            let queue = ConflictQueue(office.register)
            let waiting = try queue.list(by: office.admin)
            try queue.resolve(waiting[0].id, as: .keep, by: office.admin)
            try queue.resolve(waiting[1].id, as: .separate, by: office.admin)
            let decided = try told()
            #expect(decided.map { $0[4] } == ["keep", "separate"])
            #expect(decided[0][6].contains("27-001-0001") && decided[1][6].isEmpty)
            let separate = "#\(try office.number("SELECT max(id) FROM member"))"
            #expect(try rows("rosterRows", of: separate, office)[0][6].contains("Орлова"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `codes by their dates and states, and an erasure ends them`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(0)])
            try office.register.write { session in
                try session.execute(
                    """
                    INSERT INTO activation_code (id, region, member_id, hash, channel, state,
                        created_at, created_by, expires_at)
                    VALUES (1, 26, 1, $1, $2, 'open', 0, $3, 60)
                    """,
                    [
                        .blob([7, 7, 7]), .text(CodeChannel.allCases[0].rawValue),
                        .integer(office.admin.id),
                    ]
                )
            }
            let told = try rows("codes", office)
            #expect(told.count == 1 && told[0][0] == "activation" && told[0][2] == "open")
            #expect(told[0][3...4] == ["1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z"])
            try MemberFile(office.register)
                .setStatus("#1", to: .left, reason: "test", by: office.admin)
            _ = try MemberErasure(office.register)
                .erase("#1", reason: "withdrawal", by: office.admin)
            let open = "SELECT count(*) FROM activation_code WHERE state = 'open'"
            #expect(try office.number(open) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `marks by day and direction, the plant by its name`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (0..<2).map { try TestOffice.draft($0) })
            try PlannedBatch.make(office)
            try PlannedEvent.make(office, members: [1, 2])
            let readers = Dossier.Readers(
                mark: { bytes in
                    Dossier.Mark(
                        person: Array(repeating: bytes[0], count: 16),
                        at: TestOffice.start,
                        direction: .exit,
                        passed: true,
                        station: "A"
                    )
                },
                manufacturer: { $0 == "s" ? "Завод" : nil }
            )
            let day = TestOffice.start.moscowDate.iso
            let told = try rows("marks", office, readers)
            #expect(told == [["1", day, TestOffice.start.rfc3339, "exit", "yes", "A"]])
            #expect(try rows("marks", of: "#2", office, readers).isEmpty)
            let plants = try rows("transfers", office, readers).map { $0[1] }
            #expect(plants == ["Завод"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what a partner's row holds by its state`(_ engine: TestEngine) throws {
        try PartnerOffice.with(engine) { partner in
            try partner.join([1], consenting: [1])
            _ = try partner.export()
            try partner.end(1, .withdrawn)
            _ = try partner.export()
            let data = try rows("transfers", of: "1001", partner.office)
                .filter { $0[0] == "partner" }.map { $0[4] }
            #expect(
                data == [
                    "псевдоним, состояние, виды билета, регион, срок действия, время изменения",
                    "псевдоним, состояние",
                ]
            )
        }
    }
}
