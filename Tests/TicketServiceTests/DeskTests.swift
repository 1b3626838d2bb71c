import Foundation
import Testing
import UnionTicket

@testable import Registry
@testable import TicketService

@Suite struct `The desk of chairs and registrars` {
    private static let place = "26-001-0001"

    @Test func `whoever is not signed in comes to the form of signing in`() async throws {
        try await TestService.with { service in
            let browser = DeskBrowser(service)
            for path in ["/desk", "/desk/members", "/desk/orders", "/desk/parcels/1/1/sheet"] {
                let reply = try await browser.get(path)
                #expect(reply.status == 303 && reply.header("Location") == "/desk/sign-in")
                #expect(reply.body.isEmpty)
            }
            let form = try await browser.get("/desk/sign-in")
            #expect(form.status == 200 && form.text.contains("Вход в кабинет"))
            let policy = form.header("Content-Security-Policy") ?? ""
            #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
            #expect(!form.text.contains("src=") && !form.text.contains("http"))
        }
    }

    @Test func `of TLS in front only a proxy of ours can tell`() async throws {
        try await TestService.with { service in
            _ = try await DeskBrowser.of(.chair, Self.place, in: service)
            let browser = DeskBrowser(service)
            browser.headers["X-Forwarded-Proto"] = "https"
            try await browser.signIn("person", "person passphrase")
            #expect(browser.lines.contains { $0.hasPrefix("desk=") && !$0.contains("Secure") })
        }
    }

