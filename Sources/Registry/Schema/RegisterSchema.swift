import UnionTicket

/// The register's schema as append-only migrations; constraints come before code.
///
/// Times are UTC seconds, days are days since 1970, organisation codes are
/// ``OrganisationCode/ordinal``, ticket numbers their 15 digits. Tables that grow carry the region,
/// so that they can be partitioned by it.
enum RegisterSchema {
    static let migrations: [Migration] = [
        Migration(number: 1, name: "people") { people + refusals(in: "member", for: $0) },
        Migration(number: 2, name: "tickets") { engine in
            tickets + refusals(in: "card_order", for: engine)
                + refusals(in: "carrier", for: engine) + ledgerRefusals(for: engine)
        },
        Migration(number: 3, name: "custody") {
            custody + growingOnly(["audit", "trust_bundle"], for: $0)
        },
        // A server keeps the members' data keys in a table; SQLite in a file of their own.
        Migration(number: 4, name: "member keys") { $0 == .postgres ? MemberVault.table : "" },
        Migration(number: 5, name: "batches") { batches + refusals(in: "batch", for: $0) },
        Migration(number: 6, name: "tokens, consent texts") { _ in additions },
        Migration(number: 7, name: "events") { engine in
            EventSchema.tables + refusals(in: "event_person", for: engine)
                + EventSchema.refusals(for: engine)
        },
        Migration(number: 8, name: "service") { ServiceSchema.sql($0) + ContactSchema.sql($0) },
        Migration(number: 9, name: "virtual cards", sql: VirtualSchema.sql),
        Migration(number: 10, name: "delivery", sql: DeliverySchema.sql),
        Migration(number: 11, name: "money", sql: MoneySchema.sql),
        Migration(number: 12, name: "partners", sql: PartnerSchema.sql),
        Migration(number: 13, name: "rights", sql: RightsSchema.sql),
        Migration(number: 14, name: "reports", sql: ReportSchema.sql),
        Migration(number: 15, name: "partner sets", sql: PartnerSchema.setCounts),
        Migration(number: 16, name: "payment documents", sql: MoneySchema.documents),
        Migration(number: 17, name: "dated rights") { _ in ReportSchema.rights },
        Migration(number: 18, name: "reports taken again", sql: DeliverySchema.again),
        Migration(number: 19, name: "whose number and card", sql: ownership),
        // Plastic ends with its issuance: one place to look instead of an entry for every card.
        Migration(number: 20, name: "expiry by issuance") { _ in "DROP INDEX carrier_expiry;" },
    ]

