import TicketSeal
public import UnionTicket

/// Everything the register holds of one member, as the member may demand it (152-ФЗ, article 14;
/// privacy.md L13).
public struct Dossier: Sendable {
    /// Row of the member.
    public let member: Int64
    /// When it was put together.
    public let at: Instant
    /// Headed groups of rows, in the order of reading.
    public let sections: [Section]

    /// One group of rows.
    public struct Section: Sendable, Equatable {
        /// Name in machine-readable output.
        public let name: String
        /// Heading for people.
        public let title: Bilingual
        /// Names of the columns, for machines.
        public let columns: [String]
        /// Heads of the columns, for people.
        public let heads: [String]
        /// Rows; a cell without a value is empty.
        public let rows: [[String]]
    }

    /// Puts a member's dossier together, with all records that were merged into theirs; that is logged.
    ///
    /// - Parameters:
    ///   - reference: АИС identifier, `#row` or ticket number.
    ///   - reason: On whose demand; goes to the log, so no name may stand in it.
    ///   - register: The register.
    ///   - readers: Who can read journals' entries and batch specifications.
    ///   - user: Who asks.
    /// - Returns: The dossier.
    /// - Throws: ``RegisterError``: no such member, or the user may not read one of the records.
    public static func gather(
        _ reference: String,
        reason: String,
        from register: Register,
        readers: Readers = Readers(),
        by user: SignedInUser
    ) throws -> Dossier {
        try user.require(.readMembers)
        return try register.write { session in
            let id = try MemberFile(register).row(reference, by: user, in: session)
            let merged = try MemberMerge.held(under: id, in: session)
            for record in merged {
                let place = try MemberFile(register).organisation(of: record, in: session)
                try user.require(.readMembers, at: place)
            }
            let records = try ([id] + merged).map { record in
                let draft = try MemberFile(register).draft(of: record, in: session)
                try AuditLog(register).record(
                    "member.dossier",
                    "member/\(record)",
                    reason,
                    by: user,
                    in: session
                )
                let gatherer = DossierGatherer(
                    register: register,
                    member: record,
                    session: session,
                    readers: readers
                )
                return try gatherer.sections(draft)
            }
            return Dossier(
                member: id,
                at: register.now(),
                sections: records.dropFirst().reduce(records[0]) { all, other in
                    zip(all, other).map { $0.followed(by: $1) }
                }
            )
        }
    }
}

extension Dossier.Section {
    /// The same group with another record's rows after its own.
    fileprivate func followed(by other: Self) -> Self {
        Self(name: name, title: title, columns: columns, heads: heads, rows: rows + other.rows)
    }
}

/// Reads the sections of one dossier by the member's indexes.
struct DossierGatherer {
    let register: Register
    let member: Int64
    let session: any DatabaseSession
    let readers: Dossier.Readers

    func sections(_ draft: MemberDraft) throws -> [Dossier.Section] {
        let carriers = try CarrierFile(register).carriers(of: member, in: session)
        return try [
            record(draft), consents(), withdrawals(), acts(), orders(), cards(carriers),
            carrierEvents(), parcels(), handOuts(), codes(), enrolments(), messages(), changes(),
            conflicts(), events(), marks(), transfers(), incidents(), looks(carriers),
        ]
    }

    func section(
        _ name: String,
        _ russian: String,
        _ english: String,
        _ columns: [(name: String, head: String)],
        _ rows: [[String]]
    ) -> Dossier.Section {
        Dossier.Section(
            name: name,
            title: Bilingual(russian, english),
            columns: columns.map(\.name),
            heads: columns.map(\.head),
            rows: rows
        )
    }

