import Registry
import UnionTicket

/// "Выдача": cards scanned one by one as they are handed over; a scanner types into the field.
struct HandOutPages: Sendable {
    let door: DeskDoor

    var routes: [Route] {
        [
            door.page("/desk/handout", [.handOut]) { page($0, .none, fault: nil, count: 0) },
            door.action("/desk/handout", [.handOut], record),
        ]
    }

    private func record(_ visit: DeskVisit) throws -> Answer {
        let before = min(max(0, Int(visit.form["count"]) ?? 0), 1_000_000)
        let scanned: HandOutBook.Scanned
        do {
            let card = visit.form["card"]
            guard !card.isEmpty else {
                throw FieldFault(
                    "card",
                    "Отсканируйте код карты или введите номер.",
                    "Scan the card's code or type its number."
                )
            }
            guard card.utf8.count <= 4_096 else {
                throw FieldFault("card", "Это не код карты.", "This is no card's code.")
            }
            scanned = try HandOutBook(visit.register)
                .scan(card, on: try visit.day("day"), by: visit.user)
        } catch let fault as FieldFault {
            return page(visit, .none, fault: fault, count: before)
        }
        let outcome = scanned.outcome
        if let refusal = outcome.refused.first {
            let fault = FieldFault("card", refusal.reason)
            return page(visit, .none, fault: fault, count: before)
        }
        let words =
            outcome.done > 0
            ? visit.say("Выдана", "Handed out")
            : visit.say("Уже была выдана", "Was handed out before")
        let ended: HTML =
            outcome.ended == 0
            ? .none
            : "<span>\(visit.say("Прежняя карта больше не действует.", "The older card is no longer valid."))</span>"
        let note: HTML = """
            <p class="note big \(outcome.done > 0 ? "good" : "known")" role="status">
            <span>\(words)</span><b>\(scanned.name?.full ?? "")</b>\(ended)</p>
            """
        return page(visit, note, fault: nil, count: before + outcome.done)
    }

    private func page(
        _ visit: DeskVisit,
        _ note: HTML,
        fault: FieldFault?,
        count: Int
    ) -> Answer {
        let card = DeskField(
            name: "card",
            label: visit.say("Код или номер карты", "The card's code or number"),
            // A refused number is there to be corrected; a scanner's text would only be in the way.
            value: fault?.field == "day" || visit.form["card"].utf8.count <= 24 && fault != nil
                ? visit.form["card"] : "",
            hint: visit.say(
                "Наведите сканер на QR или штрихкод карты: он введёт код сам",
                "Point the scanner at the card's QR or bar code: it types the code itself"
            ),
            more: """
                class="scan" required maxlength="4096" autocomplete="off" spellcheck="false" \
                data-select autofocus
                """,
            fault: fault
        )
        let day = DeskField.day(visit, fault)
        let done: HTML =
            count == 0
            ? .none
            : """
            <p class="words">\(visit.say(
                "Записано на этой странице: \(count)",
                "Recorded on this page: \(count)"
            ))</p>
            """
        return door.frame.page(
            DeskFrame.Section.handout.title(visit),
            in: .handout,
            visit,
            status: fault == nil ? 200 : 422,
            """
            <h1>\(visit.say("Выдача карт", "Hand-out of cards"))</h1>
            \(note)
            <form class="card" method="post" action="/desk/handout">\(visit.key)
            <input type="hidden" name="count" value="\(count)">
            \(card.html(visit.language))
            \(day.html(visit.language))
            <button>\(visit.say("Записать выдачу", "Record the hand-out"))</button>
            </form>
            \(done)
            <p class="words">\(visit.say(
                "Подписанную ведомость вносят на странице посылки.",
                "A signed list is entered on its parcel's page."
            )) <a href="/desk/parcels?state=atPrimary">\(visit.say("Принятые посылки", "Parcels received"))</a></p>
            """
        )
    }
}