    private static let people = """
        CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) {strict};
        CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value {int} NOT NULL) {strict};
        CREATE TABLE app_user (
            id {int} NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
            role TEXT NOT NULL CHECK (\(oneOf("role", Role.allCases))),
            scope {int} NOT NULL,
            public_key {blob} NOT NULL UNIQUE,
            sealed_key {blob} NOT NULL,
            failures {int} NOT NULL DEFAULT 0 CHECK (failures >= 0),
            created_at {int} NOT NULL,
            disabled_at {int}
        ) {strict};
        CREATE TABLE organisation (
            code {int} NOT NULL PRIMARY KEY CHECK (code > 0),
            region {int} NOT NULL,
            parent {int} REFERENCES organisation (code),
            name TEXT NOT NULL CHECK (length(name) > 0),
            kind TEXT,
            okrug TEXT,
            territorial_rights {int} NOT NULL DEFAULT 0 CHECK (territorial_rights IN (0, 1)),
            opened_on {int},
            closed_on {int}
        ) {strict};
        CREATE TABLE organisation_name (
            code {int} NOT NULL REFERENCES organisation (code),
            since {int} NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (code, since)
        ) {strict};
        CREATE TABLE file_import (
            id {int} NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            file_sha256 {blob} NOT NULL,
            format TEXT NOT NULL,
            complete_for {int},
            counts TEXT NOT NULL
        ) {strict};
        CREATE TABLE member (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            organisation {int} NOT NULL REFERENCES organisation (code),
            ais_id TEXT UNIQUE CHECK (length(ais_id) BETWEEN 1 AND 64),
            name_hash {int} NOT NULL,
            birth_hash {int} NOT NULL,
            category TEXT NOT NULL CHECK (\(oneOf("category", MemberCategory.allCases))),
            sex TEXT CHECK (\(oneOf("sex", Sex.allCases))),
            state TEXT NOT NULL CHECK (\(oneOf("state", MemberStatus.allCases))),
            joined_on {int} NOT NULL,
            registered_at {int} NOT NULL,
            legacy_number TEXT,
            sealed {blob} NOT NULL,
            fingerprint {int} NOT NULL,
            import_id {int} NOT NULL,
            import_line {int} NOT NULL
        ) {strict};
        CREATE INDEX member_name ON member (name_hash, birth_hash);
        CREATE INDEX member_organisation ON member (organisation);
        CREATE TABLE member_event (
            seq {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            kind TEXT NOT NULL,
            detail TEXT NOT NULL
        ) {strict};
        CREATE INDEX member_event_member ON member_event (member_id);
        CREATE TABLE consent_text (
            id {int} NOT NULL PRIMARY KEY,
            purpose TEXT NOT NULL CHECK (\(oneOf("purpose", ConsentPurpose.allCases))),
            recipient TEXT NOT NULL,
            controller TEXT NOT NULL,
            version_hash TEXT NOT NULL,
            form TEXT NOT NULL,
            UNIQUE (purpose, recipient, controller, version_hash, form)
        ) {strict};
        CREATE TABLE consent (
            member_id {int} NOT NULL REFERENCES member (id),
            text_id {int} NOT NULL REFERENCES consent_text (id),
            import_id {int} NOT NULL,
            region {int} NOT NULL,
            given_on {int} NOT NULL,
            until {int},
            withdrawn_on {int},
            PRIMARY KEY (member_id, text_id, import_id)
        ) {strict,without rowid};
        CREATE TABLE conflict (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            organisation {int} NOT NULL,
            kind TEXT NOT NULL,
            member_id {int} REFERENCES member (id),
            import_id {int} NOT NULL REFERENCES file_import (id),
            line {int} NOT NULL,
            fingerprint {int} NOT NULL UNIQUE,
            sealed {blob} NOT NULL,
            resolution TEXT,
            resolved_by {int} REFERENCES app_user (id),
            resolved_at {int},
            resolved_member {int} REFERENCES member (id)
        ) {strict};
        """
        + transitions(of: "member", MemberStatus.allCases.map { ($0.rawValue, $0.successors) })

