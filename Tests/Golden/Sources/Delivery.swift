import Registry
import Synchronization
import TicketSeal
import UnionTicket

// From the plant's report to the members' hands.
extension GoldenOffice {
    /// The packages are built, verified and sealed, and the plant's report is taken in.
    func accept(_ batches: [GoldenBatch], _ activation: CardActivation) throws -> Int {
        var produced = 0
        for batch in batches {
            for state in [BatchState.built, .verified, .sealed] {
                try BatchBook(register).advance(
                    batch.id,
                    to: state,
                    manifest: SHA256Digest.of(Array("golden \(batch.id)".utf8)),
                    by: admin
                )
            }
            let outcome = try BatchAcceptance(register).accept(
                batch.id,
                terms(activation),
                sha256: SHA256Digest.of(Array("report \(batch.id)".utf8)),
                expecting: .init(
                    produced: batch.cards - batch.spoiled.count,
                    spoiled: batch.spoiled.count
                ),
                by: admin
            ) { report(batch) }
            guard outcome.remade.count == batch.spoiled.count else {
                throw GoldenFailure("batch \(batch.id): \(outcome.remade.count) remade")
            }
            produced += outcome.revision.produced
        }
        return produced
    }

    private func terms(_ activation: CardActivation) -> AcceptanceTerms {
        AcceptanceTerms(
            activation: activation,
            spoilage: .reissue,
            hasChips: false,
            tier: "до 1 000 000",
            price: Kopecks(9_500)
        )
    }

    private func report(_ batch: GoldenBatch) -> () throws -> [ReportRow] {
        var next = 1
        return {
            let part = next..<min(next + 4_096, batch.cards + 1)
            next = part.upperBound
            return part.map { place in
                ReportRow(
                    line: place + 1,
                    sequence: place,
                    carrier: nil,
                    result: batch.spoiled.contains(place) ? .spoiled : .produced
                )
            }
        }
    }

    /// Everything leaves the plant, which destroys the data: the batches are closed.
    func ship(_ batches: [GoldenBatch]) throws -> Int {
        try batches.reduce(0) { sum, batch in
            let count = try ParcelDesk(register).ship(batch.id, by: admin)
            try BatchClosing(register).close(
                batch.id,
                destructionAct: SHA256Digest.of(Array("act \(batch.id)".utf8)),
                by: admin
            )
            return sum + count
        }
    }

    /// The parcels are counted at a place.
    func receive(_ batches: [GoldenBatch], at place: ParcelDesk.Place) throws -> Int {
        try batches.reduce(0) { sum, batch in
            let outcome = try ParcelDesk(register)
                .receive(.all(batch: batch.id), .init(place), by: admin)
            return sum + outcome.cards
        }
    }

    /// Every parcel's list is recorded as handed out.
    func handOut(_ batches: [GoldenBatch]) throws -> Int {
        let book = HandOutBook(register)
        var count = 0
        for batch in batches {
            let parcels = try ParcelDesk(register).list(batch: batch.id, by: admin)
                .filter { $0.state == .atPrimary }
            for start in stride(from: 0, to: parcels.count, by: 250) {
                try register.together {
                    for parcel in parcels[start..<min(start + 250, parcels.count)] {
                        count += try book.record(
                            parcel: batch.id,
                            parcel.number,
                            except: [],
                            on: nil,
                            by: admin
                        ).done
                    }
                }
            }
        }
        return count
    }

    /// Members who lose their card and want none: its carrier number is blocked.
    func lose(_ holders: (RegionPlan) -> Range<Int>) throws -> Int {
        let (members, carriers) = (MemberFile(register), CarrierFile(register))
        var count = 0
        for plan in plans {
            try register.together {
                for ordinal in holders(plan) {
                    let record = try members.show(
                        people.aisId(plan, plan.place(ofHolder: ordinal)),
                        reason: "утрата карты",
                        by: admin
                    )
                    let card = try record.ticket.flatMap { ticket in
                        try carriers.show(ticket.digits, by: admin).first {
                            $0.kind == .plastic && $0.state == .active
                        }?.number
                    }
                    guard let card else { throw GoldenFailure("member \(record.id) has no card") }
                    _ = try carriers.apply(.lost, to: card.digits, reason: "утрата", by: admin)
                    count += 1
                }
            }
        }
        return count
    }
}
