import ArgumentParser
import Foundation
import UnionTicket

extension ValidationError {
    /// What a command says of options that do not go together, in both languages.
    init(_ russian: String, _ english: String) { self.init(russian + Self.between + english) }

    fileprivate static let between = "\nError: "
}

/// A fault of the command line itself, told by the parser in English: here Russian stands before it.
struct UsageFault {
    /// What is wrong, in both languages.
    let message: Bilingual
    /// How the command is called, with the help of the argument that is at fault.
    let usage: String

    /// The fault, or nil when the parser only asks for help or a version to be printed.
    init?(_ error: any Error, arguments: [String] = Array(CommandLine.arguments.dropFirst())) {
        guard ProfBilet.exitCode(for: error) == .validationFailure else { return nil }
        let english = ProfBilet.message(for: error)
        let full = ProfBilet.fullMessage(for: error)
        let rest = full.hasPrefix("Error: " + english) ? full.dropFirst(7 + english.count) : ""
        usage = rest.trimmingCharacters(in: .newlines)
            .replacing("Help:  ", with: "Справка / Help: ")
            .replacing("Usage: ", with: "Вызов / Usage: ")
            .replacing(
                /See '([^']+)' for more information\./,
                with: { "Подробнее / more: \($0.output.1)" }
            )
        guard let russian = Self.russian(english) else {
            let own = english.split(separator: ValidationError.between, maxSplits: 1)
            message = Bilingual(String(own[0]), own.count > 1 ? String(own[1]) : "")
            return
        }
        let minus = arguments.first { $0.wholeMatch(of: /-[0-9][0-9.,]*/) != nil }
        guard let minus,
            english.hasPrefix("Missing expected") || english.hasPrefix("Unknown option")
        else {
            message = Bilingual(russian, english)
            return
        }
        message = Bilingual(
            "\(russian)\n«\(minus)» начинается с минуса и принят за ключ; значения с минусом пишутся "
                + "после «--».",
            "\(english)\n'\(minus)' begins with a minus and was taken for an option; values with a "
                + "minus come after --."
        )
    }

    /// The parser's sentence in Russian; nil for one that it did not make.
    static func russian(_ english: String) -> String? {
        // A short option with letters behind it is judged in two sentences.
        if let both = english.wholeMatch(of: /(.+)\n +or: (.+)/) {
            guard let first = russian(String(both.1)), let second = russian(String(both.2)) else {
                return nil
            }
            return "\(first)\n   или: \(second)"
        }
        for (pattern, words) in sentences {
            guard let match = english.wholeMatch(of: pattern) else { continue }
            let parts = (1..<match.output.count).map { match.output[$0].substring ?? "" }
            return words(parts.map(String.init))
        }
        return nil
    }

    private typealias Sentence = (pattern: Regex<AnyRegexOutput>, words: ([String]) -> String)

    private static var sentences: [Sentence] {
        [
            (Regex(/Missing expected argument '(.+)'/), { "Не указано: \($0[0])" }),
            (Regex(/Missing one of: (.+)/), { "Не указано ни одно из: \($0[0])" }),
            (Regex(/Missing required subcommand\./), { _ in "Не указана подкоманда." }),
            (
                Regex(/Missing value for '(.+?)'(?: in '(.+)')?/),
                { "Нет значения после ключа: \($0[0])" + ($0[1].isEmpty ? "" : " (в «\($0[1])»)") }
            ),
            (
                Regex(/Unknown option '(.+?)'(?:\. Did you mean '(.+)'\?)?/),
                {
                    "Неизвестный ключ «\($0[0])»."
                        + ($0[1].isEmpty ? "" : " Может быть, «\($0[1])»?")
                }
            ),
            (Regex(/Invalid option: (.+)/), { "Неверный ключ: \($0[0])" }),
            (
                Regex(/The option '(.+)' does not take any value, but '(.*)' was specified\./),
                { "Ключ «\($0[0])» не принимает значения, а указано «\($0[1])»." }
            ),
            (Regex(/Unexpected argument '(.*)'/), { "Лишнее или неизвестное слово: «\($0[0])»" }),
            (
                Regex(/[0-9]+ unexpected arguments: (.+)/),
                { "Лишние или неизвестные слова: \($0[0])" }
            ),
            (
                Regex(
                    /Value to be set with (?:flag )?(.+) had already been set with (?:flag )?(.+)/
                ),
                { "\($0[0]) противоречит указанному раньше: \($0[1])" }
            ),
            (
                Regex(/The value '(.*?)' is invalid(?: for '(.+?)')?(?s)(\..*|: .*|)/),
                { parts in
                    let place = parts[1].isEmpty ? "" : " для \(parts[1])"
                    let more = parts[2]
                        .replacing(
                            /\. Please provide one of (the following:)?/,
                            with: ". Допустимо: "
                        )
                        .replacing(" or ", with: " или ").replacing(" and ", with: " и ")
                    return "Значение «\(parts[0])» не годится\(place)\(more == "." ? "" : more)"
                }
            ),
        ]
    }
}
