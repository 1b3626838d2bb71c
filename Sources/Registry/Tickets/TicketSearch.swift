import TicketSeal
public import UnionTicket

/// Finds tickets by number, by the old scheme's number, or by name; every look-up is logged.
public struct TicketSearch: Sendable {
    let register: Register

    /// A search in this register.
    public init(_ register: Register) { self.register = register }

    /// One ticket found.
    public struct Hit: Sendable {
        /// Row of its member.
        public let member: Int64?
        /// The ticket, when the member has one.
        public let ticket: TicketNumber?
        /// The member's name, for those entitled to it.
        public let name: PersonName?
        /// The member's organisation.
        public let organisation: OrganisationCode?
        /// The carriers that show it.
        public let carriers: [CarrierFile.Carrier]
    }

    /// The ticket with a typed or dictated number.
    ///
    /// - Throws: ``RegisterError`` that says which part of the number is wrong; where one slip away
    ///   an issued number lies, it names the printed group to be checked.
    public func number(_ text: String, by user: SignedInUser) throws -> Hit {
        try user.require(.findByNumber)
        let ticket: TicketNumber
        var issue: UInt8?
        switch TypedNumber(text) {
        case .ticket(let found): ticket = found
        case .carrier(let found): (ticket, issue) = (found.ticket, found.issue)
        case .refused(let refusal):
            try log("ticket.find", "refused", by: user)
            throw try hint(text, by: user) ?? Self.error(refusal)
        }
        return try register.write { session in
            let row = try session.first(
                "SELECT member_id FROM ticket_number WHERE number = $1",
                [.int(ticket.value)]
            ) { $0.optionalInteger(0) }
            try AuditLog(register).record(
                "ticket.find",
                row.flatMap { $0 }.map { "member/\($0)" } ?? "unknown",
                "number",
                by: user,
                in: session
            )
            guard let member = row else { return nil }
            if let issue { try requireCarrier(ticket, issue, in: session) }
            return try hit(member: member, ticket: ticket, by: user, in: session)
        } ?? { throw try hint(text, by: user) ?? CarrierFile.unknown }()
    }

    /// A sixteenth digit that no carrier has was misheard, or is one too many.
    private func requireCarrier(
        _ ticket: TicketNumber,
        _ issue: UInt8,
        in session: any DatabaseSession
    ) throws {
        let found = try session.first(
            "SELECT 1 FROM carrier WHERE number = $1 AND issue = $2",
            [.int(ticket.value), .int(issue)]
        ) { $0.integer(0) }
        guard found == nil else { return }
        throw RegisterError(
            .notFound,
            "Билет есть, но носителя с последней цифрой \(issue) у него нет: проверьте шестнадцатую "
                + "цифру или ищите по первым пятнадцати.",
            "There is the ticket, but no carrier of it that ends in \(issue): check the sixteenth "
                + "digit, or search by the first fifteen."
        )
    }

    /// The tickets of everybody who bears a number of the old scheme.
    public func legacy(_ number: String, by user: SignedInUser) throws -> [Hit] {
        try user.require(.findByNumber)
        return try found("legacy", by: user) { session in
            try session.all(
                """
                SELECT member_id FROM carrier
                WHERE legacy_number = $1 AND member_id IS NOT NULL
                UNION SELECT id FROM member WHERE legacy_number = $2
                """,
                [.text(number), .text(number)]
            ) { $0.integer(0) }
        }
    }

    /// The tickets of everybody of this name: family name, first name, perhaps patronymic.
    public func name(_ text: String, by user: SignedInUser) throws -> [Hit] {
        try user.require(.findByName)
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 2 else {
            throw RegisterError(
                .badInput,
                "Укажите фамилию и имя через пробел.",
                "Give family name and first name with a space between."
            )
        }
        let hash = register.secrets.nameHash(last: words[0], first: words[1])
        let rest = words.dropFirst(2).joined(separator: " ")
        let patronymic = rest.isEmpty ? nil : rest
        return try found("name", by: user) { session in
            try session.all("SELECT id FROM member WHERE name_hash = $1", [.integer(hash)]) {
                $0.integer(0)
            }.filter { id in
                let draft = try MemberFile(register).draft(of: id, in: session)
                let wanted = PersonName(last: words[0], first: words[1], patronymic: patronymic)
                let compared = PersonName(
                    last: draft.name.last,
                    first: draft.name.first,
                    patronymic: patronymic == nil ? nil : draft.name.patronymic
                )
                return wanted.matchingKey == compared.matchingKey
            }
        }
    }

