import ArgumentParser
import EventStation
import Foundation
import TicketSeal
import UnionTicket

extension EventCommand {
    struct Report: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "report",
            abstract: "Состояние мероприятия: участники, станции, журналы / State of an event"
        )
        @Flag(help: "JSON") var json = false
        @OptionGroup var target: Target

        func run() throws {
            try target.work { office in
                let report = try office.report()
                if json {
                    say(EventJSON.report(report))
                    return
                }
                print("\(report.title) (\(report.kind.russian) № \(report.event))")
                printTable(
                    ["Участники / people", "всего / all", "внутри / inside"],
                    [
                        ["решающий / decisive", "\(report.decisive)", "\(report.decisiveInside)"],
                        [
                            "совещательный / advisory", "\(report.advisory)",
                            "\(report.advisoryInside)",
                        ],
                        ["приглашённые / guests", "\(report.guests)", "\(report.guestsInside)"],
                    ]
                )
                print("")
                printTable(
                    ["Станция / station", "Записей / entries", "Состояние / state"],
                    report.stations.map { [$0.name, "\($0.entries)", $0.state] }
                )
                print("")
                EventText.show(report.quorum)
                EventText.show(report.duplicates)
                EventText.showOdd(report)
            }
        }
    }

    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "merge",
            abstract: "Принять журналы станций / Take the stations' journals in"
        )
        @Argument(help: "Файлы журналов / journal files") var files: [String]
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var target: Target

        func run() throws {
            var isRefused = false
            try target.work { office in
                for file in files {
                    do {
                        let report = try office.merge(try EventFile.bundle(file))
                        isRefused = isRefused || !report.faults.isEmpty
                        show(file, report)
                    } catch let refusal as JournalBundle.Refusal {
                        isRefused = true
                        show(file, refusal)
                    } catch let failure as Failure {
                        isRefused = true
                        show(file, failure)
                    }
                }
                let quorum = try office.report().quorum
                if json {
                    say(["quorum": EventJSON.quorum(quorum)])
                } else {
                    EventText.show(quorum)
                }
            }
            if isRefused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }

        private func show(_ file: String, _ report: EventOffice.MergeReport) {
            if json {
                say([
                    "file": .text(file), "station": .text(report.station), "new": .int(report.new),
                    "faults": .list(report.faults.map { .text(EventText.words($0).english) }),
                ])
                return
            }
            say(
                "\(file): станция «\(report.station)», новых записей \(report.new).",
                "\(file): station \(report.station), new entries \(report.new)."
            )
            for fault in report.faults { print("  ! \(EventText.words(fault).russian)") }
        }

        private func show(_ file: String, _ refusal: JournalBundle.Refusal) {
            let words = EventText.words(refusal)
            if json {
                say(["file": .text(file), "error": .text(words.english)])
            } else {
                say("\(file): не принят. \(words.russian)", "\(file): refused. \(words.english)")
            }
        }

        private func show(_ file: String, _ failure: Failure) {
            if json {
                say(["file": .text(file), "error": .text(failure.message.english)])
            } else {
                say(failure.message.russian, failure.message.english)
            }
        }
    }

    struct Quorum: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "quorum",
            abstract: "Кворум по принятым журналам / The quorum by the journals taken in"
        )
        @Option(help: "На момент / at a moment") var at: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var target: Target

        func run() throws {
            let moment = try at.map(TimeArgument.parse)
            try target.work { office in
                let quorum = try office.quorum(at: moment)
                if json {
                    say(["quorum": EventJSON.quorum(quorum)])
                } else {
                    EventText.show(quorum)
                }
            }
        }
    }
}

/// Files of events as commands take them.
enum EventFile {
    static func bundle(_ path: String) throws -> JournalBundle {
        let bytes = try InputFile.bytes(path, atMost: JournalBundle.limit)
        guard let bundle = JournalBundle(bytes) else {
            throw Failure(
                "\(path): это не журнал станции или он повреждён. Его делает "
                    + "profbilet station export.",
                "\(path): no station's journal, or a damaged one. profbilet station export makes it."
            )
        }
        return bundle
    }

    static func snapshot(_ path: String) throws -> EventSnapshot {
        let bytes = try InputFile.bytes(path, atMost: EventSnapshot.limit)
        do { return try EventSnapshot(opening: bytes) } catch {
            throw Failure(
                error == .malformed ? .unusable : .refused,
                "\(path): снимок не принят (\(error.rawValue)).",
                "\(path): the snapshot is refused (\(error.rawValue))."
            )
        }
    }
}

/// What commands about events print.
enum EventText {
    static func show(_ quorum: QuorumReport) {
        let bounds = quorum.interval
        let count = bounds.min == bounds.max ? "\(bounds.min)" : "\(bounds.min)…\(bounds.max)"
        let (russian, english) = words(quorum.verdict)
        say(
            "Кворум: \(count) из \(quorum.total), нужно \(quorum.needed): \(russian).",
            "Quorum: \(count) of \(quorum.total), needed \(quorum.needed): \(english)."
        )
        if let share = quorum.organisations {
            say(
                "Организаций представлено: \(share.min)…\(share.max) из \(quorum.organisationsTotal).",
                "Organisations represented: \(share.min)…\(share.max) of \(quorum.organisationsTotal)."
            )
        }
        if !quorum.blocking.isEmpty {
            let names = quorum.blocking.joined(separator: ", ")
            say("Нет данных от станций: \(names).", "Not heard of: \(names).")
        }
    }

