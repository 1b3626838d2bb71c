import TicketSeal
public import UnionTicket

/// The book of cards given to their members: by scan, by a signed list (ведомость), by a parcel's
/// whole list, or by a station's journal.
///
/// A hand-out brings the card into force, and ends the member's older plastic and old-scheme cards in
/// the same transaction.
public struct HandOutBook: Sendable {
    let register: Register

    /// The hand-outs of this register.
    public init(_ register: Register) { self.register = register }

    /// One card that is said to have been handed out.
    public struct Item: Sendable {
        /// Line of the list, or 0.
        public var line: Int
        /// Carrier number, ticket number, or the text of the card's QR.
        public var reference: String
        /// The day of the hand-out; nil takes today.
        public var day: CalendarDate?

        /// A card.
        public init(line: Int = 0, reference: String, day: CalendarDate? = nil) {
            (self.line, self.reference, self.day) = (line, reference, day)
        }
    }

    /// Why a hand-out was not recorded.
    public struct Refusal: Sendable, Equatable {
        /// Line of the list, or 0.
        public let line: Int
        /// The card, masked.
        public let card: String
        /// The reason.
        public let reason: Bilingual
    }

    /// What became of a list.
    public struct Outcome: Sendable {
        /// Hand-outs recorded now.
        public var done = 0
        /// Recorded before.
        public var known = 0
        /// Cards that came into force now.
        public var activated = 0
        /// Older cards that ended.
        public var ended = 0
        /// What was not recorded, and why.
        public var refused: [Refusal] = []

        /// Nothing yet.
        public init() {}

        mutating func add(_ other: Self) {
            (done, known) = (done + other.done, known + other.known)
            (activated, ended) = (activated + other.activated, ended + other.ended)
            refused += other.refused
        }
    }

    /// What a hand-out rests on.
    public struct Basis: Sendable {
        /// How it was recorded.
        public var way: HandOutWay
        /// The list's file hash, the parcel's name, or the station's; may be empty.
        public var document: String
        /// Whether one refused card refuses the whole list.
        public var isAllOrNothing: Bool

        /// A basis.
        public init(_ way: HandOutWay, document: String = "", isAllOrNothing: Bool = false) {
            (self.way, self.document) = (way, document)
            self.isAllOrNothing = isAllOrNothing
        }
    }

    /// Records hand-outs in one transaction; what cannot be recorded is listed.
    ///
    /// - Parameters:
    ///   - basis: What they rest on.
    ///   - user: Who handed the cards out, or enters the list.
    ///   - items: Opens the list anew each time it is called, and gives what yields its cards, none at
    ///     its end.
    /// - Returns: What became of the list.
    /// - Throws: ``RegisterError`` when the user may not, or a refused card refuses the whole.
    public func record(
        _ basis: Basis,
        by user: SignedInUser,
        items: () throws -> (() throws -> [Item])
    ) throws -> Outcome {
        try user.require(.handOut)
        return try register.write { session in
            let next = try items()
            var run = HandOutRun(register, basis, user, session)
            return try session.withLargeCache {
                while case let part = try next(), !part.isEmpty { try run.take(part) }
                return try end(run)
            }
        }
    }

