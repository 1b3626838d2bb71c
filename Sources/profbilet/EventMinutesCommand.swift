import ArgumentParser
import EventStation
import Registry
import UnionTicket

extension EventCommand {
    struct ApproveMinutes: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve-minutes",
            abstract:
                "Протокол утверждён: числа остаются, отметки сотрутся / The minutes are approved"
        )
        @Option(help: "Дата утверждения; без неё — сегодня / day of approval") var date: String?
        @Option(help: "Сколько дней хранить отметки / days to keep marks")
        var keepDays = Registry.Attendance.defaultDays
        @Flag(help: "JSON") var json = false
        @OptionGroup var target: Target

        func run() throws {
            let day = try date.map(ConsentCommand.day)
            try target.office.work { register, user in
                let office = try EventOffice(target.event, register, by: user)
                let report = try office.report()
                let counts = [
                    ("decisive", report.decisive), ("advisory", report.advisory),
                    ("guests", report.guests), ("decisiveInside", report.decisiveInside),
                    ("advisoryInside", report.advisoryInside),
                    ("guestsInside", report.guestsInside),
                    ("entries", report.stations.reduce(0) { $0 + $1.entries }),
                ]
                let attendance = Registry.Attendance(register)
                try attendance.approve(
                    office.event.id,
                    on: day ?? office.now.moscowDate,
                    keepDays: keepDays,
                    counts: counts.map { (name: $0.0, value: $0.1) },
                    by: user
                )
                guard let minutes = try attendance.minutes(of: office.event.id, by: user) else {
                    return
                }
                if json {
                    return say([
                        "event": .int(minutes.event), "approvedOn": .text(minutes.approvedOn.iso),
                        "marksUntil": .text(minutes.keptUntil.iso),
                    ])
                }
                say(
                    "Протокол утверждён \(minutes.approvedOn.russian). Отметки хранятся до "
                        + "\(minutes.keptUntil.russian), затем: profbilet retention run.",
                    "The minutes were approved on \(minutes.approvedOn.iso). Marks are kept until "
                        + "\(minutes.keptUntil.iso), then: profbilet retention run."
                )
            }
        }
    }
}