    /// What is wrong with a typed number, and what to do.
    static func error(_ refusal: TypedNumber.Refusal) -> RegisterError {
        switch refusal {
        case .empty:
            RegisterError(.badInput, "Номер не указан.", "No number was given.")
        case .foreignCharacter(let position):
            RegisterError(
                .badInput,
                "Знак \(position) — не цифра. В номере 15 цифр: 177 4815 1623 4216.",
                "Character \(position) is no digit. A number has 15 digits: 177 4815 1623 4216."
            )
        case .length(let count):
            RegisterError(
                .badInput,
                "В номере \(count) цифр, а нужно 15 (или 16 для носителя). Сверьте группы: 3-4-4-4.",
                "The number has \(count) digits, not 15 (16 for a carrier). Check the groups: 3-4-4-4."
            )
        case .group(let group, let digits, let wanted):
            RegisterError(
                .badInput,
                "В группе \(group) цифр: \(digits), а нужно \(wanted). Сверьте её с билетом.",
                "Group \(group) has \(digits) digits, not \(wanted). Compare it with the "
                    + "ticket."
            )
        case .scheme(let digit):
            RegisterError(
                .badInput,
                "Ошибка в группе 1: номер не может начинаться с \(digit).",
                "Group 1 is wrong: a number cannot begin with \(digit)."
            )
        case .checkDigit:
            RegisterError(
                .badInput,
                "Контрольная цифра не сходится: ошибка в одной из групп или группы переставлены.",
                "The check digit does not fit: one group is mistyped or two are exchanged."
            )
        case .spreadsheet:
            RegisterError(
                .badInput,
                "Номер испорчен таблицей (1,77E+14). Возьмите его из файла с текстовыми ячейками.",
                "A spreadsheet ate the number (1,77E+14). Take it from a file with text cells."
            )
        }
    }

    private func hint(_ text: String, by user: SignedInUser) throws -> RegisterError? {
        let repairs = TypedNumber.repairs(of: text)
        return try register.read { try hint(repairs, by: user, in: $0) }
    }

    /// The printed groups to be checked, where issued numbers of the user's reach lie one slip away and
    /// all of them by the same slip or in the same group.
    func hint(
        _ repairs: [TypedNumber.Repair],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> RegisterError? {
        let reach = user.scope.subtree
        var slips: Set<TypedNumber.Slip> = []
        for part in repairs.map({ SQLValue.int($0.ticket.value) }).parts(of: 64) {
            try session.query(
                """
                SELECT t.number, m.organisation
                FROM ticket_number t JOIN member m ON m.id = t.member_id
                WHERE t.state = 'assigned' AND t.number IN (\(part.placeholders))
                """,
                part.padded
            ) { row in
                guard reach.contains(row.integer(1)) else { return }
                let number = UInt64(row.integer(0))
                slips.formUnion(repairs.filter { $0.ticket.value == number }.map(\.slip))
            }
        }
        return switch TypedNumber.common(slips) {
        case nil: nil
        case .group(let group):
            RegisterError(
                .badInput,
                "Такого билета нет; похоже, ошибка в группе \(group). Сверьте её с картой.",
                "There is no such ticket; group \(group) looks wrong. Compare it with the card."
            )
        case .exchanged(let first, let second):
            RegisterError(
                .badInput,
                "Такого билета нет; похоже, группы \(first) и \(second) переставлены. Сверьте их с "
                    + "картой.",
                "There is no such ticket; it looks as if groups \(first) and \(second) are "
                    + "exchanged. Compare them with the card."
            )
        }
    }

    private func log(_ action: String, _ subject: String, by user: SignedInUser) throws {
        try register.write {
            try AuditLog(register).record(action, subject, "number", by: user, in: $0)
        }
    }

    private func found(
        _ kind: String,
        by user: SignedInUser,
        _ find: (any DatabaseSession) throws -> [Int64]
    ) throws -> [Hit] {
        try register.write { session in
            var hits: [Hit] = []
            for member in try find(session) {
                let place = try MemberFile(register).organisation(of: member, in: session)
                guard user.scope.contains(place) else { continue }
                try AuditLog(register).record(
                    "ticket.find",
                    "member/\(member)",
                    kind,
                    by: user,
                    in: session
                )
                let ticket = try MemberFile(register).ticket(of: member, in: session)
                hits.append(try hit(member: member, ticket: ticket, by: user, in: session))
            }
            if hits.isEmpty {
                try AuditLog(register).record("ticket.find", "unknown", kind, by: user, in: session)
            }
            return hits
        }
    }

    private func hit(
        member: Int64?,
        ticket: TicketNumber?,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Hit {
        guard let member else {
            let carriers = try session.all(
                "\(CarrierFile.columns) WHERE \(CarrierFile.numbered)",
                [.int(ticket?.value ?? 0)],
                CarrierFile.carrier
            ).compactMap(\.self)
            return Hit(
                member: nil,
                ticket: ticket,
                name: nil,
                organisation: nil,
                carriers: carriers
            )
        }
        let draft = try MemberFile(register).draft(of: member, in: session)
        let mayRead = user.permits(.readMembers) && user.scope.contains(draft.organisation)
        return Hit(
            member: member,
            ticket: ticket,
            name: mayRead ? draft.name : nil,
            organisation: draft.organisation,
            carriers: try CarrierFile(register).carriers(of: member, in: session)
        )
    }
}