    @Test func `the cookie is for the browser alone and dies with the session`() async throws {
        // Requests of tests come over no network: their place is "local".
        try await TestService.with({ $0.proxies = ["local"] }) { service in
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            let line = try #require(browser.lines.first { $0.hasPrefix("desk=") })
            for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=28800"] {
                #expect(line.contains(part))
            }
            #expect(!line.contains("Secure"))
            // Over TLS in front the cookie is another one and never leaves TLS.
            let secure = DeskBrowser(service)
            secure.headers["X-Forwarded-Proto"] = "https"
            try await secure.signIn("person", "person passphrase")
            let bound = try #require(secure.lines.first { $0.hasPrefix("__Host-desk=") })
            #expect(bound.contains("; Secure"))
            #expect(try await secure.get("/desk/members").status == 200)
            let token = try #require(browser.cookies["desk"])
            let stored = try service.register.read { session in
                try session.all("SELECT hash FROM desk_session", []) { $0.blob(0) }
            }
            #expect(stored.count == 2 && !stored.contains(Array(token.utf8)))
        }
    }

    @Test func `a session ends after idleness, after hours, with signing out and with the account`()
        async throws
    {
        try await TestService.with { service in
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            for _ in 0..<3 {
                service.clock.advance(14 * 60)
                #expect(try await browser.get("/desk/members").status == 200)
            }
            service.clock.advance(15 * 60 + 1)
            let idle = try await browser.get("/desk/members")
            #expect(idle.header("Location") == "/desk/sign-in?again=1")
            #expect(
                try await browser.get("/desk/sign-in?again=1").text.contains("Сеанс закончился")
            )
            try await browser.signIn("person", "person passphrase")
            for _ in 0..<40 {
                service.clock.advance(12 * 60)
                _ = try await browser.get("/desk/members")
            }
            #expect(try await browser.get("/desk/members").status == 200)
            service.clock.advance(60)
            #expect(try await browser.get("/desk/members").status == 303)
            try await browser.signIn("person", "person passphrase")
            let old = browser.cookies
            let out = try await browser.send("/desk/sign-out", from: "/desk/members", [])
            #expect(out.status == 303 && browser.cookies["desk"] == nil)
            browser.cookies = old
            #expect(try await browser.get("/desk/members").status == 303)
            try await browser.signIn("person", "person passphrase")
            try UserDirectory(service.register).disable("person", by: service.admin)
            #expect(try await browser.get("/desk/members").status == 303)
            var filter = AuditLog.Filter()
            filter.action = "desk."
            let rows = try AuditLog(service.register).entries(filter, by: service.admin)
            #expect(rows.map(\.action).filter { $0 == "desk.signIn" }.count == 4)
            #expect(rows.contains { $0.action == "desk.signOut" && $0.user == "person" })
        }
    }

    @Test func `five wrong passphrases lock the account, and the words never tell`() async throws {
        try await TestService.with { service in
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            browser.cookies = [:]
            let unknown = try await browser.signIn("nobody", "some passphrase")
            #expect(unknown.status == 403)
            var texts: Set<String> = []
            for _ in 0..<5 {
                let reply = try await browser.signIn("person", "wrong passphrase")
                #expect(reply.status == 403)
                texts.insert(Self.alert(reply))
            }
            let locked = try await browser.signIn("person", "person passphrase")
            #expect(locked.status == 403)
            texts.insert(Self.alert(locked))
            #expect(texts == [Self.alert(unknown)])
            let account = try UserDirectory(service.register).list(by: service.admin)
                .first { $0.name == "person" }
            #expect(account?.isLocked == true)
        }
    }

    @Test func `guessing is slowed down`() async throws {
        try await TestService.with { service in
            let browser = DeskBrowser(service)
            var statuses: [Int] = []
            for _ in 0..<12 {
                statuses.append(try await browser.signIn("nobody", "some passphrase").status)
            }
            #expect(statuses.prefix(10).allSatisfy { $0 == 403 } && statuses[10...] == [429, 429])
            service.clock.advance(60)
            #expect(try await browser.signIn("nobody", "some passphrase").status == 403)
        }
    }

    @Test func `forms without their session's key, or from another site, do nothing`() async throws
    {
        try await TestService.with { service in
            _ = try service.issue(1)
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            let other = DeskBrowser(service)
            try await other.signIn("admin", "admin passphrase")
            let foreign = try #require(DeskBrowser.key(in: try await other.get("/desk/orders")))
            for key in ["", "x", foreign] {
                let reply = try await browser.post(
                    "/desk/handout",
                    [("key", key), ("card", "1")]
                )
                #expect(reply.status == 403 && reply.text.contains("Форма устарела"))
            }
            browser.headers["Sec-Fetch-Site"] = "cross-site"
            let reply = try await browser.send(
                "/desk/handout",
                from: "/desk/handout",
                [("card", "1")]
            )
            #expect(reply.status == 403)
            let without = DeskBrowser(service)
            let bare = try await without.post(
                "/desk/sign-in",
                [("name", "admin"), ("passphrase", "admin passphrase")]
            )
            #expect(bare.status == 403 && without.cookies["desk"] == nil)
        }
    }

    @Test(arguments: [Role.hotline, .auditor, .doorOperator])
    func `a role without these rights sees nothing`(_ role: Role) async throws {
        try await TestService.with { service in
            let browser = try await DeskBrowser.of(role, "26", in: service)
            for path in ["/desk", "/desk/members", "/desk/orders", "/desk/handout"] {
                let reply = try await browser.get(path)
                #expect(reply.status == 403 && reply.text.contains("Ваша роль"), "\(path)")
                #expect(!reply.text.contains("<nav aria-label=\"Разделы\"><a"))
            }
        }
    }

    @Test func `members without a card are ordered for once, in two windows as in one`()
        async throws
    {
        try await TestService.with { service in
            let ids = try Self.members(service, [("Орлова", "Анна"), ("<b>Зайцева</b>", "Ольга")])
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            let list = try await browser.get("/desk/members")
            #expect(list.text.contains("&lt;b&gt;Зайцева&lt;/b&gt; Ольга"))
            #expect(!list.text.contains("<b>Зайцева"))
            #expect(list.text.contains("Всего без карты: 2 человека."))
            let key = try #require(DeskBrowser.key(in: list))
            let form = [("key", key), ("reason", "first"), ("member", "\(ids[0])")]
            let first = try await browser.post("/desk/members", form)
            #expect(first.status == 200 && first.text.contains("Подано заявок: 1."))
            let second = try await browser.post("/desk/members", form)
            #expect(second.status == 200 && second.text.contains("Не заказано: 1"))
            #expect(second.text.contains("<b>Орлова Анна Петровна</b> — Уже есть заявка"))
            #expect(try service.orders() == 1)
            let none = try await browser.post("/desk/members", [("key", key), ("reason", "first")])
            #expect(none.status == 422 && none.text.contains("Никто не отмечен"))
            var filter = AuditLog.Filter()
            filter.user = "person"
            let actions = Set(
                try AuditLog(service.register).entries(filter, by: service.admin)
                    .map { "\($0.action) \($0.subject)" }
            )
            #expect(actions.contains("member.read member/\(ids[0])"))
            #expect(actions.contains { $0.hasPrefix("order.create") })
        }
    }

    @Test func `another organisation's people cannot be seen or ordered for`() async throws {
        try await TestService.with { service in
            let own = try Self.members(service, [("Орлова", "Анна")])
            let elsewhere = try Self.members(service, [("Чужая", "Вера")], at: "27-001-0001")
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            #expect(try await !browser.get("/desk/members").text.contains("Чужая"))
            let asked = try await browser.get("/desk/members?organisation=27-001-0001")
            #expect(asked.status == 403 && !asked.text.contains("Чужая"))
            let order = try await browser.send(
                "/desk/members",
                from: "/desk/members",
                [("reason", "first"), ("member", "\(own[0])"), ("member", "\(elsewhere[0])")]
            )
            #expect(order.status == 403 && !order.text.contains("Чужая"))
            let unknown = try await browser.send(
                "/desk/members",
                from: "/desk/members",
                [("reason", "first"), ("member", "4711")]
            )
            #expect(unknown.status == 403, "as for somebody elsewhere")
            #expect(try service.orders() == 0)
            let made = try OrderBook(service.register)
                .create(.members(["#\(elsewhere[0])"]), reason: .first, by: service.admin)
            let cancel = try await browser.send(
                "/desk/orders/\(made.done[0]):cancel",
                from: "/desk/members",
                [("why", "просто так")]
            )
            #expect(cancel.status == 403)
            #expect(try await browser.get("/desk/parcels/7/1").status == 403)
        }
    }

    @Test func `an order is taken back with a reason`() async throws {
        try await TestService.with { service in
            let ids = try Self.members(service, [("Орлова", "Анна")])
            let browser = try await DeskBrowser.of(.registrar, "26", in: service)
            _ = try await browser.send(
                "/desk/members",
                from: "/desk/members",
                [("reason", "first"), ("member", "\(ids[0])")]
            )
            let bare = try await browser.send("/desk/orders/1:cancel", from: "/desk/orders", [])
            #expect(bare.status == 422 && bare.text.contains("почему отзываете"))
            let done = try await browser.send(
                "/desk/orders/1:cancel",
                from: "/desk/orders",
                [("why", "ошибка")]
            )
            #expect(done.status == 200 && done.text.contains("Заявка 1 отозвана."))
            let again = try await browser.send(
                "/desk/orders/1:cancel",
                from: "/desk/orders",
                [("why", "ошибка")]
            )
            #expect(again.status == 409)
            #expect(
                try await browser.get("/desk/orders?state=submitted").text.contains("Заявок нет")
            )
            #expect(try await browser.get("/desk/orders?state=nonsense").status == 404)
        }
    }

    @Test func `a scanned card is handed out to the person whose it is`() async throws {
        try await TestService.with { service in
            let cards = try service.issue(2)
            for card in cards {
                _ = try CarrierFile(service.register)
                    .apply(.unblock, to: card.carrier.digits, reason: "", by: service.admin)
            }
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            let code = cards[0].text
            let first = try await browser.send(
                "/desk/handout",
                from: "/desk/handout",
                [("card", code)]
            )
            #expect(first.status == 200 && first.text.contains("<b>Орлова Анна Петровна</b>"))
            #expect(first.text.contains("note big good"))
            let again = try await browser.send(
                "/desk/handout",
                from: "/desk/handout",
                [("card", cards[0].carrier.digits), ("count", "1")]
            )
            #expect(again.text.contains("Уже была выдана"))
            let wrong = try await browser.send(
                "/desk/handout",
                from: "/desk/handout",
                [("card", "17748151623421")]
            )
            #expect(wrong.status == 422 && wrong.text.contains("id=\"card-note\" role=\"alert\""))
            for day in ["31.02.2026", "01.01.2200", "вчера"] {
                let reply = try await browser.send(
                    "/desk/handout",
                    from: "/desk/handout",
                    [("card", cards[1].carrier.digits), ("day", day)]
                )
                #expect(reply.status == 422 && reply.text.contains("class=\"fault\""), "\(day)")
            }
            let rows = try service.register.read { session in
                try session.all(
                    "SELECT u.name, h.way FROM hand_out h JOIN app_user u ON u.id = h.user_id",
                    []
                ) { [$0.text(0), $0.text(1)] }
            }
            #expect(rows == [["person", "scan"]])
        }
    }

    @Test func `the page speaks English when it is asked to, and remembers`() async throws {
        try await TestService.with { service in
            let browser = try await DeskBrowser.of(.chair, Self.place, in: service)
            let english = try await browser.get("/desk/members?language=en")
            #expect(english.text.contains("<html lang=\"en\">"))
            #expect(english.text.contains("Members without a card"))
            #expect(try await browser.get("/desk/orders").text.contains("Orders of cards"))
            let russian = try await browser.get("/desk/orders?language=ru")
            #expect(russian.text.contains("Заявки на карты"))
        }
    }

    @Test(arguments: [
        ("Нет заявки 5: profbilet order list.", "Нет заявки 5."),
        (
            "карта уже есть; для перевыпуска укажите причину (--reason)",
            "карта уже есть; для перевыпуска укажите причину"
        ),
        (
            "насчитано 6. Назовите недостающие: --missing НОМЕР.",
            "насчитано 6. Назовите недостающие."
        ),
        ("уже есть заявка 7", "уже есть заявка 7"),
    ])
    func `a page does not speak of the command line`(_ message: String, _ shown: String) {
        #expect(DeskWords.plain(message) == shown)
    }

    private static func alert(_ reply: TestService.Reply) -> String {
        reply.text.firstMatch(of: /role="alert">([^<]+)</).map { String($0.1) } ?? ""
    }

    /// Active members without cards; their rows.
    static func members(
        _ service: TestService,
        _ names: [(last: String, first: String)],
        at organisation: String = place
    ) throws -> [Int64] {
        let code = try #require(OrganisationCode(organisation))
        let rows = names.enumerated().map { number, name in
            RosterRow(
                line: number + 2,
                draft: MemberDraft(
                    aisId: "\(code.region)\(number)",
                    name: PersonName(last: name.last, first: name.first, patronymic: "Петровна"),
                    birthDate: CalendarDate(day: 4000 + number),
                    sex: .female,
                    category: .working,
                    organisation: code,
                    joinDate: CalendarDate(day: 12_000),
                    phone: nil,
                    email: nil,
                    legacyNumber: nil,
                    status: .active,
                    consents: [
                        Consent(purpose: .register, isGiven: true),
                        Consent(purpose: .cardProduction, isGiven: true),
                    ]
                ),
                issues: []
            )
        }
        _ = try RosterImport(service.register)
            .take(rows, hash: [UInt8](repeating: 1, count: 32), by: service.admin)
        return try service.register.read { session in
            try session.all(
                "SELECT id FROM member WHERE organisation = $1 ORDER BY id",
                [.integer(code.ordinal)]
            ) { $0.integer(0) }
        }
    }
}

extension TestService {
    func orders() throws -> Int64 {
        try register.read {
            try $0.first("SELECT count(*) FROM card_order", []) { $0.integer(0) } ?? 0
        }
    }
}
