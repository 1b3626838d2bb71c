import Registry
import UnionTicket

/// "Посылки": parcels of cards, their receipt, and the signed list of who got a card.
struct ParcelPages: Sendable {
    let door: DeskDoor
    let handOutList: HandOutListPrinter?

    private static let most = 300
    private static let place = "/desk/parcels/{batch}/{number}"

    var routes: [Route] {
        [
            door.page("/desk/parcels", [.handOut], query: ["state"], list),
            door.page(Self.place, [.handOut]) { try show($0, try Self.parcel($0)) },
            door.action(Self.place + ":receive", [.handOut], receive),
            door.action(Self.place + ":handout", [.handOut], record),
            door.page(Self.place + "/sheet", [.handOut], sheet),
        ]
    }

    /// Which parcel an address means.
    private struct Place {
        let batch: Int64
        let number: Int
        var path: String { "/desk/parcels/\(batch)/\(number)" }
    }

    private static func parcel(_ visit: DeskVisit) throws -> Place {
        Place(
            batch: try visit.call.number("batch", 1...Int64(Int32.max)),
            number: Int(try visit.call.number("number", 1...Int64(Int32.max)))
        )
    }

    private func list(_ visit: DeskVisit) throws -> Answer {
        let chosen = visit.call.query["state"] ?? ""
        let state = ParcelState(rawValue: chosen)
        guard state != nil || chosen.isEmpty else { throw Problem.notFound }
        let found = try ParcelDesk(visit.register)
            .list(state: state, limit: Self.most + 1, by: visit.user)
        let shown = found.prefix(Self.most)
        let names = try OrganisationTree(visit.register).names(of: shown.map(\.organisation))
        let rows = shown.map { parcel -> HTML in
            """
            <tr><td class="num"><a href="/desk/parcels/\(parcel.batch)/\(parcel.number)">\(parcel.name)</a></td>
            <td><span class="code">\("\(parcel.organisation)")</span> \(names[parcel.organisation] ?? "")</td>
            <td class="num">\(parcel.places.count)</td>
            <td><span class="state \(parcel.state.rawValue)">\(visit.language.pick(DeskWords.parcel(parcel.state)))</span></td>
            <td class="num">\(parcel.shippedAt?.moscowDate.russian ?? "")</td>
            <td class="num">\(parcel.primaryAt?.moscowDate.russian ?? "")</td></tr>
            """
        }
        let states =
            [("", visit.say("все", "all"))]
            + ParcelState.allCases.map { ($0.rawValue, visit.language.pick(DeskWords.parcel($0))) }
        let table: HTML =
            rows.isEmpty
            ? "<p class=\"note\">\(visit.say("Посылок нет.", "No parcels."))</p>"
            : """
            <div class="wide"><table class="list"><thead><tr><th>\(visit.say("Посылка", "Parcel"))</th>
            <th>\(visit.say("Организация", "Organisation"))</th><th>\(visit.say("Карт", "Cards"))</th>
            <th>\(visit.say("Состояние", "State"))</th><th>\(visit.say("Отправлена", "Sent"))</th>
            <th>\(visit.say("Принята", "Received"))</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
        let rest: HTML =
            found.count <= Self.most
            ? .none
            : """
            <p class="note">\(visit.say(
                "Показаны первые \(Self.most): выберите состояние.",
                "The first \(Self.most) only: choose a state."
            ))</p>
            """
        return door.frame.page(
            DeskFrame.Section.parcels.title(visit),
            in: .parcels,
            visit,
            """
            <h1>\(visit.say("Посылки с картами", "Parcels of cards"))</h1>
            <form class="bar" method="get" action="/desk/parcels">
            \(DeskField.choice("state", visit.say("Состояние", "State"), states, chosen: chosen))
            <button class="quiet">\(visit.say("Показать", "Show"))</button></form>
            \(rest)\(table)
            """
        )
    }

    private func receive(_ visit: DeskVisit) throws -> Answer {
        let place = try Self.parcel(visit)
        let outcome: ParcelDesk.Outcome
        do {
            guard let counted = ParcelDesk.Place(rawValue: visit.form["at"]) else {
                throw FieldFault("cards", "Форма испорчена.", "The form is damaged.")
            }
            guard let cards = try visit.count("cards") else {
                throw FieldFault(
                    "cards",
                    "Пересчитайте карты и впишите число.",
                    "Count the cards and enter the number."
                )
            }
            let missing = visit.form.all("missing").joined(separator: "\n")
                .split(whereSeparator: \.isNewline)
                .map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
            outcome = try ParcelDesk(visit.register).receive(
                .some([(place.batch, place.number)]),
                .init(counted, cards: cards, missing: missing),
                by: visit.user
            )
        } catch let fault as FieldFault {
            return try show(visit, place, fault: fault)
        } catch let error as RegisterError where error.code == .refused || error.code == .badInput {
            return try show(visit, place, fault: FieldFault("cards", error.message))
        }
        let isNothingNew = outcome.known > 0 && outcome.cards == 0 && outcome.lost == 0
        let note = visit.say(
            isNothingNew
                ? "Посылка была принята раньше."
                : "Посылка принята: \(DeskWords.count(outcome.cards, "карта", "карты", "карт")), "
                    + "введено в действие \(outcome.activated), утрачено \(outcome.lost).",
            isNothingNew
                ? "The parcel was received before."
                : "Received: \(outcome.cards) cards, \(outcome.activated) came into force, "
                    + "\(outcome.lost) lost."
        )
        return try show(visit, place, note: "<p class=\"note good\" role=\"status\">\(note)</p>")
    }

    /// The signed list: those ticked signed, or all but those ticked.
    private func record(_ visit: DeskVisit) throws -> Answer {
        let place = try Self.parcel(visit)
        let cards = visit.form.all("card")
        let outcome: HandOutBook.Outcome
        do {
            let day = try visit.day("day")
            let book = HandOutBook(visit.register)
            switch visit.form["who"] {
            case "except":
                outcome = try book.record(
                    parcel: place.batch,
                    place.number,
                    except: cards,
                    on: day,
                    by: visit.user
                )
            case "ticked":
                guard !cards.isEmpty else {
                    throw FieldFault(
                        "day",
                        "Никто не отмечен: отметьте, кто расписался.",
                        "Nobody is ticked: tick who signed."
                    )
                }
                let items = cards.enumerated().map {
                    HandOutBook.Item(line: $0 + 1, reference: $1, day: day)
                }
                let document = "\(place.batch)/\(place.number)"
                outcome = try book.record(.init(.list, document: document), by: visit.user) {
                    var rest = [items]
                    return { rest.popLast() ?? [] }
                }
            default: throw FieldFault("day", "Форма испорчена.", "The form is damaged.")
            }
        } catch let fault as FieldFault {
            return try show(visit, place, fault: fault)
        } catch let error as RegisterError where error.code == .refused {
            return try show(visit, place, fault: FieldFault("day", error.message))
        }
        return try show(visit, place, note: Self.told(outcome, visit))
    }

    /// What a list did.
    private static func told(_ outcome: HandOutBook.Outcome, _ visit: DeskVisit) -> HTML {
        let done = visit.say(
            "Выдача записана: \(DeskWords.count(outcome.done, "карта", "карты", "карт")). "
                + "Записано раньше: \(outcome.known). Введено в действие: \(outcome.activated).",
            "Recorded: \(outcome.done). Before: \(outcome.known). Came into force: "
                + "\(outcome.activated)."
        )
        let items = outcome.refused.prefix(100).map { refusal -> HTML in
            "<li><span class=\"num\">\(refusal.card)</span> \(visit.words(refusal.reason))</li>"
        }
        let refused: HTML =
            items.isEmpty
            ? .none
            : """
            <div class="note bad" role="alert"><p>\(visit.say(
                "Не записано: \(outcome.refused.count)",
                "Not recorded: \(outcome.refused.count)"
            ))</p><ul>\(items)</ul></div>
            """
        return "<p class=\"note good\" role=\"status\">\(done)</p>\(refused)"
    }

    private func sheet(_ visit: DeskVisit) throws -> Answer {
        let place = try Self.parcel(visit)
        guard let handOutList else { throw Problem.notFound }
        let bytes = try handOutList(place.batch, place.number, visit.user)
        return .bytes(
            bytes,
            "application/pdf",
            headers: [
                (
                    "Content-Disposition",
                    "inline; filename=\"handout-\(place.batch)-\(place.number).pdf\""
                ),
                ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
            ]
        )
    }
}

// One parcel's page.
extension ParcelPages {
    private func show(
        _ visit: DeskVisit,
        _ place: Place,
        note: HTML = .none,
        fault: FieldFault? = nil
    ) throws -> Answer {
        let waiting = try ParcelDesk(visit.register).waiting(
            place.batch,
            place.number,
            by: visit.user
        )
        let parcel = waiting.parcel
        let isHere = parcel.primaryAt != nil
        let isComing =
            parcel.state == .shipped || parcel.state == .atRegion || waiting.isComing
        let print: HTML =
            handOutList == nil || waiting.cards.isEmpty
            ? .none
            : """
            <a class="button quiet" href="\(place.path)/sheet" target="_blank" rel="noopener">\
            \(visit.say("Ведомость для подписей, PDF", "List to sign, PDF"))</a>
            """
        return door.frame.page(
            visit.say("Посылка \(parcel.name)", "Parcel \(parcel.name)"),
            in: .parcels,
            visit,
            status: fault == nil ? 200 : 422,
            """
            <h1>\(visit.say("Посылка", "Parcel")) \(parcel.name)</h1>
            \(note)
            <dl class="facts">
            <div><dt>\(visit.say("Организация", "Organisation"))</dt><dd>\("\(parcel.organisation)") \(waiting.name)</dd></div>
            <div><dt>\(visit.say("Состояние", "State"))</dt><dd>\(visit.language.pick(DeskWords.parcel(parcel.state)))</dd></div>
            <div><dt>\(visit.say("Карт в посылке", "Cards"))</dt><dd>\(parcel.places.count)</dd></div>
            <div><dt>\(visit.say("Ждут выдачи", "Waiting"))</dt><dd>\(waiting.cards.count)</dd></div>
            </dl>
            <p class="row">\(print)</p>
            \(isComing ? Self.receipt(visit, place, fault) : .none)
            \(waiting.cards.isEmpty
                ? "<p class=\"note\">\(visit.say("Карт, которые ждут выдачи, нет.", "No card waits for its hand-out."))</p>"
                : Self.people(visit, place, waiting, fault, isHere: isHere))
            """
        )
    }

    private static func receipt(_ visit: DeskVisit, _ place: Place, _ fault: FieldFault?) -> HTML {
        let isRegion = visit.user.scope.isAtOrAboveRegion
        let at: HTML =
            isRegion
            ? DeskField.choice(
                "at",
                visit.say("Где пересчитана", "Counted at"),
                [
                    ("region", visit.say("в регионе", "the region")),
                    ("primary", visit.say("в первичной организации", "the primary organisation")),
                ],
                chosen: visit.form["at"]
            )
            : "<input type=\"hidden\" name=\"at\" value=\"primary\">"
        let cards = DeskField(
            name: "cards",
            label: visit.say("Сколько карт насчитано", "Cards counted"),
            value: visit.form["cards"],
            more:
                "class=\"short\" inputmode=\"numeric\" maxlength=\"7\" autocomplete=\"off\" required",
            fault: fault
        )
        return """
            <form class="card" method="post" action="\(place.path):receive">\(visit.key)
            <h2>\(visit.say("Принять посылку", "Receive the parcel"))</h2>
            <div class="bar">\(cards.html(visit.language))\(at)</div>
            <div class="field"><label for="missing">\(visit.say(
                "Каких карт не хватает: номер в строке",
                "Cards that are missing: a number a line"
            ))</label>
            <textarea id="missing" name="missing" rows="2">\(visit.form.all("missing").joined(separator: "\n"))</textarea></div>
            <button>\(visit.say("Принять", "Receive"))</button></form>
            """
    }

    private static func people(
        _ visit: DeskVisit,
        _ place: Place,
        _ waiting: ParcelDesk.Waiting,
        _ fault: FieldFault?,
        isHere: Bool
    ) -> HTML {
        let ticked = Set(visit.form.all("card"))
        let rows = waiting.cards.enumerated().map { number, card -> HTML in
            let digits = card.carrier.digits
            let box: HTML =
                isHere
                ? """
                <td class="tick"><input type="checkbox" id="c\(digits)" name="card" value="\(digits)" \
                \("checked", if: ticked.contains(digits))></td>
                """
                : .none
            return """
                <tr>\(box)<td class="num">\(number + 1)</td><td><label for="c\(digits)">\(card.name.full)</label></td>
                <td class="num">\(card.carrier.ticket.printed)</td>
                <td class="num">\(card.carrier.issue > 1 ? "\(card.carrier.issue)" : "")</td></tr>
                """
        }
        let tick: HTML = """
            <th class="tick"><input type="checkbox" data-all="card" \
            aria-label="\(visit.say("Отметить всех", "Tick all"))" hidden></th>
            """
        let table: HTML = """
            <div class="wide"><table class="list"><thead><tr>\(isHere ? tick : .none)<th>№</th>
            <th>\(visit.say("Фамилия, имя, отчество", "Name"))</th><th>\(visit.say("Номер билета", "Ticket"))</th>
            <th>\(visit.say("Экз.", "Issue"))</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
        guard isHere else { return table }
        let day = DeskField.day(visit, fault)
        let who = visit.form["who"]
        return """
            <form method="post" action="\(place.path):handout">\(visit.key)
            <h2>\(visit.say("Подписанная ведомость", "The signed list"))</h2>
            \(table)
            <div class="bar sticky">
            \(day.html(visit.language))
            \(DeskField.choice(
                "who",
                visit.say("Кто расписался", "Who signed"),
                [
                    ("ticked", visit.say("отмеченные", "those ticked")),
                    ("except", visit.say("все, кроме отмеченных", "all but those ticked")),
                ],
                chosen: who
            ))
            <button>\(visit.say("Записать выдачу", "Record the hand-out"))</button>
            <output data-count="card" aria-live="polite"></output>
            </div></form>
            """
    }
}

extension OrganisationCode {
    /// Whether a region or the whole union is this person's.
    fileprivate var isAtOrAboveRegion: Bool { self == regional || self == .centralCouncil }
}
