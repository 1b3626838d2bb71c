import Foundation
import HTTPTypes
import Testing
import TicketSeal
import UnionTicket

@testable import Registry
@testable import TicketService

/// Texts of the API that say nothing where something is meant.
@Suite struct `Blank texts` {
    private static func member(_ changes: [String: String] = [:]) -> String {
        let known = [
            "patronymic": "Ильинична", "phone": "+70005550011", "email": "v@example.org",
            "legacyNumber": "Л-55",
        ]
        let texts = known.merging(changes) { $1 }.map { "\"\($0)\": \"\($1)\"" }
        return """
            {"last": "Белова", "first": "Вера", "birthDate": "1980-05-06", "category": "working",
            "organisation": "26-001-0001", "joinDate": "2001-09-01",
            "consents": {"register": true}, \(texts.joined(separator: ", "))}
            """
    }

    @Test(arguments: [
        ("patronymic", " "), ("patronymic", "\u{A0}"), ("patronymic", "-"), ("phone", "   "),
        ("phone", "нет"), ("phone", "-"), ("email", "    "), ("email", "нету"),
        ("legacyNumber", " "), ("legacyNumber", "б/н"),
    ])
    func `an optional text that says nothing is refused and leaves what there is`(
        _ name: String,
        _ text: String
    ) async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet, "26")
            let path = "/v1/members/A-1"
            let added = try await service.send(.put, path, key: key, json: Self.member())
            #expect(added.status == 201)
            let blank = Self.member([name: text])
            let put = try await service.send(.put, path, key: key, json: blank)
            #expect(put.status == 422 && put.code == "member_refused")
            #expect(put.json["field"] == .text("/\(name)") && put.text.contains("value_empty"))
            let named = blank.replacing("{\"last\"", with: "{\"aisId\": \"A-1\", \"last\"")
            let batch = try await service.send(
                .post,
                "/v1/members:batch",
                key: key,
                json: "{\"members\": [\(named)]}"
            )
            #expect(batch.text.contains("/members/0/\(name)"))
            #expect(batch.json["counts"]?["error"] == 1)
            let read = try await service.send(.get, path, key: key)
            #expect(read.json == added.json["member"])
        }
    }

    @Test func `an identifier in the address is no place in the body`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet, "26")
            let put = try await service.send(
                .put,
                "/v1/members/%20",
                key: key,
                json: Self.member()
            )
            #expect(put.status == 422 && put.json["field"] == "aisId")
            guard case .array(let issues)? = put.json["issues"] else {
                Issue.record("\(put.text)")
                return
            }
            #expect(issues.map { $0["code"] } == ["ais_empty"])
            #expect(issues.map { $0["field"] } == [.null])
        }
    }

    @Test(arguments: ["   ", "\u{A0}", "\u{200B} \u{2060}"])
    func `a reason says something`(_ blank: String) async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let ticket = try #require(try service.issue(1).first).carrier.ticket.digits
            let key = try service.client("cabinet", .cabinet)
            for (step, fields) in [("block", "\"as\": \"suspended\", "), ("unblock", "")] {
                let reply = try await service.send(
                    .post,
                    "/v1/carriers/\(ticket):\(step)",
                    key: key,
                    json: "{\(fields)\"reason\": \"\(blank)\"}"
                )
                #expect(reply.status == 400 && reply.json["field"] == "/reason", "\(reply.text)")
            }
            let states = try CarrierFile(service.register).show(ticket, by: service.admin)
                .map(\.state)
            #expect(!states.contains(.suspended))
        }
    }
}
