import ArgumentParser
import EventStation
import Foundation
import TicketSeal
import UnionTicket

extension EventCommand {
    struct Minutes: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "minutes",
            abstract: "Приложение к протоколу мандатной комиссии, PDF / Appendix to the minutes"
        )
        @Option(help: "Файл PDF / PDF file") var out: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var target: Target

        func run() throws {
            try target.work { office in
                let file = try office.papers(for: "minutes").minutes(to: out)
                EventPaperFile.show(out, file.bytes, json)
            }
        }
    }

    struct Attendance: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "attendance",
            abstract:
                "Лист регистрации делегатов или явочный лист / Registration or attendance list"
        )
        @Option(help: "Файл PDF / PDF file") var out: String?
        @Option(help: "Файл CSV / CSV file") var csv: String?
        @Flag(help: "Пустой лист для отметок от руки / blank list for marks by hand") var blank =
            false
        @Flag(help: "JSON") var json = false
        @OptionGroup var target: Target

        func validate() throws {
            guard out != nil || csv != nil else {
                throw ValidationError("Нужен --out или --csv.", "--out or --csv is needed.")
            }
            guard !blank || csv == nil else {
                throw ValidationError(
                    "Пустой лист — только PDF: --blank без --csv.",
                    "A blank list is PDF only: --blank without --csv."
                )
            }
        }

        func run() throws {
            try target.work { office in
                let papers = try office.papers(for: "attendance")
                if let out {
                    let file = try blank ? papers.blankList(to: out) : papers.attendance(to: out)
                    EventPaperFile.show(out, file.bytes, json)
                }
                if let csv {
                    let bytes = papers.attendanceCSV()
                    try OutputFile.write(bytes, to: csv)
                    EventPaperFile.show(csv, bytes.count, json)
                }
            }
        }
    }
}

/// What is said of a paper that was written.
private enum EventPaperFile {
    static func show(_ path: String, _ bytes: Int, _ json: Bool) {
        if json {
            say(["file": .text(path), "bytes": .int(bytes)])
        } else {
            say("Готово: \(path)", "Written: \(path)")
        }
    }
}
