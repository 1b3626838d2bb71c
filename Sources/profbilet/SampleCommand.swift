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
        @Option(help: "Файл .csv, .xlsx, .json или .ndjson / file") var out: String
        @Option(help: "utf-8, utf-8-bom, windows-1251, cp866, utf-16le")
        var encoding: SampleEncoding = .windows1251
        @Option(help: "Разделитель CSV: ; , tab / separator of CSV") var separator = ";"

        private static let separators: [String: SampleFormat.Separator] = [
            ";": .semicolon, ",": .comma, "tab": .tab,
        ]

        private static let endings = ["csv", "txt", "tsv", "xlsx", "json", "ndjson", "jsonl"]

        func validate() throws {
            guard rows > 0, dirt >= 0 else {
                throw ValidationError(
                    "--rows больше 0, --dirt не меньше 0.",
                    "--rows above 0, --dirt 0 or more."
                )
            }
            guard Self.separators[separator] != nil else {
                throw ValidationError(
                    "--separator: «;», «,» или tab.",
                    "--separator: ; or , or tab."
                )
            }
            guard
                out.hasPrefix("/dev/") || Self.endings.contains(where: { out.hasSuffix(".\($0)") })
            else {
                throw ValidationError(
                    "--out: имя кончается на .csv, .txt, .tsv, .xlsx, .json, .ndjson или .jsonl.",
                    "--out ends in .csv, .txt, .tsv, .xlsx, .json, .ndjson or .jsonl."
                )
            }
            if let region, SampleRegions[region] == nil {
                throw ValidationError(
                    "--region: такого региона нет.",
                    "--region: there is no such region."
                )
            }
        }

        func run() throws {
            let format: SampleFormat
            if out.hasSuffix(".json") {
                format = .json
            } else if out.hasSuffix(".ndjson") || out.hasSuffix(".jsonl") {
                format = .ndjson
            } else if out.hasSuffix(".xlsx") {
                format = .xlsx
            } else {
                format = .csv(encoding, separator: Self.separators[separator] ?? .semicolon)
            }
            let roster = SampleRoster(
                rows: rows,
                seed: seed,
                dirt: dirt,
                region: region.flatMap { SampleRegions[$0] }
            )
            let summary: SampleRoster.Summary
            do {
                summary = try roster.write(
                    roster: out,
                    format: format,
                    truth: out + ".truth.jsonl",
                    organisations: out + ".organisations.csv"
                )
            } catch {
                throw Failure(
                    .storage,
                    "\(out) не записан (код \(error.cause)). Проверьте каталог и место.",
                    "\(out) was not written (code \(error.cause)). Check directory and space."
                )
            }
            say(
                "Строк \(rows), без дефектов \(summary.untouched). Рядом записаны "
                    + "\(out).truth.jsonl и \(out).organisations.csv.",
                "Rows \(rows), untouched \(summary.untouched). Beside it: "
                    + "\(out).truth.jsonl and \(out).organisations.csv."
            )
        }
    }
}
