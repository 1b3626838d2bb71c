import UnionTicket

/// Manufacturers' reports, parcels, hand-out.
enum DeliverySchema {
    /// States of a batch that this step adds to those of the step that made the table.
    private static let laterStates: Set<BatchState> = [.accepted, .shipped, .closed]

    /// Transitions that this step adds to tables made before.
    private static let laterSteps: [(table: String, from: String, to: String)] = [
        ("batch", "sealed", "accepted"), ("batch", "accepted", "shipped"),
        ("batch", "accepted", "closed"), ("batch", "shipped", "closed"),
        ("carrier", "printed", "allocated"), ("carrier", "active", "unclaimed"),
        ("card_order", "produced", "batched"), ("card_order", "produced", "closed"),
        ("card_order", "shipped", "closed"),
    ]

    /// The rules of a table as they stood before this step.
    static func earlier<State: RawRepresentable<String> & Hashable>(
        _ table: String,
        _ rules: [(from: String, to: Set<State>)]
    ) -> [(from: String, to: Set<State>)] {
        rules.map { rule in
            let later = laterSteps.filter { $0.table == table && $0.from == rule.from }.map(\.to)
            return (rule.from, rule.to.filter { !later.contains($0.rawValue) })
        }
    }

    /// That `state` is one of a batch's states, before or since this step.
    static func batchStates(isLater: Bool) -> String {
        RegisterSchema.oneOf(
            "state",
            BatchState.allCases.filter { isLater || !laterStates.contains($0) }
        )
    }

    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String {
        widening(engine) + steps + tables
            + RegisterSchema.transitions(
                of: "parcel",
                ParcelState.allCases.map { ($0.rawValue, $0.successors) }
            )
            + RegisterSchema.refusals(in: "parcel", for: engine)
            + engine.refuse(
                table: "carrier",
                operation: .update,
                name: "carrier_batch_activation",
                when: """
                    OLD.state = 'allocated' AND NEW.state = 'active'
                    AND EXISTS (SELECT 1 FROM batch b WHERE b.issuance = OLD.issuance)
                    """,
                message: "carrier: a card of a batch is active from its delivery on"
            )
            + RegisterSchema.growingOnly(
                ["batch_report", "destruction_act", "destruction_card", "hand_out"],
                for: engine
            )
    }

