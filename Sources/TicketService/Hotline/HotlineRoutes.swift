import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// The hotline: a dictated number, questions, and a suspension; whether a well-formed number was issued
/// shows in no answer.
struct HotlineRoutes: RouteGroup {
    private static let access = Route.Access.clients([.hotline])

    var routes: [Route] {
        [
            .write(.post, "/v1/hotline/lookups", Self.access, lookUp),
            .write(.post, "/v1/hotline/lookups/{id}/answers", Self.access, answer),
            .write(.post, "/v1/hotline/lookups/{id}:suspend", Self.access, suspend),
        ]
    }

    @Sendable private func lookUp(_ call: Call) throws -> Answer {
        let text = try call.object { try $0.text("number", 1...64) }
        let lookup: Hotline.Lookup
        do { lookup = try Hotline(call.register).lookUp(text, by: call.user) } catch let error
            as RegisterError
        {
            guard error.code == .badInput else { throw error }
            // A number that cannot be was looked up too: its row in the log stays.
            return Problem(error).answer(call.language, call.id)
        }
        return .json(
            [
                "id": .text(Base64URL.text(lookup.id)), "number": .text("\(lookup.number)"),
                "until": .text(lookup.until.rfc3339),
                "questions": .array(
                    IdentityAnswers.Question.allCases.map { .text($0.rawValue) }
                ),
                "needed": .int(IdentityAnswers.needed),
            ],
            status: 201,
            headers: [("Cache-Control", "no-store")]
        )
    }

    @Sendable private func answer(_ call: Call) throws -> Answer {
        let id = try Self.id(call)
        let answers = try call.object { try Self.answers(&$0) }
        switch try Hotline(call.register).answer(id, answers, by: call.user) {
        case .match(let until):
            return .json(["match": true, "until": .text(until.rfc3339)])
        case .noMatch(let left): return .json(["match": false, "left": .int(left)])
        case .exhausted(let seconds):
            return Problem(
                429,
                "attempts_spent",
                "Попытки исчерпаны. По этому номеру — только с документом в организации.",
                "No attempt is left. For this number: at the organisation, with a document.",
                retryAfter: Int(seconds)
            ).answer(call.language, call.id)
        }
    }

    private static func answers(_ fields: inout JSONFields) throws -> IdentityAnswers {
        var answers = IdentityAnswers()
        answers.birthDate = try fields.optionalParsed("birthDate", "yyyy-mm-dd") {
            CalendarDate(iso: $0)
        }
        answers.joinDate = try fields.optionalParsed("joinDate", "yyyy-mm-dd") {
            CalendarDate(iso: $0)
        }
        answers.organisation = try fields.optionalParsed("organisation", "RR-TTT-PPPP") {
            OrganisationCode($0)
        }
        answers.phone = try fields.optionalText("phone", 1...32)
        answers.aisId = try fields.optionalText("aisId", 1...64)
        answers.name = try fields.optionalObject("name") { name in
            (last: try name.text("last", 1...128), first: try name.text("first", 1...128))
        }
        return answers
    }

    @Sendable private func suspend(_ call: Call) throws -> Answer {
        let id = try Self.id(call)
        let reason = try call.object { try $0.reason() }
        let carriers = try Hotline(call.register).suspend(id, reason: reason, by: call.user)
        // Number and index of a carrier stay here: the caller knows the card, the operator need not.
        return .json([
            "carriers": .array(
                carriers.map {
                    [
                        "number": .optional($0.number.map { "\($0)" }),
                        "kind": .text($0.kind.rawValue), "state": .text($0.state.rawValue),
                    ]
                }
            ),
            "skipped": .array(
                CarrierFile.Change.suspend.skipped(of: carriers)
                    .map { .optional($0.number.map { "\($0)" }) }
            ),
        ])
    }

    private static func id(_ call: Call) throws(Problem) -> [UInt8] {
        let text = call.parameter("id")
        guard text.utf8.count == 22, let id = Base64URL.bytes(text), id.count == 16 else {
            throw .badField("id", "Это не номер обращения.", "This names no look-up.")
        }
        return id
    }
}
