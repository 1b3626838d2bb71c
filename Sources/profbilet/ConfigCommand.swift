import ArgumentParser
import Foundation
import Registry
import UnionTicket

/// `profbilet config show`: what the program would go by now, and who says so.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Действующие настройки / The settings in force",
        subcommands: [Show.self]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Каждая настройка с источником, без секретов / "
                + "Every setting with its source, without secrets",
            discussion: "Параметры сервиса меняют то же, что и у serve / "
                + "The service's options change what they change for serve."
        )
        @OptionGroup var service: ServiceOptions
        @Option(help: "Каталог данных / data directory (PROFBILET_DATA)") var data: String?
        @Option(help: "Имя пользователя / user name (PROFBILET_USER)") var user: String?
        @Flag(help: "JSON Lines") var json = false

        func run() throws {
            var flags = service.told
            if let data { flags[.data] = [data] }
            if let user { flags[.user] = [user] }
            let settings = try Settings(of: data, flags: flags)
            let lines =
                Setting.allCases.map { ShownSetting($0, in: settings) }
                + Variable.allCases.flatMap(ShownSetting.of)
            if json {
                lines.forEach { say($0.object) }
            } else {
                printTable(
                    [
                        "настройка/setting", "значение/value", "источник/source",
                        "что это/what it is",
                    ],
                    lines.map { [$0.name, $0.value ?? "–", $0.source, $0.meaning.russian] }
                )
            }
            warn(settings)
            // What cannot be used is told here too, before a service is started with it.
            _ = try ServiceOptions.settings(settings)
        }

        private func warn(_ settings: Settings) {
            if let path = settings.strangersFile {
                tellError(
                    "\(path) называет другой каталог данных и здесь не действует.",
                    "\(path) names another data directory and does not count here."
                )
            }
            for name in ShownSetting.unknownVariables {
                tellError(
                    "Переменная \(name) программе неизвестна.",
                    "The program knows no variable \(name)."
                )
            }
        }

        private func tellError(_ russian: String, _ english: String) {
            FileHandle.standardError.write(Data("\(russian)\n\(english)\n".utf8))
        }
    }
}

/// A line of `config show`.
struct ShownSetting {
    let name: String
    /// Nil when nobody says it; never a secret.
    let value: String?
    let source: String
    let meaning: Bilingual

    init(_ setting: Setting, in settings: Settings) {
        name = setting.rawValue
        meaning = setting.meaning
        guard let told = settings.told(setting) else {
            (value, source) = (nil, "–")
            return
        }
        let text = told.values.joined(separator: ", ")
        value = setting == .database ? Self.masked(text) : text
        source =
            switch told.source {
            case .standard: "обычное/default"
            case .file(let path): path
            default: Settings.place(told.source, setting)
            }
    }

    private init(_ variable: Variable, suffix: String, value: String) {
        name = variable.rawValue + (suffix.isEmpty ? "" : "File")
        source = variable.name + suffix
        meaning = variable.meaning
        self.value = value
    }

    /// The lines of a variable that is set, and of its `…_FILE`.
    static func of(_ variable: Variable) -> [ShownSetting] {
        var lines: [ShownSetting] = []
        if let value = Environment[variable.name] {
            lines.append(.init(variable, suffix: "", value: variable.isSecret ? mask : value))
        }
        let isListed = Setting(rawValue: variable.rawValue + "File") != nil
        if variable.mayStandInFile, !isListed, let path = Environment[variable.name + "_FILE"] {
            lines.append(.init(variable, suffix: "_FILE", value: path))
        }
        return lines
    }

    /// Variables with our prefix that nothing reads, misspelt ones for example.
    static var unknownVariables: [String] {
        let settings = Setting.allCases.filter(\.hasVariable).map {
            Settings.variable($0.rawValue)
        }
        let others = Variable.allCases.flatMap {
            [$0.name] + ($0.mayStandInFile ? [$0.name + "_FILE"] : [])
        }
        let known = Set(settings + others)
        return Environment.set.keys
            .filter { $0.hasPrefix("PROFBILET_") && !known.contains($0) }.sorted()
    }

    var object: [String: JSONValue] {
        [
            "name": .text(name), "value": .optional(value), "source": .text(source),
            "meaning": .object([
                "ru": .text(meaning.russian), "en": .text(meaning.english),
            ]),
        ]
    }

    static let mask = "••••"

    /// The setting `database` without passwords, as `keyword=value` pairs; nothing of it where libpq does
    /// not understand it, for then nobody knows what in it is a password.
    static func masked(_ connection: String) -> String {
        guard connection != "sqlite" else { return connection }
        guard let options = ConnectionOption.named(in: connection), !options.isEmpty,
            !options.contains(where: mayHoldPassword)
        else { return mask }
        return options.map { "\($0.keyword)=\($0.isSecret ? mask : quoted($0.value))" }
            .joined(separator: " ")
    }

    /// Whether an option may have got a piece of a password: a bare "/" or "@" in it ends the password
    /// of a URI, and libpq takes the rest for the name of a host, a port or a database.
    private static func mayHoldPassword(_ option: ConnectionOption) -> Bool {
        switch option.keyword {
        case "host", "hostaddr", "dbname": option.value.contains("@")
        case "port": option.value.contains { $0 != "," && !("0"..."9").contains($0) }
        default: false
        }
    }

    /// A value as libpq reads it in `keyword=value` pairs.
    private static func quoted(_ value: String) -> String {
        guard value.isEmpty || value.contains(where: { $0.isWhitespace || "'\\".contains($0) })
        else { return value }
        return "'" + value.replacing(/['\\]/) { "\\\($0.output)" } + "'"
    }
}
