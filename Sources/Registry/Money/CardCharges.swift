import UnionTicket

/// Cards of one report that are to be charged.
struct CardCharges {
    /// Cards that are charged alike.
    struct Group: Hashable {
        let region: Int64
        let reason: OrderReason
    }

    let batch: Int64
    /// Newly reported as made.
    var made: [Group: Int] = [:]
    /// Charged before and not made after all.
    var unmade: [Group: Int] = [:]
    /// Spoiled or lost at the plant: the plant's debt.
    var spoiled: [Group: Int] = [:]

    /// Made less not made after all, without what cancels out.
    var net: [Group: Int] {
        made.merging(unmade.mapValues { -$0 }, uniquingKeysWith: +).filter { $0.value != 0 }
    }

    /// Adds how many cards of each group a run of carriers holds.
    static func count(
        _ span: ClosedRange<Int64>,
        into counts: inout [Group: Int],
        in session: any DatabaseSession
    ) throws {
        try session.query(
            """
            SELECT o.region, o.reason, count(*) FROM carrier c
            JOIN card_order o ON o.id = c.order_id WHERE c.id BETWEEN $1 AND $2
            GROUP BY o.region, o.reason
            """,
            [.integer(span.lowerBound), .integer(span.upperBound)]
        ) { row in
            guard let reason = OrderReason(rawValue: row.text(1)) else { return }
            counts[Group(region: row.integer(0), reason: reason), default: 0] +=
                Int(row.integer(2))
        }
    }
}

/// One line of an entry on its way into the ledger.
struct LedgerLine {
    var account: MoneyAccount
    var region: Int64 = 0
    var reason = ""
    var cards = 0
    var amount: Kopecks
}

extension CardCharges {
    /// The lines that charge made cards at a price: parties in debit, the plant in credit.
    func lines(_ terms: AcceptanceTerms, _ shares: CostShares) -> [LedgerLine] {
        var lines: [LedgerLine] = []
        for (group, count) in Self.ordered(net) {
            let parts = terms.charge(group.reason).split(terms.price, by: shares)
            func debit(_ account: MoneyAccount, _ party: CostParty) {
                guard let part = parts[party], part != .zero else { return }
                lines.append(
                    LedgerLine(
                        account: account,
                        region: group.region,
                        reason: group.reason.rawValue,
                        amount: part * count
                    )
                )
            }
            debit(.centralShare, .centralCouncil)
            debit(.regionShare, .region)
            debit(.primaryShare, .primary)
            if parts.isEmpty {
                lines.append(
                    LedgerLine(
                        account: .spoilageClaim,
                        region: group.region,
                        reason: group.reason.rawValue,
                        cards: count,
                        amount: terms.price * count
                    )
                )
            }
            lines.append(
                LedgerLine(
                    account: .manufacturer,
                    region: group.region,
                    reason: group.reason.rawValue,
                    cards: count,
                    amount: -(terms.price * count)
                )
            )
        }
        return lines
    }

    /// The lines that claim spoiled cards from the plant.
    func claims(_ terms: AcceptanceTerms) -> [LedgerLine] {
        Self.ordered(spoiled).flatMap { group, count in
            [(MoneyAccount.spoilageClaim, 1), (.manufacturer, -1)].map { account, sign in
                LedgerLine(
                    account: account,
                    region: group.region,
                    reason: group.reason.rawValue,
                    cards: account == .spoilageClaim ? count : 0,
                    amount: terms.price * (sign * count)
                )
            }
        }
    }

    private static func ordered(_ counts: [Group: Int]) -> [(Group, Int)] {
        counts.sorted { left, right in
            (left.key.region, left.key.reason.rawValue)
                < (right.key.region, right.key.reason.rawValue)
        }.map { ($0.key, $0.value) }
    }
}
