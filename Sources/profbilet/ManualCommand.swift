import ArgumentParser
import Foundation
import UnionTicket

/// Manual pages and shell completions, generated from the commands themselves.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Страницы руководства и дополнение команд / Manual pages and completions",
        subcommands: [Pages.self, Completions.self]
    )

    struct Pages: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pages",
            abstract: "Записать страницы profbilet*.1 в каталог / Write the pages into a folder"
        )
        @Option(help: "Каталог / folder") var out: String

        func run() throws {
            let tool = try ManualTool.of(ProfBilet._dumpHelp())
            var pages = [tool.command.page(of: ManualTool.version, exits: true)]
            for command in tool.command.subcommands ?? [] where command.commandName != "help" {
                pages.append(command.page(of: ManualTool.version, exits: false))
            }
            do {
                try FileManager.default.createDirectory(
                    atPath: out,
                    withIntermediateDirectories: true
                )
                for page in pages {
                    try Data(page.text.utf8).write(
                        to: URL(fileURLWithPath: out + "/" + page.file),
                        options: .atomic
                    )
                }
            } catch {
                throw Failure(
                    .storage,
                    "Каталог \(out) не принимает файлы: \(error.localizedDescription).",
                    "The folder \(out) takes no files: \(error.localizedDescription)."
                )
            }
            say("Страниц: \(pages.count), каталог \(out).", "Pages: \(pages.count) in \(out).")
        }
    }

    struct Completions: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "completions",
            abstract: "Напечатать дополнение для оболочки / Print a shell's completions"
        )
        enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }
        @Argument(help: "bash, zsh, fish") var shell: Shell

        func run() throws {
            let kind: CompletionShell =
                switch shell {
                case .bash: .bash
                case .zsh: .zsh
                case .fish: .fish
                }
            print(ProfBilet.completionScript(for: kind))
        }
    }
}

/// The program's commands as ArgumentParser tells them (its tool information, version 0).
struct ManualTool: Decodable {
    struct Name: Decodable {
        let kind: String
        let name: String
    }

    struct Argument: Decodable {
        let kind: String
        let shouldDisplay: Bool
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let valueName: String?
        let defaultValue: String?
        let abstract: String?
        let discussion: String?
        let allValues: [String]?
    }

    struct Command: Decodable {
        let superCommands: [String]?
        let commandName: String
        let abstract: String?
        let discussion: String?
        let subcommands: [Command]?
        let arguments: [Argument]?
    }

    let command: Command

    static let version = ProfBilet.configuration.version

    /// The day a page bears: that of SOURCE_DATE_EPOCH where a package is built, else today.
    static var date: String {
        let seconds = Environment["SOURCE_DATE_EPOCH"].flatMap(TimeInterval.init)
        let form = DateFormatter()
        form.locale = Locale(identifier: "en_US_POSIX")
        form.timeZone = TimeZone(secondsFromGMT: 0)
        form.dateFormat = "MMMM d, yyyy"
        return form.string(from: seconds.map { Date(timeIntervalSince1970: $0) } ?? Date())
    }

    static func of(_ json: String) throws -> ManualTool {
        try JSONDecoder().decode(ManualTool.self, from: Data(json.utf8))
    }
}
