import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing
import TicketSeal
import UnionTicket

@testable import Registry
@testable import TicketService

/// Cabinets, the hotline, auditors and manufacturers past the socket, by the real rules of rosters.
@Suite struct `Routes of cabinets and their neighbours` {
    private static let member = """
        {"last": "Белова", "first": "Вера", "birthDate": "1980-05-06", "category": "working",
        "organisation": "26-001-0001", "joinDate": "2001-09-01", "phone": "+70005550011",
        "consents": {"register": true, "cardProduction": "2026-01-15"}}
        """

    @Test func `a member is put, read, guarded by its tag`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet, "26")
            let path = "/v1/members/A-1"
            let added = try await service.send(.put, path, key: key, json: Self.member)
            #expect(added.status == 201 && added.json["outcome"] == "added")
            #expect(added.json["member"]?["consents"] != nil)
            let tag = try #require(added.headers[.eTag])
            let again = try await service.send(.put, path, key: key, json: Self.member)
            #expect(again.status == 200 && again.json["outcome"] == "unchanged")
            let read = try await service.send(.get, path, key: key)
            #expect(read.status == 200 && read.headers[.eTag] == tag)
            #expect(read.json["phone"] == "+70005550011")
            let held = ["If-None-Match": tag]
            #expect(try await service.send(.get, path, key: key, headers: held).status == 304)
            let changed = Self.member.replacing("5550011", with: "5550022")
            let fits = ["If-Match": tag]
            let updated = try await service.send(.put, path, key: key, json: changed, headers: fits)
            #expect(updated.status == 200 && updated.json["outcome"] == "updated")
            let late = try await service.send(
                .put,
                path,
                key: key,
                json: Self.member,
                headers: fits
            )
            #expect(late.status == 412 && late.code == "changed_meanwhile")
            // RFC 9110 § 13.1.2: a tag that matches forbids the writing, as `*` does.
            let present = try #require(updated.headers[.eTag])
            for (mark, status) in [
                (present, 412), ("W/\(present)", 412), ("\"x\", \(present)", 412), ("*", 412),
                ("\"x\"", 200), (tag, 200),
            ] {
                let headers = ["If-None-Match": mark]
                let reply = try await service.send(
                    .put,
                    path,
                    key: key,
                    json: changed,
                    headers: headers
                )
                #expect(reply.status == status, "\(mark)")
            }
            let new = ["If-None-Match": "*"]
            let other = "/v1/members/A-2"
            let json = Self.member.replacing("Белова", with: "Серова")
                .replacing("1980-05-06", with: "1971-02-03").replacing("550011", with: "550099")
            let fresh = try await service.send(.put, other, key: key, json: json, headers: new)
            #expect(fresh.status == 201)
        }
    }

    @Test func `a place that no status list has and an unknown organisation are named`()
        async throws
    {
        try await TestService.with(supply: TestSupplies.all) { service in
            _ = try service.issue(1)
            let key = try service.client("cabinet", .cabinet)
            for place in ["4294967296.1", "26.1048576"] {
                let reply = try await service.send(.get, "/v1/carriers/\(place)", key: key)
                #expect(reply.status == 422 && reply.text.contains("1048575"), "\(place)")
            }
            let orders = try await service.send(.get, "/v1/orders?organisation=77-999", key: key)
            let codes = try await service.send(
                .post,
                "/v1/activation-codes",
                key: key,
                json: #"{"organisation": "77-999"}"#
            )
            for reply in [orders, codes] {
                #expect(reply.status == 404 && reply.text.contains("77-999"))
            }
            let unknown = try await service.send(
                .post,
                "/v1/activation-codes",
                key: key,
                json: #"{"members": ["NOBODY"]}"#
            )
            #expect(unknown.status == 200 && !unknown.text.contains("#"))
        }
    }

    @Test func `a record keeps what it leaves out and empties what is null`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet)
            let path = "/v1/members/A-1"
            _ = try await service.send(.put, path, key: key, json: Self.member)
            try MemberFile(service.register)
                .setStatus("A-1", to: .left, reason: "", by: service.admin)
            let bare = Self.member.replacing("\"phone\": \"+70005550011\",", with: "")
            let kept = try await service.send(.put, path, key: key, json: bare)
            #expect(kept.json["member"]?["status"] == "left")
            #expect(kept.json["member"]?["phone"] == "+70005550011")
            let emptied = Self.member.replacing("\"+70005550011\"", with: "null")
            let gone = try await service.send(.put, path, key: key, json: emptied)
            #expect(gone.json["outcome"] == "updated" && gone.json["member"]?["phone"] == .null)
            #expect(gone.json["member"]?["status"] == "left")
            let named = bare.replacing("\"last\"", with: "\"status\": \"active\", \"last\"")
            let back = try await service.send(.put, path, key: key, json: named)
            #expect(back.json["member"]?["status"] == "active")
        }
    }

    @Test func `whom a waiting record means is told to the whole union only`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let whole = try service.client("whole", .cabinet)
            let part = try service.client("part", .cabinet, "27")
            _ = try await service.send(.put, "/v1/members/A-1", key: whole, json: Self.member)
            let here = Self.member.replacing("26-001", with: "27-001")
            for (key, code) in [(part, "awaits_decision"), (whole, "same_person_two_ids")] {
                let reply = try await service.send(.put, "/v1/members/A-2", key: key, json: here)
                #expect(reply.status == 202)
                guard case .array(let issues)? = reply.json["issues"] else { continue }
                #expect(issues.compactMap { $0["code"] } == [.text(code)], "\(reply.text)")
            }
            let parcel = ["1/1", "2/7"].map { "{\"at\": \"region\", \"parcels\": [\"\($0)\"]}" }
            for body in parcel {
                let reply = try await service.send(
                    .post,
                    "/v1/parcels:receive",
                    key: part,
                    json: body
                )
                #expect(reply.status == 403)
            }
        }
    }

    @Test(
        arguments: [
            ("\"Белова\"", "\"Б3лова\"", 422, "/last"),
            ("\"1980-05-06\"", "\"06.05.1980\"", 400, "/birthDate"),
            ("\"working\"", "\"работающий\"", 400, "/category"),
            ("\"26-001-0001\"", "\"27-001-0001\"", 422, "/organisation"),
            ("\"26-001-0001\"", "\"26-001-0009\"", 422, "/organisation"),
            ("\"register\": true", "\"register\": false", 422, "/consents/register"),
            ("\"register\": true", "\"register\": \"завтра\"", 400, "/consents/register"),
            ("\"last\": \"Белова\"", "\"last\": 7", 400, "/last"),
            ("\"Белова\"", "null", 400, "/last"),
            ("{\"last\"", "{\"status\": null, \"last\"", 400, "/status"),
            ("{\"last\"", "{\"passport\": \"x\", \"last\"", 400, "/passport"),
        ]
    )
    func `a member that cannot be is refused with its field`(
        _ from: String,
        _ to: String,
        _ status: Int,
        _ field: String
    ) async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet, "26")
            let body = Self.member.replacing(from, with: to)
            #expect(body != Self.member)
            let reply = try await service.send(.put, "/v1/members/A-1", key: key, json: body)
            #expect(reply.status == status)
            #expect(reply.code == (status == 422 ? "member_refused" : "bad_request"))
            #expect(reply.json["field"] == .text(field))
            if status == 422, case .array(let issues)? = reply.json["issues"] {
                #expect(issues.contains { $0["field"] == .text(field) })
            }
            #expect(try await service.send(.get, "/v1/members/A-1", key: key).status == 403)
        }
    }

    @Test func `a batch answers each member by itself`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet, "26")
            let named = Self.member.replacing("{\"last\"", with: "{\"aisId\": \"A-1\", \"last\"")
            let other = named.replacing("A-1", with: "A-2").replacing("1980", with: "1981")
            let odd = other.replacing("A-2", with: "A-3").replacing("Вера", with: "<b>Вера</b>")
            let body = "{\"members\": [\(named), {\"aisId\": 1}, \(odd), \(other), \(named)]}"
            let reply = try await service.send(.post, "/v1/members:batch", key: key, json: body)
            #expect(reply.status == 200)
            guard case .array(let results)? = reply.json["results"] else {
                Issue.record("no results")
                return
            }
            #expect(
                results.map { $0["outcome"] } == [
                    "added", "error", "error", "added", "duplicate",
                ]
            )
            #expect(results.map { $0["aisId"] } == ["A-1", .null, "A-3", "A-2", "A-1"])
            let places = results[1...2].map { row -> JSON? in
                guard case .array(let issues)? = row["issues"] else { return nil }
                return issues.first?["field"]
            }
            #expect(places == ["/members/1/aisId", "/members/2/first"])
            let formless = odd.replacing("\"1981-05-06\"", with: "7")
            let named3 = try await service.send(
                .post,
                "/v1/members:batch",
                key: key,
                json: "{\"members\": [\(formless)]}"
            )
            guard case .array(let rows)? = named3.json["results"] else {
                Issue.record("no results")
                return
            }
            #expect(rows.first?["aisId"] == "A-3" && named3.text.contains("/members/0/birthDate"))
            let many = Array(repeating: "1", count: 501).joined(separator: ",")
            let tooMany = try await service.send(
                .post,
                "/v1/members:batch",
                key: key,
                json: "{\"members\": [\(many)]}"
            )
            #expect(tooMany.status == 400)
        }
    }

    @Test func `a verb behind a colon finds its own route`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let number = try #require(try service.issue(1).first).carrier.digits
            let file = CarrierFile(service.register)
            _ = try file.apply(.unblock, to: number, reason: "выдана", by: service.admin)
            let key = try service.client("cabinet", .cabinet)
            let path = "/v1/carriers/\(number)"
            let blocked = try await service.send(
                .post,
                path + ":block",
                key: key,
                json: #"{"as": "suspended", "reason": "звонок"}"#
            )
            #expect(blocked.status == 200 && blocked.text.contains("suspended"))
            let open = try await service.send(
                .post,
                path + ":unblock",
                key: key,
                json: #"{"reason": "нашлась"}"#
            )
            #expect(open.status == 200 && open.text.contains("\"active\""))
            let replaced = try await service.send(
                .post,
                path + ":replace",
                key: key,
                json: #"{"reason": "damaged"}"#
            )
            #expect(replaced.status == 201)
            #expect(try await service.send(.post, path, key: key, json: "{}").status == 405)
            let odd = try await service.send(.post, path + ":burn", key: key, json: "{}")
            #expect(odd.status == 405 || odd.status == 404)
            let ticket = number.dropLast()
            let told = try await service.send(.get, "/v1/tickets/\(ticket)/history", key: key)
            #expect(told.status == 200 && told.text.contains("suspended"))
        }
    }

    @Test func `the hotline says the same of known and unknown numbers`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let known = try #require(try service.issue(1).first).carrier.ticket
            let unknown = TicketNumber(scheme: .specimen, region: 26, serial: 77)
            let key = try service.client("hotline", .hotline)
            var words: [[String]] = []
            for number in [known, unknown] {
                let begun = try await service.send(
                    .post,
                    "/v1/hotline/lookups",
                    key: key,
                    json: "{\"number\": \"\(number.printed)\"}"
                )
                #expect(begun.status == 201 && !begun.text.contains(number.digits))
                guard case .text(let id)? = begun.json["id"] else { continue }
                var told = ["\(begun.status)"]
                for _ in 0..<4 {
                    let reply = try await service.send(
                        .post,
                        "/v1/hotline/lookups/\(id)/answers",
                        key: key,
                        json: """
                            {"birthDate": "1901-01-01", "phone": "+70000000000",
                            "name": {"last": "Нет", "first": "Никто"}}
                            """
                    )
                    told.append("\(reply.status) \(reply.code ?? reply.text)")
                }
                words.append(told)
            }
            #expect(words[0] == words[1])
            #expect(words[0].last == "429 attempts_spent")
        }
    }

    @Test func `a hotline's repeated request is answered once`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let known = try #require(try service.issue(1).first).carrier.ticket
            let key = try service.client("hotline", .hotline)
            func ask(
                _ path: String,
                _ json: String,
                _ retry: String
            ) async throws
                -> TestService.Reply
            {
                let headers = ["Idempotency-Key": retry]
                return try await service.send(.post, path, key: key, json: json, headers: headers)
            }
            let number = "{\"number\": \"\(known.printed)\"}"
            let begun = try await ask("/v1/hotline/lookups", number, "l-1")
            let again = try await ask("/v1/hotline/lookups", number, "l-1")
            #expect(begun.status == 201 && begun.text == again.text)
            let odd = try await ask("/v1/hotline/lookups", "{\"number\": \"12\"}", "l-2")
            #expect(odd.status == 422)
            let log = try AuditLog(service.register).entries(by: service.admin)
            #expect(log.filter { $0.action == "hotline.lookup" }.count == 2)
            guard case .text(let id)? = begun.json["id"] else { return }
            let wrong = """
                {"birthDate": "1901-01-01", "phone": "+70000000000", "aisId": "x"}
                """
            for _ in 0..<3 {
                let reply = try await ask("/v1/hotline/lookups/\(id)/answers", wrong, "a-1")
                #expect(reply.json["left"] == 2)
            }
        }
    }

    @Test func `a card being made is named, not passed over in silence`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let ticket = try #require(try service.issue(1).first).carrier.ticket.digits
            let key = try service.client("cabinet", .cabinet)
            let block = #"{"as": "withdrawn", "reason": "звонок"}"#
            let path = "/v1/carriers/\(ticket):block"
            let all = try await service.send(.post, path, key: key, json: block)
            #expect(all.status == 200 && all.json["skipped"] == .array([]))
            let carriers = try CarrierFile(service.register).show(ticket, by: service.admin)
            let carrier = try #require(carriers.first)
            let waiting = CarrierFile.Carrier(
                id: carrier.id + 1,
                kind: .plastic,
                number: carrier.number,
                legacyNumber: nil,
                legacyIssuer: nil,
                state: .allocated,
                coordinate: nil,
                expiresAt: nil,
                member: carrier.member
            )
            #expect(CarrierFile.Change.suspend.skipped(of: [carrier, waiting]) == [waiting])
        }
    }

    @Test func `a card of the old scheme has an address of its own`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let ticket = try #require(try service.issue(1).first).carrier.ticket.digits
            let draft = LegacyTicketDraft(
                issuer: "26",
                number: "Л-7/7",
                aisId: "1000",
                handedOutOn: CalendarDate(day: 18_000)
            )
            let rows = [(line: 2, draft: LegacyTicketDraft?.some(draft), issues: [RowIssue]())]
            _ = try LegacyImport(service.register).run(rows, by: service.admin)
            let key = try service.client("cabinet", .cabinet)
            let path = "/v1/carriers/L:%D0%9B-7%2F7"
            let read = try await service.send(.get, path, key: key)
            guard case .array(let carriers)? = read.json["carriers"] else {
                Issue.record("\(read.text)")
                return
            }
            #expect(carriers.map { $0["legacyNumber"] } == ["Л-7/7"])
            #expect(carriers.map { $0["kind"] } == ["legacyPlastic"])
            let block = #"{"as": "suspended", "reason": "звонок"}"#
            let all = "/v1/carriers/\(ticket):block"
            let held = try await service.send(.post, all, key: key, json: block)
            #expect(held.status == 200 && held.text.contains("Л-7/7"))
            let open = #"{"reason": "нашлась"}"#
            let back = try await service.send(.post, path + ":unblock", key: key, json: open)
            #expect(back.status == 200 && back.text.contains("\"active\""))
            #expect(try await service.send(.get, "/v1/carriers/L:", key: key).status == 400)
        }
    }

    @Test(arguments: ["%20", "%20A-1%20", "A-1%C2%A0", "-", "%D0%BD%D0%B5%D1%82"])
    func `an identifier that is none adds nobody`(_ written: String) async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet, "26")
            let path = "/v1/members/\(written)"
            let put = try await service.send(.put, path, key: key, json: Self.member)
            #expect(put.status == 422 && put.code == "member_refused")
            #expect(put.json["field"] == "aisId" && put.text.contains("ais_empty"))
            let id = try #require(written.removingPercentEncoding)
            let named = Self.member.replacing("{\"last\"", with: "{\"aisId\": \"\(id)\", \"last\"")
            let reply = try await service.send(
                .post,
                "/v1/members:batch",
                key: key,
                json: "{\"members\": [\(named)]}"
            )
            guard case .array(let results)? = reply.json["results"] else {
                Issue.record("\(reply.text)")
                return
            }
            #expect(results.map { $0["outcome"] } == ["error"])
            #expect(reply.text.contains("/members/0/aisId"))
            let members = try service.register.read { session in
                try session.first("SELECT count(*) FROM member") { $0.integer(0) }
            }
            #expect(members == 0)
        }
    }

    @Test func `the audit log pages without a gap, for auditors only`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            _ = try service.issue(3)
            let auditor = try service.client("auditor", .auditor)
            let other = try service.client("cabinet", .cabinet)
            #expect(try await service.send(.get, "/v1/audit", key: other).status == 403)
            let part = try service.client("part", .auditor, "26")
            #expect(try await service.send(.get, "/v1/audit", key: part).status == 403)
            var seen: [JSON] = []
            var path: String? = "/v1/audit?limit=3"
            while let next = path {
                let reply = try await service.send(.get, next, key: auditor)
                #expect(reply.status == 200)
                guard case .array(let entries)? = reply.json["entries"] else { break }
                seen += entries.compactMap { $0["sequence"] }
                path = nil
                if case .text(let cursor)? = reply.json["next"] {
                    path = "/v1/audit?limit=3&cursor=\(cursor)"
                }
            }
            #expect(seen == (1...seen.count).map { JSON.int($0) })
            #expect(seen.count > 4)
        }
    }
}
