import UnionTicket

/// What comes in from outside over HTTP: the hotline's look-ups, and stations' journals as they
/// arrive.
enum ContactSchema {
    /// The tables and what they refuse.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String {
        tables + RegisterSchema.growingOnly(["event_fork"], for: engine)
    }

    private static let tables = """
        CREATE TABLE hotline_lookup (
            id {blob} NOT NULL PRIMARY KEY,
            at {int} NOT NULL,
            client TEXT NOT NULL,
            number {int} NOT NULL,
            wrong {int} NOT NULL DEFAULT 0 CHECK (wrong >= 0),
            identified_at {int}
        ) {strict};
        CREATE INDEX hotline_lookup_number ON hotline_lookup (number, at);
        CREATE INDEX hotline_lookup_hint ON hotline_lookup (client, at) WHERE number = 0;
        CREATE TABLE event_entry_held (
            event_id {int} NOT NULL REFERENCES event (id),
            station TEXT NOT NULL,
            sequence {int} NOT NULL CHECK (sequence > 0),
            bytes {blob} NOT NULL,
            hash {blob} NOT NULL,
            signature {blob} NOT NULL,
            received_at {int} NOT NULL,
            PRIMARY KEY (event_id, station, sequence)
        ) {strict};
        CREATE TABLE event_fork (
            event_id {int} NOT NULL REFERENCES event (id),
            station TEXT NOT NULL,
            sequence {int} NOT NULL CHECK (sequence > 0),
            bytes {blob} NOT NULL,
            hash {blob} NOT NULL,
            signature {blob} NOT NULL,
            received_at {int} NOT NULL,
            PRIMARY KEY (event_id, station, sequence, hash)
        ) {strict};
        CREATE TABLE event_contact (
            event_id {int} NOT NULL REFERENCES event (id),
            station TEXT NOT NULL,
            at {int} NOT NULL,
            sequence {int} NOT NULL,
            clock {int} NOT NULL,
            PRIMARY KEY (event_id, station)
        ) {strict};
        """
}
