import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// Batches of cards: auditors see them all, a manufacturer its own, with the sealed package and the
/// way back for its report.
struct BatchRoutes: RouteGroup {
    let shelf: any BatchShelf

    private static let readers = Route.Access.clients([.auditor, .manufacturer])
    private static let maker = Route.Access.clients([.manufacturer])
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
            "batches": .array(page.filter { isShown($0, call) }.map(Self.json)),
            "next": .optional(next.map { cursor.text(after: "\($0)") }),
        ])
    }

    @Sendable private func show(_ call: Call) throws -> Answer {
        .json(Self.json(try batch(call)))
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
        if let start, start >= package.count { throw Problem.notFound }
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
        let id = try call.number("id", 1...Int64.max)
        let found = try BatchBook(call.register)
            .page(before: id < .max ? id + 1 : nil, limit: 1, by: call.user).first
        guard let found, found.id == id, isShown(found, call) else { throw Problem.notFound }
        return found
    }

    private func isShown(_ batch: BatchBook.Batch, _ call: Call) -> Bool {
        guard let client = call.client, client.role == .manufacturer else { return true }
        return !client.speaksFor.isEmpty && shelf.manufacturer(of: batch) == client.speaksFor
    }

    private static func json(_ batch: BatchBook.Batch) -> JSON {
        [
            "id": .text("\(batch.id)"), "title": .text(batch.title),
            "state": .text(batch.state.rawValue), "cards": .int(batch.cards),
            "plannedAt": .text(batch.plannedAt.rfc3339), "plannedBy": .text(batch.plannedBy),
            "approvedAt": .optional(batch.approvedAt?.rfc3339),
            "manifest": .optional(batch.manifest.map(Hex.text)),
        ]
    }
}
