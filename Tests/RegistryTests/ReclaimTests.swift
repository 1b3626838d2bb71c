import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `What a restored register takes back` {
    private func backUp(_ office: TestOffice) throws -> String {
        let path = office.directory.path + "/../backup"
        try Backup(office.register)
            .write(to: path, passphrase: "backup phrase", by: office.admin)
        office.clock.advance(60)
        return path
    }

    private func publish(_ office: TestOffice) throws -> String {
        office.clock.advance(60)
        let folder = office.directory.path + "/../published"
        _ = try StatusPublisher(office.register)
            .publish(to: folder, secrets: try office.secrets, by: office.admin)
        office.clock.advance(60)
        return folder
    }

    private func change(_ office: TestOffice, _ change: CarrierFile.Change, _ card: String) throws {
        _ = try CarrierFile(office.register)
            .apply(change, to: card, reason: "test", by: office.admin)
    }

    /// Approves orders and issues their card.
    private func issue(_ office: TestOffice, _ orders: [Int64]) throws -> CarrierNumber {
        _ = try OrderBook(office.register)
            .move(.orders(orders), to: .approved, reason: "", by: office.admin)
        let report = try office.issueApproved()
        return try #require(try office.payloads(report.sequence).first).carrier
    }

    private func enter(
        _ draft: MemberDraft,
        _ register: Register,
        by user: SignedInUser
    ) throws -> [RowOutcome] {
        var outcomes: [RowOutcome] = []
        _ = try RosterImport(register).run(.init(), by: user) {
            let rest = Mutex([[RosterRow(line: 2, draft: draft, issues: [])]])
            return { rest.withLock { $0.popLast() } }
        } each: {
            outcomes.append($0.outcome)
        }
        return outcomes
    }

    private func number(_ register: Register, _ sql: String) throws -> Int64 {
        try register.read { try $0.first(sql) { $0.integer(0) } ?? -1 }
    }

    @Test(arguments: [false, true])
    func `a list says nothing of what was blocked or released after it was signed`(
        _ isPublishedSince: Bool
    ) throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            try office.issue()
            let cards = try office.payloads(1).map(\.carrier.digits)
            for card in cards { try change(office, .unblock, card) }
            try change(office, .suspend, cards[1])
            var published = try publish(office)
            try change(office, .suspend, cards[0])
            try change(office, .unblock, cards[1])
            let backup = try backUp(office)
            if isPublishedSince {
                try change(office, .unblock, cards[0])
                try change(office, .suspend, cards[1])
                published = try publish(office)
            }
            let register = try office.restored(backup).register
            let report = try Reclaim(register)
                .run([office.directory.issuances, published], by: office.admin)
            #expect(report.missing.isEmpty)
            let states = try cards.map {
                try CarrierFile(register).show($0, by: office.admin)[0].state
            }
            #expect(states == (isPublishedSince ? [.active, .suspended] : [.suspended, .active]))
        }
    }

    @Test func `only a register that waits for it is reclaimed`() throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            let folders = [office.directory.issuances, try publish(office)]
            func isRefused(_ register: Register) -> Bool {
                do {
                    _ = try Reclaim(register).run(folders, by: office.admin)
                    return false
                } catch { return (error as? RegisterError)?.code == .refused }
            }
            #expect(isRefused(office.register))
            let register = try office.restored(try backUp(office)).register
            #expect(!isRefused(register))
            #expect(isRefused(register), "it is open again")
        }
    }

    @Test(arguments: [false, true])
    func `a card of somebody entered since the backup is never a stranger's`(
        _ isEnteredShut: Bool
    ) throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1)])
            let waiting = try TestOffice.draft(1, organisation: "26-001-0002") {
                ($0.aisId, $0.phone, $0.joinDate) = (nil, nil, CalendarDate(day: 13_000))
            }
            #expect(try office.take([waiting]).outcomes == [.conflict])
            try office.issue()
            let backup = try backUp(office)
            try office.take([try TestOffice.draft(2)])
            try office.issue()
            let card = try office.payloads(2)[0].carrier.digits
            try change(office, .unblock, card)
            let published = try publish(office)
            let holder = try office.number("SELECT max(id) FROM member")

            let register = try office.restored(backup).register
            let stranger = try TestOffice.draft(3)
            #expect { try enter(stranger, register, by: office.admin) } throws: {
                ($0 as? RegisterError)?.code == .mustReclaim
            }
            #expect {
                try ConflictQueue(register).resolve(1, as: .separate, by: office.admin)
            } throws: { ($0 as? RegisterError)?.code == .mustReclaim }
            if isEnteredShut {
                try register.write { try Setting.mustReclaim.clear(in: $0) }
                #expect(try enter(stranger, register, by: office.admin) == [.added])
                #expect(try number(register, "SELECT max(id) FROM member") == holder)
                try register.write { try Setting.mustReclaim.set("1", in: $0) }
            }
            let report = try Reclaim(register)
                .run([office.directory.issuances, published], by: office.admin)
            #expect(report.missing.isEmpty && report.carriers == 1)
            let found = try CarrierFile(register).show(card, by: office.admin)
            #expect(found.map(\.member) == [nil] && found.map(\.state) == [.withdrawn])
            guard !isEnteredShut else { return }
            #expect(try enter(stranger, register, by: office.admin) == [.added])
            #expect(try number(register, "SELECT max(id) FROM member") > holder)
        }
    }

    @Test func `numbers retired since the backup stay retired, the last is the member's`() throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            var cards = [try office.payloads(1)[0].carrier]
            try change(office, .unblock, cards[0].digits)
            let backup = try backUp(office)
            for _ in 0..<2 {
                let retired = try NumberRetirement(office.register)
                    .retire(cards[cards.count - 1].digits, reason: "test", by: office.admin)
                cards.append(try issue(office, [try #require(retired.order)]))
                try change(office, .unblock, cards[cards.count - 1].digits)
                office.clock.advance(60)
            }
            let published = try publish(office)
            let register = try office.restored(backup).register
            let folders = ["000003", "000002"].map { office.directory.issuances + "/" + $0 }
            let report = try Reclaim(register).run([published] + folders, by: office.admin)
            #expect(report.missing.isEmpty && report.numbers == 2 && report.carriers == 2)
            let found = try register.read { session in
                try CarrierFile(register).carriers(of: 1, in: session)
            }
            #expect(found.map(\.number) == cards)
            #expect(found.map(\.state) == [.withdrawn, .withdrawn, .active])
            let standing = try register.read {
                try MemberFile(register).ticket(of: 1, in: $0)
            }
            #expect(standing == cards[2].ticket)
        }
    }

    @Test(arguments: [false, true])
    func `a tenth card issued since the backup is the member's under its new number`(
        _ isHandedOut: Bool
    ) throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            var card = try office.payloads(1)[0].carrier
            func next() throws -> CarrierNumber {
                try issue(
                    office,
                    try OrderBook(office.register).create(
                        .members(["1001"]),
                        reason: .damaged,
                        submitted: true,
                        by: office.admin
                    ).done
                )
            }
            try change(office, .unblock, card.digits)
            while card.issue < 9 {
                card = try next()
                try change(office, .unblock, card.digits)
            }
            let backup = try backUp(office)
            let tenth = try next()
            #expect(tenth.ticket != card.ticket)
            if isHandedOut { try change(office, .unblock, tenth.digits) }
            let published = try publish(office)
            let register = try office.restored(backup).register
            let report = try Reclaim(register)
                .run([office.directory.issuances, published], by: office.admin)
            #expect(report.missing.isEmpty)
            let states = try register.read { session in
                try CarrierFile(register).carriers(of: 1, in: session).suffix(2).map(\.state)
            }
            #expect(states == (isHandedOut ? [.withdrawn, .active] : [.active, .allocated]))
            let retired = "SELECT number FROM ticket_number WHERE state = 'retired'"
            #expect(try number(register, retired) == Int64(card.ticket.value))
        }
    }
}
