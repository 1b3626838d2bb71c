import Crypto
import Foundation
import HTTPTypes
import Registry
import UnionTicket

/// What all pages of the desk have in common: the head, the sections, the policy, and how errors look.
struct DeskFrame: Sendable {
    private let policy: String
    private let style: HTML
    private let script: HTML

    init() {
        let style = String(decoding: PackageResources.desk_css, as: UTF8.self)
        let script = String(decoding: PackageResources.desk_js, as: UTF8.self)
        self.style = HTML(trusted: style)
        self.script = HTML(trusted: script)
        policy =
            "default-src 'none'; style-src 'sha256-\(Self.hash(style))'; "
            + "script-src 'sha256-\(Self.hash(script))'; form-action 'self'; base-uri 'none'; "
            + "frame-ancestors 'none'"
    }

    private static func hash(_ text: String) -> String {
        Data(SHA256.hash(data: Array(text.utf8))).base64EncodedString()
    }

    /// The sections of the desk, in their order.
    enum Section: String, CaseIterable {
        case members, orders, parcels, handout

        /// Whoever may do one of these things sees it.
        var permissions: [Permission] {
            switch self {
            case .members: [.readMembers]
            case .orders: [.order]
            case .parcels, .handout: [.handOut]
            }
        }

        func title(_ visit: DeskVisit) -> String {
            switch self {
            case .members: visit.say("Без карты", "Without a card")
            case .orders: visit.say("Заявки", "Orders")
            case .parcels: visit.say("Посылки", "Parcels")
            case .handout: visit.say("Выдача", "Hand-out")
            }
        }
    }

    /// A page of a person who signed in.
    func page(
        _ title: String,
        in section: Section?,
        _ visit: DeskVisit,
        status: Int = 200,
        _ main: HTML
    ) -> Answer {
        let tabs = Section.allCases.filter { $0.permissions.contains(where: visit.user.permits) }
            .map { tab -> HTML in
                let current: HTML = tab == section ? " aria-current=\"page\"" : .none
                return "<a href=\"/desk/\(tab.rawValue)\"\(current)>\(tab.title(visit))</a>"
            }
        let person: HTML = """
            <form class="person" method="post" action="/desk/sign-out">\(visit.key)
            <p><b>\(visit.user.name)</b><span>\(visit.language.pick(DeskWords.role(visit.user.role))) \
            <span class="code">\(Self.scope(visit))</span></span></p>
            <button class="quiet">\(visit.say("Выйти", "Sign out"))</button></form>
            """
        return answer(
            status: status,
            language: visit.language,
            title: title,
            switching: Self.way(visit.call),
            above: "\(person)",
            sections: "<nav aria-label=\"\(visit.say("Разделы", "Sections"))\">\(tabs)</nav>",
            main
        )
    }

    /// A page for nobody in particular: signing in.
    func page(
        _ title: String,
        _ call: Call,
        _ language: Language,
        status: Int = 200,
        headers: [(name: String, value: String)] = [],
        _ main: HTML
    ) -> Answer {
        var answer = answer(
            status: status,
            language: language,
            title: title,
            switching: Self.way(call),
            above: .none,
            sections: .none,
            main
        )
        answer.headers += headers
        return answer
    }

    /// A refusal, for a person who signed in.
    func refusal(_ problem: Problem, _ visit: DeskVisit) -> Answer {
        let back = visit.say("К началу", "To the beginning")
        var answer = page(
            visit.say("Не сделано", "Not done"),
            in: nil,
            visit,
            status: problem.status,
            """
            <h1>\(visit.say("Не сделано", "Not done"))</h1>
            <p class="note bad" role="alert">\(visit.say(problem.message))</p>
            <p><a class="button quiet" href="/desk">\(back)</a></p>
            """
        )
        if let wait = problem.retryAfter { answer.headers.append(("Retry-After", "\(wait)")) }
        return answer
    }

    /// A refusal for somebody who did not sign in, in both languages.
    func plain(_ problem: Problem, _ call: Call) -> Answer {
        page(
            "Не сделано / Not done",
            call,
            .russian,
            status: problem.status,
            """
            <p class="note bad" role="alert">\(problem.message.russian)<br>
            <span lang="en">\(problem.message.english)</span></p>
            """
        )
    }

    /// Whose desk it is: nobody's part of the union is shown as a number alone.
    private static func scope(_ visit: DeskVisit) -> String {
        visit.user.scope == .centralCouncil
            ? visit.say("весь Профсоюз", "the whole union") : "\(visit.user.scope)"
    }

    /// Where the switch of language leads: the same page, asked for again without what was sent.
    private static func way(_ call: Call) -> String {
        guard call.route.method == .get else { return "/desk" }
        let path = call.route.template.split(separator: "/").map { segment in
            segment.hasPrefix("{")
                ? call.parameter(String(segment.dropFirst().dropLast())) : "\(segment)"
        }
        return "/" + path.joined(separator: "/")
    }

    private func answer(
        status: Int,
        language: Language,
        title: String,
        switching way: String,
        above: HTML,
        sections: HTML,
        _ main: HTML
    ) -> Answer {
        let isRussian = language == .russian
        let other = isRussian ? Language.english : .russian
        let html: HTML = """
            <!DOCTYPE html>
            <html lang="\(language.rawValue)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex, nofollow">
            <title>\(title) — \(isRussian ? "кабинет ЭПБ" : "union ticket desk")</title>
            <style>\(style)</style>
            </head>
            <body>
            <a class="skip" href="#main">\(isRussian ? "К содержанию" : "To the content")</a>
            <header>
            \(HTML(trusted: Self.emblem))
            <div class="titles">
            <p class="union">\(isRussian ? "Общероссийский Профсоюз образования" : "Education union of Russia")</p>
            <p class="ticket">\(isRussian ? "Электронный профсоюзный билет: кабинет" : "Electronic union ticket: desk")</p>
            </div>
            \(above)
            <a class="language" href="\(way)?language=\(other.rawValue)" lang="\(other.rawValue)" \
            hreflang="\(other.rawValue)">\(isRussian ? "English" : "По-русски")</a>
            </header>
            \(sections)
            <main id="main" tabindex="-1">
            \(main)
            </main>
            <script>\(script)</script>
            </body>
            </html>

            """
        return .bytes(
            Array(html.text.utf8),
            "text/html; charset=utf-8",
            status: status,
            headers: [
                ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-store"), ("X-Frame-Options", "DENY"),
                ("X-Robots-Tag", "noindex, nofollow"), ("Content-Language", language.rawValue),
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ]
        )
    }

    /// The emblem of card-layouts/epb-2026, as on the camera page.
    private static let emblem = String(decoding: PackageResources.emblem_svg, as: UTF8.self)
}
