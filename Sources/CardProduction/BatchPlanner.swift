public import CardLayout
import Foundation
public import Registry
import Roster
import TicketSeal
import UnionTicket

/// Chooses the cards of a batch and checks that each can be printed (production.md § 3, pre-flight).
public struct BatchPlanner {
    private let register: Register

    /// A planner over a register.
    public init(_ register: Register) { self.register = register }

    /// What planning found.
    public struct Plan: Sendable {
        /// The planned batch.
        public let batch: BatchBook.Batch
        /// Orders left out, each with the reasons.
        public let excluded: [(order: Int64, faults: [CardDrawing.Fault])]
        /// How many parcels it makes.
        public let parcels: Int
    }

    /// Plans the batch of the specification in `path`.
    ///
    /// - Throws: ``ProductionError`` when the batch would be too small, its terms contradict one
    ///   another or the agreement has ended; ``CardLayout/LayoutError`` for a faulty file.
    public func plan(_ path: String, by user: SignedInUser) throws -> Plan {
        let (terms, text, folder) = try BatchTerms.read(path)
        let book = BatchBook(register)
        let today = book.now.moscowDate
        try terms.requireAgreement(on: today)
        try check(terms, today)
        let candidates = try book.candidates(terms.specification.selection, by: user)
        var excluded: [(order: Int64, faults: [CardDrawing.Fault])] = []
        var cards: [BatchBook.Candidate] = []
        let drawing = CardDrawing(terms.layout)
        for candidate in candidates {
            let faults = self.faults(of: candidate, terms, drawing)
            if faults.isEmpty {
                cards.append(candidate)
            } else {
                excluded.append((candidate.order, faults))
            }
        }
        guard cards.count >= terms.specification.minimum else {
            let first = excluded.prefix(5).map {
                "\n  \($0.order): \($0.faults[0].message.russian)"
            }
            throw ProductionError(
                "Годных заявок \(cards.count), а партия начинается с \(terms.specification.minimum): "
                    + "подождите новых заявок или измените minimum." + first.joined(),
                "There are \(cards.count) orders fit to print, and a batch starts at "
                    + "\(terms.specification.minimum): wait for more or change minimum."
            )
        }
        cards.sort(by: Self.isDeliveredBefore)
        var parcel = 0
        var last: OrganisationCode?
        let placed = cards.map { card in
            if card.organisation != last { parcel += 1 }
            last = card.organisation
            return (card: card, parcel: parcel)
        }
        let needed = cards.count > terms.specification.twoPeopleAbove ? 2 : 1
        let batch = try book.plan(
            BatchBook.Draft(
                title: terms.specification.title,
                specification: text,
                folder: folder,
                profile: terms.profileText,
                layoutHash: terms.layout.hash,
                approvalsNeeded: needed
            ),
            placed,
            by: user
        )
        return Plan(batch: batch, excluded: excluded, parcels: parcel)
    }

    private func check(_ terms: BatchTerms, _ today: CalendarDate) throws {
        let specification = terms.specification
        guard specification.validUntil > today else {
            throw ProductionError(
                "Срок действия карт \(specification.validUntil.russian) уже прошёл.",
                "The cards' validity ended on \(specification.validUntil.iso)."
            )
        }
        guard specification.chip != .none else { return }
        let kinds = terms.profile.chipTypes.filter {
            (specification.chip == .ntag424) == ($0 == .ntag424)
        }
        guard !kinds.isEmpty else {
            throw ProductionError(
                "Профиль \(terms.profile.id) не называет чипа для chip: "
                    + "\(specification.chip.rawValue).",
                "The profile \(terms.profile.id) names no chip for chip: "
                    + "\(specification.chip.rawValue)."
            )
        }
        let size = NDEFMessage.size(url: specification.url)
        guard kinds.contains(where: { $0.capacity >= size }) else {
            let list = kinds.map { "\($0.rawValue) \($0.capacity)" }.joined(separator: ", ")
            throw ProductionError(
                "NDEF занимает \(size) байт и не помещается: \(list).",
                "The NDEF message takes \(size) bytes and does not fit: \(list)."
            )
        }
    }

    private func faults(
        of candidate: BatchBook.Candidate,
        _ terms: BatchTerms,
        _ drawing: CardDrawing
    ) -> [CardDrawing.Fault] {
        guard
            let ticket = TicketNumber(value: 977_000_000_000_005),
            let carrier = CarrierNumber(ticket: ticket, issue: UInt8(candidate.issue))
        else { return [] }
        let record = terms.record(
            candidate.record,
            carrier: carrier,
            payload: Array(repeating: 0, count: 110)
        )
        var faults = drawing.faults(of: record)
        let texts = DataLine.texts(
            of: record,
            sequence: 1,
            parcel: 1,
            terms.profile
        )
        let missing = texts.flatMap { terms.profile.encoding.missing(in: $0) }
        if !missing.isEmpty {
            let letters = Set(missing.map { String($0) }).sorted().joined(separator: " ")
            faults.append(
                CardDrawing.Fault(
                    item: "data",
                    code: "not_in_encoding",
                    message: Bilingual(
                        "в кодировке \(terms.profile.encoding.rawValue) нет букв \(letters).",
                        "\(terms.profile.encoding.rawValue) lacks the letters \(letters)."
                    )
                )
            )
        }
        return faults
    }

    /// Region by region, organisation by organisation, people by name.
    private static func isDeliveredBefore(
        _ left: BatchBook.Candidate,
        _ right: BatchBook.Candidate
    ) -> Bool {
        if left.organisation != right.organisation {
            return left.organisation.ordinal < right.organisation.ordinal
        }
        let (a, b) = (left.record.name, right.record.name)
        if a.last != b.last { return a.last < b.last }
        if a.first != b.first { return a.first < b.first }
        if a.patronymic != b.patronymic { return (a.patronymic ?? "") < (b.patronymic ?? "") }
        return left.order < right.order
    }
}
