import UnionTicket

// What rows of a roster do to members the register knows.
extension MemberFile {
    /// What a newer row did to a known member.
    enum Overlay {
        /// Nothing but the spelling differs.
        case unchanged(RowIssue?)
        /// With what is worth a look.
        case changed(RowIssue?)
        /// The row says what cannot be; nothing of it was taken.
        case refused(RowIssue)
    }

    /// Overlays a known member with what a newer row says; what the row leaves out stays.
    func update(
        _ id: Int64,
        with prepared: PreparedDraft,
        import importId: Int64,
        line: Int,
        at: Int64,
        by user: SignedInUser,
        consents: ConsentLedger,
        in session: any DatabaseSession
    ) throws -> Overlay {
        let old = try draft(of: id, in: session)
        var new = prepared.draft.over(old)
        if let aisId = new.aisId, aisId != old.aisId,
            try MemberMerge.isMergedAway(bearerOf: aisId, in: session)
        {
            new.aisId = old.aisId
        }
        guard old.status == new.status || old.status.successors.contains(new.status) else {
            return .refused(.statusIllegal(from: old.status, to: new.status))
        }
        if try consents.isOver(of: id, new.consents, at: at, in: session) {
            return .refused(.registerIsWithdrawn)
        }
        var changed = changedFields(old, new)
        if try consents.record(
            new.consents,
            of: id,
            region: new.organisation.region,
            import: importId,
            at: at,
            by: user,
            withdrawals: ConsentWithdrawals(register),
            in: session
        ) {
            changed.append("consents")
        }
        let warning = warning(prepared.draft, of: old.status)
        guard !changed.isEmpty else { return .unchanged(warning) }
        if old.status != new.status {
            try change(id, to: new.status, reason: "roster", by: user, in: session)
        }
        if old.organisation != new.organisation || old.category != new.category {
            try MemberPast(register: register).keep(id, in: session)
        }
        let sealed = try MemberVault(register: register).reseal(PersonalFields(new), member: id)
        let hash = register.secrets.hash(of: PersonalFields(new))
        // A row that says nothing of the standing counts as one that says active: of others it is not.
        let fingerprint = new.status == prepared.draft.status ? prepared.fingerprint : Self.noRow
        try session.execute(
            """
            UPDATE member SET ais_id = $1, organisation = $2, region = $3, name_hash = $4,
                birth_hash = $5, category = $6, sex = $7, joined_on = $8, legacy_number = $9,
                sealed = $10, fingerprint = $11, import_id = $12, import_line = $13
            WHERE id = $14
            """,
            [
                .optional(new.aisId), .integer(new.organisation.ordinal),
                .int(new.organisation.region), .integer(hash.name), .integer(hash.birth),
                .text(new.category.rawValue), .optional(new.sex?.rawValue),
                .int(new.joinDate.day), .optional(new.legacyNumber), .blob(sealed),
                .integer(fingerprint), .integer(importId), .int(line), .integer(id),
            ]
        )
        var detail = changed.joined(separator: ",")
        if old.organisation != new.organisation {
            try OrderBook(register).follow(id, to: new.organisation, in: session)
            detail += "\(ConflictQueue.moved)\(old.organisation) > \(new.organisation)"
        }
        if old.category != new.category {
            detail += " category \(old.category.rawValue) > \(new.category.rawValue)"
        }
        try event("update", detail, of: id, new.organisation.region, by: user, in: session)
        return .changed(warning)
    }

    /// A roster that names somebody who had left deserves a look, whatever it says of the standing.
    private func warning(_ row: MemberDraft, of old: MemberStatus) -> RowIssue? {
        guard !old.isInStanding else { return nil }
        if row.untold.contains(.status) { return .statusKept(old) }
        return row.status.isInStanding ? .memberReturned(from: old, to: row.status) : nil
    }

    /// Takes back a member's consent to the keeping of the record, as a roster says it.
    ///
    /// - Returns: False when no such consent stood any more.
    func withdraw(
        _ id: Int64,
        at: Int64,
        by user: SignedInUser,
        consents: ConsentLedger,
        in session: any DatabaseSession
    ) throws -> Bool {
        let region = try organisation(of: id, in: session).region
        let isChanged = try consents.record(
            [Consent(purpose: .register, isGiven: false)],
            of: id,
            region: region,
            import: 0,
            at: at,
            by: user,
            withdrawals: ConsentWithdrawals(register),
            in: session
        )
        if isChanged {
            try event("update", "register consent withdrawn", of: id, region, by: user, in: session)
        }
        return isChanged
    }

    /// What an event says of a member who had no АИС identifier before.
    static let firstAisId = "aisId+"

    private func changedFields(_ old: MemberDraft, _ new: MemberDraft) -> [String] {
        var fields: [String] = []
        if old.aisId != new.aisId { fields.append(old.aisId == nil ? Self.firstAisId : "aisId") }
        if old.name != new.name { fields.append("name") }
        if old.birthDate != new.birthDate { fields.append("birthDate") }
        if old.sex != new.sex { fields.append("sex") }
        if old.category != new.category { fields.append("category") }
        if old.organisation != new.organisation { fields.append("organisation") }
        if old.joinDate != new.joinDate { fields.append("joinDate") }
        if old.phone != new.phone { fields.append("phone") }
        if old.email != new.email { fields.append("email") }
        if old.legacyNumber != new.legacyNumber { fields.append("legacyNumber") }
        if old.status != new.status { fields.append("status") }
        return fields
    }
}

extension RowIssue {
    static func statusIllegal(from old: MemberStatus, to new: MemberStatus) -> RowIssue {
        RowIssue(
            field: "status",
            column: nil,
            code: "status_illegal",
            severity: .error,
            message: Bilingual(
                "В реестре состояние «\(old.rawValue)», в строке «\(new.rawValue)»: такой смены не "
                    + "бывает. Исправьте строку.",
                "The register says \(old.rawValue), the row \(new.rawValue): there is no such "
                    + "change. Correct the row."
            )
        )
    }

    static func statusKept(_ old: MemberStatus) -> RowIssue {
        RowIssue(
            field: "status",
            column: nil,
            code: "status_kept",
            severity: .warning,
            message: Bilingual(
                "В реестре состояние «\(old.rawValue)», а строка о нём не говорит: оно осталось. "
                    + "Если человек вернулся, укажите это в столбце «Статус».",
                "The register says \(old.rawValue) and the row says nothing of it: it stands. If "
                    + "the person has returned, say so in the column «Статус»."
            )
        )
    }

    static func memberReturned(from old: MemberStatus, to new: MemberStatus) -> RowIssue {
        RowIssue(
            field: "status",
            column: nil,
            code: "member_returned",
            severity: .warning,
            message: Bilingual(
                "В реестре было состояние «\(old.rawValue)», строка сменила его на "
                    + "«\(new.rawValue)»: проверьте, вернулся ли человек.",
                "The register said \(old.rawValue), the row made it \(new.rawValue): check that "
                    + "the person has returned."
            )
        )
    }

    static let registerIsWithdrawn = RowIssue(
        field: ConsentPurpose.register.rawValue,
        column: nil,
        code: "consent_withdrawn_before",
        severity: .error,
        message: Bilingual(
            "Согласие на обработку персональных данных отозвано: данные не обновляются. Нужно новое "
                + "согласие с более поздней датой или profbilet erase.",
            "The consent to the processing of personal data was withdrawn: nothing is updated. A "
                + "consent of a later date is needed, or profbilet erase."
        )
    )
}
