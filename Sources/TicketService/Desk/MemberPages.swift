import Registry
import UnionTicket

/// "Без карты": the members of a subtree who hold no card, whom a chair orders cards for.
struct MemberPages: Sendable {
    let door: DeskDoor

    private static let step = 50
    private static let query: Set<String> = ["organisation", "search", "cursor", "view"]

    var routes: [Route] {
        [
            door.page("/desk/members", [.readMembers], query: Self.query) { visit in
                visit.value("view") == "print" ? try printed(visit) : try show(visit)
            },
            door.action("/desk/members", [.order], order),
        ]
    }

    /// What an order did, to be said above the list.
    private struct Done {
        var note: HTML = .none
        var status = 200
        /// Why somebody got none, by the member's row.
        var refused: [Int64: String] = [:]
        /// Whom to tick again after a fault.
        var chosen: Set<Int64> = []
    }

    private func order(_ visit: DeskVisit) throws -> Answer {
        let members = visit.form.all("member").compactMap { Int64($0) }
        guard members.count == visit.form.all("member").count, members.count <= 2_000,
            let reason = Self.reason(visit.form["reason"])
        else { throw FieldFault("member", "Форма испорчена.", "The form is damaged.") }
        var done = Done()
        guard !members.isEmpty else {
            done.status = 422
            done.note = """
                <p class="note bad" role="alert">\(visit.say(
                    "Никто не отмечен: отметьте в списке, кому заказать карту.",
                    "Nobody is ticked: tick those to order a card for."
                ))</p>
                """
            return try show(visit, done)
        }
        let outcome = try OrderBook(visit.register).create(
            .members(members.map { "#\($0)" }),
            reason: reason,
            note: "desk",
            submitted: true,
            by: visit.user
        )
        for (subject, why) in outcome.refused {
            guard let id = Int64(subject.dropFirst()) else { continue }
            done.refused[id] = visit.say(why)
        }
        done.note = try Self.told(outcome, done.refused, visit)
        return try show(visit, done)
    }

    /// The reason a form names, or nil: each has the one that fits.
    private static func reason(_ text: String) -> OrderReason?? {
        if text.isEmpty { return .some(nil) }
        return OrderReason(rawValue: text).map { .some($0) }
    }

    private static func told(
        _ outcome: OrderBook.Outcome,
        _ refused: [Int64: String],
        _ visit: DeskVisit
    ) throws -> HTML {
        let names =
            refused.isEmpty
            ? [:]
            : try MemberFile(visit.register)
                .names(of: Array(refused.keys), reason: "order refused", by: visit.user)
        let made: HTML =
            outcome.done.isEmpty
            ? .none
            : """
            <p class="note good" role="status">\(visit.say(
                "Подано заявок: \(outcome.done.count).",
                "Orders submitted: \(outcome.done.count)."
            )) <a href="/desk/orders">\(visit.say("Посмотреть заявки", "See the orders"))</a></p>
            """
        let items = refused.keys.sorted().map { id -> HTML in
            "<li><b>\(names[id]?.full ?? "")</b> — \(refused[id] ?? "")</li>"
        }
        let not: HTML =
            items.isEmpty
            ? .none
            : """
            <div class="note bad" role="alert"><p>\(visit.say(
                "Не заказано: \(items.count)",
                "Not ordered: \(items.count)"
            ))</p><ul>\(items)</ul></div>
            """
        return "\(made)\(not)"
    }

    private func show(_ visit: DeskVisit, _ done: Done = Done()) throws -> Answer {
        var done = done
        var fault: FieldFault?
        var page: CardlessMembers.Page?
        do { page = try list(visit, limit: Self.step) } catch {
            fault = try Self.beside(error)
            done.status = 422
        }
        let content: HTML =
            if let page { table(page, visit, done) } else { .none }
        return door.frame.page(
            DeskFrame.Section.members.title(visit),
            in: .members,
            visit,
            status: done.status,
            """
            <h1>\(visit.say("Члены Профсоюза без карты", "Members without a card"))</h1>
            \(done.note)
            \(Self.search(visit, fault))
            \(content)
            """
        )
    }

    /// Faults that belong to a field; others are the page's.
    private static func beside(_ error: any Error) throws -> FieldFault {
        if let fault = error as? FieldFault { return fault }
        if let error = error as? RegisterError, error.code == .badInput {
            return FieldFault("search", error.message)
        }
        throw error
    }