    private func record(_ draft: MemberDraft) throws -> Dossier.Section {
        let ticket = try MemberFile(register).ticket(of: member, in: session)
        let place = try session.first(
            "SELECT name FROM organisation WHERE code = $1",
            [.integer(draft.organisation.ordinal)]
        ) { $0.text(0) }
        let facts: [(String, String?)] = [
            ("строка реестра", "#\(member)"), ("ИД АИС", draft.aisId), ("ФИО", draft.name.full),
            ("дата рождения", draft.birthDate.russian),
            ("пол", draft.sex.map { $0 == .male ? "М" : "Ж" }),
            ("категория", draft.category.russian),
            ("организация", "\(draft.organisation) \(place ?? "")"),
            ("дата вступления", draft.joinDate.russian), ("телефон", draft.phone),
            ("электронная почта", draft.email), ("состояние", draft.status.russian),
            ("прежний билет", draft.legacyNumber), ("номер билета", ticket?.printed),
        ]
        return section(
            "record",
            "Учётная карточка",
            "Record",
            [("field", "поле"), ("value", "значение")],
            facts.compactMap { fact in fact.1.map { [fact.0, $0] } }
        )
    }

    private func consents() throws -> Dossier.Section {
        section(
            "consents",
            "Согласия",
            "Consents",
            [
                ("purpose", "цель"), ("recipient", "получатель"), ("givenOn", "дано"),
                ("until", "до"), ("withdrawnOn", "отозвано"), ("form", "форма"),
                ("text", "текст (SHA-256)"),
            ],
            try ConsentLedger.history(of: member, in: session).map {
                [
                    $0.purpose.rawValue, $0.recipient, $0.givenOn.iso, $0.until?.iso ?? "",
                    $0.withdrawnOn?.iso ?? "", $0.form, $0.hash ?? "",
                ]
            }
        )
    }

    private func withdrawals() throws -> Dossier.Section {
        section(
            "withdrawals",
            "Отзывы согласий",
            "Withdrawals",
            [
                ("purpose", "цель"), ("recipient", "получатель"), ("withdrawnOn", "отозвано"),
                ("dueOn", "исполнить до"), ("doneAt", "исполнено"), ("how", "как"),
            ],
            try ConsentWithdrawals.history(of: member, in: session).map {
                [
                    $0.purpose.rawValue, $0.recipient, $0.withdrawnOn.iso, $0.dueOn.iso,
                    $0.doneAt?.rfc3339 ?? "", $0.howInRussian ?? "",
                ]
            }
        )
    }

    private func acts() throws -> Dossier.Section {
        section(
            "consentActs",
            "Кем записаны согласия и отзывы",
            "Who recorded consents",
            [
                ("purpose", "цель"), ("kind", "что"), ("day", "дата"), ("at", "записано"),
                ("user", "кем"), ("representative", "законный представитель"),
            ],
            try ConsentDesk(register).acts(of: member, in: session).map {
                [
                    $0.purpose.rawValue, $0.isGiven ? "given" : "withdrawn", $0.day.iso,
                    $0.at.rfc3339, $0.user, $0.representative ?? "",
                ]
            }
        )
    }

    private func orders() throws -> Dossier.Section {
        section(
            "orders",
            "Заявки на карту",
            "Card orders",
            [("order", "№"), ("reason", "причина"), ("state", "состояние"), ("at", "когда")],
            try rows(
                "SELECT id, reason, state, created_at FROM card_order WHERE member_id = $1 ORDER BY id"
            ) {
                [
                    "\($0.integer(0))", $0.text(1), $0.text(2),
                    Instant(seconds: $0.integer(3)).rfc3339,
                ]
            }
        )
    }

    private func cards(_ carriers: [CarrierFile.Carrier]) -> Dossier.Section {
        section(
            "carriers",
            "Карты",
            "Cards",
            [
                ("carrier", "№"), ("kind", "вид"), ("number", "номер"), ("state", "состояние"),
                ("validUntil", "действует до"),
            ],
            carriers.map {
                [
                    "\($0.id)", $0.kind.rawValue, $0.number?.digits ?? $0.legacyNumber ?? "",
                    $0.state.rawValue, $0.expiresAt?.rfc3339 ?? "",
                ]
            }
        )
    }

