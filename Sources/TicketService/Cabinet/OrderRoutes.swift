import HTTPTypes
import Registry
import UnionTicket

/// Orders of plastic cards for cabinets.
struct OrderRoutes: RouteGroup {
    private static let access = Route.Access.clients([.cabinet])

    var routes: [Route] {
        [
            .write(.post, "/v1/orders", Self.access, create),
            .get(
                "/v1/orders",
                Self.access,
                query: ["cursor", "limit", "state", "organisation"],
                list
            ),
            .get("/v1/orders/{id}", Self.access, show),
        ]
    }

    @Sendable private func create(_ call: Call) throws -> Answer {
        let wish = try call.object { fields in
            (
                members: try fields.array("members", 1...500) {
                    try JSONFields.text($0, 1...64, at: $1)
                },
                reason: try fields.optionalChoice("reason", of: OrderReason.self),
                note: try fields.optionalText("note", 0...200) ?? ""
            )
        }
        let done = try OrderBook(call.register).create(
            each: wish.members,
            reason: wish.reason,
            note: wish.note,
            by: call.user
        )
        let document: JSON = [
            "orders": .array(done.made.map(Self.json)),
            "refused": .array(
                done.refused.map {
                    [
                        "aisId": .text($0.subject),
                        "message": [
                            "ru": .text($0.reason.russian), "en": .text($0.reason.english),
                        ],
                    ]
                }
            ),
        ]
        guard done.made.count == 1, done.refused.isEmpty, let order = done.made.first?.order else {
            return .json(document, status: done.made.isEmpty ? 200 : 201)
        }
        return .created(document, at: "/v1/orders/\(order.id)")
    }

    @Sendable private func list(_ call: Call) throws -> Answer {
        let cursor = Cursor(call)
        let limit = Int(try call.queryNumber("limit", 1...1000, standard: 100))
        let page = try OrderBook(call.register).page(
            before: try cursor.place(call.query["cursor"]).flatMap { Int64($0) },
            state: try call.queryChoice("state", of: OrderState.self),
            organisation: try call.queryOrganisation(),
            limit: limit,
            by: call.user
        )
        let next = page.count == limit ? page.last?.order.id : nil
        return .json([
            "orders": .array(page.map(Self.json)),
            "next": .optional(next.map { cursor.text(after: "\($0)") }),
        ])
    }

    @Sendable private func show(_ call: Call) throws -> Answer {
        let found = try OrderBook(call.register)
            .show(try call.number("id", 1...Int64.max), by: call.user)
        return .json(
            Self.json(
                found.listed,
                [
                    .init(
                        name: "steps",
                        value: .array(
                            found.steps.map {
                                [
                                    "at": .text($0.at.rfc3339), "state": .text($0.state),
                                    "reason": .text($0.reason),
                                ]
                            }
                        )
                    )
                ]
            )
        )
    }

    private static func json(_ listed: OrderBook.Listed) -> JSON { json(listed, []) }

    private static func json(_ listed: OrderBook.Listed, _ more: [JSON.Member]) -> JSON {
        let order = listed.order
        return .object(
            [
                .init(name: "id", value: .text("\(order.id)")),
                .init(name: "aisId", value: .optional(listed.aisId)),
                .init(name: "organisation", value: .text("\(order.organisation)")),
                .init(name: "reason", value: .text(order.reason.rawValue)),
                .init(name: "state", value: .text(order.state.rawValue)),
                .init(name: "createdAt", value: .text(order.createdAt.rfc3339)),
            ] + more
        )
    }
}

extension Call {
    /// One of an enumeration's values in the query.
    func queryChoice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Choice.Type
    ) throws(Problem) -> Choice? {
        guard let text = query[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badField("?\(name)", "Нужно одно из: \(known).", "Needed is one of: \(known).")
        }
        return choice
    }

    /// The organisation's code in the query.
    func queryOrganisation() throws(Problem) -> OrganisationCode? {
        guard let text = query["organisation"] else { return nil }
        guard let code = OrganisationCode(text) else {
            throw .badField(
                "?organisation",
                "Нужен код RR, RR-TTT или RR-TTT-PPPP.",
                "A code RR, RR-TTT or RR-TTT-PPPP is needed."
            )
        }
        return code
    }
}
