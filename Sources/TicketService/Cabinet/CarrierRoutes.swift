import HTTPTypes
import Registry
import UnionTicket

/// Carriers for cabinets: block, unblock, replace, and a ticket's history.
///
/// An address names one carrier by its 16 digits, by `list.index`, or a card of the old scheme by `L:`
/// and its number, or with 15 digits every carrier of a ticket at once.
struct CarrierRoutes: RouteGroup {
    private static let access = Route.Access.clients([.cabinet])

    var routes: [Route] {
        [
            .get("/v1/carriers/{number}", Self.access, show),
            .write(.post, "/v1/carriers/{number}:block", Self.access, block),
            .write(.post, "/v1/carriers/{number}:unblock", Self.access, unblock),
            .write(.post, "/v1/carriers/{number}:replace", Self.access, replace),
            .get("/v1/tickets/{number}/history", Self.access, history),
        ]
    }

    /// How a carrier is blocked: for now, or for good.
    private enum Blocking: String, CaseIterable {
        case suspended, lost, stolen, withdrawn

        var change: CarrierFile.Change {
            switch self {
            case .suspended: .suspend
            case .lost: .lost
            case .stolen: .stolen
            case .withdrawn: .withdraw
            }
        }
    }

    @Sendable private func show(_ call: Call) throws -> Answer {
        let found = try CarrierFile(call.register).show(try Self.reference(call), by: call.user)
        return .json(["carriers": .array(found.map(CarrierJSON.carrier))])
    }

    @Sendable private func block(_ call: Call) throws -> Answer {
        let wish = try call.object { fields in
            (
                state: try fields.choice("as", of: Blocking.self),
                reason: try fields.reason()
            )
        }
        return try apply(wish.state.change, wish.reason, call)
    }

    @Sendable private func unblock(_ call: Call) throws -> Answer {
        let reason = try call.object { try $0.reason() }
        return try apply(.unblock, reason, call)
    }

    private func apply(
        _ change: CarrierFile.Change,
        _ reason: String,
        _ call: Call
    ) throws -> Answer {
        let changed = try CarrierFile(call.register).apply(
            change,
            to: try Self.reference(call),
            reason: reason,
            by: call.user
        )
        return .json([
            "carriers": .array(changed.map(CarrierJSON.carrier)),
            "skipped": .array(
                change.skipped(of: changed).map { .optional($0.number?.digits ?? $0.legacyNumber) }
            ),
        ])
    }

    @Sendable private func replace(_ call: Call) throws -> Answer {
        let reason = try call.object { try $0.choice("reason", of: OrderReason.self) }
        guard reason != .first else {
            throw Problem.badField(
                "/reason",
                "Причина замены: lost, stolen, damaged, defect, renamed.",
                "A reason to replace: lost, stolen, damaged, defect, renamed."
            )
        }
        let order = try CarrierFile(call.register).replace(
            try Self.reference(call),
            reason: reason,
            by: call.user
        )
        return .created(["order": .text("\(order)")], at: "/v1/orders/\(order)")
    }

    @Sendable private func history(_ call: Call) throws -> Answer {
        let digits = call.parameter("number")
        guard Self.isDigits(digits, 15...15) else { throw Self.badNumber }
        let found = try CarrierFile(call.register).history(digits, by: call.user)
        return .json([
            "ticket": .text(digits),
            "carriers": .array(
                found.map { carrier, events in
                    [
                        "carrier": CarrierJSON.carrier(carrier),
                        "events": .array(events.map(CarrierJSON.event)),
                    ]
                }
            ),
        ])
    }

    /// The carrier or ticket that the address names, as the register reads it.
    private static func reference(_ call: Call) throws(Problem) -> String {
        let text = call.parameter("number")
        if isDigits(text, 15...16) { return text }
        if text.hasPrefix("L:"), (3...66).contains(text.unicodeScalars.count) { return text }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, isDigits(parts[0], 1...10), isDigits(parts[1], 1...7) else {
            throw badNumber
        }
        return "\(parts[0])/\(parts[1])"
    }

    private static func isDigits(_ text: some StringProtocol, _ count: ClosedRange<Int>) -> Bool {
        count.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static let badNumber = Problem.badField(
        "number",
        "Нужны 15 цифр билета, 16 цифр носителя, список.номер или L:старый номер.",
        "15 digits of a ticket, 16 of a carrier, list.index or L:old number are needed."
    )
}

/// Carriers and their changes as the API shows them.
enum CarrierJSON {
    static func carrier(_ carrier: CarrierFile.Carrier) -> JSON {
        [
            "number": .optional(carrier.number?.digits), "kind": .text(carrier.kind.rawValue),
            "legacyNumber": .optional(carrier.legacyNumber), "state": .text(carrier.state.rawValue),
            "published": .text("\(carrier.state.published)"),
            "list": carrier.coordinate.map { .int($0.list) } ?? .null,
            "index": carrier.coordinate.map { .int($0.index) } ?? .null,
            "expiresAt": .optional(carrier.expiresAt?.rfc3339),
        ]
    }

    static func event(_ event: CarrierFile.Event) -> JSON {
        [
            "at": .text(event.at.rfc3339), "by": .text(event.user),
            "from": event.from.isEmpty ? .null : .text(event.from), "to": .text(event.to),
            "reason": .text(event.reason),
        ]
    }
}
