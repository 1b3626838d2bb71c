import Registry
import UnionTicket

// How acknowledgements of a partner and the rows that it could not take are shown.
extension PartnerCommand {
    static func show(
        _ answer: PartnerAcknowledgements.Answer,
        _ partner: String,
        _ faulty: [(id: String, code: String)],
        isRepeated: Bool,
        json: Bool
    ) {
        if json {
            return say([
                "package": .int(answer.sequence), "state": .optional(answer.state?.rawValue),
                "fault": .optional(answer.fault?.rawValue),
                "resend": answer.resend.map(JSONValue.int) ?? .null,
                "needsBase": .flag(answer.needsBase), "repeated": .flag(isRepeated),
                "strangers": .list(answer.strangers.map { .text($0) }),
                "rowErrors": list(faulty),
            ])
        }
        let state = answer.state?.rawValue ?? "—"
        if let fault = answer.fault, fault != .rowErrors {
            say(
                "Пакет \(answer.sequence): подтверждение не принято (\(fault.rawValue)); состояние "
                    + "\(state).",
                "Package \(answer.sequence): not taken (\(fault.rawValue)); state \(state)."
            )
        } else {
            let rows = answer.strangers.isEmpty && faulty.isEmpty ? "" : ", rowErrors"
            say(
                "Пакет \(answer.sequence): \(state)\(rows).",
                "Package \(answer.sequence): \(state)\(rows)."
            )
        }
        if answer.needsBase {
            print("  Набор партнёра другой: profbilet partner export \(partner) --base")
        } else if let resend = answer.resend {
            print("  Пошлите ещё раз / send again: profbilet partner resend \(partner) \(resend)")
        }
        for stranger in answer.strangers.prefix(rowLimit) {
            print("  чужая строка / unknown row: \(printable(stranger))")
        }
        if answer.strangers.count > rowLimit { print("  … \(answer.strangers.count)") }
        show(faulty)
    }
}

// Rows that a partner could not take.
extension PartnerCommand {
    /// Rows that a screen shows; `--json` has them all.
    private static let rowLimit = 50

    /// The faulty rows of an acknowledgement that the package holds.
    static func known(
        _ said: PartnerAcknowledgements.Acknowledgement,
        _ answer: PartnerAcknowledgements.Answer
    ) -> [(id: String, code: String)] {
        guard said.stage == .applied, answer.fault == nil || answer.fault == .rowErrors else {
            return []
        }
        let strangers = Set(answer.strangers)
        return said.rows.filter { !strangers.contains($0.id) }
    }

    static func list(_ rows: [(id: String, code: String)]) -> JSONValue {
        .list(rows.map { .object(["id": .text($0.id), "code": .text($0.code)]) })
    }

    static func show(_ rows: [(id: String, code: String)]) {
        for row in rows.prefix(rowLimit) {
            print("  строка с ошибкой / faulty row: \(row.id) \(printable(row.code))")
        }
        if rows.count > rowLimit { print("  … \(rows.count)") }
    }

    /// A partner's own words without what a terminal would obey, 64 characters at most.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(64).map {
                    $0.properties.generalCategory == .control ? " " : $0
                }
            )
        )
    }
}
