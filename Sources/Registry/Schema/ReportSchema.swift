import UnionTicket

/// What dated statistics need: where and what members were, and what organisations returned.
enum ReportSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String {
        tables + cheaperIndexes + RegisterSchema.growingOnly(["member_past"], for: engine)
    }

    /// Conditions of indexes as chains of ORs: for an IN of three or more SQLite makes a table in memory
    /// at every insert.
    private static let cheaperIndexes = """
        DROP INDEX card_order_one_open_per_member;
        CREATE UNIQUE INDEX card_order_one_open_per_member ON card_order (member_id)
            WHERE \(RegisterSchema.oneOf("state", OrderState.beforeBatch));
        DROP INDEX carrier_one_usable_plastic;
        CREATE UNIQUE INDEX carrier_one_usable_plastic ON carrier (member_id)
            WHERE kind = 'plastic'
            AND (\(RegisterSchema.oneOf("state", CarrierState.allCases.filter(\.isUsable))));
        DROP INDEX carrier_one_plastic_in_pipeline;
        CREATE UNIQUE INDEX carrier_one_plastic_in_pipeline ON carrier (member_id)
            WHERE kind = 'plastic'
            AND (\(RegisterSchema.oneOf("state", CarrierState.allCases.filter(\.isInPipeline))));
        """

    /// Since when a primary organisation has, or no longer has, the rights of a territorial one.
    ///
    /// What is known already has been so from the organisation's beginning.
    static let rights = """
        CREATE TABLE organisation_rights (
            code {int} NOT NULL REFERENCES organisation (code),
            since {int} NOT NULL,
            territorial {int} NOT NULL CHECK (territorial IN (0, 1)),
            PRIMARY KEY (code, since)
        ) {strict};
        INSERT INTO organisation_rights (code, since, territorial)
            SELECT code, COALESCE(opened_on, 0), 1 FROM organisation WHERE territorial_rights = 1;
        """

    private static let tables = """
        CREATE TABLE member_past (
            seq {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            until {int} NOT NULL,
            organisation {int} NOT NULL,
            category TEXT NOT NULL,
            state TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("state", MemberStatus.allCases)))
        ) {strict};
        CREATE INDEX member_past_until ON member_past (until);
        CREATE INDEX carrier_event_at ON carrier_event (at);
        CREATE TABLE import_region (
            import_id {int} NOT NULL REFERENCES file_import (id),
            region {int} NOT NULL,
            accepted {int} NOT NULL,
            duplicates {int} NOT NULL,
            conflicts {int} NOT NULL,
            errors {int} NOT NULL,
            PRIMARY KEY (import_id, region)
        ) {strict,without rowid};
        CREATE TABLE membership_return (
            organisation {int} NOT NULL REFERENCES organisation (code),
            as_of {int} NOT NULL,
            members {int} NOT NULL CHECK (members >= 0),
            entered_at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            PRIMARY KEY (organisation, as_of)
        ) {strict};
        INSERT INTO counter (name, value) VALUES ('memberPast', 0);
        """
}
