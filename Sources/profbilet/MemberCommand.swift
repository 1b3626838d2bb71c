import ArgumentParser
import Registry
import UnionTicket

struct MemberCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member",
        abstract: "Учётная карточка / A member's record",
        subcommands: [Show.self, SetStatus.self, Merge.self, EraseCommand.self]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Показать; просмотр записывается / Show; each look is logged"
        )
        @Argument(help: "ИД АИС, #строка или номер билета / АИС id, #row or ticket number")
        var reference: String
        @Option(help: "Зачем / why") var reason: String = "show"
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let record = try MemberFile(register).show(reference, reason: reason, by: user)
                let fields = MemberCommand.fields(record)
                if json {
                    var object: [String: JSONValue] = [:]
                    for field in fields { object[field.name] = .optional(field.value) }
                    say(object)
                    return
                }
                printTable(
                    ["поле/field", "значение/value"],
                    fields.compactMap { field in field.value.map { [field.label, $0] } }
                )
            }
        }
    }

    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "merge",
            abstract: "Объединить две записи одного человека / Two records of one person become one"
        )
        @Argument(help: "Лишняя запись / the record that ends") var duplicate: String
        @Argument(help: "Запись, которая остаётся / the one that goes on") var member: String
        @Option(help: "Основание, без имён / why, without names") var reason: String
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                try MemberMerge(register).merge(
                    duplicate,
                    into: member,
                    reason: reason,
                    by: user
                )
                say("Записи объединены.", "The records are one now.")
            }
        }
    }

    struct SetStatus: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-status",
            abstract: "Сменить состояние / Change a member's standing"
        )
        @Argument var reference: String
        @Argument(help: "candidate, active, suspended, left, transferred, expelled, deceased")
        var status: MemberStatus
        @Option(help: "Основание / why") var reason: String
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                try MemberFile(register).setStatus(
                    reference,
                    to: status,
                    reason: reason,
                    by: user
                )
                say("Состояние: \(status.rawValue).", "Standing: \(status.rawValue).")
            }
        }
    }

    private static func text(_ consent: MemberFile.GivenConsent) -> String {
        var parts = [
            consent.purpose.rawValue + (consent.recipient.isEmpty ? "" : "(\(consent.recipient))"),
            consent.givenOn.russian, consent.form,
            consent.hash.map { String($0.prefix(16)) } ?? "–",
        ]
        if let until = consent.until { parts.append("до/until \(until.russian)") }
        if let day = consent.withdrawnOn { parts.append("отозвано/withdrawn \(day.russian)") }
        return parts.joined(separator: " ")
    }

    private static func fields(
        _ record: MemberFile.Record
    ) -> [(name: String, label: String, value: String?)] {
        let draft = record.draft
        return [
            ("id", "строка/row", "#\(record.id)"), ("aisId", "ИД АИС", draft.aisId),
            ("name", "ФИО/name", draft.name.full),
            ("birthDate", "дата рождения/born", draft.birthDate.russian),
            ("sex", "пол/sex", draft.sex?.rawValue),
            ("category", "категория/category", draft.category.rawValue),
            ("organisation", "организация/organisation", "\(draft.organisation)"),
            ("joinDate", "вступление/joined", draft.joinDate.russian),
            ("phone", "телефон/phone", draft.phone), ("email", "почта/e-mail", draft.email),
            ("status", "состояние/standing", draft.status.rawValue),
            ("legacyNumber", "старый билет/legacy", draft.legacyNumber),
            ("ticket", "билет/ticket", record.ticket?.printed),
            (
                "consents", "согласия/consents",
                draft.consents.map {
                    $0.purpose.rawValue + ($0.recipient.isEmpty ? "" : "(\($0.recipient))")
                }
                .joined(separator: ", ")
            ),
            (
                "consentTexts", "тексты/consent texts",
                record.consents.isEmpty
                    ? nil : record.consents.map(MemberCommand.text).joined(separator: "; ")
            ),
        ]
    }
}
