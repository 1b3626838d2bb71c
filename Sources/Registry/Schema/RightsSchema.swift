import UnionTicket

/// Consents given and withdrawn singly, deadlines, acts, incidents, second signatures.
enum RightsSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String {
        tables + indexes + attendance(engine)
            + RegisterSchema.growingOnly(["consent_act", "incident_member"], for: engine)
    }

    private static let tables = """
        CREATE TABLE consent_act (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            purpose TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("purpose", ConsentPurpose.allCases))),
            recipient TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind = 'given' OR kind = 'withdrawn'),
            day {int} NOT NULL,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            sealed_representative {blob}
        ) {strict};
        CREATE TABLE consent_withdrawal (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            purpose TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("purpose", ConsentPurpose.allCases))),
            recipient TEXT NOT NULL,
            withdrawn_on {int} NOT NULL,
            due_on {int} NOT NULL,
            done_at {int},
            done_by {int} REFERENCES app_user (id),
            done_how TEXT,
            CHECK (due_on >= withdrawn_on),
            CHECK ((done_at IS NULL) = (done_how IS NULL))
        ) {strict};
        CREATE TABLE erasure (
            member_id {int} NOT NULL PRIMARY KEY REFERENCES member (id),
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            reason TEXT NOT NULL,
            numbers {int} NOT NULL,
            carriers {int} NOT NULL,
            log_head {int} NOT NULL,
            act_sha256 {blob}
        ) {strict};
        CREATE TABLE erased_carrier (
            carrier_id {int} NOT NULL PRIMARY KEY REFERENCES carrier (id),
            member_id {int} NOT NULL REFERENCES member (id)
        ) {strict};
        CREATE TABLE erased_record (
            member_id {int} NOT NULL PRIMARY KEY REFERENCES member (id),
            had_ais_id {int} NOT NULL CHECK (had_ais_id IN (0, 1))
        ) {strict};
        CREATE TABLE incident (
            id {int} NOT NULL PRIMARY KEY,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            file_sha256 {blob} NOT NULL,
            kind TEXT NOT NULL,
            source TEXT NOT NULL,
            strangers {int} NOT NULL
        ) {strict};
        CREATE TABLE incident_member (
            incident_id {int} NOT NULL REFERENCES incident (id),
            member_id {int} NOT NULL REFERENCES member (id),
            PRIMARY KEY (incident_id, member_id)
        ) {strict,without rowid};
        CREATE TABLE mass_block (
            id {int} NOT NULL PRIMARY KEY,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            change TEXT NOT NULL,
            reason TEXT NOT NULL,
            hash {blob} NOT NULL,
            carriers {int} NOT NULL CHECK (carriers > 0),
            done_at {int},
            second_user {int} REFERENCES app_user (id),
            refused_at {int},
            CHECK (second_user IS NULL OR second_user <> user_id),
            CHECK (done_at IS NULL OR refused_at IS NULL)
        ) {strict};
        CREATE TABLE mass_block_carrier (
            block_id {int} NOT NULL REFERENCES mass_block (id),
            carrier_id {int} NOT NULL REFERENCES carrier (id),
            PRIMARY KEY (block_id, carrier_id)
        ) {strict,without rowid};
        INSERT INTO counter (name, value) VALUES
            ('consentAct', 0), ('withdrawal', 0), ('incident', 0), ('massBlock', 0);

        """

    /// What a dossier of one member among millions is found by.
    private static let indexes = """
        CREATE INDEX consent_act_member ON consent_act (member_id);
        CREATE INDEX consent_withdrawal_member ON consent_withdrawal (member_id);
        CREATE INDEX consent_withdrawal_open ON consent_withdrawal (due_on)
            WHERE done_at IS NULL;
        CREATE INDEX batch_card_member ON batch_card (member_id);
        CREATE INDEX card_order_member ON card_order (member_id);
        CREATE INDEX conflict_member ON conflict (member_id) WHERE member_id IS NOT NULL;
        CREATE INDEX conflict_resolved_member ON conflict (resolved_member)
            WHERE resolved_member IS NOT NULL;
        CREATE INDEX event_person_by_member ON event_person (member_id)
            WHERE member_id IS NOT NULL;
        CREATE INDEX incident_by_member ON incident_member (member_id);

        """

    /// Approved minutes keep the counts; after their term the marks of persons may be deleted, and
    /// none comes back.
    private static func attendance(_ engine: DatabaseEngine) -> String {
        """
        CREATE TABLE event_minutes (
            event_id {int} NOT NULL PRIMARY KEY REFERENCES event (id),
            approved_on {int} NOT NULL,
            keep_days {int} NOT NULL CHECK (keep_days BETWEEN 0 AND 3650),
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            counts TEXT NOT NULL,
            erased_at {int}
        ) {strict};

        """ + engine.dropRefusal("event_entry_no_deletion", of: "event_entry")
            + engine.refuse(
                table: "event_entry",
                operation: .delete,
                name: "event_entry_kept",
                when: """
                    NOT EXISTS (SELECT 1 FROM event_minutes m WHERE m.event_id = OLD.event_id
                    AND m.erased_at IS NOT NULL)
                    """,
                message: "event_entry: rows are deleted only after the minutes' term"
            )
            + engine.refuse(
                table: "event_entry",
                operation: .insert,
                name: "event_entry_erased",
                when: """
                    EXISTS (SELECT 1 FROM event_minutes m WHERE m.event_id = NEW.event_id
                    AND m.erased_at IS NOT NULL)
                    """,
                message: "event_entry: the marks of this event were erased"
            )
    }
}
