import ArgumentParser
import Registry
import Roster
import UnionTicket

struct OrderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Заявки на карты / Orders of cards",
        subcommands: [
            Create.self, Submit.self, Approve.self, Reject.self, Cancel.self, List.self,
        ]
    )

    /// Whom a command means: members, an organisation, a file or orders by number.
    struct Selection: ParsableArguments {
        @Option(help: "ИД АИС, #строка или номер билета; можно несколько / members")
        var member: [String] = []
        @Option(help: "Организация с подчинёнными / organisation with everything below")
        var organisation: OrganisationCode?
        @Option(help: "Файл: ИД АИС или номер билета, причина / file of members")
        var file: String?

        /// Refuses none and several; numbers are nil for a command that takes none.
        func requireOne(beside orders: [Int64]? = nil) throws {
            let given = [
                !member.isEmpty, organisation != nil, file != nil, orders?.isEmpty == false,
            ].count(where: \.self)
            guard given == 1 else {
                let more = orders == nil ? ("", "") : (", номера заявок", ", order numbers")
                throw ValidationError(
                    "Укажите ровно одно: --member, --organisation, --file\(more.0).",
                    "Give exactly one of --member, --organisation, --file\(more.1)."
                )
            }
        }

        func value(orders: [Int64] = []) throws -> OrderBook.Selection {
            if let organisation { return .organisation(organisation) }
            if let file { return .list(try OrderCommand.named(file)) }
            return orders.isEmpty ? .list(member.map { OrderBook.Named($0) }) : .orders(orders)
        }
    }

    /// The members a file names; what is wrong with a row goes with it.
    private static func named(_ file: String) throws -> [OrderBook.Named] {
        let rows = try MarkedError.reading(file, nil) {
            let list = try OrderFile.open(
                file,
                today: try Clock.now(specimenOnly: false)().moscowDate
            )
            return try Rows.all { try list.next(4_096) }
        }
        return rows.map { row in
            OrderBook.Named(
                row.aisId ?? row.ticketNumber ?? "",
                line: row.line,
                reason: row.reason,
                flaw: row.issues.first { $0.severity == .error }?.message
            )
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Создать / Create"
        )
        @OptionGroup var selection: Selection
        @Option(
            help: ArgumentHelp(
                "first, lost, stolen, damaged, defect, renamed",
                discussion: "Без причины — по тому, что стало с последней картой "
                    + "/ without it by what became of the last card"
            )
        ) var reason: OrderReason?
        @Option(help: "Примечание / note") var note: String = ""
        @Flag(help: "Сразу подать / submit at once") var submit = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws { try selection.requireOne() }

        func run() throws {
            let refused = try office.work { register, user in
                let outcome = try OrderBook(register).create(
                    try selection.value(),
                    reason: reason,
                    note: note,
                    submitted: submit,
                    by: user
                )
                return OrderCommand.show(
                    outcome,
                    "создано",
                    "created",
                    json,
                    isNamed: selection.organisation == nil
                )
            }
            if refused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }
    }

    /// Submit, approve, reject and cancel differ in the state only.
    struct Move: ParsableArguments {
        @Argument(help: "Номера заявок / order numbers") var orders: [Int64] = []
        @OptionGroup var selection: Selection
        @Option(help: "Основание / why") var reason: String = ""
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws { try selection.requireOne(beside: orders) }

        func run(to state: OrderState, _ russian: String, _ english: String) throws {
            let refused = try office.work { register, user in
                let outcome = try OrderBook(register).move(
                    try selection.value(orders: orders),
                    to: state,
                    reason: reason,
                    by: user
                )
                return OrderCommand.show(
                    outcome,
                    russian,
                    english,
                    json,
                    isNamed: selection.organisation == nil
                )
            }
            if refused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }
    }

    struct Submit: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "submit",
            abstract: "Подать / Submit"
        )
        @OptionGroup var move: Move
        func run() throws { try move.run(to: .submitted, "подано", "submitted") }
    }

    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve",
            abstract: "Одобрить / Approve"
        )
        @OptionGroup var move: Move
        func run() throws { try move.run(to: .approved, "одобрено", "approved") }
    }

    struct Reject: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reject",
            abstract: "Отклонить / Reject"
        )
        @OptionGroup var move: Move

        func validate() throws { try requireReason(move.reason) }

        func run() throws { try move.run(to: .rejected, "отклонено", "rejected") }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel",
            abstract: "Отозвать / Cancel"
        )
        @OptionGroup var move: Move
        func run() throws { try move.run(to: .cancelled, "отозвано", "cancelled") }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Показать / List"
        )
        @Option(help: "Состояние / state") var state: OrderState?
        @Option(help: "Причина / reason") var reason: OrderReason?
        @Option(help: "ИД АИС, #строка или номер билета; можно несколько / members")
        var member: [String] = []
        @Option(help: "Организация / organisation") var organisation: OrganisationCode?
        @Option(help: "Файл членов: ИД АИС или номер билета / file of members")
        var file: String?
        @Option(help: "Не более / at most") var limit = 1000
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        private func filter() throws -> OrderBook.Filter {
            var filter = OrderBook.Filter()
            (filter.state, filter.reason, filter.organisation) = (state, reason, organisation)
            guard !member.isEmpty || file != nil else { return filter }
            let named = try file.map(OrderCommand.named) ?? []
            filter.members = member.map { OrderBook.Named($0) } + named
            return filter
        }

        func run() throws {
            try office.work { register, user in
                let orders = try OrderBook(register).list(try filter(), limit: limit, by: user)
                if json {
                    for order in orders {
                        say([
                            "id": .int(order.id), "member": .int(order.member),
                            "organisation": .text("\(order.organisation)"),
                            "reason": .text(order.reason.rawValue),
                            "state": .text(order.state.rawValue),
                            "created": .text(order.createdAt.rfc3339),
                        ])
                    }
                    return
                }
                printTable(
                    [
                        "№", "член/member", "организация/organisation", "причина/reason",
                        "состояние/state", "создана/created",
                    ],
                    orders.map {
                        [
                            "\($0.id)", "#\($0.member)", "\($0.organisation)", $0.reason.rawValue,
                            $0.state.rawValue, $0.createdAt.moscowDate.russian,
                        ]
                    }
                )
            }
        }
    }

    /// Prints what was done; true when something was refused.
    private static func show(
        _ outcome: OrderBook.Outcome,
        _ russian: String,
        _ english: String,
        _ json: Bool,
        isNamed: Bool
    ) -> Bool {
        if json {
            say([
                "done": .list(outcome.done.map(JSONValue.int)),
                "refused": .list(
                    outcome.refused.map {
                        .object([
                            "subject": .text($0.subject), "reason": .text($0.reason.russian),
                            "reasonEn": .text($0.reason.english),
                        ])
                    }
                ),
            ])
        } else {
            say(
                "Заявок \(russian): \(outcome.done.count), отказов: \(outcome.refused.count).",
                "Orders \(english): \(outcome.done.count), refused: \(outcome.refused.count)."
            )
            for item in outcome.refused.prefix(50) {
                print("  \(item.subject): \(item.reason.russian) / \(item.reason.english)")
            }
        }
        // Of an organisation whoever may not have a card is passed over; of people named all are meant.
        return !outcome.refused.isEmpty && (isNamed || outcome.done.isEmpty)
    }
}
