import ArgumentParser
import Registry
import UnionTicket

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Списки статусов / Status lists",
        subcommands: [Publish.self]
    )

    struct Publish: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "publish",
            abstract:
                "Подписать и записать списки и пакет доверия / Sign and write lists and bundle"
        )
        @Argument(help: "Каталог / directory") var directory: String
        @Flag(help: "Пересобрать все / rebuild all") var rebuildAll = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let report = try StatusPublisher(register).publish(
                    to: directory,
                    secrets: try office.signingSecrets(),
                    rebuildAll: rebuildAll,
                    by: user
                )
                if !report.redated.isEmpty { complain(StatusPublisher.redated(report.redated)) }
                for item in try KeyRing(register).outOfDate() { complain(item) }
                if json {
                    say([
                        "rebuilt": .list(report.rebuilt.map(JSONValue.int)),
                        "kept": .list(report.kept.map(JSONValue.int)),
                        "bundle": .int(report.bundleSequence),
                    ])
                } else {
                    say(
                        "Списков пересобрано \(report.rebuilt.count), без изменений "
                            + "\(report.kept.count). Опубликовано в \(directory).",
                        "Lists rebuilt \(report.rebuilt.count), unchanged \(report.kept.count). "
                            + "Published in \(directory)."
                    )
                }
            }
        }
    }
}
