import Crypto
import Foundation
import UnionTicket

/// The page a phone's camera opens: one document, no script, nothing fetched, nothing kept.
struct CameraPage: Sendable {
    /// What the headers of the page allow: its own style sheet by its hash, nothing else.
    let policy: String
    private let style: String

    init() {
        style = String(decoding: PackageResources.camera_css, as: UTF8.self)
        let hash = Data(SHA256.hash(data: Array(style.utf8))).base64EncodedString()
        policy =
            "default-src 'none'; style-src 'sha256-\(hash)'; form-action 'none'; base-uri 'none'; "
            + "frame-ancestors 'none'"
    }

    /// The page of a verdict; `now` is when it was judged.
    func html(_ verdict: CameraVerdict, at now: Instant) -> String {
        let words = Self.words(verdict)
        return """
            <!DOCTYPE html>
            <html lang="ru">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex, nofollow">
            <title>\(words.title.russian) — электронный профсоюзный билет</title>
            <style>\(style)</style>
            </head>
            <body class="\(verdict.kind.rawValue)">
            <header>
            \(Self.emblem)
            <div>
            <p class="union">Общероссийский Профсоюз образования</p>
            <p class="ticket">Электронный профсоюзный билет</p>
            <p class="ticket-en" lang="en">Electronic union ticket</p>
            </div>
            </header>
            <main>
            <section class="verdict" aria-live="polite">
            \(Self.sign(verdict.kind))
            <h1>\(words.title.russian)</h1>
            <p class="title-en" lang="en">\(words.title.english)</p>
            </section>
            \(Self.specimen(verdict))
            <p class="advice">\(words.advice.russian)</p>
            <p class="advice-en" lang="en">\(words.advice.english)</p>
            \(Self.facts(verdict, now))
            </main>
            <footer>
            <p>\(verdict.isChecked ? Self.checked.russian : "")Персональных данных здесь нет.</p>
            <p lang="en">\(verdict.isChecked ? Self.checked.english : "")No personal data here.</p>
            </footer>
            </body>
            </html>

            """
    }

    private static let checked = Bilingual(
        "Проверены подпись и список блокировок. ",
        "Signature and block list were checked. "
    )

    private static func facts(_ verdict: CameraVerdict, _ now: Instant) -> String {
        var rows: [(Bilingual, String)] = []
        if let number = verdict.number { rows.append((Bilingual("Номер", "Number"), number)) }
        if let end = verdict.expiresAt {
            rows.append((Bilingual("Действителен до", "Valid until"), end.moscowDate.russian))
        }
        if let at = verdict.statusAt {
            rows.append((Bilingual("Список блокировок от", "Block list of"), moment(at)))
        }
        let isJudged = verdict.reason == nil && verdict.kind != .numberOnly
        if isJudged { rows.append((Bilingual("Проверено", "Checked"), moment(now))) }
        guard !rows.isEmpty else { return "" }
        let lines = rows.map { name, value in
            "<div><dt>\(name.russian)<span lang=\"en\">\(name.english)</span></dt>"
                + "<dd>\(value)</dd></div>"
        }
        return "<dl>\n" + lines.joined(separator: "\n") + "\n</dl>"
    }

    /// Minutes are enough: `21.11.2026 12:00 МСК`.
    private static func moment(_ instant: Instant) -> String {
        instant.russian.dropLast(3) + " МСК"
    }

    private static func specimen(_ verdict: CameraVerdict) -> String {
        guard verdict.isSpecimen else { return "" }
        return "<p class=\"specimen\">ОБРАЗЕЦ <span lang=\"en\">SPECIMEN</span></p>"
    }

    private static func words(
        _ verdict: CameraVerdict
    ) -> (title: Bilingual, advice: Bilingual) {
        switch verdict.kind {
        case .valid where verdict.isOnPhone:
            (
                Bilingual("Действителен", "Valid"),
                Bilingual(
                    "Билет в телефоне: код на его экране сменяется. Где это важно, попросите документ.",
                    "The ticket is on a phone, whose code changes. Where it matters, ask for a document."
                )
            )
        case .valid:
            (
                Bilingual("Действителен", "Valid"),
                Bilingual(
                    "Сравните номер с напечатанным на карте. Где это важно, попросите документ.",
                    "Compare the number with the printed one. Where it matters, ask for a document."
                )
            )
        case .blocked:
            (
                Bilingual("Не действует", "Blocked"),
                Bilingual(
                    "Билет заблокирован, приостановлен или ещё не выдан. Владельцу — в свою "
                        + "профсоюзную организацию.",
                    "The ticket is blocked, suspended or not handed out yet. Its holder should ask "
                        + "the union organisation."
                )
            )
        case .expired:
            (
                Bilingual("Срок истёк", "Expired"),
                Bilingual(
                    "Срок билета или показанного кода прошёл. На телефоне откройте билет заново.",
                    "The time of the ticket or of the code shown is over. On a phone, open the "
                        + "ticket again."
                )
            )
        case .notOurs:
            (
                Bilingual("Не наш код", "Not ours"),
                Bilingual(
                    "Подписи Профсоюза на этом коде нет. Это не электронный профсоюзный билет, или "
                        + "код прочитан с ошибкой.",
                    "The union did not sign this code. It is no electronic union ticket, or it was "
                        + "misread."
                )
            )
        case .unknown:
            (
                Bilingual("Состояние неизвестно", "Status unknown"),
                verdict.reason
                    ?? Bilingual(
                        "Подпись подлинная, но свежего списка блокировок сейчас нет. Повторите позже.",
                        "The signature is genuine, but there is no fresh block list now. Try again "
                            + "later."
                    )
            )
        case .numberOnly:
            (
                Bilingual("Это только номер", "A bare number"),
                Bilingual(
                    "По номеру ничего не проверить: наведите камеру на QR-код билета.",
                    "A number alone proves nothing: point the camera at the ticket's QR code."
                )
            )
        }
    }

    /// A shape of its own for each answer, so that colours are not needed to tell them apart.
    private static func sign(_ kind: CameraVerdict.Kind) -> String {
        let shape =
            switch kind {
            case .valid:
                "<circle cx=\"32\" cy=\"32\" r=\"29\"/><path d=\"M18 33l10 10 19-21\"/>"
            case .blocked:
                "<path class=\"field\" d=\"M20 3h24l17 17v24L44 61H20L3 44V20z\"/>"
                    + "<path d=\"M21 21l22 22M43 21L21 43\"/>"
            case .expired:
                "<circle cx=\"32\" cy=\"32\" r=\"29\"/><path d=\"M32 15v18l11 8\"/>"
            case .notOurs:
                "<path class=\"field\" d=\"M32 4l29 54H3z\"/><path d=\"M32 24v17M32 48v3\"/>"
            case .unknown, .numberOnly:
                "<rect x=\"4\" y=\"4\" width=\"56\" height=\"56\" rx=\"12\"/>"
                    + "<path d=\"M23 25a9 9 0 1 1 13 8c-3 2-4 3-4 7M32 47v2\"/>"
            }
        return "<svg class=\"sign\" viewBox=\"0 0 64 64\" aria-hidden=\"true\">\(shape)</svg>"
    }

    /// The emblem of card-layouts/epb-2026: the sun rising from an open book.
    private static let emblem = String(decoding: PackageResources.emblem_svg, as: UTF8.self)
}
