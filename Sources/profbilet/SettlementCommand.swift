import ArgumentParser
import Foundation
import Registry
import Reports
import UnionTicket

struct SettlementCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settlement",
        abstract:
            "Взаиморасчёты за карты: доли, платежи, акты сверки / Settlement of the cards' cost",
        subcommands: [
            Show.self, Pay.self, Prepay.self, Refund.self, Reverse.self, Act.self, Shares.self,
            Plant.self, Entries.self,
        ]
    )

    /// How a table is shown.
    enum Format: String, ExpressibleByArgument {
        case table
        case csv
        case xlsx
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Карты, стоимость, доли, возвращено, остаток по регионам / Regions' accounts"
        )
        @Argument(help: "Регион RR / region") var region: OrganisationCode?
        @Flag(help: "Все регионы / all regions") var all = false
        @Option(help: "На конец дня / at the end of the day") var asOf: String?
        @Option(help: "table, csv или/or xlsx") var format = Format.table
        @Option(help: "Файл для csv и xlsx; CSV без него — на экран / file") var out: String?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard all == (region == nil) else {
                throw ValidationError(
                    "Назовите регион RR или --all.",
                    "Name a region RR, or --all."
                )
            }
            guard format != .table || out == nil else {
                throw ValidationError(
                    "К --out нужен --format csv или xlsx.",
                    "--out needs --format csv or xlsx."
                )
            }
            guard format != .xlsx || out != nil else {
                throw ValidationError(
                    "К --format xlsx нужен файл: --out ФАЙЛ.",
                    "--format xlsx needs a file: --out FILE."
                )
            }
        }

        func run() throws {
            try office.work { register, user in
                let day = try SettlementCommand.day(asOf, register)
                let rows = try Settlement(register).rows(region, asOf: day, by: user)
                if json {
                    for row in rows { say(SettlementCommand.object(row)) }
                    return
                }
                let table = SettlementTable.table(rows, asOf: day)
                switch format {
                case .table: print(table)
                case .csv:
                    guard let out else {
                        return FileHandle.standardOutput.write(Data(table.csv()))
                    }
                    try OutputFile.write(table.csv(), to: out)
                case .xlsx: try table.write(xlsx: out ?? "")
                }
                if let out { say("Записано: \(out)", "Written: \(out)") }
            }
        }

        private func print(_ table: ReportTable) {
            Swift.print("\(table.name)")
            printTable(
                [
                    "код", "регион/region", "карт/cards", "перевыпуск/reissues", "стоимость/cost",
                    "ЦС/CC", "регион/region", "первичные/primary", "завод/plant", "к возврату/due",
                    "возвращено/paid", "остаток/balance",
                ],
                table.rows.map { $0.map(SettlementCommand.text) }
            )
        }
    }

    /// A payment document as commands take it.
    struct PaymentOptions: ParsableArguments {
        @Option(help: "Номер платёжного поручения / payment order") var document: String
        @Option(help: "Дата платежа / day") var on: String
        @Flag(help: "JSON") var json = false

        func value(_ amount: String) throws -> Ledger.Payment {
            let kopecks: Kopecks
            do { kopecks = try Kopecks(roubles: amount) } catch {
                throw SettlementCommand.refusal(amount, error)
            }
            guard let day = TimeArgument.date(on) else {
                throw Failure(
                    "Дата «\(on)» не понята: дд.мм.гггг или гггг-мм-дд.",
                    "The day \(on) is not understood: dd.mm.yyyy or yyyy-mm-dd."
                )
            }
            return Ledger.Payment(amount: kopecks, document: document, day: day)
        }

        func show(_ entry: Int64, _ payment: Ledger.Payment) {
            if json {
                say(["entry": .int(entry), "kopecks": .int(payment.amount.value)])
            } else {
                say(
                    "Проводка \(entry): \(payment.amount.roubles) руб.",
                    "Entry \(entry): \(payment.amount.decimal) roubles."
                )
            }
        }
    }

    struct Pay: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pay",
            abstract: "Учесть платёж региона, строка «Членские профсоюзные взносы» / A region pays"
        )
        @Argument(help: "Регион RR / region") var region: OrganisationCode
        @Argument(help: "Сумма в рублях, например 12345,67 / roubles") var amount: String
        @OptionGroup var payment: PaymentOptions
        @OptionGroup var office: Office

        func run() throws {
            let value = try payment.value(amount)
            try office.work { register, user in
                payment.show(try Ledger(register).pay(value, from: region, by: user), value)
            }
        }
    }

    struct Prepay: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prepay",
            abstract: "Учесть предоплату Центрального Совета заводу / The plant is prepaid"
        )
        @Argument(help: "Партия / batch") var batch: Int64
        @Argument(help: "Сумма в рублях / roubles") var amount: String
        @OptionGroup var payment: PaymentOptions
        @OptionGroup var office: Office

        func run() throws {
            let value = try payment.value(amount)
            try office.work { register, user in
                payment.show(try Ledger(register).pay(value, batch: batch, by: user), value)
            }
        }
    }

    struct Refund: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "refund",
            abstract: "Завод вернул деньги за брак / The plant pays back"
        )
        @Argument(help: "Партия / batch") var batch: Int64
        @Argument(help: "Сумма в рублях / roubles") var amount: String
        @OptionGroup var payment: PaymentOptions
        @OptionGroup var office: Office

        func run() throws {
            let value = try payment.value(amount)
            try office.work { register, user in
                let entry = try Ledger(register).pay(
                    value,
                    batch: batch,
                    isRefund: true,
                    by: user
                )
                payment.show(entry, value)
            }
        }
    }

    struct Reverse: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reverse",
            abstract: "Сторнировать ошибочный платёж / Take a mistaken payment back"
        )
        @Argument(help: "Проводка / entry") var entry: Int64
        @Option(help: "Основание / why") var reason: String
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                let made = try Ledger(register).reverse(entry, reason: reason, by: user)
                say(
                    "Проводка \(entry) сторнирована проводкой \(made).",
                    "Entry \(entry) is taken back by entry \(made)."
                )
            }
        }
    }

    struct Shares: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "shares",
            abstract: "Доли в стоимости карты: показать или задать с дня / Shares of the cost",
            discussion: "В сотых долях процента, сумма 10 000. In basis points, summing to 10 000."
        )
        @Option(help: "С какого дня / from which day") var since: String?
        @Option(help: "Центральный Совет / Central Council") var central: Int?
        @Option(help: "Регион / region") var region: Int?
        @Option(help: "Первичные / primaries") var primary: Int?
        @OptionGroup var office: Office

        func validate() throws {
            let given = [since != nil, central != nil, region != nil, primary != nil]
            guard Set(given).count == 1 else {
                throw ValidationError(
                    "Нужны все четыре: --since, --central, --region, --primary.",
                    "All four are needed: --since, --central, --region, --primary."
                )
            }
        }

        func run() throws {
            try office.work { register, user in
                let sharing = CostSharing(register)
                if let since, let central, let region, let primary {
                    guard
                        let shares = CostShares(
                            centralCouncil: central,
                            region: region,
                            primary: primary
                        )
                    else {
                        throw Failure(
                            "Доли \(central) + \(region) + \(primary) не дают 10 000 или отрицательны.",
                            "The shares \(central) + \(region) + \(primary) are not 10 000, or negative."
                        )
                    }
                    let day = try SettlementCommand.day(since, register)
                    try sharing.set(shares, since: day, by: user)
                }
                printTable(
                    ["с/since", "ЦС/central", "регион/region", "первичные/primary"],
                    try sharing.periods(by: user).map {
                        [
                            $0.since?.russian ?? "—", "\($0.shares.centralCouncil)",
                            "\($0.shares.region)", "\($0.shares.primary)",
                        ]
                    }
                )
            }
        }
    }

    struct Plant: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "plant",
            abstract: "Счёт завода по партиям: предоплата, принято, брак / The plant's account"
        )
        @Option(help: "На конец дня / at the end of the day") var asOf: String?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let day = try SettlementCommand.day(asOf, register)
                let rows = try Settlement(register).plant(asOf: day, by: user)
                if json {
                    for row in rows {
                        say([
                            "batch": .int(row.batch), "tier": .text(row.tier),
                            "price": .int(row.price.value), "cards": .int(row.cards),
                            "prepaid": .int(row.prepaid.value), "charged": .int(row.accepted.value),
                            "spoiled": .int(row.spoiled), "claim": .int(row.claim.value),
                            "balance": .int(row.balance.value),
                        ])
                    }
                    return
                }
                printTable(
                    [
                        "партия/batch", "ступень/tier", "цена/price", "принято/accepted",
                        "брак и недостача/claimed", "предоплата/prepaid",
                        "начислено за те и другие/charged",
                        "претензия/claim", "остаток у завода/balance",
                    ],
                    rows.map {
                        [
                            "\($0.batch)", $0.tier, $0.price.roubles, "\($0.cards)",
                            "\($0.spoiled)", $0.prepaid.roubles, $0.accepted.roubles,
                            $0.claim.roubles, $0.balance.roubles,
                        ]
                    }
                )
            }
        }
    }
}

