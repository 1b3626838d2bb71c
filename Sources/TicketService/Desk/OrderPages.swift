import Registry
import UnionTicket

/// "Заявки": the orders of a subtree and how far they are; what is not in a batch yet can be taken back.
struct OrderPages: Sendable {
    let door: DeskDoor

    private static let step: Int64 = 50

    var routes: [Route] {
        [
            door.page("/desk/orders", [.order], query: ["state", "cursor"]) { try show($0) },
            door.action("/desk/orders/{id}:cancel", [.order], cancel),
        ]
    }

    private func cancel(_ visit: DeskVisit) throws -> Answer {
        let id = try visit.call.number("id", 1...Int64.max)
        let why = visit.form["why"]
        guard (1...200).contains(why.unicodeScalars.count) else {
            let note = visit.say(
                "Заявка \(id): напишите, почему отзываете.",
                "Order \(id): say why you take it back."
            )
            return try show(visit, Self.note("bad", note), status: 422)
        }
        let outcome = try OrderBook(visit.register)
            .move(.orders([id]), to: .cancelled, reason: why, by: visit.user)
        if let refused = outcome.refused.first {
            let note = visit.say(
                "Заявка \(id) не отозвана: \(refused.reason.russian).",
                "Order \(id) was not taken back: \(refused.reason.english)."
            )
            return try show(visit, Self.note("bad", note), status: 409)
        }
        let note = visit.say("Заявка \(id) отозвана.", "Order \(id) was taken back.")
        return try show(visit, Self.note("good", note))
    }

    private static func note(_ kind: String, _ text: String) -> HTML {
        "<p class=\"note \(kind)\" role=\"\(kind == "bad" ? "alert" : "status")\">\(text)</p>"
    }

    private func show(
        _ visit: DeskVisit,
        _ note: HTML = .none,
        status: Int = 200
    ) throws -> Answer {
        let cursor = Cursor(visit.call)
        let state = try visit.call.query["state"].flatMap { $0.isEmpty ? nil : $0 }.map { text in
            guard let state = OrderState(rawValue: text) else { throw Problem.notFound }
            return state
        }
        let page = try OrderBook(visit.register).page(
            before: try cursor.place(visit.call.query["cursor"]).flatMap { Int64($0) },
            state: state,
            organisation: nil,
            limit: Int(Self.step),
            by: visit.user
        )
        let names =
            visit.user.permits(.readMembers) && !page.isEmpty
            ? try MemberFile(visit.register)
                .names(of: page.map(\.order.member), reason: "orders", by: visit.user)
            : [:]
        let next: HTML =
            if page.count == Int(Self.step), let last = page.last {
                """
                <p class="row pages"><a class="button quiet" rel="next" \
                href="/desk/orders?state=\(state?.rawValue ?? "")&cursor=\(cursor.text(after: "\(last.order.id)"))">\
                \(visit.say("Следующие", "Next"))</a></p>
                """
            } else {
                .none
            }
        let states =
            [("", visit.say("все", "all"))]
            + OrderState.allCases.map { ($0.rawValue, visit.language.pick(DeskWords.order($0))) }
        return door.frame.page(
            DeskFrame.Section.orders.title(visit),
            in: .orders,
            visit,
            status: status,
            """
            <h1>\(visit.say("Заявки на карты", "Orders of cards"))</h1>
            \(note)
            <form class="bar" method="get" action="/desk/orders">
            \(DeskField.choice("state", visit.say("Состояние", "State"), states, chosen: state?.rawValue ?? ""))
            <button class="quiet">\(visit.say("Показать", "Show"))</button></form>
            \(page.isEmpty ? "<p class=\"note\">\(visit.say("Заявок нет.", "No orders."))</p>" : Self.table(page, names, visit))
            \(next)
            """
        )
    }

    private static func table(
        _ page: [OrderBook.Listed],
        _ names: [Int64: PersonName],
        _ visit: DeskVisit
    ) -> HTML {
        let rows = page.map { row($0.order, names[$0.order.member], visit) }
        return """
            <div class="wide"><table class="list"><thead><tr><th>№</th>
            <th>\(visit.say("Фамилия, имя, отчество", "Name"))</th><th>\(visit.say("Организация", "Organisation"))</th>
            <th>\(visit.say("Причина", "Reason"))</th><th>\(visit.say("Состояние", "State"))</th>
            <th>\(visit.say("Подана", "Made on"))</th><th class="aside">\(visit.say("Отозвать", "Take back"))</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>
            """
    }

    private static func row(
        _ order: OrderBook.Order,
        _ name: PersonName?,
        _ visit: DeskVisit
    ) -> HTML {
        // What a batch has taken in is the card office's.
        let isFree = OrderState.beforeBatch.contains(order.state)
        let form: HTML =
            !isFree
            ? .none
            : """
            <details><summary>\(visit.say("Отозвать…", "Take back…"))</summary>
            <form method="post" action="/desk/orders/\(order.id):cancel">\(visit.key)
            <label for="why\(order.id)">\(visit.say("Почему", "Why"))</label>
            <input id="why\(order.id)" name="why" required maxlength="200" autocomplete="off">
            <button class="danger">\(visit.say("Отозвать заявку", "Take the order back"))</button></form></details>
            """
        return """
            <tr><td class="num">\(order.id)</td><td>\(name?.full ?? "—")</td>
            <td class="code">\("\(order.organisation)")</td><td>\(visit.language.pick(DeskWords.reason(order.reason)))</td>
            <td><span class="state \(order.state.rawValue)">\(visit.language.pick(DeskWords.order(order.state)))</span></td>
            <td class="num">\(order.createdAt.moscowDate.russian)</td><td class="aside">\(form)</td></tr>
            """
    }
}
