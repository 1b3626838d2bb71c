import Registry
import UnionTicket

/// A member as the API writes one: typed fields on the way in, the record on the way out.
///
/// Forms are judged here; what the fields say is judged by the same rules as a roster's rows, so both
/// ways in refuse the same people for the same reasons.
enum MemberFields {
    /// One record: its texts by the glossary's names, and what it leaves alone or takes away.
    struct Sent: Sendable {
        var texts: [String: String] = [:]
        /// Left out.
        var untold: MemberDraft.Fields = []
        /// Given as null.
        var cleared: MemberDraft.Fields = []

        /// A judged row with what its record leaves alone or takes away.
        ///
        /// A roster's cell may be empty, say «нет» or have spaces around it. Here the identifier names the
        /// record, so one that was read as another or as none refuses it; and what is left alone or taken
        /// away is said otherwise, so a text that says nothing refuses it too.
        func marking(_ row: RosterRow, line: Int) -> RosterRow {
            let found = (row.draft ?? row.withdrawing).map { faults(in: $0) } ?? []
            guard found.isEmpty else {
                return RosterRow(line: line, draft: nil, issues: row.issues + found)
            }
            func marked(_ draft: MemberDraft?) -> MemberDraft? {
                guard var draft else { return nil }
                (draft.untold, draft.cleared) = (untold, cleared)
                return draft
            }
            return RosterRow(
                line: line,
                draft: marked(row.draft),
                issues: row.issues,
                organisation: row.organisation,
                withdrawing: marked(row.withdrawing)
            )
        }

        /// What was sent and not read as it was meant.
        private func faults(in read: MemberDraft) -> [RowIssue] {
            let optional = [
                ("patronymic", read.name.patronymic), ("phone", read.phone), ("email", read.email),
                ("legacyNumber", read.legacyNumber),
            ]
            return (read.aisId == texts["aisId"] ? [] : [.noIdentifier])
                + optional.filter { texts[$0.0] != nil && $0.1 == nil }.map { .noValue($0.0) }
        }
    }

    private static let erasable: [(name: String, field: MemberDraft.Fields)] = [
        ("patronymic", .patronymic), ("sex", .sex), ("phone", .phone), ("email", .email),
        ("legacyNumber", .legacyNumber),
    ]

    /// The fields of a member as texts, by the glossary's names.
    ///
    /// - Parameters:
    ///   - fields: The JSON object's members.
    ///   - aisId: The identifier, where the address names it; else the object must.
    /// - Returns: The texts; fields that were left out or are null are missing and noted beside.
    /// - Throws: ``Problem`` with the place of a field of the wrong form.
    static func read(_ fields: inout JSONFields, aisId: String? = nil) throws -> Sent {
        var sent = Sent()
        for (name, field) in erasable where fields.takeNull(name) { sent.cleared.insert(field) }
        sent.texts = try texts(&fields, aisId)
        for (name, field) in erasable + [("status", .status)]
        where sent.texts[name] == nil && !sent.cleared.contains(field) { sent.untold.insert(field) }
        return sent
    }

    private static func texts(
        _ fields: inout JSONFields,
        _ aisId: String?
    ) throws -> [String: String] {
        var texts: [String: String] = [:]
        texts["aisId"] = try aisId ?? fields.text("aisId", 1...64)
        for name in ["last", "first"] { texts[name] = try fields.text(name, 1...128) }
        texts["patronymic"] = try fields.optionalText("patronymic", 1...128)
        texts["birthDate"] = try date(&fields, "birthDate")
        texts["sex"] = try fields.optionalChoice("sex", of: Sex.self)?.rawValue
        texts["category"] = try fields.choice("category", of: MemberCategory.self).rawValue
        texts["organisation"] = try fields.parsed("organisation", "RR-TTT-PPPP") {
            OrganisationCode($0)
        }.description
        texts["joinDate"] = try date(&fields, "joinDate")
        texts["phone"] = try fields.optionalText("phone", 1...32)
        texts["email"] = try fields.optionalText("email", 3...254)
        texts["legacyNumber"] = try fields.optionalText("legacyNumber", 1...64)
        texts["status"] = try fields.optionalChoice("status", of: MemberStatus.self)?.rawValue
        try fields.object("consents") { answers in
            for purpose in ConsentPurpose.allCases {
                texts[purpose.rawValue] = try consent(&answers, purpose.rawValue)
            }
        }
        return texts
    }

