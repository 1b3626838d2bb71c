import ArgumentParser
import Foundation
import Registry
import UnionTicket

struct ConsentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent",
        abstract: "Согласия / Consents",
        subcommands: [
            Texts.self, Give.self, Withdraw.self, History.self, Deadlines.self, Settle.self,
            Days.self,
        ]
    )

    struct Texts: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "text",
            abstract: "Тексты согласий и их версии / Consent texts and their versions",
            subcommands: [Add.self, List.self]
        )
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Зарегистрировать текст: им станут согласия новых списков / Register a text"
        )
        @Option(help: "register, cardProduction, virtualCard, bonusTransfer, photoOnCard, …")
        var purpose: ConsentPurpose
        @Option(help: "Файл с текстом / file with the text") var file: String
        @Option(help: "paper, electronic") var form: ConsentTexts.Form = .paper
        @Option(help: "На сколько лет, иначе до отзыва / for how many years") var years: Int?
        @Option(help: "Партнёр, для bonusTransfer / the partner") var recipient = "profcards"
        @OptionGroup var office: Office

        func run() throws {
            guard let body = FileManager.default.contents(atPath: file) else {
                throw Failure(
                    .notFound,
                    "Файл \(file) не читается. Проверьте путь и права.",
                    "The file \(file) cannot be read. Check the path and its mode."
                )
            }
            try office.work { register, user in
                var draft = ConsentTexts.Draft(purpose, body: Array(body))
                (draft.form, draft.years, draft.recipient) = (form, years, recipient)
                let hash = try ConsentTexts(register).add(draft, by: user)
                say(
                    "Текст «\(purpose.rawValue)» зарегистрирован: \(hash).",
                    "The text \(purpose.rawValue) is registered: \(hash)."
                )
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Показать / List"
        )
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let texts = try ConsentTexts(register).list(by: user)
                if json {
                    for text in texts { say(ConsentCommand.object(text)) }
                    return
                }
                printTable(
                    [
                        "назначение/purpose", "хеш/hash", "форма/form", "лет/years",
                        "добавлен/added", "согласий/consents",
                    ],
                    texts.map {
                        [
                            $0.purpose.rawValue, String($0.hash.prefix(16)), $0.form.rawValue,
                            $0.years.map(String.init) ?? "", $0.addedAt.moscowDate.russian,
                            "\($0.consents)",
                        ]
                    }
                )
            }
        }
    }

    static func object(_ text: ConsentTexts.Text) -> [String: JSONValue] {
        [
            "purpose": .text(text.purpose.rawValue), "recipient": .text(text.recipient),
            "hash": .text(text.hash), "form": .text(text.form.rawValue),
            "years": text.years.map(JSONValue.int) ?? .null,
            "added": .text(text.addedAt.rfc3339), "consents": .int(text.consents),
        ]
    }
}

/// `PURPOSE=HASH` on the command line.
struct ConsentChoice: ExpressibleByArgument {
    let purpose: ConsentPurpose
    let hash: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let purpose = ConsentPurpose(rawValue: String(parts[0])),
            parts[1].count >= 6, parts[1].allSatisfy(\.isHexDigit)
        else { return nil }
        (self.purpose, hash) = (purpose, String(parts[1]))
    }
}
