import UnionTicket

/// Partners of the bonus programme and what they were given.
///
/// A pseudonym and its member meet in no column: `partner_link` seals the member under the partner's
/// own key, and a pseudonym is a keyed hash of the member under the same key. Rows are versions: the
/// set of a partner after package N is the newest version up to N of every pseudonym.
enum PartnerSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String {
        tables + exchange
            + RegisterSchema.transitions(
                of: "partner_package",
                PartnerPackageState.allCases.map { ($0.rawValue, $0.successors) }
            )
            + RegisterSchema.refusals(in: "partner_package", for: engine)
            + RegisterSchema.growingOnly(
                [
                    "partner_statistics", "partner_statistics_row", "partner_ack", "partner_file",
                    "member_merge",
                ],
                for: engine
            ) + rowRefusals(for: engine) + changes(for: engine)
    }

    /// How many rows of a partner's set are suspended, so that a base need not count them.
    @Sendable static func setCounts(_ engine: DatabaseEngine) -> String {
        """
        ALTER TABLE partner ADD COLUMN set_suspended {int} NOT NULL DEFAULT 0
            CHECK (set_suspended >= 0);
        \(countSuspended);
        """
    }

    static let countSuspended = """
        UPDATE partner SET set_suspended = (SELECT count(*) FROM partner_row r
            WHERE r.partner_id = partner.id AND r.status = 'suspended'
            AND r.sequence <= partner.sequence AND NOT EXISTS
            (SELECT 1 FROM partner_row x WHERE x.partner_id = r.partner_id
                AND x.pseudonym = r.pseudonym AND x.sequence > r.sequence
                AND x.sequence <= partner.sequence))
        """

    private static let tables = """
        CREATE TABLE partner (
            id {int} NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 32),
            recipient TEXT NOT NULL UNIQUE CHECK (length(recipient) BETWEEN 1 AND 64),
            title TEXT NOT NULL,
            configuration TEXT NOT NULL,
            certificate {blob} NOT NULL,
            signer {blob} NOT NULL,
            minimum_age {int} NOT NULL CHECK (minimum_age BETWEEN 14 AND 99),
            columns {int} NOT NULL,
            deadline_days {int} NOT NULL CHECK (deadline_days BETWEEN 1 AND 60),
            sealed_key {blob} NOT NULL,
            set_state {blob} NOT NULL CHECK (length(set_state) = 256),
            set_count {int} NOT NULL CHECK (set_count >= 0),
            sequence {int} NOT NULL CHECK (sequence >= 0),
            full_from {int},
            must_base {int} NOT NULL CHECK (must_base IN (0, 1)),
            created_at {int} NOT NULL,
            created_by {int} NOT NULL REFERENCES app_user (id)
        ) {strict};
        CREATE TABLE partner_watch (id {int} NOT NULL PRIMARY KEY CHECK (id = 1)) {strict};
        CREATE TABLE partner_change (seq {id}, member_id {int} NOT NULL) {strict};
        CREATE TABLE partner_pending (
            partner_id {int} NOT NULL REFERENCES partner (id),
            member_id {int} NOT NULL,
            PRIMARY KEY (partner_id, member_id)
        ) {strict,without rowid};
        CREATE TABLE partner_due (
            partner_id {int} NOT NULL REFERENCES partner (id),
            day {int} NOT NULL,
            member_id {int} NOT NULL,
            PRIMARY KEY (partner_id, day, member_id)
        ) {strict,without rowid};
        CREATE TABLE partner_link (
            partner_id {int} NOT NULL REFERENCES partner (id),
            pseudonym {blob} NOT NULL CHECK (length(pseudonym) = 16),
            sealed_member {blob} NOT NULL,
            PRIMARY KEY (partner_id, pseudonym)
        ) {strict,without rowid};
        CREATE TABLE partner_row (
            partner_id {int} NOT NULL REFERENCES partner (id),
            pseudonym {blob} NOT NULL,
            sequence {int} NOT NULL CHECK (sequence > 0),
            status TEXT NOT NULL
                CHECK (\(RegisterSchema.oneOf("status", PartnerStatus.allCases))),
            number {int},
            valid_until {int} NOT NULL,
            carriers {int} NOT NULL CHECK (carriers BETWEEN 0 AND 3),
            region {int} NOT NULL,
            changed_at {int} NOT NULL,
            since {int} NOT NULL,
            merged_into {blob},
            PRIMARY KEY (partner_id, pseudonym, sequence),
            CHECK ((status = 'merged') = (merged_into IS NOT NULL))
        ) {strict,without rowid};
        CREATE INDEX partner_row_package ON partner_row (partner_id, sequence);
        CREATE TABLE partner_code (
            hash {blob} NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
            partner_id {int} NOT NULL REFERENCES partner (id),
            member_id {int} NOT NULL REFERENCES member (id),
            state TEXT NOT NULL CHECK (state IN ('open', 'used', 'spent', 'revoked')),
            failures {int} NOT NULL DEFAULT 0 CHECK (failures >= 0),
            created_at {int} NOT NULL,
            created_by {int} NOT NULL REFERENCES app_user (id),
            expires_at {int} NOT NULL
        ) {strict};
        CREATE UNIQUE INDEX partner_code_one_open ON partner_code (partner_id, member_id)
            WHERE state = 'open';
        CREATE TABLE member_merge (
            member_id {int} NOT NULL PRIMARY KEY REFERENCES member (id),
            into_member {int} NOT NULL REFERENCES member (id),
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            CHECK (member_id <> into_member)
        ) {strict};
        INSERT INTO counter (name, value) VALUES ('partner', 0);
        """

    private static let exchange = """
        CREATE TABLE partner_package (
            partner_id {int} NOT NULL REFERENCES partner (id),
            sequence {int} NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('base', 'delta')),
            state TEXT NOT NULL
                CHECK (\(RegisterSchema.oneOf("state", PartnerPackageState.allCases))),
            created_at {int} NOT NULL,
            active {int} NOT NULL,
            suspended {int} NOT NULL,
            revoked {int} NOT NULL,
            merged {int} NOT NULL,
            set_count {int} NOT NULL,
            set_hash {blob} NOT NULL CHECK (length(set_hash) = 32),
            deadline {int},
            manifest {blob},
            data {blob},
            sent_at {int},
            received_at {int},
            applied_at {int},
            code TEXT,
            resends {int} NOT NULL DEFAULT 0,
            PRIMARY KEY (partner_id, sequence)
        ) {strict};
        CREATE TABLE partner_file (
            sha256 {blob} NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
            partner_id {int} NOT NULL,
            sequence {int} NOT NULL,
            at {int} NOT NULL,
            FOREIGN KEY (partner_id, sequence) REFERENCES partner_package (partner_id, sequence)
        ) {strict};
        CREATE TABLE partner_ack (
            partner_id {int} NOT NULL REFERENCES partner (id),
            hash {blob} NOT NULL,
            at {int} NOT NULL,
            answer {blob} NOT NULL,
            PRIMARY KEY (partner_id, hash)
        ) {strict};
        CREATE TABLE partner_row_error (
            partner_id {int} NOT NULL REFERENCES partner (id),
            sequence {int} NOT NULL,
            pseudonym TEXT NOT NULL,
            code TEXT NOT NULL,
            PRIMARY KEY (partner_id, sequence, pseudonym)
        ) {strict};
        CREATE TABLE partner_statistics (
            partner_id {int} NOT NULL REFERENCES partner (id),
            period {int} NOT NULL,
            revision {int} NOT NULL CHECK (revision > 0),
            sha256 {blob} NOT NULL,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            PRIMARY KEY (partner_id, period, revision)
        ) {strict};
        CREATE TABLE partner_statistics_row (
            partner_id {int} NOT NULL,
            period {int} NOT NULL,
            revision {int} NOT NULL,
            region {int} NOT NULL CHECK (region BETWEEN 1 AND 99),
            participants {int} NOT NULL CHECK (participants >= 0),
            through_app {int} NOT NULL CHECK (through_app BETWEEN 0 AND participants),
            purchases {int} NOT NULL CHECK (purchases >= 0),
            turnover {int} NOT NULL CHECK (turnover >= 0),
            cashback {int} NOT NULL CHECK (cashback BETWEEN 0 AND turnover),
            PRIMARY KEY (partner_id, period, revision, region),
            FOREIGN KEY (partner_id, period, revision)
                REFERENCES partner_statistics (partner_id, period, revision)
        ) {strict};
        """

    /// What was sent stays as it was sent; only a destroyed person's number may be taken out.
    private static func rowRefusals(for engine: DatabaseEngine) -> String {
        let isFixed = """
            OLD.sequence <= (SELECT p.sequence FROM partner p WHERE p.id = OLD.partner_id)
            """
        return engine.refuse(
            table: "partner_row",
            operation: .update,
            name: "partner_row_fixed",
            when: """
                \(isFixed) AND (NEW.status <> OLD.status OR NEW.valid_until <> OLD.valid_until
                OR NEW.carriers <> OLD.carriers OR NEW.region <> OLD.region
                OR NEW.changed_at <> OLD.changed_at OR NEW.number IS NOT NULL
                OR NEW.sequence <> OLD.sequence OR NEW.pseudonym <> OLD.pseudonym)
                """,
            message: "partner_row: what was sent is never changed"
        )
            + engine.refuse(
                table: "partner_row",
                operation: .delete,
                name: "partner_row_kept",
                when: isFixed,
                message: "partner_row: what was sent is never deleted"
            )
    }

    /// Notes whose rows may look different from now on; where there is no partner nothing is noted.
    private static func changes(for engine: DatabaseEngine) -> String {
        let isWatched = "EXISTS (SELECT 1 FROM partner_watch)"
        return engine.follow(
            table: "carrier",
            event: "INSERT",
            name: "carrier_partner_insert",
            when: "NEW.member_id IS NOT NULL AND NEW.kind <> 'legacyPlastic' AND \(isWatched)",
            then: "INSERT INTO partner_change (member_id) VALUES (NEW.member_id)"
        )
            + engine.follow(
                table: "carrier",
                event: "UPDATE",
                name: "carrier_partner_update",
                when: """
                    (OLD.state <> NEW.state OR OLD.member_id IS DISTINCT FROM NEW.member_id
                    OR (NEW.kind = 'plastic' AND OLD.expires_at IS DISTINCT FROM NEW.expires_at))
                    AND coalesce(NEW.member_id, OLD.member_id) IS NOT NULL AND \(isWatched)
                    """,
                then: """
                    INSERT INTO partner_change (member_id)
                    VALUES (coalesce(NEW.member_id, OLD.member_id))
                    """
            )
            + engine.follow(
                table: "member",
                event: "UPDATE",
                name: "member_partner_update",
                when: """
                    (OLD.state <> NEW.state OR OLD.region <> NEW.region
                    OR OLD.birth_hash <> NEW.birth_hash) AND \(isWatched)
                    """,
                then: "INSERT INTO partner_change (member_id) VALUES (NEW.id)"
            )
            + engine.follow(
                table: "consent",
                event: "UPDATE",
                name: "consent_partner_update",
                when: """
                    (OLD.withdrawn_on IS DISTINCT FROM NEW.withdrawn_on
                    OR OLD.given_on <> NEW.given_on
                    OR OLD.until IS DISTINCT FROM NEW.until) AND \(isWatched)
                    """,
                then: "INSERT INTO partner_change (member_id) VALUES (NEW.member_id)"
            )
    }
}

extension DatabaseEngine {
    /// A trigger that does one more statement after a row was written.
    ///
    /// - Parameters:
    ///   - table: Whose rows.
    ///   - event: `INSERT` or `UPDATE`.
    ///   - name: The trigger's name, unique in the database.
    ///   - condition: In terms of OLD and NEW, subqueries allowed.
    ///   - statement: What is done then.
    /// - Returns: The statements that make the trigger, each ended.
    func follow(
        table: String,
        event: String,
        name: String,
        when condition: String,
        then statement: String
    ) -> String {
        let header = "CREATE TRIGGER \(name) AFTER \(event) ON \(table) FOR EACH ROW"
        switch self {
        case .sqlite:
            return "\(header) WHEN (\(condition)) BEGIN \(statement); END;\n"
        case .postgres:
            return """
                CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $follow$
                BEGIN
                    IF (\(condition)) THEN \(statement); END IF;
                    RETURN NULL;
                END $follow$;
                \(header) EXECUTE FUNCTION \(name)();

                """
        }
    }
}
