import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// Batches of cards: auditors and operators see them all, a manufacturer its own, with the sealed
/// package and the way back for its report.
struct BatchRoutes: RouteGroup {
    let shelf: any BatchShelf
    let workshop: BatchWorkshop

    private static let readers = Route.Access.clients([.auditor, .manufacturer, .operator])
    private static let maker = Route.Access.clients([.manufacturer, .operator])
    /// How many bytes of a package one ranged answer holds.
    private static let piece: Int64 = 8 << 20

    var routes: [Route] {
        [
            .get("/v1/batches", Self.readers, query: ["cursor", "limit"], list),
            .get("/v1/batches/{id}", Self.readers, show),
            .get("/v1/batches/{id}/package", Self.maker, package),
            .write(
                .post,
                "/v1/batches/{id}/production-report",
                Self.maker,
                body: .bytes(["text/csv", "application/octet-stream"], atMost: 64 << 20),
                report
            ),
        ]
    }

    @Sendable private func list(_ call: Call) throws -> Answer {
        let cursor = Cursor(call)
        let limit = Int(try call.queryNumber("limit", 1...1000, standard: 100))
        let before = try cursor.place(call.query["cursor"]).flatMap { Int64($0) }
        let page = try BatchBook(call.register).page(before: before, limit: limit, by: call.user)
        let next = page.count == limit ? page.last?.id : nil
        return .json([
            "batches": .array(page.filter { isShown($0, call) }.map { Self.json($0) }),
            "next": .optional(next.map { cursor.text(after: "\($0)") }),
        ])
    }

    @Sendable private func show(_ call: Call) throws -> Answer {
        let batch = try batch(call)
        let work = workshop.work(on: batch.id)
        guard call.client?.role == .operator else { return .json(Self.json(batch)) }
        return .json(
            Self.json(
                batch,
                [
                    .init(name: "approvalsNeeded", value: .int(batch.approvalsNeeded)),
                    .init(
                        name: "approvals",
                        value: .array(
                            try BatchBook(call.register).approvals(of: batch.id)
                                .map { .text($0.user) }
                        )
                    ),
                    .init(name: "work", value: work?.json ?? .null),
                ]
            )
        )
    }

    @Sendable private func package(_ call: Call) throws -> Answer {
        let batch = try batch(call)
        guard batch.state == .sealed, let package = try shelf.package(of: batch) else {
            throw Problem(
                409,
                "not_sealed",
                "Партия ещё не запечатана.",
                "The batch is not sealed yet."
            )
        }
        let start = ByteRange.start(call.headers[.range])
        if let start, start >= package.count { throw ByteRange.outside(package.count) }
        let count = start.map { min(Self.piece, package.count - $0) } ?? package.count
        let bytes = try StoredPiece.read(package.path, from: start ?? 0, count: count)
        if start ?? 0 == 0 { try BatchBook(call.register).noteDownload(batch.id, by: call.user) }
        var headers = [
            ("Accept-Ranges", "bytes"), ("Cache-Control", "private, no-store"),
            ("Content-Disposition", "attachment; filename=\"\(package.name)\""),
        ]
        if let start {
            headers.append(
                ("Content-Range", "bytes \(start)-\(start + count - 1)/\(package.count)")
            )
        }
        return .bytes(
            bytes,
            "application/cms",
            status: start == nil ? 200 : 206,
            headers: headers
        )
    }

    @Sendable private func report(_ call: Call) throws -> Answer {
        let batch = try batch(call)
        let counts = try shelf.take(report: call.body, of: batch, by: call.user)
        guard let counts else {
            throw Problem(
                409,
                "not_taken",
                "Отчёты об изготовлении этой партии здесь не принимаются.",
                "Reports of this batch are not taken here."
            )
        }
        return .json([
            "printed": .int(counts.printed), "spoiled": .int(counts.spoiled),
            "refused": MemberFields.json(counts.refused),
        ])
    }

    /// The batch that the address names, when the client may see it; else it is not there.
    private func batch(_ call: Call) throws -> BatchBook.Batch {
        let found = try Self.batch(try call.number("id", 1...Int64.max), call)
        guard isShown(found, call) else { throw Problem.notFound }
        return found
    }

    /// The batch of a number, whoever may see it.
    static func batch(_ id: Int64, _ call: Call) throws -> BatchBook.Batch {
        let found = try BatchBook(call.register)
            .page(before: id < .max ? id + 1 : nil, limit: 1, by: call.user).first
        guard let found, found.id == id else { throw Problem.notFound }
        return found
    }

    private func isShown(_ batch: BatchBook.Batch, _ call: Call) -> Bool {
        guard let client = call.client, client.role == .manufacturer else { return true }
        return !client.speaksFor.isEmpty && shelf.manufacturer(of: batch) == client.speaksFor
    }

    /// A batch as everybody who may see it sees it, and `more`.
    static func json(_ batch: BatchBook.Batch, _ more: [JSON.Member] = []) -> JSON {
        .object(
            [
                .init(name: "id", value: .text("\(batch.id)")),
                .init(name: "title", value: .text(batch.title)),
                .init(name: "state", value: .text(batch.state.rawValue)),
                .init(name: "cards", value: .int(batch.cards)),
                .init(name: "plannedAt", value: .text(batch.plannedAt.rfc3339)),
                .init(name: "plannedBy", value: .text(batch.plannedBy)),
                .init(name: "approvedAt", value: .optional(batch.approvedAt?.rfc3339)),
                .init(name: "manifest", value: .optional(batch.manifest.map(Hex.text))),
            ] + more
        )
    }
}