    private func carrierEvents() throws -> Dossier.Section {
        section(
            "carrierEvents",
            "Что было с картами",
            "Cards' history",
            [
                ("at", "когда"), ("carrier", "карта"), ("to", "стала"), ("reason", "почему"),
                ("user", "кем"),
            ],
            try rows(
                """
                SELECT e.at, e.carrier_id, e.to_state, e.reason, COALESCE(e.client, u.name)
                FROM carrier c JOIN carrier_event e ON e.carrier_id = c.id JOIN app_user u ON u.id = e.user_id
                WHERE c.member_id = $1 ORDER BY e.seq
                """
            ) {
                [
                    Instant(seconds: $0.integer(0)).rfc3339, "\($0.integer(1))", $0.text(2),
                    $0.text(3), $0.text(4),
                ]
            }
        )
    }

    private func changes() throws -> Dossier.Section {
        section(
            "changes",
            "Изменения учётной карточки",
            "Changes of the record",
            [("at", "когда"), ("kind", "что"), ("detail", "подробности"), ("user", "кем")],
            try rows(
                """
                SELECT e.at, e.kind, e.detail, u.name FROM member_event e
                JOIN app_user u ON u.id = e.user_id WHERE e.member_id = $1 ORDER BY e.seq
                """
            ) {
                [Instant(seconds: $0.integer(0)).rfc3339, $0.text(1), $0.text(2), $0.text(3)]
            }
        )
    }

    private func events() throws -> Dossier.Section {
        section(
            "events",
            "Мероприятия",
            "Events",
            [
                ("event", "№"), ("title", "название"), ("begins", "начало"),
                ("participation", "участие"), ("mandate", "мандат"), ("marks", "отметки"),
            ],
            try rows(
                """
                SELECT e.id, e.title, e.begins_at, p.participation, p.mandate, m.erased_at
                FROM event_person p JOIN event e ON e.id = p.event_id
                LEFT JOIN event_minutes m ON m.event_id = e.id
                WHERE p.member_id = $1 ORDER BY e.id
                """
            ) {
                [
                    "\($0.integer(0))", $0.text(1), Instant(seconds: $0.integer(2)).rfc3339,
                    $0.text(3), "\($0.integer(4))", $0.isNull(5) ? "kept" : "erased",
                ]
            }
        )
    }

    private func transfers() throws -> Dossier.Section {
        section(
            "transfers",
            "Кому передавались данные",
            "Transfers",
            [
                ("kind", "вид"), ("recipient", "кому"), ("at", "когда"),
                ("reference", "чем"), ("data", "какие данные"),
            ],
            try Transfers(register, readers).all(of: member, in: session).map {
                [$0.kind, $0.recipient, $0.at?.rfc3339 ?? "", $0.reference, $0.data.russian]
            }
        )
    }

    private func incidents() throws -> Dossier.Section {
        section(
            "incidents",
            "Утечки",
            "Incidents",
            [("incident", "№"), ("at", "когда"), ("kind", "что"), ("source", "откуда")],
            try rows(
                """
                SELECT i.id, i.at, i.kind, i.source FROM incident_member m
                JOIN incident i ON i.id = m.incident_id WHERE m.member_id = $1 ORDER BY i.id
                """
            ) {
                [
                    "\($0.integer(0))", Instant(seconds: $0.integer(1)).rfc3339, $0.text(2),
                    $0.text(3),
                ]
            }
        )
    }

    /// Look-ups and acts of users, by the audit log's subjects of the member and of each card.
    private func looks(_ carriers: [CarrierFile.Carrier]) throws -> Dossier.Section {
        let subjects = ["member/\(member)"] + carriers.map { "carrier/\($0.id)" }
        return section(
            "log",
            "Кто смотрел и менял",
            "Looks and acts",
            [
                ("row", "№"), ("at", "когда"), ("user", "кто"), ("action", "действие"),
                ("subject", "над чем"), ("detail", "подробности"),
            ],
            try AuditLog(register).about(subjects, in: session).map {
                [
                    "\($0.sequence)", $0.at.rfc3339, $0.user, $0.action, $0.subject, $0.detail,
                ]
            }
        )
    }

    func rows(
        _ sql: String,
        _ map: (any DatabaseRow) -> [String]
    ) throws -> [[String]] {
        try session.all(sql, [.integer(member)], map)
    }
}
