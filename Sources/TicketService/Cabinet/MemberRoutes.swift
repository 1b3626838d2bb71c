import Crypto
import HTTPTypes
import Registry
import TicketSeal
public import UnionTicket

/// Judges members as rosters' rows are judged; supplied by the composition root.
///
/// Of each member it gets the fields by the glossary's names, and the day to judge by; it returns a row
/// for each, in order, its line the place from 1.
public typealias MemberJudgement =
    @Sendable (_ members: [[String: String]], _ today: CalendarDate) -> [RosterRow]

/// Members for cabinets: one by one and in bulk, matched as a roster import matches.
struct MemberRoutes: RouteGroup {
    let judge: MemberJudgement

    private static let access = Route.Access.clients([.cabinet])
    /// How many members one request may bring.
    static let bulk = 500

    var routes: [Route] {
        [
            .get("/v1/members/{aisId}", Self.access, show),
            .write(.put, "/v1/members/{aisId}", Self.access, put),
            .write(.post, "/v1/members:batch", Self.access, body: .json(atMost: 1 << 20), batch),
        ]
    }

    @Sendable private func show(_ call: Call) throws -> Answer {
        let (document, tag) = try Self.current(call, reason: "api")
        if EntityTags.named(in: call.headers[.ifNoneMatch], tag, isWeak: true) {
            return Answer(status: 304, headers: [("ETag", tag)])
        }
        return .json(document, headers: [("ETag", tag), ("Cache-Control", "no-store")])
    }

    /// The record and its tag, which changes with it.
    private static func current(_ call: Call, reason: String) throws -> (JSON, tag: String) {
        let record = try MemberFile(call.register)
            .record(aisId: try aisId(call), reason: reason, by: call.user)
        let document = MemberFields.json(record)
        let hash = call.register.serviceTag(document.bytes, for: "member")
        return (document, "\"\(Base64URL.text(Array(hash.prefix(16))))\"")
    }

    private static func aisId(_ call: Call) throws(Problem) -> String {
        let text = call.parameter("aisId")
        guard (1...64).contains(text.unicodeScalars.count) else {
            throw .badField(
                "aisId",
                "ИД АИС: от 1 до 64 знаков.",
                "An АИС id has 1 to 64 characters."
            )
        }
        return text
    }

    @Sendable private func put(_ call: Call) throws -> Answer {
        let aisId = try Self.aisId(call)
        let sent = try call.object { try MemberFields.read(&$0, aisId: aisId) }
        try Self.requireMatch(call)
        let rows = judge([sent.texts], call.service.now.moscowDate)
        let done = try RosterImport(call.register).take(
            rows.map { sent.marking($0, line: 1) },
            hash: Array(SHA256.hash(data: call.body)),
            by: call.user
        )
        guard let result = done.results.first else { throw Problem.internal }
        return try answer(Self.told(result, call), call)
    }

    /// `If-Match`, then `If-None-Match` (RFC 9110 § 13.1, § 13.2.2): who writes knows what they overwrite.
    private static func requireMatch(_ call: Call) throws {
        let (wanted, unwanted) = (call.headers[.ifMatch], call.headers[.ifNoneMatch])
        guard wanted != nil || unwanted != nil else { return }
        let tag: String?
        do { tag = try current(call, reason: "If-Match").tag } catch let error as RegisterError {
            guard error.code == .notFound || error.code == .forbidden else { throw error }
            tag = nil
        }
        if let wanted { try requireMatch(wanted, tag) }
        guard let tag, EntityTags.named(in: unwanted, tag, isWeak: true) else { return }
        throw Self.unmet(
            "Такая запись уже есть, а If-None-Match её исключает: * разрешает только новую, метка — "
                + "только другую.",
            "There is such a record already, and If-None-Match rules it out: * allows a new one only, a "
                + "tag another one only."
        )
    }

    private static func requireMatch(_ wanted: String, _ tag: String?) throws {
        guard let tag else {
            throw Self.unmet(
                "Такой записи нет, а If-Match — об имеющейся. Новую вносят без него.",
                "There is no such record, and If-Match is about one that is there. A new one goes "
                    + "without it."
            )
        }
        guard EntityTags.named(in: wanted, tag, isWeak: false) else {
            throw Self.unmet(
                "Запись изменилась с тех пор, как вы её читали. Прочтите снова и повторите.",
                "The record has changed since you read it. Read it again and repeat."
            )
        }
    }

    private static func unmet(_ russian: String, _ english: String) -> Problem {
        Problem(412, "changed_meanwhile", russian, english)
    }

