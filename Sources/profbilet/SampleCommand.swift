import ArgumentParser
import Foundation
import Roster
import UnionTicket

struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Вымышленные данные / Synthetic data",
        subcommands: [RosterSample.self]
    )

    struct RosterSample: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "roster",
            abstract: "Вымышленный список с известными дефектами / A synthetic roster with known "
                + "defects",
            discussion: "Рядом пишутся FILE.truth.jsonl и FILE.organisations.csv. The truth file "
                + "and the list of organisations are written beside it."
        )
        @Option(help: "Строк / rows") var rows = 1000
        @Option(help: "Зерно / seed") var seed: UInt64 = 1
        @Option(help: "0 — чистый, 1 — обычный / dirt") var dirt = 1.0
        @Option(help: "Код региона / region code") var region: UInt8?
        @Option(help: "Файл .csv, .json, .ndjson или .xlsx / file") var out: String
        @Option(help: "Кодировка CSV / encoding of CSV") var encoding: TextEncoding = .windows1251
        @Option(help: "Разделитель CSV: ; , tab / separator of CSV") var separator = ";"

        func validate() throws {
            guard rows > 0, dirt >= 0 else { throw ValidationError("--rows > 0, --dirt ≥ 0") }
            guard [";", ",", "tab"].contains(separator) else {
                throw ValidationError("--separator ; | , | tab")
            }
        }

        func run() throws {
            let form: SampleRoster.Form
            if out.hasSuffix(".json") {
                form = .json
            } else if out.hasSuffix(".xlsx") {
                form = .xlsx
            } else if out.hasSuffix(".ndjson") || out.hasSuffix(".jsonl") {
                form = .ndjson
            } else {
                form = .csv(
                    encoding,
                    separator: separator == "tab" ? "\t" : Character(separator),
                    mark: encoding != .windows1251
                )
            }
            let summary = try SampleRoster(rows: rows, seed: seed, dirt: dirt, region: region)
                .write(
                    to: out,
                    form: form,
                    truth: out + ".truth.jsonl",
                    organisations: out + ".organisations.csv"
                )
            say(
                "Строк \(summary.rows), без дефектов \(summary.untouched). Рядом записаны "
                    + "\(out).truth.jsonl и \(out).organisations.csv.",
                "Rows \(summary.rows), untouched \(summary.untouched). Beside it: "
                    + "\(out).truth.jsonl and \(out).organisations.csv."
            )
        }
    }
}