    private static let tickets = """
        CREATE TABLE ticket_number (
            number {int} NOT NULL PRIMARY KEY
                CHECK (number BETWEEN 100000000000000 AND 999999999999999),
            region {int} NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('reserved', 'assigned', 'retired')),
            member_id {int} REFERENCES member (id),
            at {int} NOT NULL
        ) {strict};
        CREATE UNIQUE INDEX ticket_number_one_per_member ON ticket_number (member_id)
            WHERE state = 'assigned';
        CREATE TABLE issuance (
            sequence {int} NOT NULL PRIMARY KEY,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            kid {blob} NOT NULL,
            expires_at {int} NOT NULL,
            url_prefix TEXT NOT NULL,
            cards {int} NOT NULL CHECK (cards > 0),
            previous_manifest {blob},
            manifest {blob}
        ) {strict};
        CREATE TABLE card_order (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            organisation {int} NOT NULL,
            member_id {int} NOT NULL REFERENCES member (id),
            reason TEXT NOT NULL CHECK (\(oneOf("reason", OrderReason.allCases))),
            state TEXT NOT NULL CHECK (\(oneOf("state", OrderState.allCases))),
            created_at {int} NOT NULL,
            created_by {int} NOT NULL REFERENCES app_user (id),
            note TEXT NOT NULL DEFAULT '',
            issuance {int} REFERENCES issuance (sequence)
        ) {strict};
        CREATE UNIQUE INDEX card_order_one_open_per_member ON card_order (member_id)
            WHERE state IN ('draft', 'submitted', 'approved');
        CREATE INDEX card_order_open ON card_order (state, id)
            WHERE state = 'draft' OR state = 'submitted' OR state = 'approved';
        CREATE TABLE carrier (
            id {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            member_id {int} REFERENCES member (id),
            kind TEXT NOT NULL CHECK (\(oneOf("kind", CarrierKind.allCases))),
            number {int} REFERENCES ticket_number (number),
            issue {int},
            state TEXT NOT NULL CHECK (\(oneOf("state", CarrierState.allCases))),
            list {int},
            idx {int} CHECK (idx BETWEEN 0 AND 1048575),
            published {int} NOT NULL CHECK (published BETWEEN 0 AND 2),
            expires_at {int},
            kid {blob},
            payload {blob},
            issuance {int} REFERENCES issuance (sequence),
            order_id {int} REFERENCES card_order (id),
            legacy_number TEXT,
            legacy_issuer TEXT,
            produced_on {int},
            handed_out_on {int},
            CHECK ((list IS NULL) = (idx IS NULL)),
            CHECK ((kind = 'legacyPlastic') = (number IS NULL)),
            CHECK ((kind = 'legacyPlastic') = (legacy_number IS NOT NULL)),
            CHECK (kind <> 'plastic' OR issue BETWEEN 1 AND 9),
            CHECK (kind <> 'virtual' OR issue = 0),
            CHECK (kind = 'legacyPlastic' OR list IS NOT NULL)
        ) {strict};
        CREATE UNIQUE INDEX carrier_coordinate ON carrier (list, idx);
        CREATE UNIQUE INDEX carrier_one_usable_plastic ON carrier (member_id)
            WHERE kind = 'plastic' AND state IN ('handedOut', 'active', 'suspended');
        CREATE UNIQUE INDEX carrier_one_plastic_in_pipeline ON carrier (member_id)
            WHERE kind = 'plastic' AND state IN
                ('allocated', 'printed', 'shipped', 'atRegion', 'atPrimary', 'unclaimed');
        CREATE UNIQUE INDEX carrier_issue ON carrier (number, issue) WHERE kind = 'plastic';
        CREATE INDEX carrier_member ON carrier (member_id);
        CREATE INDEX carrier_published ON carrier (list, idx, published, expires_at)
            WHERE published <> 0;
        CREATE INDEX carrier_issuance ON carrier (issuance) WHERE issuance IS NOT NULL;
        CREATE UNIQUE INDEX carrier_legacy ON carrier (legacy_number, legacy_issuer, member_id)
            WHERE kind = 'legacyPlastic';
        CREATE TABLE carrier_event (
            seq {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            carrier_id {int} NOT NULL REFERENCES carrier (id),
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            from_state TEXT NOT NULL,
            to_state TEXT NOT NULL,
            reason TEXT NOT NULL
        ) {strict};
        CREATE INDEX carrier_event_carrier ON carrier_event (carrier_id);
        CREATE TABLE order_event (
            seq {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            order_id {int} NOT NULL REFERENCES card_order (id),
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            to_state TEXT NOT NULL,
            reason TEXT NOT NULL
        ) {strict};
        CREATE INDEX order_event_order ON order_event (order_id);
        CREATE TABLE status_list (
            list {int} NOT NULL PRIMARY KEY,
            region {int} NOT NULL,
            used {int} NOT NULL CHECK (used BETWEEN 0 AND 1048576),
            changed {int} NOT NULL,
            sequence {int} NOT NULL DEFAULT 0,
            issued_at {int},
            expires_at {int},
            cwt {blob},
            jwt TEXT
        ) {strict};
        CREATE TABLE held_slot (
            list {int} NOT NULL,
            idx {int} NOT NULL,
            published {int} NOT NULL CHECK (published BETWEEN 0 AND 2),
            since {int} NOT NULL,
            PRIMARY KEY (list, idx)
        ) {strict,without rowid};
        """
        + transitions(
            of: "card_order",
            DeliverySchema.earlier(
                "card_order",
                OrderState.allCases.map { ($0.rawValue, $0.successors) }
            )
        )
        + transitions(
            of: "carrier",
            DeliverySchema.earlier(
                "carrier",
                CarrierState.allCases.map { ($0.rawValue, $0.successors) }
            )
        )