    private func answer(_ found: RosterImport.RowResult, _ call: Call) throws -> Answer {
        let result = Self.located(found, at: "")
        let issues = MemberFields.json(result.issues)
        let outcome = JSON.text(result.outcome.rawValue)
        switch result.outcome {
        case .error: throw Problem.refusedRow(found.issues)
        // A person decides; until then the register stays as it was.
        case .conflict, .duplicate:
            return .json(["outcome": outcome, "issues": issues], status: 202)
        case .added, .updated, .unchanged:
            let (document, tag) = try Self.current(call, reason: "api")
            return .json(
                ["outcome": outcome, "issues": issues, "member": document],
                status: result.outcome == .added ? 201 : 200,
                headers: [("ETag", tag), ("Cache-Control", "no-store")]
            )
        }
    }

    @Sendable private func batch(_ call: Call) throws -> Answer {
        let read = try call.object { fields in
            try fields.array("members", 1...Self.bulk) { value, path in
                Self.row(value, path)
            }
        }
        let good = read.compactMap { try? $0.sent.get().texts }
        var judged = judge(good, call.service.now.moscowDate)[...]
        let rows = read.enumerated().map { place, member in
            switch member.sent {
            case .success(let sent): return sent.marking(judged.removeFirst(), line: place + 1)
            case .failure(let problem):
                return RosterRow(line: place + 1, draft: nil, issues: [problem.issue])
            }
        }
        let done = try RosterImport(call.register).take(
            rows,
            hash: Array(SHA256.hash(data: call.body)),
            by: call.user
        )
        let results = done.results.map {
            Self.located(Self.told($0, call), at: "/members/\($0.line - 1)")
        }
        return .json(Self.report(results, ids: read.map(\.aisId)))
    }

    /// A result whose issues name their places as JSON pointers, whoever found them.
    private static func located(
        _ result: RosterImport.RowResult,
        at base: String
    ) -> RosterImport.RowResult {
        RosterImport.RowResult(
            line: result.line,
            outcome: result.outcome,
            issues: result.issues.map { $0.with(field: MemberFields.place(of: $0.field, at: base)) }
        )
    }

    /// How a row ended, as this client may know it.
    ///
    /// Whom a waiting row may mean can be somebody elsewhere, of whom a client with a part of the union
    /// learns nothing: to it all such rows wait for the same reason.
    private static func told(
        _ result: RosterImport.RowResult,
        _ call: Call
    ) -> RosterImport.RowResult {
        guard result.outcome == .conflict, call.client?.scope != .centralCouncil else {
            return result
        }
        let kinds = Set(ConflictQueue.Kind.allCases.map(\.rawValue))
        return RosterImport.RowResult(
            line: result.line,
            outcome: .conflict,
            issues: result.issues.filter { !kinds.contains($0.code) } + [.waits]
        )
    }

    /// One member of many; whose it is shows also where its form is wrong.
    private static func row(
        _ value: JSON,
        _ path: String
    ) -> (aisId: String?, sent: Result<MemberFields.Sent, Problem>) {
        let id = value["aisId"].flatMap { try? JSONFields.text($0, 1...64, at: path) }
        do {
            let sent = try JSONFields.object(value, at: path) { try MemberFields.read(&$0) }
            return (id, .success(sent))
        } catch { return (id, .failure(error as? Problem ?? .internal)) }
    }

    private static func report(_ results: [RosterImport.RowResult], ids: [String?]) -> JSON {
        let counts = RowOutcome.allCases.map { outcome in
            JSON.Member(
                name: outcome.rawValue,
                value: .int(results.count { $0.outcome == outcome })
            )
        }
        return [
            "counts": .object(counts),
            "results": .array(
                zip(results, ids).map { result, aisId in
                    [
                        "index": .int(result.line - 1), "aisId": .optional(aisId),
                        "outcome": .text(result.outcome.rawValue),
                        "issues": MemberFields.json(result.issues),
                    ]
                }
            ),
        ]
    }
}

extension RowIssue {
    fileprivate func with(field: String?) -> RowIssue {
        RowIssue(field: field, column: column, code: code, severity: severity, message: message)
    }

    fileprivate static let waits = RowIssue(
        field: nil,
        column: nil,
        code: "awaits_decision",
        severity: .warning,
        message: Bilingual(
            "Запись ждёт решения бюро билетов; реестр не изменился.",
            "The record waits for the card office to decide; the register is as it was."
        )
    )
}

extension Problem {
    /// A member that the rules refuse: the first error speaks, all are listed.
    ///
    /// Of the identifier, which stands in the address, the problem tells the name and the issue no place.
    fileprivate static func refusedRow(_ issues: [RowIssue]) -> Problem {
        let first = issues.first { $0.severity == .error }
        let located = issues.map { $0.with(field: MemberFields.place(of: $0.field, at: "")) }
        var problem = Problem(
            422,
            "member_refused",
            first?.message.russian ?? "Запись не принята.",
            first?.message.english ?? "The record is refused.",
            field: first?.field == "aisId"
                ? "aisId" : MemberFields.place(of: first?.field, at: "")
        )
        problem.issues = located
        return problem
    }

    /// The same about one row of many.
    fileprivate var issue: RowIssue {
        RowIssue(
            field: field,
            column: nil,
            code: code,
            severity: .error,
            message: message
        )
    }
}
