import UnionTicket

/// API clients, idempotency keys and what else the HTTP service keeps.
enum ServiceSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { tables + refusals(for: engine) }

    private static let tables = """
        CREATE TABLE api_client (
            id {int} NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
            role TEXT NOT NULL CHECK (\(RegisterSchema.oneOf("role", ClientRole.allCases))),
            scope {int} NOT NULL,
            speaks_for TEXT NOT NULL DEFAULT '',
            certificate {blob} CHECK (length(certificate) = 32),
            created_at {int} NOT NULL,
            created_by {int} NOT NULL REFERENCES app_user (id),
            revoked_at {int}
        ) {strict};
        CREATE INDEX api_client_speaks_for ON api_client (role, speaks_for)
            WHERE speaks_for <> '';
        CREATE TABLE api_key (
            id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = \(ClientKey.idLength)),
            client_id {int} NOT NULL REFERENCES api_client (id),
            hash {blob} NOT NULL CHECK (length(hash) = 32),
            created_at {int} NOT NULL,
            ends_at {int}
        ) {strict};
        CREATE INDEX api_key_client ON api_key (client_id);
        CREATE TABLE idempotency_key (
            scope TEXT NOT NULL,
            key_hash {blob} NOT NULL,
            at {int} NOT NULL,
            body_hash {blob} NOT NULL,
            sealed {blob} NOT NULL,
            PRIMARY KEY (scope, key_hash)
        ) {strict,without rowid};
        CREATE INDEX idempotency_key_at ON idempotency_key (at);
        CREATE TABLE desk_session (
            hash {blob} NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
            user_id {int} NOT NULL REFERENCES app_user (id),
            opened_at {int} NOT NULL,
            seen_at {int} NOT NULL CHECK (seen_at >= opened_at)
        ) {strict};
        CREATE INDEX desk_session_seen ON desk_session (seen_at);
        CREATE INDEX carrier_expiry ON carrier (expires_at, list) WHERE published <> 0;
        ALTER TABLE carrier_event ADD COLUMN client TEXT;
        INSERT INTO counter (name, value) VALUES ('apiClient', 0);
        """

    /// A revoked client stays revoked, and what it may do never grows under the same key.
    private static func refusals(for engine: DatabaseEngine) -> String {
        engine.refuse(
            table: "api_client",
            operation: .update,
            name: "api_client_forward_only",
            when: """
                OLD.id <> NEW.id OR OLD.role <> NEW.role OR OLD.scope <> NEW.scope
                OR OLD.speaks_for <> NEW.speaks_for
                OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
                """,
            message: "api_client: role, scope and revocation never change"
        )
            + engine.refuse(
                table: "api_client",
                operation: .delete,
                name: "api_client_no_deletion",
                when: "1 = 1",
                message: "api_client: rows are never deleted"
            )
            + engine.refuse(
                table: "api_key",
                operation: .update,
                name: "api_key_only_ends",
                when: """
                    OLD.client_id <> NEW.client_id OR OLD.hash <> NEW.hash
                    OR (OLD.ends_at IS NOT NULL AND (NEW.ends_at IS NULL
                    OR NEW.ends_at > OLD.ends_at))
                    """,
                message: "api_key: a key only ends"
            )
            + engine.refuse(
                table: "desk_session",
                operation: .update,
                name: "desk_session_one_person",
                when: """
                    OLD.user_id <> NEW.user_id OR OLD.opened_at <> NEW.opened_at
                    OR NEW.seen_at < OLD.seen_at
                    """,
                message: "desk_session: a session never changes its person and begins once"
            )
    }
}