    private static let batches = """
        CREATE TABLE batch (
            id {int} NOT NULL PRIMARY KEY,
            title TEXT NOT NULL,
            state TEXT NOT NULL CHECK (\(DeliverySchema.batchStates(isLater: false))),
            specification TEXT NOT NULL,
            folder TEXT NOT NULL,
            profile TEXT NOT NULL,
            layout_hash TEXT NOT NULL,
            plan_hash {blob} NOT NULL,
            cards {int} NOT NULL CHECK (cards > 0),
            planned_at {int} NOT NULL,
            planned_by {int} NOT NULL REFERENCES app_user (id),
            approvals_needed {int} NOT NULL CHECK (approvals_needed > 0),
            approved_at {int},
            issuance {int} UNIQUE REFERENCES issuance (sequence),
            first_carrier {int},
            manifest {blob},
            CHECK ((issuance IS NULL) = (first_carrier IS NULL))
        ) {strict};
        CREATE TABLE batch_card (
            batch_id {int} NOT NULL REFERENCES batch (id),
            seq {int} NOT NULL,
            order_id {int} NOT NULL REFERENCES card_order (id),
            member_id {int} NOT NULL REFERENCES member (id),
            organisation {int} NOT NULL,
            fingerprint {int} NOT NULL,
            live {int} NOT NULL CHECK (live IN (0, 1)),
            sealed {blob} NOT NULL,
            PRIMARY KEY (batch_id, seq)
        ) {strict,without rowid};
        CREATE UNIQUE INDEX batch_card_order ON batch_card (order_id) WHERE live = 1;
        CREATE TABLE batch_approval (
            batch_id {int} NOT NULL REFERENCES batch (id),
            user_id {int} NOT NULL REFERENCES app_user (id),
            at {int} NOT NULL,
            plan_hash {blob} NOT NULL,
            public_key {blob} NOT NULL,
            signature {blob} NOT NULL,
            PRIMARY KEY (batch_id, user_id)
        ) {strict};
        INSERT INTO counter (name, value) VALUES ('batch', 0);
        """
        + transitions(
            of: "batch",
            DeliverySchema.earlier(
                "batch",
                BatchState.allCases.map { ($0.rawValue, $0.successors) }
            )
        )

    private static let additions = """
        ALTER TABLE signing_key ADD COLUMN token TEXT;
        ALTER TABLE consent_text ADD COLUMN body {blob};
        ALTER TABLE consent_text ADD COLUMN years {int} CHECK (years > 0);
        ALTER TABLE consent_text ADD COLUMN added_at {int};
        """

    private static let custody = """
        CREATE TABLE signing_key (
            thumbprint {blob} NOT NULL PRIMARY KEY,
            kid {blob} NOT NULL UNIQUE,
            purpose TEXT NOT NULL,
            public_key {blob} NOT NULL,
            algorithm TEXT NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('next', 'active', 'verifyOnly', 'retired', 'revoked')),
            created_at {int} NOT NULL,
            active_from {int},
            retired_at {int},
            revoked_at {int},
            longest_expiry {int}
        ) {strict};
        CREATE UNIQUE INDEX signing_key_one_active ON signing_key (purpose)
            WHERE state = 'active';
        CREATE UNIQUE INDEX signing_key_one_next ON signing_key (purpose) WHERE state = 'next';
        CREATE TABLE trust_bundle (
            sequence {int} NOT NULL PRIMARY KEY,
            issued_at {int} NOT NULL,
            bytes {blob} NOT NULL
        ) {strict};
        CREATE TABLE audit (
            seq {int} NOT NULL PRIMARY KEY,
            at {int} NOT NULL,
            user_id {int} NOT NULL REFERENCES app_user (id),
            user_name TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL,
            hash {blob} NOT NULL
        ) {strict};
        CREATE INDEX audit_subject ON audit (subject);
        """
}
