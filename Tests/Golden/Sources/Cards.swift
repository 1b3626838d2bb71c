import Registry
import TicketSeal
import UnionTicket

// From order to hand-out.
extension GoldenOffice {
    /// About how many cards a batch holds; a region is not divided.
    private static let batchSize = 100_000

    /// Orders and approves cards for whoever may have one, region by region: first ones, and another for
    /// whose card was lost.
    func orderFirst() throws -> Int {
        let book = OrderBook(register)
        var count = 0
        for plan in plans {
            let made = try book.create(
                .organisation(plan.code),
                submitted: true,
                by: admin
            )
            count += try approve(made.done)
        }
        return count
    }

    /// Orders cards anew for the holders of a round, by what became of the old ones.
    func orderAnew(round: Int) throws -> Int {
        var references: [OrderReason: [String]] = [:]
        for plan in plans {
            for (number, ordinal) in plan.reissues(round: round).enumerated() {
                let reason = [OrderReason.lost, .lost, .damaged, .stolen][number % 4]
                references[reason, default: []].append(
                    people.aisId(plan, plan.place(ofHolder: ordinal))
                )
            }
        }
        var count = 0
        for reason in OrderReason.allCases {
            guard let wanted = references[reason] else { continue }
            let made = try OrderBook(register).create(
                .members(wanted),
                reason: reason,
                submitted: true,
                by: admin
            )
            guard made.done.count == wanted.count else {
                throw GoldenFailure("orders anew: \(made.done.count) of \(wanted.count)")
            }
            count += try approve(made.done)
        }
        return count
    }

    private func approve(_ orders: [Int64]) throws -> Int {
        guard !orders.isEmpty else { return 0 }
        let moved = try OrderBook(register)
            .move(.orders(orders), to: .approved, reason: "", by: admin)
        return moved.done.count
    }

    /// Plans batches of whole regions over everything approved.
    ///
    /// - Returns: The batches, and the places of the cards that their plant will spoil.
    func plan(
        _ title: String,
        expecting cards: (RegionPlan) -> Int,
        spoiling: (RegionPlan) -> Int = { _ in 0 }
    ) throws -> [GoldenBatch] {
        var batches: [GoldenBatch] = []
        var group: [RegionPlan] = []
        var size = 0
        for (index, plan) in plans.enumerated() {
            if cards(plan) > 0 {
                group.append(plan)
                size += cards(plan)
            }
            guard !group.isEmpty, size >= Self.batchSize || index == plans.count - 1 else {
                continue
            }
            let batch = try self.plan("\(title), \(batches.count + 1)", group, spoiling)
            guard batch.cards == size else {
                throw GoldenFailure("\(title): \(batch.cards) cards instead of \(size)")
            }
            batches.append(batch)
            (group, size) = ([], 0)
        }
        return batches
    }

    private func plan(
        _ title: String,
        _ group: [RegionPlan],
        _ spoiling: (RegionPlan) -> Int
    ) throws -> GoldenBatch {
        let book = BatchBook(register)
        let cards = try book.candidates(.init(organisations: group.map(\.code)), by: admin)
            .sorted { ($0.organisation, $0.order) < ($1.organisation, $1.order) }
        var parcel = 0
        var last: OrganisationCode?
        var ends: [OrganisationCode: Int] = [:]
        let placed = cards.enumerated().map { index, card in
            if card.organisation != last { parcel += 1 }
            last = card.organisation
            ends[card.organisation.regional] = index + 1
            return (card: card, parcel: parcel)
        }
        let batch = try book.plan(
            BatchBook.Draft(
                title: title,
                specification: "title: \(title)",
                folder: register.directory.path,
                profile: "golden",
                layoutHash: "golden",
                approvalsNeeded: 1
            ),
            placed,
            by: admin
        )
        var spoiled: Set<Int> = []
        for region in group {
            guard let end = ends[region.code] else { continue }
            spoiled.formUnion(end - spoiling(region) + 1..<end + 1)
        }
        return GoldenBatch(id: batch.id, cards: cards.count, spoiled: spoiled)
    }

    /// The second person signs: numbers and payloads are fixed.
    func approve(_ batches: [GoldenBatch]) throws -> Int {
        for batch in batches {
            let missing = try BatchBook(register).approve(
                batch.id,
                .init(expiresAt: try expiry(), urlPrefix: "HTTPS://EPB.EXAMPLE.RU/C/"),
                as: approver.name,
                passphrase: approver.passphrase,
                secrets: secrets
            )
            guard missing == 0 else { throw GoldenFailure("batch \(batch.id) lacks approvals") }
        }
        return batches.reduce(0) { $0 + $1.cards }
    }

    private func expiry() throws -> Instant {
        guard let date = CalendarDate(iso: "2025-05-31") else { throw GoldenFailure("expiry") }
        return Instant(endOf: date)
    }
}

/// A planned batch and the places of the cards that its plant spoils.
struct GoldenBatch {
    let id: Int64
    let cards: Int
    let spoiled: Set<Int>
}
