import ArgumentParser
import Foundation
import Registry
import Reports
import UnionTicket

extension SettlementCommand {
    struct Act: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "act",
            abstract: "Акты сверки с регионом или со всеми, PDF / Acts of reconciliation"
        )
        @Argument(help: "Регион RR / region") var region: OrganisationCode?
        @Flag(help: "Все регионы, по акту на каждый / all regions, an act each") var all = false
        @Option(help: "С дня; без него — с первой проводки / from") var from: String?
        @Option(
            name: [.customLong("to"), .customLong("as-of")],
            help: "По конец дня; без него — сегодня / to the end of the day"
        )
        var to: String?
        @Option(help: "Файл; с --all — каталог / file; with --all a folder") var out: String
        @OptionGroup var office: Office

        func validate() throws {
            guard all == (region == nil) else {
                throw ValidationError(
                    "Назовите регион RR или --all.",
                    "Name a region RR, or --all."
                )
            }
        }

        func run() throws {
            try office.work { register, user in
                let last = try SettlementCommand.day(to, register)
                let first = try from.map { try SettlementCommand.day($0, register) }
                let regions =
                    try region.map { [$0] }
                    ?? Settlement(register).rows(asOf: last, by: user).map(\.region)
                // Every act is reckoned before the first is written.
                let acts = try regions.map {
                    try ReconciliationAct($0, from: first, to: last, in: register, by: user)
                }
                if all { try makeFolder() }
                for (region, act) in zip(regions, acts) {
                    let path = all ? "\(out)/settlement-\(region).pdf" : out
                    _ = try act.write(to: path)
                    say(
                        "Акт сверки: \(path); остаток \(act.closing.roubles) руб.",
                        "Act of reconciliation: \(path); balance \(act.closing.decimal) roubles."
                    )
                }
                if acts.isEmpty {
                    say(
                        "Проводок по регионам нет: актов нет.",
                        "No region has entries: there are no acts."
                    )
                }
            }
        }

        private func makeFolder() throws {
            do {
                try FileManager.default.createDirectory(
                    atPath: out,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            } catch {
                throw Failure(
                    "Каталог \(out) не создать: проверьте путь и права.",
                    "The folder \(out) cannot be made: check the path and its mode."
                )
            }
        }
    }
}