    static func show(_ duplicates: [PersonPresence.Duplicate]) {
        for duplicate in duplicates {
            let (first, second) = (duplicate.canonical, duplicate.repeated)
            say(
                "Второй вход без выхода: «\(second.station)» запись \(second.sequence), первый — "
                    + "«\(first.station)» запись \(first.sequence).",
                "Second entry without an exit: \(second.station) entry \(second.sequence), the first is "
                    + "\(first.station) entry \(first.sequence)."
            )
        }
    }

    static func showOdd(_ report: EventOffice.Report) {
        for (station, count) in report.waiting.sorted(by: { $0.key < $1.key }) {
            say(
                "Журнал «\(station)»: \(count) записей ждут недостающих перед ними.",
                "Journal \(station): \(count) entries wait for missing ones before them."
            )
        }
        for (station, numbers) in report.forks.sorted(by: { $0.key < $1.key }) {
            for number in numbers.prefix(1) {
                let words = words(.chain(station, .fork(number)))
                say(words.russian, words.english)
            }
        }
    }

    static func words(_ verdict: QuorumVerdict) -> (russian: String, english: String) {
        switch verdict {
        case .holds: ("есть", "holds")
        case .doesNotHold: ("нет", "does not hold")
        case .cannotBeAsserted: ("утверждать нельзя", "cannot be asserted")
        }
    }

    static func words(_ refusal: JournalBundle.Refusal) -> Bilingual {
        switch refusal {
        case .otherEvent(let id):
            Bilingual("Журнал мероприятия № \(id).", "The journal is of event \(id).")
        case .unknownStation(let name):
            Bilingual(
                "Станция «\(name)» не принята или отозвана: profbilet event enrol.",
                "Station \(name) is not enrolled or revoked: profbilet event enrol."
            )
        case .badSignature(let name):
            Bilingual(
                "Подпись не станции «\(name)»: файл изменён.",
                "Not signed by station \(name): the file was changed."
            )
        case .chain(let name, let fault): words(name, fault)
        }
    }

    private static func words(_ name: String, _ fault: ChainFault) -> Bilingual {
        switch fault {
        case .sequence(let number):
            Bilingual(
                "Журнал «\(name)»: нет записи \(number).",
                "Journal \(name): entry \(number) is missing."
            )
        case .hash(let number):
            Bilingual(
                "Журнал «\(name)»: запись \(number) изменена.",
                "Journal \(name): entry \(number) was changed."
            )
        case .signature:
            Bilingual(
                "Журнал «\(name)»: подпись не станции.",
                "Journal \(name): not the station's signature."
            )
        case .station(let number):
            Bilingual(
                "Журнал «\(name)»: запись \(number) другой станции.",
                "Journal \(name): entry \(number) is another station's."
            )
        case .fork(let number):
            Bilingual(
                "ТРЕВОГА. Журнал «\(name)» раздвоен с записи \(number): ключ станции в двух местах.",
                "ALARM. Journal \(name) forks at entry \(number): the station's key is in two places."
            )
        }
    }
}

/// What commands about events print with `--json`.
enum EventJSON {
    static func quorum(_ quorum: QuorumReport) -> JSONValue {
        .object([
            "presentMin": .int(quorum.interval.min), "presentMax": .int(quorum.interval.max),
            "total": .int(quorum.total), "needed": .int(quorum.needed),
            "verdict": .text(quorum.verdict.rawValue),
            "blocking": .list(quorum.blocking.map(JSONValue.text)),
        ])
    }

    static func report(_ report: EventOffice.Report) -> [String: JSONValue] {
        [
            "event": .int(report.event), "title": .text(report.title),
            "kind": .text(report.kind.rawValue),
            "people": .object([
                "decisive": .int(report.decisive), "advisory": .int(report.advisory),
                "guests": .int(report.guests), "decisiveInside": .int(report.decisiveInside),
                "advisoryInside": .int(report.advisoryInside),
                "guestsInside": .int(report.guestsInside),
            ]),
            "stations": .list(
                report.stations.map {
                    .object([
                        "name": .text($0.name), "entries": .int($0.entries),
                        "state": .text($0.state),
                    ])
                }
            ),
            "quorum": quorum(report.quorum),
            "waiting": .object(report.waiting.mapValues(JSONValue.int)),
            "forks": .object(
                report.forks.mapValues { .list($0.map { JSONValue.int($0) }) }
            ),
            "duplicates": .list(
                report.duplicates.map {
                    .object([
                        "outcome": .text(ScanOutcome.duplicateOffline.rawValue),
                        "canonical": place($0.canonical), "repeated": place($0.repeated),
                    ])
                }
            ),
        ]
    }

    static func place(_ place: EntryPlace) -> JSONValue {
        .object(["station": .text(place.station), "sequence": .int(place.sequence)])
    }
}
