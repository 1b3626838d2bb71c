import CardReader
import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// Judges a tap by the payload on the chip, and by an event's snapshot where there is one; a register is
/// not asked.
struct TapJudge {
    let judge: TicketJudge
    let now: Instant?
    let table: ReaderTable
    /// What the stations of an event know.
    var snapshot: EventSnapshot?

    func judge(_ tap: CardTap) -> JudgedTap {
        let started = ContinuousClock.now
        let now = now ?? Instant(seconds: Int64(Date().timeIntervalSince1970))
        let judgement = tap.chip.payload.map { judge.judge(bytes: $0, at: now) }
        return JudgedTap(
            tap: tap,
            judgement: judgement,
            decision: snapshot.map { decide(tap, $0, now) },
            card: table.card(tap.atr)?.title,
            duration: tap.duration + started.duration(to: .now)
        )
    }
}

extension TapJudge {
    /// What the event's door says of it; nothing is kept, so nobody is inside already.
    private func decide(_ tap: CardTap, _ snapshot: EventSnapshot, _ now: Instant) -> Decision {
        let scan = Scan(mode: .entry, showing: .chip(tap.chip), nonce: "")
        return Door(snapshot).decide(scan, StationMemory(), StationClock(raw: now))
    }
}

/// A tap with what is said about it.
struct JudgedTap {
    let tap: CardTap
    let judgement: Judgement?
    /// What the door of an event says; nil without a snapshot.
    let decision: Decision?
    let card: String?
    /// From the moment the card was noticed to the verdict.
    let duration: Duration

    var verdict: PayloadVerdict { judgement?.verdict ?? .unknownFormat }

    /// A wrong MAC or answer, an old message, or a payload that belongs to another chip.
    var isCopy: Bool {
        let bound = judgement?.claims?.chipUID
        return tap.isCopy || bound != nil && bound != tap.chip.uid
    }

    var isGood: Bool { tap.failure == nil && verdict == .valid && !isCopy }

    var status: ExitStatus {
        if let failure = tap.failure { return ExitStatus(failure.code) }
        if let decision { return decision.outcome.admission == .no ? .rowsRefused : .done }
        return isGood ? .done : .rowsRefused
    }

    var signal: ReaderSignal {
        if tap.failure != nil { return .attention }
        return isGood ? .accepted : .refused
    }

    // MARK: - For machines

    var json: String {
        let claims = judgement?.claims
        return JSONValue.object([
            "reader": .text(tap.reader.text), "atr": .text(Hex.text(tap.atr)),
            "profile": .optional(tap.profile?.rawValue), "keys": .optional(tap.keys),
            "level": .text(tap.evidence.level.rawValue), "fresh": .flag(tap.evidence.fresh),
            "counter": .optional(tap.counter?.rawValue), "copy": .flag(isCopy), "chip": chip,
            "verdict": tap.failure == nil ? .text(verdict.rawValue) : .null,
            "outcome": .optional(decision?.outcome.rawValue),
            "ticket": .optional(claims?.carrier.ticket.digits),
            "issue": claims.map { .int($0.carrier.issue) } ?? .null,
            "list": claims.map { .int($0.coordinate.list) } ?? .null,
            "index": claims.map { .int($0.coordinate.index) } ?? .null,
            "kid": .optional(judgement?.kid.map { Hex.text($0) }),
            "failure": .optional(tap.failure?.code.rawValue),
            "cause": tap.failure?.cause.map { .int($0) } ?? .null,
            "microseconds": .number(microseconds),
        ]).line
    }

    /// The facts as a replay takes them.
    private var chip: JSONValue {
        .object([
            "level": .text(tap.chip.level.rawValue),
            "uid": .optional(tap.chip.uid.map { Hex.text($0) }),
            "payload": .optional(tap.chip.payload.map { Hex.text($0) }),
            "uri": .optional(tap.chip.uri),
            "authentication": .text(tap.chip.authentication.rawValue),
            "counter": tap.chip.counter.map { .int($0) } ?? .null,
            "live": .flag(tap.chip.isLive), "fault": .optional(tap.chip.fault?.rawValue),
        ])
    }

    private var microseconds: Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    // MARK: - For people

    var text: String {
        if let failure = tap.failure { return failure.reason.description }
        var lines = [
            "Вердикт / Verdict: \(verdict.rawValue)",
            "  Считыватель / Reader: \(tap.reader.text)",
            "  Карта / Card: \(card ?? "ATR \(Hex.text(tap.atr))")",
            "  Доказательство / Evidence: \(proof.russian) / \(proof.english)",
        ]
        if let claims = judgement?.claims {
            lines.append("  Носитель / Carrier: \(claims.carrier)")
        }
        if let outcome = decision?.outcome {
            let face = OutcomeFace(outcome)
            lines.insert(
                "Дверь / Door: \(face.headline.russian) / \(face.headline.english) (\(outcome.rawValue))",
                at: 0
            )
        }
        if isCopy {
            lines.append("  КОПИЯ: не впускать по этой карте / A COPY: do not admit by this card")
        }
        return lines.joined(separator: "\n")
    }

    private var proof: Bilingual {
        switch (tap.evidence.level, tap.evidence.fresh) {
        case (.mutualAuth, _):
            Bilingual("чип ответил ключом, живой ответ", "a live answer under the chip's key")
        case (.dynamicMAC, true):
            Bilingual("MAC чипа, свежий счётчик", "the chip's MAC, fresh counter")
        case (.dynamicMAC, false):
            Bilingual("MAC чипа; свежесть не доказана", "the chip's MAC; freshness not proven")
        case (.signedData, _):
            Bilingual("подпись, её можно скопировать", "a signature, which can be copied")
        case (.uid, _):
            Bilingual("только UID, он ничего не доказывает", "a UID only, proves nothing")
        default: Bilingual("нет", "none")
        }
    }
}
