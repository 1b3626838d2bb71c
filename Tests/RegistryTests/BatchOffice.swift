import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// An office with one batch that is sealed for the manufacturer: half its cards go to 26-001-0001, half
/// to 26-001-0002.
struct BatchOffice {
    static let phrase = "approver passphrase"

    let office: TestOffice
    let book: BatchBook
    let id: Int64
    var terms = AcceptanceTerms(
        activation: .delivery,
        spoilage: .reissue,
        hasChips: false,
        tier: "до 1 000",
        price: Kopecks(9_501)
    )
    private var hashes: UInt8 = 0

    var register: Register { office.register }
    var admin: SignedInUser { office.admin }

    /// Runs `body` with a sealed batch of `cards` cards.
    static func with(
        _ engine: TestEngine,
        cards: Int = 10,
        _ body: (inout BatchOffice) throws -> Void
    ) throws {
        try TestOffice.with(engine) { office throws in
            try office.take(
                try (0..<cards).map { number in
                    try TestOffice.draft(
                        number,
                        organisation: number < cards / 2 ? "26-001-0001" : "26-001-0002"
                    )
                }
            )
            try UserDirectory(office.register).add(
                "approver",
                role: .cardOffice,
                scope: .centralCouncil,
                passphrase: phrase,
                by: office.admin
            )
            var made = try BatchOffice(office)
            try body(&made)
        }
    }

    private init(_ office: TestOffice) throws {
        self.office = office
        book = BatchBook(office.register)
        id = try Self.seal(office, book, reason: .first)
    }

    /// Plans a batch of these cards.
    static func plan(
        _ cards: [BatchBook.Candidate],
        _ book: BatchBook,
        by user: SignedInUser
    ) throws -> BatchBook.Batch {
        try book.plan(
            BatchBook.Draft(
                title: "test",
                specification: "s",
                folder: "/",
                profile: "p",
                layoutHash: "h",
                approvalsNeeded: 1
            ),
            cards.map { ($0, 1) },
            by: user
        )
    }

    /// Orders for everybody who may, plans, approves and seals.
    static func seal(
        _ office: TestOffice,
        _ book: BatchBook,
        reason: OrderReason?
    ) throws -> Int64 {
        if let reason {
            let orders = OrderBook(office.register)
            let made = try orders.create(
                .organisation(try TestOffice.code("26")),
                reason: reason,
                submitted: true,
                by: office.admin
            )
            _ = try orders.move(.orders(made.done), to: .approved, reason: "", by: office.admin)
        }
        let cards = try book.candidates(.init(), by: office.admin)
            .sorted { $0.organisation < $1.organisation }
        let batch = try Self.plan(cards, book, by: office.admin)
        _ = try book.approve(
            batch.id,
            .init(
                expiresAt: office.clock.now() + 86_400 * 365 * 5,
                urlPrefix: "HTTPS://EPB.EXAMPLE.RU/C/"
            ),
            as: "approver",
            passphrase: phrase,
            secrets: try office.secrets
        )
        for state in [BatchState.built, .verified, .sealed] {
            try book.advance(batch.id, to: state, manifest: [1], by: office.admin)
        }
        return batch.id
    }

    /// Takes a report in; `results` by place, "p" made, "s" spoiled, "m" missing, "-" not named.
    @discardableResult
    mutating func report(
        _ results: String,
        supplement: Bool = false,
        of batch: Int64? = nil,
        _ change: (inout [ReportRow]) -> Void = { _ in }
    ) throws -> BatchAcceptance.Outcome {
        let meanings: [Character: ReportedResult] = [
            "p": .produced, "s": .spoiled, "m": .missing,
        ]
        var rows = results.enumerated().compactMap { index, letter in
            meanings[letter].map {
                ReportRow(line: index + 2, sequence: index + 1, carrier: nil, result: $0)
            }
        }
        change(&rows)
        hashes += 1
        return try take(rows, [hashes], supplement: supplement, of: batch)
    }

    func take(
        _ rows: [ReportRow],
        _ hash: [UInt8],
        supplement: Bool = false,
        again: Bool = false,
        of batch: Int64? = nil,
        expecting expected: BatchAcceptance.Expected = .init()
    ) throws -> BatchAcceptance.Outcome {
        try BatchAcceptance(register).accept(
            batch ?? id,
            terms,
            sha256: hash,
            isSupplement: supplement,
            isAgain: again,
            expecting: expected,
            by: admin
        ) {
            var rest = [rows]
            return { rest.popLast() ?? [] }
        }
    }

    /// Ships and brings everything to the primary organisations.
    func deliver(_ batch: Int64? = nil) throws {
        _ = try ParcelDesk(register).ship(batch ?? id, by: admin)
        _ = try ParcelDesk(register).receive(
            .all(batch: batch ?? id),
            .init(.primary),
            by: admin
        )
    }

    func handOut(
        _ references: [String],
        by user: SignedInUser? = nil,
        on day: CalendarDate? = nil,
        allOrNothing: Bool = false
    ) throws -> HandOutBook.Outcome {
        try HandOutBook(register).record(
            .init(.list, document: "d", isAllOrNothing: allOrNothing),
            by: user ?? admin
        ) {
            var rest = [
                references.enumerated().map {
                    HandOutBook.Item(line: $0 + 2, reference: $1, day: day)
                }
            ]
            return { rest.popLast() ?? [] }
        }
    }

    /// The carrier number at a place of the run.
    func carrier(_ sequence: Int, of batch: Int64? = nil) throws -> CarrierNumber {
        let cards = try book.cards(try book.batch(batch ?? id), from: sequence, count: 1)
        return try #require(cards.first).carrier
    }

    func count(_ state: CarrierState) throws -> Int64 {
        try office.number("SELECT count(*) FROM carrier WHERE state = '\(state.rawValue)'")
    }

    func orders(_ state: OrderState) throws -> Int64 {
        try office.number("SELECT count(*) FROM card_order WHERE state = '\(state.rawValue)'")
    }
}
