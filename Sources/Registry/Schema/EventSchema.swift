import UnionTicket

/// Events, their people, stations, snapshots and journals.
enum EventSchema {
    static let tables =
        """
        CREATE TABLE event (
            id {int} NOT NULL PRIMARY KEY,
            title TEXT NOT NULL CHECK (length(title) > 0),
            kind TEXT NOT NULL,
            specification TEXT NOT NULL,
            begins_at {int} NOT NULL,
            created_at {int} NOT NULL,
            created_by {int} NOT NULL REFERENCES app_user (id)
        ) {strict};
        CREATE TABLE event_person (
            event_id {int} NOT NULL REFERENCES event (id),
            pseudonym {blob} NOT NULL,
            member_id {int} REFERENCES member (id),
            guest_hash {int},
            sealed_guest {blob},
            mandate {int} NOT NULL CHECK (mandate > 0),
            participation TEXT NOT NULL
                CHECK (\(RegisterSchema.oneOf("participation", Participation.allCases))),
            state TEXT NOT NULL
                CHECK (\(RegisterSchema.oneOf("state", MandateState.allCases))),
            is_substitute {int} NOT NULL CHECK (is_substitute IN (0, 1)),
            organisation {int} NOT NULL,
            PRIMARY KEY (event_id, pseudonym),
            CHECK ((member_id IS NULL) = (sealed_guest IS NOT NULL)),
            CHECK (member_id IS NOT NULL OR participation = 'guest')
        ) {strict};
        CREATE UNIQUE INDEX event_person_member ON event_person (event_id, member_id)
            WHERE member_id IS NOT NULL;
        CREATE UNIQUE INDEX event_person_guest ON event_person (event_id, guest_hash)
            WHERE guest_hash IS NOT NULL;
        CREATE UNIQUE INDEX event_person_one_per_mandate
            ON event_person (event_id, mandate, is_substitute) WHERE state <> 'withdrawn';
        CREATE TABLE event_station (
            event_id {int} NOT NULL REFERENCES event (id),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
            gate {blob} NOT NULL,
            token_hash {blob},
            public_key {blob},
            revoked_at {int},
            PRIMARY KEY (event_id, name)
        ) {strict};
        CREATE TABLE event_snapshot (
            event_id {int} NOT NULL REFERENCES event (id),
            sequence {int} NOT NULL,
            at {int} NOT NULL,
            lease_end {int} NOT NULL,
            sha256 {blob} NOT NULL,
            PRIMARY KEY (event_id, sequence)
        ) {strict};
        CREATE TABLE event_entry (
            event_id {int} NOT NULL REFERENCES event (id),
            station TEXT NOT NULL,
            sequence {int} NOT NULL CHECK (sequence > 0),
            bytes {blob} NOT NULL,
            hash {blob} NOT NULL,
            signature {blob} NOT NULL,
            received_at {int} NOT NULL,
            PRIMARY KEY (event_id, station, sequence)
        ) {strict};
        INSERT INTO counter (name, value) VALUES ('event', 0);
        """
        + RegisterSchema.transitions(
            of: "event_person",
            MandateState.allCases.map { ($0.rawValue, $0.successors) }
        )

    /// Journals and the list of snapshots only grow.
    static func refusals(for engine: DatabaseEngine) -> String {
        RegisterSchema.growingOnly(["event_entry", "event_snapshot"], for: engine)
    }
}
