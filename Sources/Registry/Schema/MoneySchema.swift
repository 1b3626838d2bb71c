import UnionTicket

/// Prices, shares and the ledger.
///
/// Lines go in before their entry: the entry is refused unless they balance, and after it no line is
/// taken. So no committed entry is unbalanced, whoever writes.
enum MoneySchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String {
        tables
            + RegisterSchema.growingOnly(["cost_share", "money_entry", "money_line"], for: engine)
            + engine.refuse(
                table: "money_entry",
                operation: .insert,
                name: "money_entry_balances",
                when: """
                    (SELECT COALESCE(sum(l.amount), 1) FROM money_line l
                    WHERE l.entry_id = NEW.id) <> 0
                    """,
                message: "money_entry: debit and credit differ"
            )
            + engine.refuse(
                table: "money_line",
                operation: .insert,
                name: "money_line_before_entry",
                when: "EXISTS (SELECT 1 FROM money_entry e WHERE e.id = NEW.entry_id)",
                message: "money_line: the entry is closed"
            )
    }

    /// A document counts once until its entry is taken back: then the right one may bear its number.
    ///
    /// An index cannot see a reversal, so that a trigger refuses; PostgreSQL's transactions are
    /// serializable, and of two at once one is refused.
    @Sendable static func documents(_ engine: DatabaseEngine) -> String {
        func repeats(_ kinds: String, _ column: String) -> String {
            """
            (SELECT 1 FROM money_entry e WHERE (\(kinds)) AND e.kind = NEW.kind
            AND e.\(column) = NEW.\(column) AND e.document = NEW.document
            AND NOT EXISTS (SELECT 1 FROM money_entry r WHERE r.reverses = e.id))
            """
        }
        let ofRegion = repeats("e.kind = 'payment'", "region")
        let ofBatch = repeats("e.kind = 'prepayment' OR e.kind = 'refund'", "batch_id")
        return """
            DROP INDEX money_entry_region_document;
            DROP INDEX money_entry_batch_document;
            CREATE INDEX money_entry_region_document ON money_entry (region, document)
                WHERE kind = 'payment';
            CREATE INDEX money_entry_batch_document ON money_entry (batch_id, document)
                WHERE kind = 'prepayment' OR kind = 'refund';

            """
                + engine.refuse(
                    table: "money_entry",
                    operation: .insert,
                    name: "money_entry_document_once",
                    when: "EXISTS \(ofRegion) OR EXISTS \(ofBatch)",
                    message: "money_entry: the document is recorded already"
                )
    }

    private static let tables = """
        CREATE TABLE cost_share (
            since {int} NOT NULL PRIMARY KEY,
            central_council {int} NOT NULL CHECK (central_council >= 0),
            region {int} NOT NULL CHECK (region >= 0),
            primary_organisation {int} NOT NULL CHECK (primary_organisation >= 0),
            at {int} NOT NULL,
            user_id {int} REFERENCES app_user (id),
            CHECK (central_council + region + primary_organisation = \(CostShares.whole))
        ) {strict};
        INSERT INTO cost_share (since, central_council, region, primary_organisation, at)
            VALUES (0, \(CostShares.initial.centralCouncil), \(CostShares.initial.region),
                \(CostShares.initial.primary), 0);
        CREATE TABLE money_entry (
            id {int} NOT NULL PRIMARY KEY,
            at {int} NOT NULL,
            entry_day {int} NOT NULL,
            kind TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("kind", MoneyEntryKind.allCases))),
            user_id {int} NOT NULL REFERENCES app_user (id),
            batch_id {int} REFERENCES batch (id),
            region {int},
            document TEXT,
            note TEXT NOT NULL,
            reverses {int} UNIQUE REFERENCES money_entry (id),
            CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
        ) {strict};
        CREATE UNIQUE INDEX money_entry_region_document ON money_entry (region, document)
            WHERE kind = 'payment';
        CREATE UNIQUE INDEX money_entry_batch_document ON money_entry (kind, batch_id, document)
            WHERE kind = 'prepayment' OR kind = 'refund';
        CREATE INDEX money_entry_batch ON money_entry (batch_id) WHERE batch_id IS NOT NULL;
        CREATE TABLE money_line (
            entry_id {int} NOT NULL REFERENCES money_entry (id) DEFERRABLE INITIALLY DEFERRED,
            number {int} NOT NULL CHECK (number > 0),
            account TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("account", MoneyAccount.allCases))),
            region {int} NOT NULL,
            reason TEXT NOT NULL,
            cards {int} NOT NULL,
            amount {int} NOT NULL,
            PRIMARY KEY (entry_id, number)
        ) {strict};
        CREATE INDEX money_line_region ON money_line (region, account);
        INSERT INTO counter (name, value) VALUES ('moneyEntry', 0);

        """
}