    private static func date(_ fields: inout JSONFields, _ name: String) throws -> String {
        try fields.parsed(name, "yyyy-mm-dd") { CalendarDate(iso: $0) }.iso
    }

    /// `true`, `false`, or the day the consent was given on.
    private static func consent(_ fields: inout JSONFields, _ name: String) throws -> String? {
        switch fields.value(name) {
        case nil, .null: return nil
        case .flag(let isGiven): return isGiven ? "да" : "нет"
        case .text(let text):
            guard let day = CalendarDate(iso: text) else { fallthrough }
            return day.iso
        default:
            throw Problem.badField(
                fields.pointer(name),
                "Нужно true, false или день согласия yyyy-mm-dd.",
                "true, false or the day of consent yyyy-mm-dd is needed."
            )
        }
    }

    /// Where a field stands, as JSON pointer (RFC 6901).
    ///
    /// - Parameters:
    ///   - field: By the glossary's names, or a pointer already.
    ///   - base: The record's place in the body.
    /// - Returns: The place; nil for none, as of the identifier of a record of its own, which stands in
    ///   the address.
    static func place(of field: String?, at base: String) -> String? {
        guard let field, !field.hasPrefix("/") else { return field }
        if field == "aisId", base.isEmpty { return nil }
        let isConsent = ConsentPurpose(rawValue: field) != nil
        return "\(base)/\(isConsent ? "consents/" : "")\(field)"
    }

    /// A record as the API shows it.
    static func json(_ record: MemberFile.Record) -> JSON {
        let draft = record.draft
        return [
            "aisId": .optional(draft.aisId), "last": .text(draft.name.last),
            "first": .text(draft.name.first), "patronymic": .optional(draft.name.patronymic),
            "birthDate": .text(draft.birthDate.iso), "sex": .optional(draft.sex?.rawValue),
            "category": .text(draft.category.rawValue),
            "organisation": .text("\(draft.organisation)"),
            "joinDate": .text(draft.joinDate.iso), "phone": .optional(draft.phone),
            "email": .optional(draft.email), "legacyNumber": .optional(draft.legacyNumber),
            "status": .text(draft.status.rawValue), "ticket": .optional(record.ticket?.digits),
            "consents": .array(
                record.consents.map {
                    [
                        "purpose": .text($0.purpose.rawValue), "recipient": .text($0.recipient),
                        "form": .text($0.form), "givenOn": .text($0.givenOn.iso),
                        "until": .optional($0.until?.iso),
                        "withdrawnOn": .optional($0.withdrawnOn?.iso),
                    ]
                }
            ),
        ]
    }

    /// What was found about one row.
    static func json(_ issues: [RowIssue]) -> JSON {
        .array(
            issues.map {
                [
                    "field": .optional($0.field), "code": .text($0.code),
                    "severity": .text($0.severity.rawValue),
                    "message": ["ru": .text($0.message.russian), "en": .text($0.message.english)],
                ]
            }
        )
    }
}

extension RowIssue {
    fileprivate static let noIdentifier = RowIssue(
        field: "aisId",
        column: nil,
        code: "ais_empty",
        severity: .error,
        message: Bilingual(
            "Идентификатор АИС пуст, говорит «нет» или окружён пробелами: пришлите его без них.",
            "The АИС identifier is blank, says that there is none or has spaces around it: send it bare."
        )
    )

    /// A text that is neither left out nor null, and yet none.
    fileprivate static func noValue(_ field: String) -> RowIssue {
        RowIssue(
            field: field,
            column: nil,
            code: "value_empty",
            severity: .error,
            message: Bilingual(
                "Поле пусто или говорит «нет». Чтобы оставить прежнее, не присылайте его; чтобы "
                    + "убрать, пришлите null.",
                "The field is blank or says that there is none. Leave it out to keep what there is; send "
                    + "null to take it away."
            )
        )
    }
}