extension SettlementCommand {
    /// The day given, or the register's today.
    static func day(_ text: String?, _ register: Register) throws -> CalendarDate {
        guard let text else { return BatchBook(register).now.moscowDate }
        guard let date = TimeArgument.date(text) else {
            throw Failure(
                "Дата «\(text)» не понята: дд.мм.гггг или гггг-мм-дд.",
                "The day \(text) is not understood: dd.mm.yyyy or yyyy-mm-dd."
            )
        }
        return date
    }

    fileprivate static func refusal(_ text: String, _ refusal: Kopecks.Refusal) -> Failure {
        let why: Bilingual =
            switch refusal {
            case .empty: Bilingual("пусто", "nothing is written")
            case .notANumber:
                Bilingual(
                    "нужны рубли и копейки, например 12345,67",
                    "roubles and kopecks are needed, for example 12345,67"
                )
            case .negative: Bilingual("сумма отрицательна", "the amount is negative")
            case .fraction:
                Bilingual("доли копейки не бывают", "there are no parts of a kopeck")
            case .tooLarge: Bilingual("слишком много", "too much")
            }
        return Failure(
            "Сумма «\(text)»: \(why.russian).",
            "The amount \(text): \(why.english)."
        )
    }

    fileprivate static func text(_ cell: ReportTable.Cell) -> String {
        switch cell {
        case .text(let text): text
        case .number(let number): "\(number)"
        case .money(let amount): amount.roubles
        case .percent(let hundredths): Kopecks(Int64(hundredths)).roubles
        case .empty: ""
        }
    }

    fileprivate static func object(_ row: Settlement.Row) -> [String: JSONValue] {
        [
            "region": .text("\(row.region)"), "cards": .int(row.cards),
            "reissues": .int(row.reissues), "cost": .int(row.cost.value),
            "centralCouncil": .int(row.centralCouncil.value),
            "regionShare": .int(row.regionShare.value),
            "primaryShare": .int(row.primaryShare.value),
            "manufacturer": .int(row.manufacturer.value), "due": .int(row.due.value),
            "paid": .int(row.paid.value), "balance": .int(row.balance.value),
        ]
    }
}
