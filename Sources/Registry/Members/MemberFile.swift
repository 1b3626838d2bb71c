public import UnionTicket
import TicketSeal

/// One member's record: shown to those entitled, changed by rule, every look logged.
public struct MemberFile: Sendable {
    let register: Register

    /// The members of this register.
    public init(_ register: Register) { self.register = register }

    /// A record as an entitled person sees it.
    public struct Record: Sendable {
        /// Row of the member.
        public let id: Int64
        /// Everything a roster says of the member.
        public let draft: MemberDraft
        /// The ticket, when one was issued.
        public let ticket: TicketNumber?
        /// Everything the person consented to, withdrawn ones included.
        public let consents: [GivenConsent]
    }

    /// One consent and the text it was given to.
    public struct GivenConsent: Sendable, Equatable {
        /// What for.
        public let purpose: ConsentPurpose
        /// The partner, for `bonusTransfer`.
        public let recipient: String
        /// SHA-256 of the text, hexadecimal; nil when nobody registered it.
        public let hash: String?
        /// `paper`, `electronic`, or `roster` where only the roster says so.
        public let form: String
        /// When it was given.
        public let givenOn: CalendarDate
        /// Its last day; nil until withdrawn.
        public let until: CalendarDate?
        /// When it was withdrawn.
        public let withdrawnOn: CalendarDate?
    }

    /// One member's record by АИС identifier, row (`#17`) or ticket number; the look-up is logged.
    public func show(_ reference: String, reason: String, by user: SignedInUser) throws -> Record {
        try user.require(.readMembers)
        return try register.write { session in
            let id = try row(reference, by: user, in: session)
            let draft = try draft(of: id, in: session)
            try AuditLog(register).record(
                "member.read",
                "member/\(id)",
                reason,
                by: user,
                in: session
            )
            return Record(
                id: id,
                draft: draft,
                ticket: try ticket(of: id, in: session),
                consents: try ConsentLedger.history(of: id, in: session)
            )
        }
    }

    /// Changes a member's standing, with its consequences for orders and carriers.
    ///
    /// Who is no longer a member keeps no open order and no usable carrier.
    public func setStatus(
        _ reference: String,
        to status: MemberStatus,
        reason: String,
        by user: SignedInUser
    ) throws {
        try user.require(.changeMembers)
        try register.write { session in
            let id = try row(reference, by: user, in: session)
            try change(id, to: status, reason: reason, by: user, in: session)
            try AuditLog(register).record(
                "member.status",
                "member/\(id)",
                "\(status.rawValue): \(reason)",
                by: user,
                in: session
            )
        }
    }

    /// The row that a reference means: АИС identifier, `#` and row, or a ticket number.
    func find(_ reference: String, in session: any DatabaseSession) throws -> Int64 {
        let found: Int64?
        if reference.hasPrefix("#"), let id = Int64(reference.dropFirst()) {
            found = try session.first("SELECT id FROM member WHERE id = $1", [.integer(id)]) {
                $0.integer(0)
            }
        } else if let byAis = try session.first(
            "SELECT id FROM member WHERE ais_id = $1",
            [.text(reference)],
            { $0.integer(0) }
        ) {
            found = byAis
        } else if case .ticket(let number) = TypedNumber(reference) {
            found = try session.first(
                "SELECT member_id FROM ticket_number WHERE number = $1 AND member_id IS NOT NULL",
                [.int(number.value)]
            ) { $0.integer(0) }
        } else {
            found = nil
        }
        guard let found else {
            throw RegisterError(
                .notFound,
                "Член Профсоюза не найден. Укажите ИД АИС или номер билета.",
                "No such member. Give an АИС identifier or a ticket number."
            )
        }
        return found
    }

    func organisation(of id: Int64, in session: any DatabaseSession) throws -> OrganisationCode {
        let code = try session.first(
            "SELECT organisation FROM member WHERE id = $1",
            [.integer(id)]
        ) { OrganisationCode(ordinal: $0.integer(0)) }
        guard let code = code ?? nil else { throw DatabaseError(.corrupt, reason: "member") }
        return code
    }

    func ticket(of id: Int64, in session: any DatabaseSession) throws -> TicketNumber? {
        try session.first(
            "SELECT number FROM ticket_number WHERE member_id = $1 AND state = 'assigned'",
            [.integer(id)]
        ) { TicketNumber(value: UInt64($0.integer(0))) } ?? nil
    }

