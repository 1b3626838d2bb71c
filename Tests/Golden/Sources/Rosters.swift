import Registry
import Synchronization
import UnionTicket

// Organisations, rosters and leavings.
extension GoldenOffice {
    /// The tree: regions, territorial and primary organisations.
    func importOrganisations() throws -> Int {
        var rows: [(line: Int, draft: OrganisationDraft)] = []
        func add(_ code: OrganisationCode, _ name: String, kind: String? = nil) {
            rows.append((rows.count + 2, OrganisationDraft(code: code, name: name, kind: kind)))
        }
        for plan in plans {
            add(plan.code, plan.counts.name, kind: plan.counts.kind)
            for number in 1...plan.counts.territorials {
                let text = "\(plan.code)-\(padded(number, 3))"
                guard let code = OrganisationCode(text) else { throw GoldenFailure(text) }
                add(code, "Территориальная организация \(number)")
            }
            for index in 0..<plan.counts.primaries {
                let code = People.primary(plan, index)
                add(code, "Первичная организация \(index + 1)")
            }
        }
        let report = try OrganisationTree(register).import(rows, by: admin)
        guard report.added == rows.count else {
            throw GoldenFailure("organisations: \(report.added) of \(rows.count)")
        }
        return report.added
    }

    /// What the regions returned as their membership as of 01.01.2020.
    func takeReturns() throws -> Int {
        guard let date = CalendarDate(iso: "2020-01-01") else { throw GoldenFailure("date") }
        let report = try MembershipReturns(register).take(
            plans.enumerated().map { ($0 + 2, $1.code, $1.counts.members) },
            asOf: date,
            by: admin
        )
        return report.added
    }

    /// A roster of the whole union with these places of every region.
    func importPeople(
        _ outcome: RowOutcome = .added,
        _ places: (RegionPlan) -> [Range<Int>],
        _ draft: @escaping @Sendable (RegionPlan, Int, CalendarDate) -> MemberDraft
    ) throws -> Int {
        let wanted = plans.flatMap { plan in places(plan).map { (plan, $0) } }
        let expected = wanted.reduce(0) { $0 + $1.1.count }
        let day = today
        guard expected > 0 else { return 0 }
        let summary = try RosterImport(register).run(.init(), by: admin) {
            let source = Mutex((part: 0, done: 0, line: 2))
            return {
                source.withLock { place in
                    var rows: [RosterRow] = []
                    while rows.count < 1_000, place.part < wanted.count {
                        let (plan, range) = wanted[place.part]
                        guard place.done < range.count else {
                            (place.part, place.done) = (place.part + 1, 0)
                            continue
                        }
                        let person = draft(plan, range.lowerBound + place.done, day)
                        rows.append(RosterRow(line: place.line, draft: person, issues: []))
                        (place.done, place.line) = (place.done + 1, place.line + 1)
                    }
                    return rows.isEmpty ? nil : rows
                }
            }
        } each: { _ in
        }
        guard summary[outcome] == expected, summary.rows == expected else {
            throw GoldenFailure("import: \(summary.counts) instead of \(expected) \(outcome)")
        }
        return expected
    }

    func importNew(_ places: (RegionPlan) -> Range<Int>) throws -> Int {
        let people = people
        return try importPeople(.added, { [places($0)] }) { people.draft($0, $1, on: $2) }
    }

    /// Members who leave one by one, at the registrar's desk.
    func leaveAtDesk(_ holders: (RegionPlan) -> Range<Int>) throws -> Int {
        let file = MemberFile(register)
        var count = 0
        for plan in plans {
            for ordinal in holders(plan) {
                try file.setStatus(
                    people.aisId(plan, plan.place(ofHolder: ordinal)),
                    to: .left,
                    reason: "заявление",
                    by: admin
                )
                count += 1
            }
        }
        return count
    }

    /// Members whom a roster says to have left.
    func leaveByRoster(_ holders: (RegionPlan) -> Range<Int>) throws -> Int {
        let people = people
        return try importPeople(
            .updated,
            { plan in
                let ordinals = holders(plan)
                let first = ordinals.clamped(to: 0..<plan.holders.first)
                let second = ordinals.clamped(to: plan.holders.first..<plan.allHolders)
                return [
                    first,
                    second.lowerBound + plan.without.first..<second.upperBound
                        + plan.without.first,
                ].filter { !$0.isEmpty }
            }
        ) { people.left($0, $1, on: $2) }
    }
}
