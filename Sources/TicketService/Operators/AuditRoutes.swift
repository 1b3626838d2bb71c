import Registry
import UnionTicket

/// The audit log for auditors, oldest first.
struct AuditRoutes: RouteGroup {
    var routes: [Route] {
        [.get("/v1/audit", .clients([.auditor]), query: ["cursor", "limit", "from"], list)]
    }

    @Sendable private func list(_ call: Call) throws -> Answer {
        let cursor = Cursor(call)
        let limit = Int(try call.queryNumber("limit", 1...1000, standard: 100))
        let start = try call.queryNumber("from", 1...Int64.max, standard: 1)
        let after = try cursor.place(call.query["cursor"]).flatMap { Int64($0) }
        let entries = try AuditLog(call.register).entries(
            from: after.map { $0 + 1 } ?? start,
            limit: limit,
            by: call.user
        )
        let next = entries.count == limit ? entries.last?.sequence : nil
        return .json([
            "entries": .array(entries.map(Self.json)),
            "next": .optional(next.map { cursor.text(after: "\($0)") }),
        ])
    }

    private static func json(_ entry: AuditLog.Entry) -> JSON {
        [
            "sequence": .integer(entry.sequence), "at": .text(entry.at.rfc3339),
            "by": .text(entry.user), "action": .text(entry.action),
            "subject": .text(entry.subject), "detail": .text(entry.detail),
        ]
    }
}
