import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// A batch from plan to sealed package and to the road, for operators (production.md).
struct ProductionRoutes: RouteGroup {
    let works: any BatchWorks
    let workshop: BatchWorkshop

    private static let access = Route.Access.clients([.operator])
    private static let certificate = 1 << 15

    var routes: [Route] {
        [
            .write(.post, "/v1/batches", Self.access, plan),
            // A wrong passphrase counts, whatever else happens: no transaction takes it back.
            .write(
                .post,
                "/v1/batches/{id}:approve",
                Self.access,
                repeats: .keptAfter,
                approve
            ),
            .write(
                .post,
                "/v1/batches/{id}:build",
                Self.access,
                body: .none,
                repeats: .keptAfter
            ) { try begin(.build, $0) },
            .write(
                .post,
                "/v1/batches/{id}:verify",
                Self.access,
                body: .none,
                repeats: .keptAfter
            ) { try begin(.verify, $0) },
            .write(
                .post,
                "/v1/batches/{id}:seal",
                Self.access,
                body: .json(atMost: 4 * Self.certificate),
                repeats: .keptAfter,
                seal
            ),
            .write(.post, "/v1/batches/{id}:ship", Self.access, body: .none, ship),
            .write(
                .post,
                "/v1/batches/{id}:cancel",
                Self.access,
                repeats: .ownScope,
                cancel
            ),
        ]
    }

    @Sendable private func plan(_ call: Call) throws -> Answer {
        let name = try call.object { try $0.text("specification", 1...100) }
        guard let plan = try works.plan(name, by: call.user) else {
            throw Problem.badField(
                "/specification",
                "На сервере нет такой спецификации партии.",
                "The server has no such batch specification."
            )
        }
        return .created(
            [
                "batch": BatchRoutes.json(plan.batch), "parcels": .int(plan.parcels),
                "excluded": .array(
                    plan.excluded.map {
                        [
                            "order": .text("\($0.order)"),
                            "codes": .array($0.codes.map { .text($0) }),
                        ]
                    }
                ),
            ],
            at: "/v1/batches/\(plan.batch.id)"
        )
    }

    @Sendable private func approve(_ call: Call) throws -> Answer {
        let person = try call.object { fields in
            (
                name: try fields.text("user", 1...64),
                passphrase: try fields.text("passphrase", 1...1024)
            )
        }
        let batch = try batch(call)
        do {
            let missing = try works.approve(
                batch,
                as: person.name,
                passphrase: person.passphrase,
                secrets: call.service.secrets
            )
            return .json(["missing": .int(max(0, missing))])
        } catch let error as RegisterError where error.code == .wrongPassphrase {
            throw Problem(RegisterError(.forbidden, error.message.russian, error.message.english))
        }
    }

    @Sendable private func seal(_ call: Call) throws -> Answer {
        let step = try call.object { fields in
            BatchStep.seal(
                manufacturer: try fields.bytes("manufacturer", atMost: Self.certificate),
                archive: try fields.bytes("archive", atMost: Self.certificate)
            )
        }
        return try begin(step, call)
    }

    private func begin(_ step: BatchStep, _ call: Call) throws -> Answer {
        let batch = try batch(call)
        try BatchBook(call.register).requireIssuer(call.user)
        let (user, secrets) = (try call.user, call.service.secrets)
        let work = try workshop.begin(step.name, of: batch.id, at: call.service.now) {
            try works.run(step, of: batch, secrets: secrets, by: user, progress: $0)
        }
        return .json(
            work.json,
            status: 202,
            headers: [("Location", "/v1/batches/\(batch.id)")]
        )
    }

    @Sendable private func ship(_ call: Call) throws -> Answer {
        let batch = try batch(call)
        return .json(["cards": .int(try ParcelDesk(call.register).ship(batch.id, by: call.user))])
    }

    @Sendable private func cancel(_ call: Call) throws -> Answer {
        let reason = try call.object { try $0.reason() }
        let batch = try batch(call)
        let answer = try call.once {
            try BatchBook(call.register).cancel(batch.id, reason: reason, by: call.user)
            return .json(BatchRoutes.json(try BatchBook(call.register).batch(batch.id)))
        }
        // Files go when it is certain that the batch is cancelled.
        try PrintFiles(call.register).sweep(batch.id)
        return answer
    }

    private func batch(_ call: Call) throws -> BatchBook.Batch {
        try BatchRoutes.batch(try call.number("id", 1...Int64.max), call)
    }
}
