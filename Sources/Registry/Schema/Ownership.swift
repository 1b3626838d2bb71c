import UnionTicket

// Whose a number and a card are, and what is published of a card: refused by the database also to
// whoever writes to it past the program.
extension RegisterSchema {
    static func ownership(_ engine: DatabaseEngine) -> String {
        numberRefusals(engine) + carrierRefusals(engine)
            + engine.refuse(
                table: "card_order",
                operation: .insert,
                name: "card_order_begins",
                when: "NEW.state <> 'draft'",
                message: "card_order: an order begins as a draft",
                keepsEarlierRows: true
            )
            + growingOnly(["carrier_event", "order_event"], for: engine)
    }

    private static func numberRefusals(_ engine: DatabaseEngine) -> String {
        engine.refuse(
            table: "ticket_number",
            operation: .update,
            name: "ticket_number_holder",
            when: """
                OLD.region <> NEW.region
                OR (NEW.member_id IS NOT NULL AND OLD.state <> 'reserved'
                    AND OLD.member_id IS DISTINCT FROM NEW.member_id)
                OR (NEW.member_id IS NULL AND OLD.member_id IS NOT NULL
                    AND NEW.state <> 'retired')
                """,
            message: "ticket_number: a number never changes hands"
        )
            + notReplaced(engine)
    }

    /// In PostgreSQL the primary key says all of it.
    private static func notReplaced(_ engine: DatabaseEngine) -> String {
        guard engine == .sqlite else { return "" }
        return engine.refuse(
            table: "ticket_number",
            operation: .insert,
            name: "ticket_number_begins",
            when: isReplacing("ticket_number", ["t.number = NEW.number"], engine),
            message: "ticket_number: a number is never used again",
            keepsEarlierRows: true
        )
    }

    private static func carrierRefusals(_ engine: DatabaseEngine) -> String {
        let usable = oneOf("NEW.state", CarrierState.allCases.filter(\.isUsable))
        let isNobodys = "NEW.kind = 'plastic' AND NEW.member_id IS NULL AND (\(usable))"
        return engine.refuse(
            table: "carrier",
            operation: .update,
            name: "carrier_holder",
            when: """
                OLD.kind <> NEW.kind OR OLD.number IS DISTINCT FROM NEW.number
                OR OLD.issue IS DISTINCT FROM NEW.issue OR OLD.list IS DISTINCT FROM NEW.list
                OR OLD.idx IS DISTINCT FROM NEW.idx
                OR (NEW.member_id IS NOT NULL AND OLD.member_id IS DISTINCT FROM NEW.member_id)
                OR \(isNobodys)
                """,
            message: "carrier: a carrier never changes hands"
        )
            + engine.refuse(
                table: "carrier",
                operation: .update,
                name: "carrier_published",
                when: isOtherwise,
                message: "carrier: what is published follows the state"
            )
            + engine.refuse(
                table: "carrier",
                operation: .insert,
                name: "carrier_begins",
                when: """
                    \(isOtherwise) OR (NEW.kind = 'plastic' AND NEW.issue IS NULL)
                    OR (NEW.number IS NOT NULL AND NEW.member_id IS NOT NULL
                        AND NOT EXISTS (SELECT 1 FROM ticket_number t
                            WHERE t.number = NEW.number AND t.member_id = NEW.member_id))
                    OR \(isNobodys) OR \(isReplacing("carrier", carrierKeys, engine))
                    """,
                message: "carrier: a carrier is new and its number's holder's",
                keepsEarlierRows: true
            )
    }

    /// That the published status is not the one that belongs to the state; of a card of the old scheme
    /// nothing is published.
    private static let isOtherwise: String = {
        let groups = Dictionary(grouping: CarrierState.allCases, by: \.published.rawValue)
        let cases = groups.sorted { $0.key < $1.key }
            .map { "WHEN \(oneOf("NEW.state", $0.value)) THEN \($0.key)" }
        return """
            (NEW.kind <> 'legacyPlastic'
                AND NEW.published <> CASE \(cases.joined(separator: " ")) END)
            """
    }()

    private static let carrierKeys = [
        "t.id = NEW.id", "t.list = NEW.list AND t.idx = NEW.idx",
        "t.number = NEW.number AND t.issue = NEW.issue AND t.kind = 'plastic'",
    ]

    /// That a new row would take another's place: SQLite's REPLACE removes that one without asking what
    /// refuses deletion.
    private static func isReplacing(
        _ table: String,
        _ keys: [String],
        _ engine: DatabaseEngine
    ) -> String {
        guard engine == .sqlite else { return "1 = 0" }
        return keys.map { "EXISTS (SELECT 1 FROM \(table) t WHERE \($0))" }
            .joined(separator: " OR ")
    }
}
