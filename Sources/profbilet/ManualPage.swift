import Foundation
import UnionTicket

// Pages in mdoc(7), which every manual reader of Debian's sets.
extension ManualTool.Command {
    /// `profbilet-order` of the command `profbilet order`.
    private var pageName: String { ((superCommands ?? []) + [commandName]).joined(separator: "-") }

    /// One page: the command with everything below it.
    func page(of version: String, exits: Bool) -> (file: String, text: String) {
        var lines = [
            ".Dd \(ManualTool.date)", ".Dt \(pageName.uppercased()) 1", ".Os ProfBilet \(version)",
            ".Sh NAME", ".Nm \(pageName)", ".Nd \(Self.quoted(abstract ?? ""))",
        ]
        lines += [".Sh SYNOPSIS"] + synopses
        if subcommands?.isEmpty == false, exits {
            lines.append(".Sh COMMANDS")
            lines.append(".Bl -tag -width Ds")
            for command in subcommands ?? [] where command.commandName != "help" {
                lines.append(".It Xr profbilet-\(command.commandName) 1")
                lines.append(Self.quoted(command.abstract ?? ""))
            }
            lines.append(".El")
        } else {
            lines.append(".Sh DESCRIPTION")
            lines += descriptions(level: 0)
        }
        if exits { lines += Self.exitCodes + Self.environment }
        lines += [".Sh SEE ALSO", ".Xr profbilet 1"]
        return (pageName + ".1", lines.joined(separator: "\n") + "\n")
    }

    private var leaves: [ManualTool.Command] {
        let below = (subcommands ?? []).filter { $0.commandName != "help" }
        return below.isEmpty ? [self] : below.flatMap(\.leaves)
    }

    private var synopses: [String] {
        if superCommands == nil {
            return [".Nm profbilet", ".Ar command", ".Op Ar arguments"]
        }
        return leaves.flatMap { leaf -> [String] in
            let words = ((leaf.superCommands ?? []) + [leaf.commandName]).joined(separator: " ")
            return [".Nm \(words)"] + leaf.shown.map(\.synopsis)
        }
    }

    private var shown: [ManualTool.Argument] {
        (arguments ?? []).filter { argument in
            argument.shouldDisplay
                && !(argument.names ?? []).contains { ["help", "version"].contains($0.name) }
        }
    }

    private func descriptions(level: Int) -> [String] {
        var lines: [String] = []
        for leaf in leaves {
            let words = ((leaf.superCommands ?? []) + [leaf.commandName]).dropFirst()
            if leaf.commandName != commandName || leaf.superCommands != superCommands {
                lines.append(".Ss \(words.joined(separator: " "))")
            }
            lines.append(Self.quoted(leaf.abstract ?? ""))
            if let discussion = leaf.discussion { lines += [".Pp", Self.quoted(discussion)] }
            guard !leaf.shown.isEmpty else { continue }
            lines.append(".Bl -tag -width Ds")
            for argument in leaf.shown {
                lines.append(".It \(argument.term)")
                var text = argument.abstract ?? ""
                if let values = argument.allValues, !values.isEmpty {
                    text += " (\(values.joined(separator: ", ")))"
                }
                if let value = argument.defaultValue, !value.isEmpty { text += " [\(value)]" }
                if let more = argument.discussion { text += " " + more }
                lines.append(Self.quoted(text))
            }
            lines.append(".El")
        }
        return lines
    }

    private static var exitCodes: [String] {
        let meanings: [ExitStatus: String] = [
            .done: "Сделано, предупреждения возможны. Done, warnings included.",
            .unusable: "Файл или параметр непригоден. File or argument unusable.",
            .rowsRefused: "Отклонены строки или заявки. Rows or orders refused.",
            .notSignedIn: "Вход не выполнен. Not signed in.",
            .forbidden: "Роль или область не разрешает. Role or scope forbids it.",
            .refused: "Правила или состояние не допускают. Rules or state forbid it.",
            .notFound: "Не найдено. Not found.",
            .damaged: "Данные повреждены. Stored data damaged.",
            .keyUnusable: "Ключ недоступен. Key unusable.",
            .mustReclaim: "Восстановленный реестр: reclaim. Restored register: reclaim first.",
            .busy: "Реестр занят. Another process holds the register.",
            .storage: "Диск, каталог или сервер. Disk, directory or server failed.",
            .usage: "Неверный вызов. Wrong usage.",
        ]
        return [".Sh EXIT STATUS", ".Bl -tag -width Ds"]
            + ExitStatus.allCases.flatMap { status in
                [".It \(status.rawValue)", quoted(meanings[status] ?? "")]
            } + [".El"]
    }

    /// Every variable, as `config show` knows them.
    private static var environment: [String] {
        let settings = Setting.allCases.filter(\.hasVariable).map { setting in
            (names: [Settings.variable(setting.rawValue)], meaning: setting.meaning)
        }
        let taken = Set(settings.flatMap(\.names))
        let others = Variable.allCases.map { variable in
            let file = variable.name + "_FILE"
            let hasFile = variable.mayStandInFile && !taken.contains(file)
            return (names: [variable.name] + (hasFile ? [file] : []), meaning: variable.meaning)
        }
        return [".Sh ENVIRONMENT", ".Bl -tag -width Ds"]
            + (settings + others).flatMap { names, meaning in
                [
                    ".It " + names.map { "Ev \($0)" }.joined(separator: " , "),
                    quoted("\(meaning.russian). \(meaning.english)."),
                ]
            } + [".El"] + files
    }

    private static var files: [String] {
        [
            ".Sh FILES", ".Bl -tag -width Ds",
            ".It Pa \(Settings.machineFile)",
            quoted("Настройки машины. The machine's settings."),
            ".It Pa DATA/profbilet.yaml",
            quoted("Настройки реестра. The register's own settings."),
            ".El",
        ]
    }

    /// A line of text: no request at its start, no escape inside.
    static func quoted(_ text: String) -> String {
        let line = text.replacing("\\", with: "\\e").replacing("\n", with: " ")
        guard let first = line.first else { return "\\&" }
        return first == "." || first == "'" ? "\\&" + line : line
    }
}

extension ManualTool.Argument {
    private var flags: [String] {
        (names ?? []).map { $0.kind == "long" ? "-" + $0.name : $0.name }
    }

    private var value: String { ManualTool.Command.quoted(valueName ?? "value") }

    /// As the synopsis names it.
    var synopsis: String {
        let dots = isRepeating ? " ..." : ""
        switch kind {
        case "positional": return isOptional ? ".Op Ar \(value)\(dots)" : ".Ar \(value)\(dots)"
        case "flag": return ".Op Fl \(flags.last ?? "")"
        default:
            let option = "Fl \(flags.last ?? "") Ar \(value)\(dots)"
            return isOptional ? ".Op \(option)" : ".\(option)"
        }
    }

    /// As the list of arguments names it.
    var term: String {
        switch kind {
        case "positional": "Ar \(value)"
        case "flag": flags.map { "Fl \($0)" }.joined(separator: " , ")
        default: flags.map { "Fl \($0)" }.joined(separator: " , ") + " Ar \(value)"
        }
    }
}