    private func list(_ visit: DeskVisit, limit: Int) throws -> CardlessMembers.Page {
        let text = visit.value("search")
        guard text.unicodeScalars.count <= 200 else {
            throw FieldFault("search", "Слишком длинно.", "Too long.")
        }
        let after = try Self.cursor(visit).place(visit.call.query["cursor"]).flatMap { Int64($0) }
        return try CardlessMembers(visit.register).page(
            of: try visit.organisation(),
            matching: text,
            after: after,
            limit: limit,
            by: visit.user
        )
    }

    private static func cursor(_ visit: DeskVisit) -> Cursor { Cursor(visit.call) }

    private static func search(_ visit: DeskVisit, _ fault: FieldFault?) -> HTML {
        let place = DeskField(
            name: "organisation",
            label: visit.say("Организация", "Organisation"),
            value: visit.value("organisation"),
            hint: visit.user.scope == .centralCouncil
                ? visit.say("Код, например 26-001-0001", "A code, 26-001-0001 for one")
                : visit.say(
                    "Пусто — вся ваша \(visit.user.scope)",
                    "Empty is all of \(visit.user.scope)"
                ),
            more: "class=\"short\" maxlength=\"16\" autocomplete=\"off\"",
            fault: fault
        )
        let text = DeskField(
            name: "search",
            label: visit.say("Кого найти", "Whom to find"),
            value: visit.value("search"),
            type: "search",
            hint: visit.say("Фамилия, имя или ИД АИС", "Name or АИС identifier"),
            more: "maxlength=\"200\" autocomplete=\"off\"",
            fault: fault
        )
        return """
            <form class="bar" method="get" action="/desk/members" role="search">
            \(text.html(visit.language))\(place.html(visit.language))
            <button class="quiet">\(visit.say("Найти", "Find"))</button>
            </form>
            """
    }

    private func table(_ page: CardlessMembers.Page, _ visit: DeskVisit, _ done: Done) -> HTML {
        guard !page.entries.isEmpty else {
            return """
                <p class="note">\(visit.say(
                    "Здесь никого: у всех найденных карта есть или изготавливается.",
                    "Nobody here: all have a card, or one is being made."
                ))</p>
                """
        }
        let mayOrder = visit.user.permits(.order)
        let rows = page.entries.map { Self.row($0, visit, done, mayOrder: mayOrder) }
        let head = Self.head(visit, mayOrder: mayOrder)
        let total =
            page.total.map {
                visit.say(
                    "Всего без карты: \(DeskWords.count($0, "человек", "человека", "человек")).",
                    "Without a card: \($0)."
                )
            }
            ?? visit.say(
                "Здесь больше \(CardlessMembers.sortable) человек; порядок — как в реестре.",
                "More than \(CardlessMembers.sortable) people, in the order of the register."
            )
        let way = Self.way(visit)
        let next: HTML =
            if let next = page.next {
                """
                <a class="button quiet" rel="next" href="\(way)&cursor=\(Self.cursor(visit).text(after: "\(next)"))">\
                \(visit.say("Следующие", "Next"))</a>
                """
            } else {
                .none
            }
        return """
            <form method="post" action="/desk/members">\(visit.key)
            <input type="hidden" name="organisation" value="\(visit.value("organisation"))">
            <input type="hidden" name="search" value="\(visit.value("search"))">
            <p class="words">\(total)</p>
            <div class="wide"><table class="list">\(head)<tbody>\(rows)</tbody></table></div>
            \(mayOrder ? Self.ordering(visit) : .none)
            <p class="row pages">\(next)
            <a class="button quiet" href="\(way)&view=print">\(visit.say("Список для печати", "List to print"))</a></p>
            </form>
            """
    }

    private static func way(_ visit: DeskVisit) -> String {
        "/desk/members?organisation=\(DeskRoutes.encoded(visit.value("organisation")))"
            + "&search=\(DeskRoutes.encoded(visit.value("search")))"
    }

    private static func head(_ visit: DeskVisit, mayOrder: Bool) -> HTML {
        let all: HTML = """
            <th class="tick"><input type="checkbox" data-all="member" \
            aria-label="\(visit.say("Отметить всех на странице", "Tick all on this page"))" hidden></th>
            """
        return """
            <thead><tr>\(mayOrder ? all : .none)<th>\(visit.say("Фамилия, имя, отчество", "Name"))</th>
            <th>\(visit.say("Дата рождения", "Born"))</th><th>\(visit.say("Организация", "Organisation"))</th>
            <th>\(visit.say("ИД АИС", "АИС id"))</th><th>\(visit.say("Состояние", "State"))</th></tr></thead>
            """
    }

