import Foundation
import HTTPTypes
import Registry
import Synchronization
import Testing
import TicketSeal
import UnionTicket

@testable import TicketService

/// What HTTP adds to headquarters: who is let in, the time, parts of the snapshot.
@Suite struct `Routes of stations` {
    private func with(
        _ content: [UInt8]?,
        _ body: (TestService) async throws -> Void
    ) async throws {
        let path = NSTemporaryDirectory() + "snapshot-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        if let content { try Data(content).write(to: URL(filePath: path)) }
        let snapshot = content.map {
            StationContact.Snapshot(
                sequence: 3,
                sha256: SHA256Digest.of($0),
                leaseEnd: TestService.start + 3600,
                count: Int64($0.count),
                path: path
            )
        }
        try await TestService.with(supply: {
            $0.headquarters = ScriptedHeadquarters(snapshot: snapshot)
        }) {
            try await body($0)
        }
    }

    private static let good = ["Authorization": "Station good"]

    @Test func `a contact tells the time, what is wanted and what there is`() async throws {
        try await with(Array("a snapshot".utf8)) { service in
            let reply = try await service.send(.post, "/v1/events/7/contact", headers: Self.good)
            let now = JSON.text(Instant.rfc3339(milliseconds: TestService.start.seconds * 1000))
            #expect(reply.status == 200 && reply.json["receivedAt"] == now)
            #expect(reply.json["sentAt"] == now && reply.json["wanted"] == ["A": 12, "B": 1])
            #expect(reply.json["snapshot"]?["sequence"] == 3)
        }
    }

    @Test func `strangers, the revoked and the late are told apart`() async throws {
        try await with(nil) { service in
            for field in [nil, "Station bad", "Bearer x", ""] {
                let headers = field.map { ["Authorization": $0] } ?? [:]
                let reply = try await service.send(.post, "/v1/events/7/contact", headers: headers)
                #expect(reply.status == 401 && reply.code == "unauthorized")
                #expect(reply.headers[.wwwAuthenticate]?.hasPrefix("Station") == true)
            }
            let gone = ["Authorization": "Station gone"]
            let revoked = try await service.send(.get, "/v1/events/7/snapshot", headers: gone)
            #expect(revoked.status == 403 && revoked.code == "station_revoked")
            let late = ["Authorization": "Station late"]
            let stale = try await service.send(.get, "/v1/events/7/snapshot", headers: late)
            #expect(stale.status == 401 && stale.code == "stale_request")
            let contact = try await service.send(.post, "/v1/events/7/contact", headers: late)
            #expect(contact.status == 200)
            let none = try await service.send(.get, "/v1/events/7/snapshot", headers: Self.good)
            #expect(none.status == 404 && none.code == "no_snapshot")
            let odd = try await service.send(.post, "/v1/events/x/contact", headers: Self.good)
            #expect(odd.status == 400)
        }
    }

    @Test func `a snapshot goes on where it was cut`() async throws {
        let content = Array("0123456789".utf8)
        try await with(content) { service in
            let path = "/v1/events/7/snapshot"
            let whole = try await service.send(.get, path, headers: Self.good)
            let tag = try #require(whole.headers[.eTag])
            #expect(whole.status == 200 && whole.body == content)
            func ask(_ more: [String: String]) async throws -> TestService.Reply {
                try await service.send(.get, path, headers: Self.good.merging(more) { $1 })
            }
            let rest = try await ask(["Range": "bytes=4-", "If-Range": tag])
            #expect(rest.status == 206 && rest.body == Array("456789".utf8))
            #expect(rest.headers[.contentRange] == "bytes 4-9/10")
            let other = try await ask(["Range": "bytes=4-", "If-Range": "\"another\""])
            #expect(other.status == 200 && other.body == content)
            #expect(try await ask(["If-None-Match": tag]).status == 304)
            #expect(try await ask(["Range": "bytes=10-"]).status == 416)
            for range in ["bytes=-3", "bytes=1-2,4-5", "items=1-", "bytes=99999999999999999999-"] {
                let reply = try await ask(["Range": range])
                #expect(reply.status == 200 && reply.body == content)
            }
        }
    }

    @Test func `each item of a journal gets its answer, and what is no chunk none`() async throws {
        try await with(nil) { service in
            func post(_ body: [UInt8]) async throws -> TestService.Reply {
                try await service.send(
                    .post,
                    "/v1/events/7/journal",
                    bytes: body,
                    headers: Self.good.merging(["Content-Type": "application/cbor"]) { $1 }
                )
            }
            let reply = try await post([0xA0])
            #expect(
                reply.json["items"] == [
                    ["station": "A", "sequence": 12, "outcome": "taken", "code": .null],
                    ["station": "A", "sequence": 13, "outcome": "refused", "code": "changed"],
                ]
            )
            let odd = try await post([1])
            #expect(odd.status == 422 && odd.code == "bad_chunk")
        }
    }

    @Test func `a token's request is taken, anything else is not`() async throws {
        try await with(nil) { service in
            let path = "/v1/stations:provision"
            let good = try await service.send(.post, path, json: #"{"request": "123"}"#)
            #expect(good.status == 201 && good.json == ["event": 7, "station": "A"])
            let bad = try await service.send(.post, path, json: #"{"request": "124"}"#)
            #expect(bad.status == 400)
        }
    }
}
