import UnionTicket

/// Enrolments, activation codes, virtual cards and what members are told.
enum VirtualSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String {
        tables
            + RegisterSchema.transitions(
                of: "activation_code",
                CodeState.allCases.map { ($0.rawValue, $0.successors) }
            )
            + RegisterSchema.refusals(in: "activation_code", for: engine)
            + engine.refuse(
                table: "enrolment",
                operation: .update,
                name: "enrolment_over",
                when: "OLD.state <> 'open' AND OLD.state <> NEW.state",
                message: "enrolment: what is over stays over"
            )
            + engine.refuse(
                table: "virtual_card",
                operation: .update,
                name: "virtual_card_identity",
                when: "OLD.id <> NEW.id OR OLD.carrier_id <> NEW.carrier_id",
                message: "virtual_card: identity never changes"
            )
    }

    private static let tables = """
        CREATE TABLE activation_code (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            hash {blob} NOT NULL UNIQUE,
            channel TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("channel", CodeChannel.allCases))),
            state TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("state", CodeState.allCases))),
            created_at {int} NOT NULL,
            created_by {int} NOT NULL REFERENCES app_user (id),
            expires_at {int} NOT NULL,
            ended_at {int},
            CHECK ((state = 'open') = (ended_at IS NULL))
        ) {strict};
        CREATE UNIQUE INDEX activation_code_one_open ON activation_code (member_id, channel)
            WHERE state = 'open';
        CREATE INDEX activation_code_member ON activation_code (member_id);
        CREATE TABLE enrolment (
            id TEXT NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            client {int} NOT NULL,
            member_id {int} REFERENCES member (id),
            nonce {blob} NOT NULL,
            number_hash {int} NOT NULL,
            address_hash {int} NOT NULL,
            channel TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("channel", CodeChannel.allCases))),
            state TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("state", EnrolmentState.allCases))),
            created_at {int} NOT NULL,
            expires_at {int} NOT NULL,
            code_due {int} NOT NULL CHECK (code_due IN (0, 1))
        ) {strict};
        CREATE INDEX enrolment_number ON enrolment (number_hash, created_at);
        CREATE INDEX enrolment_address ON enrolment (address_hash, created_at);
        CREATE INDEX enrolment_age ON enrolment (created_at);
        CREATE INDEX enrolment_code_due ON enrolment (id) WHERE code_due = 1;
        CREATE TABLE virtual_card (
            id TEXT NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            carrier_id {int} NOT NULL UNIQUE REFERENCES carrier (id),
            client {int} NOT NULL,
            device {blob} NOT NULL,
            nonce {blob} NOT NULL,
            enrolled_at {int} NOT NULL,
            renewed_at {int} NOT NULL,
            renewals {int} NOT NULL DEFAULT 0 CHECK (renewals >= 0)
        ) {strict};
        CREATE INDEX carrier_virtual_number ON carrier (number) WHERE kind = 'virtual';
        CREATE TABLE outgoing_message (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            kind TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("kind", MessageKind.allCases))),
            secret {blob} NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('waiting', 'sent', 'failed', 'undeliverable')),
            created_at {int} NOT NULL,
            due_at {int} NOT NULL,
            attempts {int} NOT NULL DEFAULT 0,
            ended_at {int}
        ) {strict};
        CREATE INDEX outgoing_message_due ON outgoing_message (due_at) WHERE state = 'waiting';
        CREATE INDEX outgoing_message_member ON outgoing_message (member_id);
        INSERT INTO counter (name, value) VALUES
            ('activationCode', 0), ('outgoingMessage', 0), ('virtualIssue', 0);
        """
}
