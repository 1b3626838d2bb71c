import UnionTicket

/// Triggers and transition tables: what the database itself refuses.
extension RegisterSchema {
    /// That `column` is one of an enumeration's raw values, for a CHECK; SQLite compares a chain of
    /// ORs several times faster than it searches an IN.
    static func oneOf<Value: RawRepresentable<String>>(
        _ column: String,
        _ values: [Value]
    ) -> String {
        values.map { "\(column) = '\($0.rawValue)'" }.joined(separator: " OR ")
    }

    /// A table of the legal transitions of `table`, filled from the core's own rules.
    static func transitions<State: RawRepresentable<String>>(
        of table: String,
        _ rules: [(from: String, to: Set<State>)]
    ) -> String {
        let pairs = rules.flatMap { rule in
            rule.to.map(\.rawValue).sorted().map { "('\(rule.from)', '\($0)')" }
        }
        return """

            CREATE TABLE \(table)_transition (
                from_state TEXT NOT NULL, to_state TEXT NOT NULL,
                PRIMARY KEY (from_state, to_state)
            ) {strict};
            INSERT INTO \(table)_transition (from_state, to_state) VALUES
            \(pairs.joined(separator: ", "));

            """
    }

    /// Refuses every change of `state` that the transition table does not list, and deletion.
    static func refusals(in table: String, for engine: DatabaseEngine) -> String {
        engine.refuse(
            table: table,
            operation: .update,
            name: "\(table)_illegal_transition",
            when: """
                OLD.state <> NEW.state AND NOT EXISTS (SELECT 1 FROM \(table)_transition t
                WHERE t.from_state = OLD.state AND t.to_state = NEW.state)
                """,
            message: "\(table): illegal transition"
        )
            + engine.refuse(
                table: table,
                operation: .delete,
                name: "\(table)_no_deletion",
                when: "1 = 1",
                message: "\(table): rows are never deleted"
            )
    }

    /// The number ledger goes forward only, and a number never changes hands.
    static func ledgerRefusals(for engine: DatabaseEngine) -> String {
        engine.refuse(
            table: "ticket_number",
            operation: .update,
            name: "ticket_number_forward_only",
            when: """
                OLD.number <> NEW.number OR NOT (OLD.state = NEW.state
                OR (OLD.state = 'reserved' AND NEW.state IN ('assigned', 'retired'))
                OR (OLD.state = 'assigned' AND NEW.state = 'retired'))
                OR (OLD.member_id IS NOT NULL AND NEW.member_id IS NOT NULL
                AND OLD.member_id <> NEW.member_id)
                """,
            message: "ticket_number: a number is never used again"
        )
            + engine.refuse(
                table: "ticket_number",
                operation: .delete,
                name: "ticket_number_no_deletion",
                when: "1 = 1",
                message: "ticket_number: rows are never deleted"
            )
            + engine.refuse(
                table: "carrier",
                operation: .update,
                name: "carrier_identity",
                when: """
                    OLD.list <> NEW.list OR OLD.idx <> NEW.idx OR OLD.number <> NEW.number
                    OR OLD.issue <> NEW.issue OR OLD.kind <> NEW.kind
                    """,
                message: "carrier: identity never changes"
            )
    }

    /// Tables that only grow: no row of them is changed or deleted.
    static func growingOnly(_ tables: [String], for engine: DatabaseEngine) -> String {
        tables.map { table in
            engine.refuse(
                table: table,
                operation: .update,
                name: "\(table)_no_change",
                when: "1 = 1",
                message: "\(table): rows are never changed"
            )
                + engine.refuse(
                    table: table,
                    operation: .delete,
                    name: "\(table)_no_deletion",
                    when: "1 = 1",
                    message: "\(table): rows are never deleted"
                )
        }.joined()
    }
}
