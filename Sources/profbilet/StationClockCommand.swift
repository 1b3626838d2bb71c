import ArgumentParser
import EventStation
import Foundation
import TicketSeal
import UnionTicket

extension StationCommand {
    /// The operator behind a PIN.
    static func person(
        _ pinFile: String?,
        _ folder: StationFolder
    ) throws -> OperatorBook.Operator {
        let pin = try Passphrases.read(
            file: pinFile,
            variable: "PROFBILET_OPERATOR_PIN",
            prompt: "PIN: "
        )
        guard let person = OperatorBook(folder).person(pin: pin) else {
            throw Failure(.notSignedIn, "PIN не подходит.", "The PIN does not fit.")
        }
        return person
    }

    struct Reopen: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reopen",
            abstract: "Открыть закрытую станцию снова: PIN оператора / Open a closed station again"
        )
        @Option(help: "Файл с PIN / file with the PIN") var pinFile: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var place: Place

        func run() throws {
            let person = try StationCommand.person(pinFile, StationFolder(try place.path))
            try StationHand(place).ask(.reopen(operatorName: person.name)).show(json: json)
        }
    }

    struct Clock: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "clock",
            abstract: "Часы станции: показать или записать сверку / The station's clock, compared",
            discussion: """
                Без параметров — что известно о часах. --offset: на сколько секунд часы станции \
                впереди верных (отставание — с минусом); --time: что показывают верные часы сейчас. \
                Нужен PIN оператора. / Without options what is known of the clock. --offset: by how \
                many seconds the station's clock is ahead of a right one; --time: what a right clock \
                reads now. An operator's PIN is needed.
                """
        )
        @Option(help: "Секунд впереди верных / seconds ahead of a right clock") var offset: Double?
        @Option(help: "Верное время, UTC: 2026-05-14T09:30:00Z / the right time") var time: String?
        @Option(help: "Точность, секунд / how sure, seconds") var uncertainty = 2.0
        @Option(help: "Файл с PIN / file with the PIN") var pinFile: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var place: Place

        func validate() throws {
            guard offset == nil || time == nil else {
                throw ValidationError("Либо --offset, либо --time.", "Either --offset or --time.")
            }
        }

        func run() throws {
            let folder = try StationFolder(try place.path)
            guard offset != nil || time != nil else { return show(folder.clockContact) }
            let ahead = try offset.map(Self.milliseconds) ?? measured()
            let sure = try Self.milliseconds(uncertainty)
            guard (1...86_400_000).contains(sure) else {
                throw Failure(
                    "--uncertainty: от 0.001 до 86400 секунд.",
                    "--uncertainty: from 0.001 to 86400 seconds."
                )
            }
            let person = try StationCommand.person(pinFile, folder)
            let reading = StationRequest.ClockReading(offset: ahead, uncertainty: sure)
            try StationHand(place).ask(.clock(reading, operatorName: person.name)).show(json: json)
        }

        private static func milliseconds(_ seconds: Double) throws -> Int64 {
            guard seconds.isFinite, abs(seconds) <= 1e10 else {
                throw Failure("Слишком много секунд.", "Too many seconds.")
            }
            return Int64((seconds * 1000).rounded())
        }

        private func measured() throws -> Int64 {
            guard let time, let moment = try? Date(time, strategy: .iso8601) else {
                throw Failure(
                    "--time: нужно время UTC вида 2026-05-14T09:30:00Z.",
                    "--time: a UTC time like 2026-05-14T09:30:00Z is needed."
                )
            }
            let right = Int64((moment.timeIntervalSince1970 * 1000).rounded())
            return ClockContact.Machine.current().clock - right
        }

        private func show(_ contact: ClockContact?) {
            guard let contact else {
                if json { return say(["contact": .null]) }
                return say(
                    "Часы ни с чем не сверены: profbilet station clock --time … --uncertainty …",
                    "The clock was never compared: profbilet station clock --time … --uncertainty …"
                )
            }
            let now = contact.estimate(at: ClockContact.Machine.current())
            if json {
                return say([
                    "contact": .text(contact.source.rawValue), "offset": .int(now.offset),
                    "uncertainty": .int(now.uncertainty),
                ])
            }
            say(
                "Часы впереди верных на \(now.offset) мс ± \(now.uncertainty) мс "
                    + "(сверка: \(contact.source.rawValue)).",
                "The clock is \(now.offset) ms ahead, ± \(now.uncertainty) ms "
                    + "(comparison: \(contact.source.rawValue))."
            )
        }
    }
}
