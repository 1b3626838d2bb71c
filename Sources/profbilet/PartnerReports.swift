import ArgumentParser
import BonusProgram
import Foundation
import Registry
import Roster
import UnionTicket

extension PartnerCommand {
    struct Onboard: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "onboard",
            abstract:
                "Связать прежних участников партнёра с билетами / Match a partner's participants",
            discussion: "Отчёт остаётся в Профсоюзе: в нём видно, кто член. Партнёру отдают только "
                + "--links. The report stays with the union; --links is what the partner may get."
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Argument(help: "Список партнёра, CSV или XLSX / the partner's list") var file: String
        @Option(help: "Отчёт с каждой строкой, CSV / report with every line") var report: String?
        @Option(help: "Пары участник — псевдоним для партнёра, CSV / pairs for the partner")
        var links: String?
        @Option(help: "Кодировка / encoding") var encoding: TextEncoding?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try OutputFile.require(report, links, apartFrom: [file])
            let (participants, faulty) = try MarkedError.reading(file, encoding) {
                try ParticipantFile.read(file, encoding: encoding)
            }
            try office.work { register, user in
                let results = try PartnerOnboarding(register).match(
                    participants,
                    of: name,
                    by: user
                )
                try write(results, faulty)
                var counts: [PartnerOnboarding.Outcome: Int] = [:]
                for result in results { counts[result.outcome, default: 0] += 1 }
                if json {
                    var object: [String: JSONValue] = ["faulty": .int(faulty.count)]
                    for outcome in PartnerOnboarding.Outcome.allCases {
                        object[outcome.rawValue] = .int(counts[outcome] ?? 0)
                    }
                    say(object)
                } else {
                    printTable(
                        ["исход/outcome", "строк/rows"],
                        PartnerOnboarding.Outcome.allCases.map {
                            [$0.rawValue, "\(counts[$0] ?? 0)"]
                        } + [["без идентификатора/faulty", "\(faulty.count)"]]
                    )
                }
                if counts[.matched] ?? 0 != results.count + faulty.count {
                    throw ExitCode(ExitStatus.rowsRefused.rawValue)
                }
            }
        }

        private func write(_ results: [PartnerOnboarding.Result], _ faulty: [Int]) throws {
            if let report {
                var text = "line;participant;outcome;by\r\n"
                for result in results {
                    text += "\(result.line);\(Self.cell(result.reference));"
                    text += "\(result.outcome.rawValue);\(result.by ?? "")\r\n"
                }
                for line in faulty { text += "\(line);;faulty;\r\n" }
                try OutputFile.write(Array(text.utf8), to: report)
            }
            if let links {
                var text = "participant;id\r\n"
                for result in results {
                    guard let pseudonym = result.pseudonym else { continue }
                    text += "\(Self.cell(result.reference));\(pseudonym.text)\r\n"
                }
                try OutputFile.write(Array(text.utf8), to: links)
            }
        }

        /// A partner's own text in a cell that no spreadsheet takes for a formula.
        private static func cell(_ text: String) -> String {
            var text = text
            if let first = text.first, "=+-@\t".contains(first) { text = "'" + text }
            guard text.contains(where: { $0 == ";" || $0 == "\"" || $0.isNewline }) else {
                return text
            }
            return "\"" + text.replacing("\"", with: "\"\"") + "\""
        }
    }

    struct ImportStatistics: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import-statistics",
            abstract: "Принять статистику партнёра / Take a partner's statistics"
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Argument(help: "Файлы JSON, рядом подпись .p7s / files with their .p7s") var files:
            [String]
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let partner = try Partners(register).partner(name, by: user)
                for path in files {
                    let file = try PartnerFile(
                        path,
                        signature: nil,
                        of: partner,
                        now: Partners(register).now
                    )
                    let report = try StatisticsFile.read(file, of: name)
                    let isNew = try PartnerStatistics(register).take(
                        report,
                        from: name,
                        bytes: file.bytes,
                        by: user
                    )
                    let what = "\(report.period.text), редакция/revision \(report.revision)"
                    say(
                        "\(what): \(isNew ? "принято" : "уже принято раньше").",
                        "\(isNew ? "Taken" : "Taken before")."
                    )
                }
            }
        }
    }

    struct Statistics: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "statistics",
            abstract: "Итоги партнёра за месяцы / A partner's figures"
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Option(help: "С месяца гггг-мм / first month") var from: PartnerStatistics.Period
        @Option(help: "По месяц гггг-мм / last month") var to: PartnerStatistics.Period
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            guard from <= to else {
                throw Failure("--from позже --to.", "--from is later than --to.")
            }
            try office.work { register, user in
                let reports = try PartnerStatistics(register).reports(from...to, of: name, by: user)
                let lines =
                    reports.map { ($0.period.text, $0.total) }
                    + [("итого/total", PartnerStatistics.summary(of: reports))]
                if json {
                    for (period, figures) in lines { say(Self.object(period, figures)) }
                    return
                }
                printTable(
                    [
                        "месяц/month", "участников/participants", "через приложение/through app",
                        "%",
                        "покупок/purchases", "оборот, ₽/turnover", "возвращено, ₽/cashback",
                    ],
                    lines.map { period, figures in
                        [
                            period, "\(figures.participants)", "\(figures.throughApp)",
                            Self.decimal(figures.appShare), "\(figures.purchases)",
                            Self.decimal(figures.turnover), Self.decimal(figures.cashback),
                        ]
                    }
                )
            }
        }

        /// Hundredths with a comma, as Russian papers write them.
        private static func decimal(_ hundredths: Int64) -> String {
            let rest = hundredths % 100
            return "\(hundredths / 100),\(rest < 10 ? "0" : "")\(rest)"
        }

        private static func object(
            _ period: String,
            _ figures: PartnerStatistics.Figures
        ) -> [String: JSONValue] {
            [
                "period": .text(period), "participants": .int(figures.participants),
                "throughApp": .int(figures.throughApp), "appShare": .int(figures.appShare),
                "purchases": .int(figures.purchases), "turnover": .int(figures.turnover),
                "cashback": .int(figures.cashback),
            ]
        }
    }

    struct Reconcile: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reconcile",
            abstract: "Сверить статистику с выгрузкой / Compare statistics with what was exported",
            discussion: "Код 2, если есть расхождения. Exit code 2 when anything differs."
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Option(help: "Месяц гггг-мм / month") var period: PartnerStatistics.Period
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let differences = try PartnerStatistics(register).reconcile(
                    period,
                    of: name,
                    by: user
                )
                for item in differences where json {
                    say([
                        "region": .int(item.region), "kind": .text(item.kind.rawValue),
                        "reported": .int(item.reported), "counted": .int(item.counted),
                    ])
                }
                guard !differences.isEmpty else {
                    if !json { say("Расхождений нет.", "Nothing differs.") }
                    return
                }
                if !json {
                    printTable(
                        ["регион/region", "что/what", "у партнёра/reported", "у нас/counted"],
                        differences.map {
                            [
                                "\($0.region)", $0.kind.rawValue, "\($0.reported)",
                                "\($0.counted)",
                            ]
                        }
                    )
                }
                throw ExitCode(ExitStatus.rowsRefused.rawValue)
            }
        }
    }
}
