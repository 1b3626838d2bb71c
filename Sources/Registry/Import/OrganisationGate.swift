import UnionTicket

/// Which organisations an import may name.
struct OrganisationGate: Sendable {
    /// Every organisation that may be asked for, with the day it was closed on.
    private let closing: [Int64: Int64?]
    private let today: CalendarDate
    private let whole: OrganisationCode?
    private let scope: OrganisationCode

    init(
        today: CalendarDate,
        completeFor whole: OrganisationCode?,
        scope: OrganisationCode,
        named: Set<OrganisationCode>? = nil,
        in session: any DatabaseSession
    ) throws {
        (self.today, self.whole, self.scope) = (today, whole, scope)
        var closing: [Int64: Int64?] = [:]
        let asked = named?.map { SQLValue.integer($0.ordinal) }.parts(of: 256)
        for part in asked.map({ Array($0) }) ?? [] {
            try session.query(
                "SELECT code, closed_on FROM organisation WHERE code IN (\(part.placeholders))",
                part.padded
            ) { closing[$0.integer(0)] = $0.optionalInteger(1) }
        }
        if asked == nil {
            try session.query("SELECT code, closed_on FROM organisation", []) {
                closing[$0.integer(0)] = $0.optionalInteger(1)
            }
        }
        self.closing = closing
    }

    /// Whether the file is an organisation's whole roster.
    var isWhole: Bool { whole != nil }

    /// Why a row of this organisation is refused, or nil.
    func refusal(_ code: OrganisationCode) -> RowIssue? {
        guard let closed = closing[code.ordinal] else {
            return .organisation(
                "organisation_unknown",
                "Организации \(code) нет в реестре: загрузите список организаций.",
                "Organisation \(code) is not in the register: load the list of organisations."
            )
        }
        if let closed, closed <= today.day {
            return .organisation(
                "organisation_closed",
                "Организация \(code) закрыта: укажите действующую.",
                "Organisation \(code) is closed: name an open one."
            )
        }
        if let whole, !whole.contains(code) {
            return .organisation(
                "outside_complete_roster",
                "Организация \(code) не входит в \(whole), чей полный список загружается.",
                "Organisation \(code) is not within \(whole), whose whole roster this is."
            )
        }
        guard scope.contains(code) else {
            return .organisation(
                "outside_scope",
                "Организация \(code) вне вашей области \(scope).",
                "Organisation \(code) is outside your scope \(scope)."
            )
        }
        return nil
    }
}

extension RowIssue {
    static func organisation(_ code: String, _ russian: String, _ english: String) -> RowIssue {
        RowIssue(
            field: "organisation",
            column: nil,
            code: code,
            severity: .error,
            message: Bilingual(russian, english)
        )
    }
}