    /// Lets a batch have the later states.
    ///
    /// SQLite has no statement for it; its manual gives this way (ALTER TABLE § 7). The tables made
    /// after it tell other connections to read the schema anew.
    private static func widening(_ engine: DatabaseEngine) -> String {
        let (old, new) = (batchStates(isLater: false), batchStates(isLater: true))
        switch engine {
        case .sqlite:
            let quoted = [old, new].map { "'\($0.replacing("'", with: "''"))'" }
            return """
                PRAGMA writable_schema = ON;
                UPDATE sqlite_schema SET sql = replace(sql, \(quoted[0]), \(quoted[1]))
                    WHERE type = 'table' AND name = 'batch';
                PRAGMA writable_schema = RESET;

                """
        case .postgres:
            return """
                ALTER TABLE batch DROP CONSTRAINT batch_state_check;
                ALTER TABLE batch ADD CONSTRAINT batch_state_check CHECK (\(new));

                """
        }
    }

    private static var steps: String {
        laterSteps.map {
            """
            INSERT INTO \($0.table)_transition (from_state, to_state)
                VALUES ('\($0.from)', '\($0.to)');

            """
        }.joined()
    }

    /// A report may come into force again after others: its hash no longer stands once a batch.
    @Sendable static func again(_ engine: DatabaseEngine) -> String {
        switch engine {
        case .postgres:
            "ALTER TABLE batch_report DROP CONSTRAINT batch_report_batch_id_sha256_key;"
        case .sqlite:
            // SQLite drops no constraint; its manual has the table made anew (ALTER TABLE § 7).
            // It is not shared with the step that made the table first: a step's words never change.
            """
            CREATE TABLE batch_report_anew (
                batch_id {int} NOT NULL REFERENCES batch (id),
                revision {int} NOT NULL CHECK (revision > 0),
                at {int} NOT NULL,
                user_id {int} NOT NULL REFERENCES app_user (id),
                sha256 {blob} NOT NULL,
                is_supplement {int} NOT NULL CHECK (is_supplement IN (0, 1)),
                rows_read {int} NOT NULL,
                produced {int} NOT NULL,
                spoiled {int} NOT NULL,
                missing {int} NOT NULL,
                surplus {int} NOT NULL,
                unknown {int} NOT NULL,
                duplicate {int} NOT NULL,
                PRIMARY KEY (batch_id, revision)
            ) {strict};
            INSERT INTO batch_report_anew SELECT batch_id, revision, at, user_id, sha256,
                is_supplement, rows_read, produced, spoiled, missing, surplus, unknown, duplicate
                FROM batch_report;
            DROP TABLE batch_report;
            ALTER TABLE batch_report_anew RENAME TO batch_report;

            """ + RegisterSchema.growingOnly(["batch_report"], for: engine)
        }
    }

    private static let tables = """
        ALTER TABLE batch ADD COLUMN activation TEXT
            CHECK (\(RegisterSchema.oneOf("activation", CardActivation.allCases)));
        ALTER TABLE batch ADD COLUMN spoilage TEXT
            CHECK (\(RegisterSchema.oneOf("spoilage", SpoilagePolicy.allCases)));
        ALTER TABLE batch ADD COLUMN has_chips {int} CHECK (has_chips IN (0, 1));
        ALTER TABLE batch ADD COLUMN price_tier TEXT;
        ALTER TABLE batch ADD COLUMN price {int} CHECK (price >= 0);
        ALTER TABLE batch ADD COLUMN charges TEXT;
        ALTER TABLE batch ADD COLUMN shares_since {int};
        ALTER TABLE batch ADD COLUMN destruction_act {blob};
        ALTER TABLE batch ADD COLUMN closed_at {int};
        CREATE TABLE batch_report (
            batch_id {int} NOT NULL REFERENCES batch (id),
            revision {int} NOT NULL CHECK (revision > 0),
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            sha256 {blob} NOT NULL,
            is_supplement {int} NOT NULL CHECK (is_supplement IN (0, 1)),
            rows_read {int} NOT NULL,
            produced {int} NOT NULL,
            spoiled {int} NOT NULL,
            missing {int} NOT NULL,
            surplus {int} NOT NULL,
            unknown {int} NOT NULL,
            duplicate {int} NOT NULL,
            PRIMARY KEY (batch_id, revision),
            UNIQUE (batch_id, sha256)
        ) {strict};
        CREATE TABLE batch_difference (
            id {int} NOT NULL PRIMARY KEY,
            batch_id {int} NOT NULL REFERENCES batch (id),
            revision {int} NOT NULL,
            kind TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("kind", DifferenceKind.allCases))),
            seq {int},
            line {int} NOT NULL,
            detail TEXT NOT NULL,
            closed_at {int},
            closed_by {int} REFERENCES app_user (id),
            resolution TEXT,
            CHECK ((closed_at IS NULL) = (resolution IS NULL)),
            CHECK ((closed_at IS NULL) = (closed_by IS NULL))
        ) {strict};
        CREATE INDEX batch_difference_open ON batch_difference (batch_id)
            WHERE closed_at IS NULL;
        CREATE TABLE parcel (
            batch_id {int} NOT NULL REFERENCES batch (id),
            number {int} NOT NULL CHECK (number > 0),
            region {int} NOT NULL,
            organisation {int} NOT NULL REFERENCES organisation (code),
            first_seq {int} NOT NULL,
            last_seq {int} NOT NULL,
            state TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("state", ParcelState.allCases))),
            shipped_at {int},
            region_at {int},
            primary_at {int},
            PRIMARY KEY (batch_id, number),
            CHECK (last_seq >= first_seq)
        ) {strict};
        CREATE INDEX parcel_organisation ON parcel (organisation);
        CREATE TABLE carrier_chip (
            carrier_id {int} NOT NULL PRIMARY KEY REFERENCES carrier (id),
            uid {blob} NOT NULL UNIQUE
        ) {strict};
        CREATE TABLE hand_out (
            carrier_id {int} NOT NULL PRIMARY KEY REFERENCES carrier (id),
            region {int} NOT NULL,
            organisation {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            at {int} NOT NULL,
            handed_on {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            way TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("way", HandOutWay.allCases))),
            document TEXT NOT NULL
        ) {strict};
        CREATE INDEX hand_out_member ON hand_out (member_id);
        CREATE TABLE destruction_act (
            id {int} NOT NULL PRIMARY KEY,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            organisation {int} NOT NULL,
            reason TEXT NOT NULL CHECK (length(reason) > 0),
            cards {int} NOT NULL CHECK (cards > 0)
        ) {strict};
        CREATE TABLE destruction_card (
            act_id {int} NOT NULL REFERENCES destruction_act (id),
            carrier_id {int} NOT NULL UNIQUE REFERENCES carrier (id),
            was TEXT NOT NULL,
            PRIMARY KEY (act_id, carrier_id)
        ) {strict};
        INSERT INTO counter (name, value) VALUES ('batchDifference', 0), ('destructionAct', 0);

        """
}
