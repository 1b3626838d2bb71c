import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// `/v1/activation-codes`: codes printed in a cabinet, singly and in bulk.
struct ActivationCodeRoutes: RouteGroup {
    var routes: [Route] {
        [
            .write(
                .post,
                "/v1/activation-codes",
                .clients([.cabinet]),
                body: .json(atMost: 1 << 20),
                query: ["format"],
                Self.create
            ),
            .get("/v1/activation-codes", .clients([.cabinet]), query: ["member"], Self.list),
            .write(.post, "/v1/activation-codes:revoke", .clients([.cabinet]), Self.revoke),
        ]
    }

    @Sendable private static func create(_ call: Call) throws -> Answer {
        guard [nil, "json", "csv"].contains(call.query["format"]) else {
            throw Problem.badField("?format", "Нужно json или csv.", "json or csv is needed.")
        }
        let codes = ActivationCodes(call.register)
        let outcome =
            switch try selection(call) {
            case .members(let members): try codes.create(each: members, by: try call.user)
            case let subtree: try codes.create(subtree, by: try call.user)
            }
        let status = outcome.made.isEmpty ? 200 : 201
        if call.query["format"] == "csv" {
            return .bytes(
                Array(ActivationCodes.csv(outcome.made, refused: outcome.refused).utf8),
                "text/csv; charset=utf-8",
                status: status,
                headers: [("Cache-Control", "no-store")]
            )
        }
        return .json(
            [
                "codes": .array(
                    outcome.made.map { made in
                        [
                            "member": .optional(made.aisId), "ticket": .text(made.ticket.filed),
                            "code": .text(made.code.printed),
                            "expiresAt": .text(made.expiresAt.rfc3339),
                        ]
                    }
                ),
                "refused": .array(
                    outcome.refused.map { refused in
                        [
                            "member": .text(refused.subject),
                            "reason": [
                                "ru": .text(refused.reason.russian),
                                "en": .text(refused.reason.english),
                            ],
                        ]
                    }
                ),
            ],
            status: status,
            headers: [("Cache-Control", "no-store")]
        )
    }

    /// A member by АИС identifier or ticket number; the register's own rows are nobody's business here.
    private static func named(_ text: String, at place: String) throws(Problem) -> String {
        guard !text.hasPrefix("#") else {
            throw .badField(
                place,
                "Нужен ИД АИС или номер билета.",
                "An АИС identifier or a ticket number is needed."
            )
        }
        return text
    }

    /// `members` or `organisation`, one of the two.
    private static func selection(_ call: Call) throws -> ActivationCodes.Selection {
        let asked = try call.object { fields in
            (
                members: fields.value("members") == nil
                    ? nil
                    : try fields.array("members", 1...ActivationCodes.limit) {
                        try Self.named(try JSONFields.text($0, 1...64, at: $1), at: $1)
                    },
                organisation: try fields.optionalParsed(
                    "organisation",
                    "RR, RR-TTT, RR-TTT-PPPP"
                ) { OrganisationCode($0) }
            )
        }
        switch asked {
        case (let members?, nil): return .members(members)
        case (nil, let organisation?): return .organisation(organisation)
        default:
            throw Problem.badField(
                "",
                "Нужно одно из двух: members или organisation.",
                "One of the two is needed: members or organisation."
            )
        }
    }

    @Sendable private static func list(_ call: Call) throws -> Answer {
        guard let member = call.query["member"], (1...64).contains(member.unicodeScalars.count)
        else {
            throw Problem.badField(
                "?member",
                "Нужен член Профсоюза: ИД АИС или номер билета.",
                "A member is needed: АИС identifier or ticket number."
            )
        }
        let codes = try ActivationCodes(call.register)
            .list(
                .members([try Self.named(member, at: "?member")]),
                limit: 100,
                by: try call.user
            )
        return .json([
            "codes": .array(
                codes.map { code in
                    [
                        "channel": .text(code.channel.rawValue), "state": .text(code.state),
                        "createdAt": .text(code.createdAt.rfc3339),
                        "expiresAt": .text(code.expiresAt.rfc3339),
                    ]
                }
            )
        ])
    }

    @Sendable private static func revoke(_ call: Call) throws -> Answer {
        let member = try Self.named(
            try call.object { try $0.text("member", 1...64) },
            at: "/member"
        )
        let count = try ActivationCodes(call.register).revoke(member, by: try call.user)
        return .json(["revoked": .int(count)])
    }
}
