import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// `/v1/partner`: what a bonus partner's own programs may do; a client's `speaksFor` names the partner,
/// and no request can name another (docs/partner.md).
struct PartnerRoutes: RouteGroup {
    let exchange: PartnerExchange

    private static let access = Route.Access.clients([.partner])
    /// Files of partners; as long as the command line takes them.
    private static let fileLimit = 4 << 20

    var routes: [Route] {
        [
            // a wrong code must stay counted, so the route keeps its own answers
            .write(.post, "/v1/partner/links", Self.access, repeats: .ownScope, Self.link),
            .write(
                .post,
                "/v1/partner/status",
                Self.access,
                body: .json(atMost: 1 << 17),
                pace: .question,
                Self.status
            ),
            .get("/v1/partner/packages", Self.access, query: ["after"], Self.packages),
            .get("/v1/partner/packages/{sequence}", Self.access) { call in
                try Self.package(call, exchange)
            },
            .write(
                .post,
                "/v1/partner/acknowledgements",
                Self.access,
                body: .json(atMost: Self.fileLimit)
            ) { call in try Self.acknowledge(call, exchange) },
            .write(
                .post,
                "/v1/partner/statistics",
                Self.access,
                body: .json(atMost: Self.fileLimit)
            ) { call in try Self.statistics(call, exchange) },
        ]
    }

    private static func desk(_ call: Call) throws -> PartnerDesk {
        guard let client = call.client, !client.speaksFor.isEmpty else { throw Problem.wrongRole }
        return PartnerDesk(
            call.register,
            partner: client.speaksFor,
            actingAs: try call.user
        )
    }

    private static func link(_ call: Call) throws -> Answer {
        let desk = try desk(call)
        let (number, code, way) = try call.object { fields in
            (
                try fields.text("number", 1...64), try fields.text("code", 1...64),
                try fields.choice("consent", of: PartnerDesk.ConsentWay.self)
            )
        }
        return try call.once {
            let found = try desk.link(number: number, code: code, consent: way)
            guard let found else { return refused(call) }
            return .json(["id": .text(found.text)])
        }
    }

    /// One answer for every reason: it tells nobody who is a member.
    private static func refused(_ call: Call) -> Answer {
        let problem = Problem(
            422,
            "link_refused",
            "Связать не удалось. Проверьте номер билета и код; новый код выдаёт организация.",
            "It could not be linked. Check ticket number and code; the organisation gives a new one."
        )
        return .bytes(
            problem.document(call.language, request: call.id).bytes,
            "application/problem+json",
            status: 422
        )
    }

    private static func status(_ call: Call) throws -> Answer {
        let desk = try desk(call)
        let ids = try call.object { fields in
            try fields.array("ids", 1...PartnerDesk.questionLimit) { value, path in
                try JSONFields.text(value, 1...64, at: path)
            }
        }
        let found = try desk.status(of: ids)
        return .json([
            "statuses": .array(
                found.map {
                    ["id": .text($0.id), "status": .text($0.status?.rawValue ?? "unknown")]
                }
            )
        ])
    }

    private static func packages(_ call: Call) throws -> Answer {
        let after = try call.queryNumber("after", 0...10_000_000, standard: 0)
        let all = try desk(call).packages().filter { Int64($0.sequence) > after }
        let page = all.prefix(100)
        return .json([
            "packages": .array(page.map(json)), "hasMore": .flag(page.count < all.count),
        ])
    }

    private static func package(_ call: Call, _ exchange: PartnerExchange) throws -> Answer {
        let desk = try desk(call)
        let sequence = Int(try call.number("sequence", 1...10_000_000))
        guard let found = try desk.packages().first(where: { $0.sequence == sequence }),
            let manifest = found.manifest, let bytes = try exchange.package(found)
        else { throw Problem.notFound }
        try desk.noteDownload(sequence)
        return .bytes(
            bytes,
            "application/pkcs7-mime",
            headers: [
                ("ETag", "\"\(Hex.text(manifest))\""), ("Cache-Control", "no-store"),
                (
                    "Content-Disposition",
                    "attachment; filename=\"\(found.partner)-\(found.name).tar.cms\""
                ),
            ]
        )
    }

    private static func acknowledge(_ call: Call, _ exchange: PartnerExchange) throws -> Answer {
        let desk = try desk(call)
        let said = try translating { try exchange.acknowledgement(call.body, desk.partner) }
        let (answer, isRepeated) = try desk.acknowledge(said, bytes: call.body)
        return .json([
            "package": .int(answer.sequence), "state": .optional(answer.state?.rawValue),
            "fault": .optional(answer.fault?.rawValue),
            "resend": answer.resend.map { JSON.int($0) } ?? .null,
            "needsBase": .flag(answer.needsBase), "repeated": .flag(isRepeated),
            "strangers": .array(answer.strangers.map { .text($0) }),
        ])
    }

    private static func statistics(_ call: Call, _ exchange: PartnerExchange) throws -> Answer {
        let desk = try desk(call)
        let report = try translating { try exchange.statistics(call.body, desk.partner) }
        let isNew = try desk.take(report, bytes: call.body)
        return .json([
            "period": .text(report.period.text), "revision": .int(report.revision),
            "regions": .int(report.regions.count), "repeated": .flag(!isNew),
        ])
    }

    /// A partner's fault as a problem with the agreed code in snake case.
    private static func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let refusal as PartnerExchange.Refusal {
            let code = refusal.fault.rawValue.reduce("") { text, letter in
                letter.isUppercase ? "\(text)_\(letter.lowercased())" : "\(text)\(letter)"
            }
            throw Problem(422, code, refusal.message.russian, refusal.message.english)
        }
    }

    private static func json(_ package: PartnerPackages.Package) -> JSON {
        [
            "package": .int(package.sequence), "kind": .text(package.kind.rawValue),
            "state": .text(package.state.rawValue), "created": .text(package.createdAt.rfc3339),
            "manifest": .optional(package.manifest.map { Hex.text($0) }),
            "set": .text(Hex.text(package.setHash)), "rows": .int(package.setCount),
            "deadline": .optional(package.deadline?.iso),
        ]
    }
}
