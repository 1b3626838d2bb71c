import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// Parcels and hand-outs, for operators and for cabinets within their subtree (production.md § 3).
struct DeliveryRoutes: RouteGroup {
    private static let access = Route.Access.clients([.operator, .cabinet])

    var routes: [Route] {
        [
            .get(
                "/v1/parcels",
                Self.access,
                query: ["batch", "state", "cursor", "limit"],
                list
            ),
            .write(.post, "/v1/parcels:receive", Self.access, receive),
            .write(.post, "/v1/hand-outs", Self.access, body: .json(atMost: 1 << 20), handOut),
        ]
    }

    @Sendable private func list(_ call: Call) throws -> Answer {
        let cursor = Cursor(call)
        let limit = Int(try call.queryNumber("limit", 1...1000, standard: 100))
        let batch = try call.queryNumber("batch", 0...Int64.max, standard: 0)
        let found = try ParcelDesk(call.register).list(
            batch: batch == 0 ? nil : batch,
            state: try call.queryChoice("state", of: ParcelState.self),
            after: try cursor.place(call.query["cursor"]).flatMap(Self.place) ?? (0, 0),
            limit: limit + 1,
            by: call.user
        )
        let page = found.prefix(limit)
        let next = found.count > limit ? page.last?.name : nil
        return .json([
            "parcels": .array(page.map(Self.json)),
            "next": .optional(next.map { cursor.text(after: $0) }),
        ])
    }

    @Sendable private func receive(_ call: Call) throws -> Answer {
        let (selection, count) = try call.object { fields in
            let batch = try fields.optionalInteger("batch", 1...Int64.max)
            let selection: ParcelDesk.Selection =
                if let batch {
                    .all(batch: batch)
                } else {
                    .some(try fields.array("parcels", 1...1000, Self.reference))
                }
            let cards = try fields.optionalInteger("cards", 0...100_000)
            let missing =
                try fields.value("missing") == nil
                ? [] : fields.array("missing", 1...1000) { try JSONFields.text($0, 1...64, at: $1) }
            return (
                selection,
                ParcelDesk.Count(
                    try fields.choice("at", of: ParcelDesk.Place.self),
                    cards: cards.map { Int($0) },
                    missing: missing
                )
            )
        }
        let outcome = try ParcelDesk(call.register).receive(selection, count, by: call.user)
        return .json([
            "parcels": .int(outcome.parcels), "known": .int(outcome.known),
            "cards": .int(outcome.cards), "activated": .int(outcome.activated),
            "lost": .int(outcome.lost),
        ])
    }

    @Sendable private func handOut(_ call: Call) throws -> Answer {
        let (items, basis) = try call.object { fields in
            (
                try fields.array("cards", 1...1000, Self.item),
                HandOutBook.Basis(
                    .list,
                    document: try fields.optionalText("document", 1...100) ?? "",
                    isAllOrNothing: try fields.optionalFlag("allOrNothing") ?? false
                )
            )
        }
        let outcome = try HandOutBook(call.register).record(basis, by: call.user) {
            var rest = [items]
            return { rest.popLast() ?? [] }
        }
        return .json([
            "recorded": .int(outcome.done), "known": .int(outcome.known),
            "activated": .int(outcome.activated), "ended": .int(outcome.ended),
            "refused": .array(
                outcome.refused.map {
                    [
                        "place": .int($0.line), "card": .text($0.card),
                        "message": [
                            "ru": .text($0.reason.russian), "en": .text($0.reason.english),
                        ],
                    ]
                }
            ),
        ])
    }

    private static func item(_ value: JSON, _ path: String) throws -> HandOutBook.Item {
        let place = Int(path.split(separator: "/").last ?? "").map { $0 + 1 } ?? 0
        return try JSONFields.object(value, at: path) { fields in
            HandOutBook.Item(
                line: place,
                reference: try fields.text("carrier", 1...1024),
                day: try fields.optionalParsed("handedOutOn", "yyyy-mm-dd") {
                    CalendarDate(iso: $0)
                }
            )
        }
    }

    /// `BATCH/NUMBER`, as it stands on waybills.
    private static func reference(
        _ value: JSON,
        _ path: String
    ) throws -> (batch: Int64, number: Int) {
        guard let place = Self.place(try JSONFields.text(value, 1...32, at: path)) else {
            throw Problem.badField(
                path,
                "Посылка — ПАРТИЯ/НОМЕР, как на накладной.",
                "A parcel is BATCH/NUMBER, as on its waybill."
            )
        }
        return place
    }

    private static func place(_ name: String) -> (batch: Int64, number: Int)? {
        let parts = name.split(separator: "/")
        guard parts.count == 2, let batch = Int64(parts[0]), let number = Int(parts[1]), batch > 0,
            number > 0
        else { return nil }
        return (batch, number)
    }

    private static func json(_ parcel: ParcelDesk.Parcel) -> JSON {
        [
            "parcel": .text(parcel.name), "organisation": .text("\(parcel.organisation)"),
            "cards": .int(parcel.places.count), "state": .text(parcel.state.rawValue),
            "shippedAt": .optional(parcel.shippedAt?.rfc3339),
            "atRegionSince": .optional(parcel.regionAt?.rfc3339),
            "atPrimarySince": .optional(parcel.primaryAt?.rfc3339),
        ]
    }
}
