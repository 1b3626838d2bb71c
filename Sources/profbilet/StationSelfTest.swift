import ArgumentParser
import CardReader
import EventStation
import Foundation
import TicketSeal
import UnionTicket

extension StationCommand {
    struct SelfTest: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "selftest",
            abstract: "Проверить станцию перед мероприятием / Test the station before the event"
        )
        @Option(help: "Текст карты-образца, повторяемый / text of a sample card") var sample:
            [String] = []
        @Flag(help: "Без считывателей / no readers") var noReaders = false
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var scanners: ScannerPorts
        @OptionGroup var place: Place

        /// One thing that was tested.
        struct Finding {
            let name: String
            let isGood: Bool
            let words: Bilingual
        }

        func run() throws {
            let folder = try StationFolder(try place.path)
            let (duty, samples) = (try place.open(), sample)
            var findings = try Blocking.run { try await StationFindings(duty, samples).all }
            findings.append(operators(folder))
            if !noReaders { findings.append(readers()) }
            findings += scanners.ports.map(Self.scanner)
            for finding in findings { show(finding) }
            guard findings.allSatisfy(\.isGood) else {
                throw ExitCode(ExitStatus.refused.rawValue)
            }
        }

        private func operators(_ folder: StationFolder) -> Finding {
            let people = OperatorBook(folder).people
            let isGood = people.contains(where: \.isSupervisor)
            return Finding(
                name: "operators",
                isGood: isGood,
                words: isGood
                    ? Bilingual("операторов \(people.count)", "\(people.count) operators")
                    : Bilingual(
                        "нет старшего смены: profbilet station operator add ИМЯ --supervisor",
                        "no supervisor: profbilet station operator add NAME --supervisor"
                    )
            )
        }

        private func readers() -> Finding {
            do throws(ReaderFailure) {
                let found = try ReaderSurvey.now()
                let names = found.map(\.reader.text).joined(separator: ", ")
                return Finding(
                    name: "readers",
                    isGood: !found.isEmpty,
                    words: found.isEmpty
                        ? Bilingual("считывателей нет: подключите", "no readers: plug one in")
                        : Bilingual(names, names)
                )
            } catch {
                return Finding(name: "readers", isGood: false, words: error.reason)
            }
        }

        private static func scanner(_ port: ScannerPort) -> Finding {
            do throws(ScannerFailure) {
                let name = try port.probe()
                return Finding(name: "scanner", isGood: true, words: Bilingual(name, name))
            } catch {
                return Finding(name: "scanner", isGood: false, words: error.reason)
            }
        }

        private func show(_ finding: Finding) {
            if json {
                say([
                    "check": .text(finding.name), "passed": .flag(finding.isGood),
                    "detail": .text(finding.words.english),
                ])
            } else {
                let mark = finding.isGood ? "✓" : "✗"
                print(
                    "\(mark) \(finding.name): \(finding.words.russian) / \(finding.words.english)"
                )
            }
        }
    }
}

/// What a station finds out about itself.
private struct StationFindings {
    typealias Finding = StationCommand.SelfTest.Finding

    let all: [Finding]

    private static func clock(_ state: StationDuty.SelfTestState) -> Bilingual {
        guard let contact = state.clock else {
            return Bilingual(
                "время \(state.now.russian), ни с чем не сверено",
                "time \(state.now.rfc3339), never compared"
            )
        }
        let sure = "± \(contact.uncertainty)"
        return Bilingual(
            "время \(state.now.russian), впереди верного на \(contact.offset) мс \(sure) мс",
            "time \(state.now.rfc3339), \(contact.offset) ms ahead of the right one, \(sure) ms"
        )
    }

    init(_ duty: StationDuty, _ samples: [String]) async throws {
        let state = await duty.selfTest(samples)
        var all = [
            Finding(
                name: "clock",
                isGood: !state.isClockSuspect,
                words: state.isClockSuspect
                    ? Bilingual(
                        "часы не могут быть верны: сверьте время",
                        "the clock cannot be right: set it"
                    )
                    : Self.clock(state)
            ),
            Finding(
                name: "snapshot",
                isGood: state.now < state.leaseEnd,
                words: Bilingual(
                    "снимок № \(state.sequence), человек \(state.people), носителей "
                        + "\(state.carriers), до \(state.leaseEnd.russian)",
                    "snapshot \(state.sequence), \(state.people) people, \(state.carriers) carriers, "
                        + "until \(state.leaseEnd.rfc3339)"
                )
            ),
            Finding(
                name: "statusLists",
                isGood: state.unknownLists == 0 && state.lists > 0,
                words: Bilingual(
                    "списков статусов \(state.lists), непригодных \(state.unknownLists)",
                    "\(state.lists) status lists, \(state.unknownLists) of them unusable"
                )
            ),
        ]
        do {
            try await duty.note("selftest")
            all.append(
                Finding(
                    name: "journal",
                    isGood: true,
                    words: Bilingual("журнал записывается", "the journal can be written")
                )
            )
        } catch let failure as JournalFile.Failure {
            all.append(Finding(name: "journal", isGood: false, words: failure.message))
        }
        for (index, outcome) in state.samples.enumerated() {
            let words = OutcomeFace(outcome).headline
            all.append(
                Finding(
                    name: "sample \(index + 1)",
                    isGood: outcome.admission != .no,
                    words: words
                )
            )
        }
        self.all = all
    }
}
