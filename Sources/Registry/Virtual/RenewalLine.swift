import Dispatch
import Synchronization
import TicketSeal
import UnionTicket

/// A renewal that was proven and signed and waits for its transaction.
struct Renewal: Sendable {
    let card: VirtualCard
    /// The client's idempotency key, where it sent one.
    let retry: String?
    let carrier: Int64
    /// The nonce it was proven with; the card moves on from it.
    let nonce: [UInt8]
    let at: Instant
    let kid: [UInt8]
    /// The payload, sealed for the register.
    let sealed: [UInt8]
}

/// Lets renewals that arrive at the same time share one transaction, and one flush to the disk.
///
/// The first that finds nobody at work commits whatever waits, itself included, and hands the lead to
/// the next in the line; so nobody waits for more than two transactions, and none starves. Each
/// caller goes on only after the commit that holds its renewal.
final class RenewalLine: Sendable {
    /// A transaction stays short, so that others come between.
    static let most = 64

    private struct State {
        var waiting: [Place] = []
        var isLed = false
    }

    /// One caller's place in the line.
    private final class Place: Sendable {
        enum News {
            case lead
            case done(Result<Bool, any Error>)
        }

        let renewal: Renewal
        let news = Mutex<News?>(nil)
        let bell = DispatchSemaphore(value: 0)

        init(_ renewal: Renewal) { self.renewal = renewal }

        func tell(_ news: News) {
            self.news.withLock { $0 = news }
            bell.signal()
        }
    }

    private let register: Register
    private let state = Mutex(State())

    init(_ register: Register) { self.register = register }

    /// Commits one renewal, alone or with others.
    ///
    /// - Returns: False when the card has moved on meanwhile: renewed with the same proof, or blocked.
    func commit(_ renewal: Renewal) throws -> Bool {
        let place = Place(renewal)
        let leads = state.withLock { state in
            state.waiting.append(place)
            defer { state.isLed = true }
            return !state.isLed
        }
        if leads { lead() }
        while true {
            place.bell.wait()
            let news = place.news.withLock { news in
                defer { news = nil }
                return news
            }
            switch news {
            case .lead: lead()
            case .done(let result): return try result.get()
            case nil: continue
            }
        }
    }

    private func lead() {
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.most))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        let results = Result { try commit(batch.map(\.renewal)) }
        let next = state.withLock { state in
            state.isLed = !state.waiting.isEmpty
            return state.waiting.first
        }
        next?.tell(.lead)
        for (index, place) in batch.enumerated() {
            place.tell(.done(results.map { $0[index] }))
        }
    }

    private func commit(_ renewals: [Renewal]) throws -> [Bool] {
        try register.together {
            try register.write { session in
                try renewals.map { try apply($0, in: session) }
            }
        }
    }

    private func apply(_ renewal: Renewal, in session: any DatabaseSession) throws -> Bool {
        // A block between proof and commit wins.
        let isActive = try session.first(
            "SELECT 1 FROM carrier WHERE id = $1 AND state = 'active'",
            [.integer(renewal.carrier)]
        ) { $0.integer(0) }
        guard isActive != nil else { return false }
        let moved = try session.execute(
            """
            UPDATE virtual_card SET nonce = $1, renewed_at = $2, renewals = renewals + 1
            WHERE id = $3 AND nonce = $4
            """,
            [
                .blob(renewal.card.nonce), .integer(renewal.at.seconds), .text(renewal.card.id),
                .blob(renewal.nonce),
            ]
        )
        guard moved == 1 else { return false }
        try session.execute(
            "UPDATE carrier SET payload = $1, expires_at = $2, kid = $3 WHERE id = $4",
            [
                .blob(renewal.sealed), .integer(renewal.card.expiresAt.seconds),
                .blob(renewal.kid), .integer(renewal.carrier),
            ]
        )
        if let retry = renewal.retry {
            try Idempotency(register)
                .keep(renewal.card, provenWith: renewal.nonce, key: retry)
        }
        return true
    }
}