    private static func row(
        _ entry: CardlessMembers.Entry,
        _ visit: DeskVisit,
        _ done: Done,
        mayOrder: Bool
    ) -> HTML {
        let isFree = entry.obstacle == nil || entry.hadCard && entry.openOrder == nil
        let state: HTML =
            if let why = done.refused[entry.id] {
                "<span class=\"fault\">\(why)</span>"
            } else if let order = entry.openOrder {
                "<a href=\"/desk/orders\">\(visit.say("заявка \(order)", "order \(order)"))</a>"
            } else if let why = entry.obstacle {
                "<span class=\"hint\">\(visit.words(why))</span>"
            } else {
                "\(entry.hadCard ? visit.say("была карта", "had a card") : "")"
            }
        let box: HTML = """
            <td class="tick"><input type="checkbox" id="m\(entry.id)" name="member" value="\(entry.id)" \
            \("disabled", if: !isFree) \("checked", if: done.chosen.contains(entry.id))></td>
            """
        return """
            <tr>\(mayOrder ? box : .none)<td><label for="m\(entry.id)">\(entry.name.full)</label></td>
            <td class="num">\(entry.birthDate.russian)</td><td class="code">\("\(entry.organisation)")</td>
            <td class="num">\(entry.aisId ?? "—")</td><td>\(state)</td></tr>
            """
    }

    private static func ordering(_ visit: DeskVisit) -> HTML {
        let byCard = visit.say("первая или по прежней карте", "first, or by the old card")
        let reasons =
            [("", byCard)]
            + OrderReason.allCases.map { ($0.rawValue, visit.language.pick(DeskWords.reason($0))) }
        return """
            <div class="bar sticky">
            \(DeskField.choice("reason", visit.say("Почему нужна карта", "Why a card is needed"), reasons, chosen: visit.form["reason"]))
            <button>\(visit.say("Заказать карты отмеченным", "Order cards for those ticked"))</button>
            <output data-count="member" aria-live="polite"></output>
            </div>
            """
    }

    /// Everybody of a small organisation on paper.
    private func printed(_ visit: DeskVisit) throws -> Answer {
        let page = try list(visit, limit: CardlessMembers.sortable)
        let place = try visit.organisation() ?? visit.user.scope
        let name = try OrganisationTree(visit.register).find(place)?.name ?? ""
        let rows = page.entries.enumerated().map { number, entry -> HTML in
            """
            <tr><td class="num">\(number + 1)</td><td>\(entry.name.full)</td>
            <td class="num">\(entry.birthDate.russian)</td><td class="code">\("\(entry.organisation)")</td>
            <td class="num">\(entry.aisId ?? "—")</td><td></td></tr>
            """
        }
        let rest: HTML =
            page.next == nil
            ? .none
            : """
            <p class="note bad">\(visit.say(
                "Показаны первые \(page.entries.count). Выберите организацию поменьше.",
                "The first \(page.entries.count) only. Choose a smaller organisation."
            ))</p>
            """
        return door.frame.page(
            visit.say("Список без карты", "List without a card"),
            in: .members,
            visit,
            """
            <h1>\(visit.say("Члены Профсоюза без карты", "Members without a card"))</h1>
            <p class="words">\("\(place)") \(name) · \(visit.say("на", "as of")) \(visit.today.russian) · \
            \(visit.say("всего", "in all")) \(page.entries.count)</p>
            <p class="row aside"><button type="button" data-print hidden>\(visit.say("Печать", "Print"))</button>
            <a class="button quiet" href="\(Self.way(visit))">\(visit.say("Назад к списку", "Back to the list"))</a></p>
            \(rest)
            <table class="list paper"><thead><tr><th>№</th><th>\(visit.say("Фамилия, имя, отчество", "Name"))</th>
            <th>\(visit.say("Дата рождения", "Born"))</th><th>\(visit.say("Организация", "Organisation"))</th>
            <th>\(visit.say("ИД АИС", "АИС id"))</th><th>\(visit.say("Отметка", "Mark"))</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            """
        )
    }
}
