import ArgumentParser
import Registry
import UnionTicket

extension SettlementCommand {
    struct Entries: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "entries",
            abstract: "Проводки, последние первыми, и сумма всех счетов / Entries of the ledger"
        )
        @Option(help: "Не более / at most") var limit = 1000
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let ledger = Ledger(register)
                let entries = try ledger.entries(limit: limit, by: user)
                let balances = try ledger.balances(by: user)
                let sum = balances.values.reduce(Kopecks.zero, +)
                if json {
                    for entry in entries {
                        say([
                            "entry": .int(entry.id), "day": .text(entry.day.iso),
                            "enteredAt": .text(entry.at.rfc3339),
                            "kind": .text(entry.kind.rawValue),
                            "batch": entry.batch.map { .int($0) } ?? .null,
                            "region": entry.region.map { .int($0) } ?? .null,
                            "document": .optional(entry.document),
                            "reverses": entry.reverses.map { .int($0) } ?? .null,
                        ])
                    }
                    return say(["sum": .int(sum.value)])
                }
                printTable(
                    [
                        "№", "день/day", "внесено/entered", "вид/kind", "партия/batch",
                        "регион/region", "документ",
                    ],
                    entries.map {
                        [
                            "\($0.id)", $0.day.russian, $0.at.moscowDate.russian, $0.kind.rawValue,
                            $0.batch.map { "\($0)" } ?? "", $0.region.map { "\($0)" } ?? "",
                            $0.document ?? "",
                        ]
                    }
                )
                say("Сумма всех счетов: \(sum.roubles).", "Sum of all accounts: \(sum.decimal).")
            }
        }
    }
}