    /// Everything the register holds of a member, opened.
    func draft(
        of id: Int64,
        unsaved: KeyLine? = nil,
        in session: any DatabaseSession
    ) throws -> MemberDraft {
        let vault = MemberVault(register: register, unsaved: unsaved)
        let draft = try session.first(
            """
            SELECT ais_id, organisation, category, sex, state, joined_on, sealed, legacy_number
            FROM member WHERE id = $1
            """,
            [.integer(id)]
        ) { row -> MemberDraft? in
            guard let organisation = OrganisationCode(ordinal: row.integer(1)),
                let category = MemberCategory(rawValue: row.text(2)),
                let status = MemberStatus(rawValue: row.text(4))
            else { return nil }
            let fields = try vault.open(row.blob(6), member: id)
            return MemberDraft(
                aisId: row.optionalText(0),
                name: fields.name,
                birthDate: fields.birthDate,
                sex: row.optionalText(3).flatMap(Sex.init),
                category: category,
                organisation: organisation,
                joinDate: CalendarDate(day: Int(row.integer(5))),
                phone: fields.phone,
                email: fields.email,
                legacyNumber: row.optionalText(7),
                status: status,
                consents: []
            )
        }
        guard var draft = draft ?? nil else { throw DatabaseError(.corrupt, reason: "member") }
        let today = Int64(register.now().moscowDate.day)
        draft.consents = try ConsentLedger.standing(of: id, on: today, in: session).map {
            Consent(purpose: $0.purpose, recipient: $0.recipient, isGiven: true, date: $0.givenOn)
        }
        return draft
    }
}

extension MemberFile {
    static let columns = [
        "id", "region", "organisation", "ais_id", "name_hash", "birth_hash", "category", "sex",
        "state", "joined_on", "registered_at", "legacy_number", "sealed", "fingerprint",
        "import_id", "import_line",
    ]

    /// Puts a new member's row in the order of ``columns``.
    static func put(
        _ prepared: PreparedDraft,
        id: Int64,
        sealed: [UInt8],
        import importId: Int64,
        line: Int,
        at: Int64,
        into row: any BulkRow
    ) {
        let draft = prepared.draft
        row.put(id)
        row.put(Int64(draft.organisation.region))
        row.put(draft.organisation.ordinal)
        if let ais = draft.aisId { row.put(ais) } else { row.putNull() }
        row.put(prepared.hash.name)
        row.put(prepared.hash.birth)
        row.put(draft.category.rawValue)
        if let sex = draft.sex { row.put(sex.rawValue) } else { row.putNull() }
        row.put(draft.status.rawValue)
        row.put(Int64(draft.joinDate.day))
        row.put(at)
        if let legacy = draft.legacyNumber { row.put(legacy) } else { row.putNull() }
        row.put(sealed)
        row.put(prepared.fingerprint)
        row.put(importId)
        row.put(Int64(line))
    }

    /// The fingerprint of members who are not what their last row said.
    ///
    /// It equals no row's, so that the same row is compared in full when it comes again. 0 stands for
    /// erased ones.
    static let noRow: Int64 = 1

    /// Changes a member's standing inside the caller's transaction.
    func change(
        _ id: Int64,
        to status: MemberStatus,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let row = try session.first(
            "SELECT state, region FROM member WHERE id = $1",
            [.integer(id)]
        ) { (state: MemberStatus(rawValue: $0.text(0)), region: UInt8($0.integer(1))) }
        guard let row, let old = row.state else { throw DatabaseError(.corrupt, reason: "member") }
        guard old != status else { return }
        if status.isInStanding,
            let heir = try MemberMerge.heirs(of: [id], in: session)[id]
        {
            throw Self.isMerged(into: heir)
        }
        guard old.successors.contains(status) else {
            throw RegisterError(
                .refused,
                "Состояние «\(old.rawValue)» не может смениться на «\(status.rawValue)».",
                "The standing \(old.rawValue) cannot become \(status.rawValue)."
            )
        }
        try MemberPast(register: register).keep(id, in: session)
        try session.execute(
            """
            UPDATE member SET state = $1,
                fingerprint = CASE fingerprint WHEN 0 THEN 0 ELSE \(Self.noRow) END
            WHERE id = $2
            """,
            [.text(status.rawValue), .integer(id)]
        )
        try event(
            "status",
            "\(old.rawValue) > \(status.rawValue): \(reason)",
            of: id,
            row.region,
            by: user,
            in: session
        )
        if !status.isInStanding {
            try OrderBook(register).cancelOpen(
                of: id,
                reason: status.rawValue,
                by: user,
                in: session
            )
            try CarrierFile(register).withdrawAll(
                of: id,
                reason: status.rawValue,
                by: user,
                in: session
            )
            try ActivationCodes(register).endAll(of: id, in: session)
        }
    }

    private static func isMerged(into heir: Int64) -> RegisterError {
        RegisterError(
            .refused,
            "Запись объединена с записью #\(heir) и членом Профсоюза больше не станет: меняйте "
                + "состояние записи #\(heir).",
            "The record was merged into #\(heir) and becomes no member again: change the standing "
                + "of #\(heir)."
        )
    }

    func event(
        _ kind: String,
        _ detail: String,
        of id: Int64,
        _ region: UInt8,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            INSERT INTO member_event (seq, region, member_id, at, user_id, kind, detail)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(try Counter.memberEvent.take(in: session)), .int(region), .integer(id),
                .integer(register.now().seconds), .integer(user.id), .text(kind), .text(detail),
            ]
        )
    }
}
