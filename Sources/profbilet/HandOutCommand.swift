import ArgumentParser
import CardProduction
import Foundation
import Registry
import Roster
import UnionTicket

struct HandOutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handout",
        abstract: "Выдача карт членам Профсоюза и невостребованные карты / Hand-out of cards",
        subcommands: [
            Scan.self, List.self, Parcel.self, Unclaimed.self, Return.self, Again.self,
            Destroy.self, Act.self,
        ]
    )

    struct Scan: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "scan",
            abstract: "Выдать карты: штрихкод, номер или QR / Hand cards out by scan"
        )
        @Argument(help: "Карты; «-» читает со стандартного ввода / cards; - reads stdin")
        var cards: [String]
        @Option(help: "Дата выдачи / day") var on: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let day = try on.map(HandOutCommand.day)
            let named =
                cards == ["-"]
                ? Array(AnyIterator { readLine() }).filter { !$0.isEmpty } : cards
            let items = named.enumerated().map { index, card in
                HandOutBook.Item(line: index + 1, reference: card, day: day)
            }
            try office.work { register, user in
                let outcome = try HandOutBook(register).record(
                    HandOutBook.Basis(.scan),
                    by: user
                ) {
                    var rest = [items]
                    return { rest.popLast() ?? [] }
                }
                try HandOutCommand.show(outcome, json)
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Внести подписанную ведомость: номера и даты / Enter a signed list"
        )
        @Argument(help: "Файл CSV или XLSX / file") var file: String
        @Option(help: "Кодировка / encoding") var encoding: TextEncoding?
        @Option(help: "Дата выдачи там, где её нет в строке / day") var on: String?
        @Flag(help: "Отказ в одной строке отменяет всё / one refusal refuses the list")
        var allOrNothing = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let day = try on.map(HandOutCommand.day)
            try office.work { register, user in
                let hash = try AcceptanceOffice.hash(ofDocument: file)
                let outcome = try MarkedError.reading(file, encoding) {
                    try HandOutBook(register).record(
                        HandOutBook.Basis(
                            .list,
                            document: hash.prefix(8).map { padded(hex: $0) }.joined(),
                            isAllOrNothing: allOrNothing
                        ),
                        by: user
                    ) {
                        let list = try HandOutFile.open(
                            file,
                            encoding: encoding,
                            today: BatchBook(register).now.moscowDate
                        )
                        return { try Self.items(try list.next(4_096), file, day) }
                    }
                }
                try HandOutCommand.show(outcome, json)
            }
        }

        private func padded(hex byte: UInt8) -> String {
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }

        private static func items(
            _ rows: [HandOutFile.Row],
            _ file: String,
            _ day: CalendarDate?
        ) throws -> [HandOutBook.Item] {
            try rows.map { row in
                guard let number = row.number else {
                    let issue = row.issues.first { $0.severity == .error }
                    let place = issue?.column.map { "\($0)" } ?? "?"
                    throw Failure(
                        "\(file), строка \(row.line), столбец \(place): "
                            + "\(issue?.message.russian ?? "нет номера.") Ничего не записано.",
                        "\(file), line \(row.line), column \(place): "
                            + "\(issue?.message.english ?? "no number.") Nothing was recorded."
                    )
                }
                return HandOutBook.Item(line: row.line, reference: number, day: row.day ?? day)
            }
        }
    }

    struct Parcel: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "parcel",
            abstract: "Ведомость посылки подписана вся, кроме названных / A parcel's whole list"
        )
        @Argument(help: "ПАРТИЯ/НОМЕР / BATCH/NUMBER") var parcel: String
        @Option(help: "Не выдана; можно несколько / not handed out") var except: [String] = []
        @Option(help: "Дата выдачи / day") var on: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let (batch, number) = try ParcelCommand.reference(parcel)
            let day = try on.map(HandOutCommand.day)
            try office.work { register, user in
                let outcome = try HandOutBook(register).record(
                    parcel: batch,
                    number,
                    except: except,
                    on: day,
                    by: user
                )
                try HandOutCommand.show(outcome, json)
            }
        }
    }

    struct Unclaimed: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unclaimed",
            abstract: "Отметить невостребованные: по сроку или названные / Mark unclaimed cards",
            discussion: "Действующие карты, выдача которых не внесена, по сроку только "
                + "перечисляются: сначала внесите ведомости. Cards in force whose hand-out is not "
                + "recorded are listed only: enter the signed lists first."
        )
        @Argument(help: "Карты; без них — все, что лежат дольше срока / cards")
        var cards: [String] = []
        @Option(help: "Изменить срок, дней / change the term, days") var days: Int?
        @Flag(help: "Отметить и действующие карты, выдача которых не внесена / those in force too")
        var inForce = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard !inForce || cards.isEmpty else {
                throw ValidationError(
                    "--in-force указывается без карт.",
                    "--in-force goes without cards."
                )
            }
        }

        func run() throws {
            try office.work { register, user in
                let left = LeftCards(register)
                if let days { try left.set(days: days, by: user) }
                let count =
                    cards.isEmpty
                    ? try left.markOverdue(isInForceToo: inForce, by: user)
                    : try left.mark(cards, by: user)
                let rest = cards.isEmpty ? try left.inForce(by: user) : []
                if json {
                    return say([
                        "marked": .int(count), "inForce": .list(rest.map(Self.object)),
                    ])
                }
                say("Невостребованных отмечено: \(count).", "Marked as unclaimed: \(count).")
                if !rest.isEmpty { show(rest, days: try left.days()) }
            }
        }

        private static func object(_ card: LeftCards.Waiting) -> JSONValue {
            .object([
                "parcel": .text("\(card.batch)/\(card.parcel)"),
                "card": .text(card.carrier.digits), "since": .text(card.since.moscowDate.iso),
            ])
        }

        private func show(_ cards: [LeftCards.Waiting], days: Int) {
            say(
                "Действующих карт без отметки о выдаче дольше \(days) дней: \(cards.count). Внесите "
                    + "ведомости (handout list) или отметьте их: profbilet handout unclaimed --in-force.",
                "Cards in force for more than \(days) days without a recorded hand-out: "
                    + "\(cards.count). Enter the lists (handout list) or mark them: --in-force."
            )
            printTable(
                ["посылка/parcel", "карта/card", "с/since"],
                cards.prefix(50).map {
                    ["\($0.batch)/\($0.parcel)", $0.carrier.digits, $0.since.moscowDate.russian]
                }
            )
            if cards.count > 50 { print("… \(cards.count): --json") }
        }
    }

    struct Return: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "return",
            abstract: "Карты возвращены в региональную организацию / Cards were sent back"
        )
        @Argument(help: "Карты / cards") var cards: [String]
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let count = try LeftCards(register).sendBack(cards, by: user)
                say("Возвращено карт: \(count).", "Cards sent back: \(count).")
            }
        }
    }

    struct Again: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "again",
            abstract: "Возвращённые карты снова в первичной организации / Cards came again"
        )
        @Argument(help: "Карты / cards") var cards: [String]
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let count = try LeftCards(register).bringAgain(cards, by: user)
                say("Снова ждут выдачи: \(count).", "Waiting again: \(count).")
            }
        }
    }

    struct Destroy: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "destroy",
            abstract: "Уничтожить карты по акту / Destroy cards with an act"
        )
        @Argument(help: "Карты / cards") var cards: [String]
        @Option(help: "Основание / why") var reason: String
        @Option(help: "Куда записать акт, PDF / the act") var act: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try OutputFile.require(act)
            try office.work { register, user in
                let made = try LeftCards(register).destroy(cards, reason: reason, by: user)
                if let act {
                    _ = try AcceptanceOffice(register).destructionAct(made, to: act)
                }
                if json {
                    return say(["act": .int(made.id), "cards": .int(made.cards.count)])
                }
                say(
                    "Акт № \(made.id): уничтожено карт \(made.cards.count).",
                    "Act \(made.id): cards destroyed \(made.cards.count)."
                )
            }
        }
    }

    struct Act: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "act",
            abstract: "Акт об уничтожении ещё раз, PDF / An act of destruction again"
        )
        @Argument(help: "Номер акта / act") var id: Int64
        @Option(help: "Файл / file") var out: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let act = try LeftCards(register).act(id, by: user)
                _ = try AcceptanceOffice(register).destructionAct(act, to: out)
                say("Акт № \(id): \(out)", "Act \(id): \(out)")
            }
        }
    }

    private static func day(_ text: String) throws -> CalendarDate {
        guard let date = TimeArgument.date(text) else {
            throw Failure(
                "Дата «\(text)» не понята: дд.мм.гггг или гггг-мм-дд.",
                "The day \(text) is not understood: dd.mm.yyyy or yyyy-mm-dd."
            )
        }
        return date
    }

    private static func show(_ outcome: HandOutBook.Outcome, _ json: Bool) throws {
        if json {
            say([
                "done": .int(outcome.done), "known": .int(outcome.known),
                "activated": .int(outcome.activated), "ended": .int(outcome.ended),
                "refused": .list(
                    outcome.refused.prefix(1_000).map {
                        .object([
                            "line": .int($0.line), "card": .text($0.card),
                            "reason": .text($0.reason.russian),
                            "reasonEn": .text($0.reason.english),
                        ])
                    }
                ),
            ])
        } else {
            say(
                "Выдано карт \(outcome.done), записано раньше \(outcome.known), введено в действие "
                    + "\(outcome.activated), прежних карт закончено \(outcome.ended), отказов "
                    + "\(outcome.refused.count).",
                "Handed out \(outcome.done), recorded before \(outcome.known), came into force "
                    + "\(outcome.activated), older cards ended \(outcome.ended), refused "
                    + "\(outcome.refused.count)."
            )
            for item in outcome.refused.prefix(50) {
                print("  строка/line \(item.line) \(item.card): \(item.reason.russian)")
            }
        }
        if !outcome.refused.isEmpty { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
    }
}