    /// Records that a parcel's cards were handed out, all but the exceptions and those that are not
    /// in it: never shipped, spoiled, lost or withdrawn on the way, sent back.
    public func record(
        parcel batch: Int64,
        _ number: Int,
        except exceptions: [String],
        on day: CalendarDate?,
        by user: SignedInUser
    ) throws -> Outcome {
        try user.require(.handOut)
        return try register.write { session in
            let parcel = try ParcelDesk(register).parcel(batch, number, by: user, in: session)
            guard parcel.primaryAt != nil,
                let first = try BatchBook(register).batch(batch, in: session).firstCarrier
            else {
                throw RegisterError(
                    .refused,
                    "Посылка \(parcel.name) ещё не принята: profbilet parcel receive.",
                    "Parcel \(parcel.name) is not received yet: profbilet parcel receive."
                )
            }
            var run = HandOutRun(
                register,
                Basis(.parcel, document: parcel.name),
                user,
                session
            )
            let rows = parcel.rows(from: first)
            var out: Set<Int64> = []
            for reference in exceptions {
                let found = try CarrierFile(register).find(reference, by: user, in: session)
                    .filter { rows.contains($0.id) }
                guard found.count == 1 else {
                    throw RegisterError(
                        .refused,
                        "Исключением названа карта не из посылки \(parcel.name).",
                        "A card that is not in parcel \(parcel.name) is named as an exception."
                    )
                }
                out.insert(found[0].id)
            }
            out.formUnion(try absent(rows, in: session))
            try run.take(rows.filter { !out.contains($0) }, on: day)
            return try end(run)
        }
    }

    /// Records what stations handed out at an event; the stations' right to do so is the event's.
    func record(
        _ cards: [(coordinate: StatusCoordinate, at: Instant)],
        station: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Outcome {
        var run = HandOutRun(register, Basis(.station, document: station), user, session)
        run.isEverywhere = true
        for card in cards {
            let id = try session.first(
                "SELECT id FROM carrier WHERE list = $1 AND idx = $2",
                [.int(card.coordinate.list), .int(card.coordinate.index)]
            ) { $0.integer(0) }
            if let id { try run.take([id], on: card.at.moscowDate) }
        }
        return try end(run)
    }

    /// Which of a parcel's rows cannot lie in it, and were not handed out either.
    private func absent(
        _ rows: ClosedRange<Int64>,
        in session: any DatabaseSession
    ) throws -> [Int64] {
        let states: [CarrierState] = [
            .allocated, .printed, .spoiled, .lost, .stolen, .withdrawn, .destroyed,
        ]
        return try session.all(
            """
            SELECT c.id FROM carrier c WHERE c.id BETWEEN $1 AND $2 AND c.handed_out_on IS NULL
                AND (\(RegisterSchema.oneOf("c.state", states)) OR \(CardWay.sentBack))
            """,
            [.integer(rows.lowerBound), .integer(rows.upperBound)]
        ) { $0.integer(0) }
    }

    func end(_ run: HandOutRun) throws -> Outcome {
        let outcome = run.outcome
        if run.basis.isAllOrNothing, !outcome.refused.isEmpty {
            throw Self.nothing(for: outcome.refused)
        }
        try AuditLog(register).record(
            "handout.\(run.basis.way.rawValue)",
            run.last.map { outcome.done == 1 ? "carrier/\($0)" : "carriers/\(outcome.done)" }
                ?? "carriers/0",
            "refused \(outcome.refused.count)",
            by: run.user,
            in: run.session
        )
        return outcome
    }

    /// How many refusals a sentence names.
    private static let told = 20

    private static func nothing(for refused: [Refusal]) -> RegisterError {
        let first = refused.prefix(told).map(\.words)
        let rest = refused.count - first.count
        let (more, andMore) = rest > 0 ? ("; и ещё \(rest)", "; and \(rest) more") : ("", "")
        return RegisterError(
            .refused,
            "Ничего не записано, отказов \(refused.count): "
                + first.map(\.russian).joined(separator: "; ") + "\(more).",
            "Nothing was recorded, \(refused.count) refused: "
                + first.map(\.english).joined(separator: "; ") + "\(andMore)."
        )
    }
}

extension HandOutBook.Refusal {
    /// Line, card and reason as a part of a sentence.
    fileprivate var words: Bilingual {
        func part(_ line: String, _ reason: String) -> String {
            let place = [self.line > 0 ? "\(line) \(self.line)" : "", card].filter { !$0.isEmpty }
            let why = reason.hasSuffix(".") ? String(reason.dropLast()) : reason
            return (place + [why]).joined(separator: ": ")
        }
        return Bilingual(part("строка", reason.russian), part("line", reason.english))
    }
}
