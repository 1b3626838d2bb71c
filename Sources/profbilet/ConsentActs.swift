import ArgumentParser
import Registry
import UnionTicket

extension ConsentCommand {
    struct Give: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "give",
            abstract: "Записать согласие: одна цель, текст, дата / Record a consent"
        )
        @Argument(help: "ИД АИС, #строка или номер билета / АИС id, #row or ticket number")
        var reference: String
        @Option(help: "register, cardProduction, virtualCard, bonusTransfer, photoOnCard, …")
        var purpose: ConsentPurpose
        @Option(help: "Партнёр, для bonusTransfer / the partner") var recipient: String?
        @Option(help: "Хеш текста, начало; без него — новейший / hash of the text")
        var text: String?
        @Option(help: "Дата на бланке; без неё — сегодня / the sheet's date") var date: String?
        @Option(help: "Законный представитель, для 14–17 лет / a minor's representative")
        var representative: String?
        @OptionGroup var office: Office

        func run() throws {
            var given = ConsentDesk.Given(purpose, recipient: recipient)
            given.text = text
            given.day = try date.map(ConsentCommand.day)
            given.representative = representative
            try office.work { register, user in
                let consent = try ConsentDesk(register).give(given, to: reference, by: user)
                say(
                    "Согласие «\(purpose.rawValue)» от \(consent.givenOn.russian) записано"
                        + (consent.until.map { ", до \($0.russian)." } ?? "."),
                    "The consent \(purpose.rawValue) of \(consent.givenOn.iso) is recorded."
                )
            }
        }
    }

    struct Withdraw: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "withdraw",
            abstract: "Записать отзыв; обработка прекращается / Record a withdrawal"
        )
        @Argument(help: "ИД АИС, #строка или номер билета / АИС id, #row or ticket number")
        var reference: String
        @Option(help: "Цель / purpose") var purpose: ConsentPurpose
        @Option(help: "Партнёр, для bonusTransfer / the partner") var recipient: String?
        @Option(help: "Когда поступил; без неё — сегодня / when it came in") var date: String?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let day = try date.map(ConsentCommand.day)
            try office.work { register, user in
                let withdrawn = try ConsentDesk(register).withdraw(
                    purpose,
                    recipient: recipient,
                    on: day,
                    of: reference,
                    by: user
                )
                ConsentCommand.show(withdrawn, try register.workingDays(), json)
            }
        }
    }

    struct History: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Согласия и отзывы одного члена / One member's consents and withdrawals"
        )
        @Argument(help: "ИД АИС, #строка или номер билета / АИС id, #row or ticket number")
        var reference: String
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let found = try ConsentDesk(register).history(of: reference, by: user)
                if json { return found.consents.forEach { say(ConsentCommand.object($0)) } }
                printTable(
                    [
                        "цель/purpose", "получатель/to", "дано/given", "до/until",
                        "отозвано/withdrawn", "форма/form", "текст/text",
                    ],
                    found.consents.map {
                        [
                            $0.purpose.rawValue, $0.recipient, $0.givenOn.russian,
                            $0.until?.russian ?? "", $0.withdrawnOn?.russian ?? "", $0.form,
                            $0.hash.map { String($0.prefix(16)) } ?? "",
                        ]
                    }
                )
                for act in found.acts where act.representative != nil {
                    print("\(act.purpose.rawValue): представитель/representative")
                }
                if !found.withdrawals.isEmpty {
                    print("")
                    ConsentCommand.show(found.withdrawals, try register.workingDays(), false)
                }
            }
        }
    }

    struct Deadlines: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "deadlines",
            abstract: "Отзывы, по которым не всё прекращено / Withdrawals with work left"
        )
        @Flag(help: "Только просроченные / overdue only") var overdue = false
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let isLate = try office.work { register, user in
                let open = try ConsentWithdrawals(register)
                    .deadlines(isOverdueOnly: overdue, by: user)
                ConsentCommand.show(open, try register.workingDays(), json)
                let today = register.now().moscowDate
                return open.contains { $0.isOverdue(on: today) }
            }
            if isLate, overdue { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }

    struct Settle: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "settle",
            abstract: "Отметить, что обработка прекращена вне реестра / Processing has ended"
        )
        @Argument(help: "Номер отзыва / number of the withdrawal") var id: Int64
        @Option(help: "Чем подтверждено, без имён / what proves it, without names")
        var how: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try ConsentWithdrawals(register).settle(id, how: how, by: user)
                say("Отзыв № \(id) исполнен.", "Withdrawal \(id) is fulfilled.")
            }
        }
    }

    struct Days: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "days",
            abstract: "Сроки прекращения, рабочих дней / Working days to stop in"
        )
        @Argument(help: "Цель / purpose") var purpose: ConsentPurpose?
        @Argument(help: "Рабочих дней, 1…10 / working days") var days: Int?
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let book = ConsentWithdrawals(register)
                if let purpose, let days { try book.setDays(days, for: purpose, by: user) }
                printTable(
                    ["цель/purpose", "рабочих дней/working days"],
                    try ConsentPurpose.allCases.map { [$0.rawValue, "\(try book.days($0))"] }
                )
            }
        }
    }

    static func day(_ text: String) throws -> CalendarDate {
        guard let date = TimeArgument.date(text) else {
            throw Failure(
                "Дата «\(text)» не понята: дд.мм.гггг или гггг-мм-дд.",
                "The date \(text) is not understood: dd.mm.yyyy or yyyy-mm-dd."
            )
        }
        return date
    }

    static func object(_ consent: MemberFile.GivenConsent) -> [String: JSONValue] {
        [
            "purpose": .text(consent.purpose.rawValue), "recipient": .text(consent.recipient),
            "givenOn": .text(consent.givenOn.iso), "until": .optional(consent.until?.iso),
            "withdrawnOn": .optional(consent.withdrawnOn?.iso), "form": .text(consent.form),
            "text": .optional(consent.hash),
        ]
    }

    static func show(
        _ withdrawals: [ConsentWithdrawals.Withdrawal],
        _ calendar: WorkingDays,
        _ json: Bool
    ) {
        if json {
            for item in withdrawals {
                say([
                    "withdrawal": .int(item.id), "member": .text("#\(item.member)"),
                    "purpose": .text(item.purpose.rawValue), "recipient": .text(item.recipient),
                    "withdrawnOn": .text(item.withdrawnOn.iso), "dueOn": .text(item.dueOn.iso),
                    "doneAt": .optional(item.doneAt?.rfc3339), "how": .optional(item.how),
                ])
            }
            return
        }
        printTable(
            [
                "№", "строка/row", "цель/purpose", "получатель/to", "отозвано/withdrawn",
                "исполнить до/due", "исполнено/done",
            ],
            withdrawals.map {
                [
                    "\($0.id)", "#\($0.member)", $0.purpose.rawValue, $0.recipient,
                    $0.withdrawnOn.russian, $0.dueOn.russian, $0.howInRussian ?? "",
                ]
            }
        )
        let warning = withdrawals.lazy.compactMap { calendar.warning($0.withdrawnOn...$0.dueOn) }
        if let words = warning.first { say(words.russian, words.english) }
    }
}
