import Dispatch
import TicketSeal
import UnionTicket

/// One request for a renewal.
struct RenewalRequest: Sendable {
    /// The card's name.
    let card: String
    /// The phone's proof.
    let proof: [UInt8]
    /// The client that asks.
    let asker: CardRow.Asker
    /// What the client drew for this request, where it did.
    let retry: String?
    /// The opened keys.
    let secrets: SigningSecrets
}

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

/// Renewals that come at the same time share one snapshot that tells how their cards stand, both cores
/// that prove and sign, one transaction and one flush to the disk.
///
/// While a batch is committed the next one is proven. A caller is answered after the commit that holds
/// its renewal.
final class RenewalLine: Sendable {
    typealias Outcome = Result<VirtualCard, VirtualRefusal>
    private typealias Line = BatchLine<RenewalRequest, Outcome>

    private let line: Line

    init(_ register: Register) {
        let work = RenewalWork(register)
        let writer = DispatchQueue(label: "profbilet.renewals.commit")
        let turn = DispatchSemaphore(value: 1)
        line = Line(
            "profbilet.renewals",
            most: 64,
            capacity: 512,
            enough: 24,
            apart: .milliseconds(4)
        ) { batch in
            let proven = Self.prove(batch, work)
            guard !proven.isEmpty else { return }
            turn.wait()
            writer.async {
                Self.commit(proven, work)
                turn.signal()
            }
        }
    }

    /// Renews one card, alone or with others, and waits on this thread.
    func renew(_ request: RenewalRequest) throws -> Outcome { try line.call(request) }

    /// Renews one card, alone or with others, and waits without a thread.
    func renew(_ request: RenewalRequest) async throws -> Outcome { try await line.call(request) }

    /// Answers whoever is refused or had the answer before; the others go on to be committed.
    private static func prove(
        _ batch: [Line.Place],
        _ work: RenewalWork
    ) -> [(place: Line.Place, renewal: Renewal)] {
        let results: [Result<RenewalWork.Proven, any Error>]
        do {
            let (found, terms) = try work.find(batch.map(\.request))
            results = try Cores.map(batch.count, atLeast: 2) { _, range in
                range.map { index in
                    Result { try work.prove(batch[index].request, found[index].get(), terms) }
                }
            }
        } catch {
            for place in batch { place.answer(.failure(error)) }
            return []
        }
        var proven: [(place: Line.Place, renewal: Renewal)] = []
        for (place, result) in zip(batch, results) {
            switch result {
            case .failure(let error): place.answer(.failure(error))
            case .success(.refused(let refusal)): place.answer(.success(.failure(refusal)))
            case .success(.known(let card)): place.answer(.success(.success(card)))
            case .success(.fresh(let renewal)): proven.append((place, renewal))
            }
        }
        return proven
    }

    private static func commit(
        _ proven: [(place: Line.Place, renewal: Renewal)],
        _ work: RenewalWork
    ) {
        do {
            let moved = try work.commit(proven.map(\.renewal))
            for ((place, renewal), isMoved) in zip(proven, moved) {
                place.answer(
                    Result {
                        if isMoved { return .success(renewal.card) }
                        return try work.again(place.request, renewal)
                    }
                )
            }
        } catch {
            for (place, _) in proven { place.answer(.failure(error)) }
        }
    }
}
