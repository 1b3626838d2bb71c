import Foundation
import HTTPTypes
import TicketSeal
import Testing
import UnionTicket

@testable import Registry
@testable import TicketService

@Suite struct PublicationTests {
    private static let cwt = ["Accept": "application/statuslist+cwt"]

    private func token(_ service: TestService, _ list: Int = 26) async throws -> StatusListToken {
        let reply = try await service.send(.get, "/v1/status-lists/\(list)", headers: Self.cwt)
        let bundle = try await service.send(.get, "/v1/trust-bundle").body
        return try StatusListToken(
            cwt: reply.body,
            keys: try #require(TrustedKeys(file: bundle)),
            subject: "https://epb.example.ru/v1/status-lists/\(list)",
            at: service.clock.now()
        )
    }

    @Test func `a block is in the published list with the next look, and only its list is rebuilt`()
        async throws
    {
        try await TestService.with { service in
            let carrier = try service.issue(3)[0].carrier
            _ = try service.issue(2, "27-001-0001")
            service.server.clerk.work()
            let file = CarrierFile(service.register)
            let place = try #require(
                try file.show(carrier.digits, by: service.admin)[0].coordinate
            )
            let other = try await token(service, 27).sequence
            #expect(try await token(service).list[Int(place.index)] == 2)
            for (change, expected) in [(CarrierFile.Change.unblock, UInt8(0)), (.stolen, 1)] {
                _ = try file.apply(change, to: carrier.digits, reason: "test", by: service.admin)
                let before = try await token(service).sequence
                service.clock.advance(5)
                service.server.clerk.work()
                let after = try await token(service)
                #expect(after.list[Int(place.index)] == expected)
                #expect(after.sequence == before + 1)
            }
            #expect(try await token(service, 27).sequence == other)
            service.server.clerk.work()
            let figures = try await service.send(.get, "/metrics").text
            #expect(figures.contains("profbilet_status_lists_rebuilt_total 4"))
        }
    }

    @Test func `documents have tags, caches and both forms`() async throws {
        try await TestService.with { service in
            _ = try service.issue(1)
            service.server.clerk.work()
            for path in [
                "/.well-known/jwks.json", "/.well-known/cose-keyset", "/v1/trust-bundle",
                "/v1/status-lists", "/v1/status-lists/26", "/v1/root-changes",
            ] {
                let whole = try await service.send(.get, path)
                let tag = try #require(whole.headers[.eTag])
                #expect(
                    whole.status == 200 && whole.headers[.cacheControl]?.contains("max-age") == true
                )
                #expect(whole.headers[.accessControlAllowOrigin] == "*")
                for mark in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    let reply = try await service.send(.get, path, headers: ["If-None-Match": mark])
                    #expect(
                        reply.status == 304 && reply.body.isEmpty && reply.headers[.eTag] == tag
                    )
                }
                let other = try await service.send(.get, path, headers: ["If-None-Match": "\"x\""])
                #expect(other.status == 200)
                let head = try await service.send(.head, path)
                #expect(head.status == 200 && head.body.isEmpty)
                #expect(head.headers[.contentLength] == "\(whole.body.count)")
            }
            for (accept, type) in [
                ("application/statuslist+jwt", "application/statuslist+jwt"),
                ("application/statuslist+cwt", "application/statuslist+cwt"),
                ("*/*", "application/statuslist+cwt"),
                (
                    "application/statuslist+jwt;q=0.5, application/statuslist+cwt;q=0.9",
                    "application/statuslist+cwt"
                ),
                ("text/html, application/statuslist+jwt;q=0.1", "application/statuslist+jwt"),
                ("application/statuslist+cwt;q=0, */*", "application/statuslist+jwt"),
                ("*/*;q=0.1, application/statuslist+jwt", "application/statuslist+jwt"),
                ("application/*;q=0.2, */*;q=0.9", "application/statuslist+cwt"),
            ] {
                let reply = try await service.send(
                    .get,
                    "/v1/status-lists/26",
                    headers: ["Accept": accept]
                )
                #expect(reply.headers[.contentType] == type)
            }
            let neither = try await service.send(
                .get,
                "/v1/status-lists/26",
                headers: ["Accept": "text/html"]
            )
            #expect(neither.status == 406)
            let past = try await service.send(.get, "/v1/status-lists/26?time=1686925000")
            #expect(past.status == 501 && past.code == "no_past_lists")
            #expect(try await service.send(.get, "/v1/status-lists/27").status == 404)
            let all = try await service.send(.get, "/v1/status-lists").json["status_lists"]
            #expect(all == ["https://epb.example.ru/v1/status-lists/26"])
        }
    }

    @Test func `pages of any origin may read what is published, refusals too`() async throws {
        try await TestService.with { service in
            _ = try service.issue(1)
            service.server.clerk.work()
            let list = "/v1/status-lists/26"
            let asked = try await service.send(
                .options,
                list,
                headers: ["Origin": "https://x.example", "Access-Control-Request-Method": "GET"]
            )
            #expect(asked.status == 204)
            #expect(asked.header("Access-Control-Allow-Methods")?.contains("GET") == true)
            let tag = try #require(try await service.send(.get, list).headers[.eTag])
            let replies = [
                asked, try await service.send(.get, list),
                try await service.send(.get, list, headers: ["If-None-Match": tag]),
                try await service.send(.get, "/v1/status-lists/27"),
                try await service.send(.post, list),
                try await service.send(.get, list, headers: ["Accept": "text/html"]),
            ]
            #expect(replies.map(\.status) == [204, 200, 304, 404, 405, 406])
            for reply in replies {
                #expect(reply.header("Access-Control-Allow-Origin") == "*")
                #expect(reply.header("Access-Control-Expose-Headers")?.contains("ETag") == true)
            }
            let own = try await service.send(.options, "/v1/client")
            #expect(own.status == 405 && own.header("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test func `a list is signed anew before a reader would call it stale`() async throws {
        try await TestService.with { service in
            _ = try service.issue(1)
            service.server.clerk.work()
            for _ in 0..<30 {
                service.clock.advance(3600)
                service.server.clerk.work()
                #expect(try await token(service).freshness(at: service.clock.now()) == .fresh)
            }
        }
    }

    @Test func `slots of expired carriers fall back to zero once, and no list is rebuilt for ever`()
        async throws
    {
        try await TestService.with { service in
            _ = try service.issue(1)
            service.server.clerk.work()
            service.clock.advance(5 * 365 * 86_400 + 1)
            // The key of then is past its date as well.
            _ = try KeyRing(service.register).rotate(
                .status,
                .init(isImmediate: true),
                secrets: service.secrets,
                root: try Register.rootKey(
                    at: service.register.directory.rootKeyFile,
                    passphrase: "root passphrase"
                ),
                by: service.admin
            )
            service.server.clerk.work()
            let after = try await token(service)
            #expect((0..<StatusCoordinate.slots).allSatisfy { after.list[$0] == 0 })
            service.clock.advance(60)
            service.server.clerk.work()
            #expect(try await token(service).sequence == after.sequence)
        }
    }

    @Test func `a folder that cannot be written is told, and made up for later`() async throws {
        let place = NSTemporaryDirectory() + "publication-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: place) }
        try Data("in the way".utf8).write(to: URL(fileURLWithPath: place))
        try await TestService.with {
            $0.publication = place
        } _: { service in
            let carrier = try service.issue(1)[0].carrier
            service.server.clerk.work()
            let told = try await service.send(.get, "/readyz")
            #expect(told.status == 200)
            #expect(told.json["checks"]?["publication"]?["status"] == "warning")
            #expect(try await token(service).sequence == 1)
            _ = try CarrierFile(service.register)
                .apply(.unblock, to: carrier.digits, reason: "test", by: service.admin)
            service.clock.advance(Int64(PublicationClerk.promise) + 1)
            service.server.clerk.work()
            #expect(try await token(service).sequence == 2)
            // Whoever fetches from the folder sees what is older than a minute now.
            let late = try await service.send(.get, "/readyz")
            #expect(late.status == 503)
            #expect(late.json["checks"]?["publication"]?["status"] == "bad")
            try FileManager.default.removeItem(atPath: place)
            service.server.clerk.work()
            let healed = try await service.send(.get, "/readyz")
            #expect(healed.json["checks"]?["publication"]?["status"] == "ok")
            let written = try Files.read(place + "/status-lists/26.cwt", atMost: 1 << 20)
            let served = try await service.send(.get, "/v1/status-lists/26", headers: Self.cwt)
            #expect(written == served.body)
        }
    }

    @Test func `an older register never puts its lists over newer ones`() async throws {
        let place = NSTemporaryDirectory() + "publication-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: place) }
        try await TestService.with {
            $0.publication = place
        } _: { service in
            let carrier = try service.issue(1)[0].carrier
            for change in [CarrierFile.Change.unblock, .suspend, .unblock] {
                _ = try CarrierFile(service.register)
                    .apply(change, to: carrier.digits, reason: "test", by: service.admin)
                service.server.clerk.work()
            }
            let before = try await token(service).sequence
            // As a restored backup would stand: an older version, and the word that it must reclaim.
            try service.register.database.write {
                try $0.execute("UPDATE status_list SET sequence = 1, changed = 1")
                try Setting.mustReclaim.set("1", in: $0)
            }
            service.server.clerk.work()
            #expect(try await token(service).sequence == before)
            let restarted = PublicationShelf()
            let clerk = PublicationClerk(service.server.context, restarted)
            try clerk.load()
            #expect(restarted.known.lists[26]?.sequence == before)
            // Even a register that forgot this word does not write over a newer list.
            try service.register.database.write { try Setting.mustReclaim.clear(in: $0) }
            clerk.work()
            let claims = StatusListToken.claims(
                ofCWT: try Files.read(place + "/status-lists/26.cwt", atMost: 1 << 20)
            )
            #expect(claims?.sequence == before)
            #expect(restarted.known.lists[26]?.sequence == before)
            guard case .warning = clerk.finding else {
                Issue.record("nothing was told: \(clerk.finding)")
                return
            }
        }
    }

    @Test func `lists of a clock that was ahead are told, then signed anew`() async throws {
        try await TestService.with { service in
            _ = try service.issue(1)
            service.server.clerk.work()
            service.clock.jump(8 * 86_400)
            service.server.clerk.work()
            let ahead = try await token(service).sequence
            service.clock.jump(-8 * 86_400)
            let told = try await service.send(.get, "/readyz")
            #expect(told.status == 503)
            #expect(told.json["checks"]?["publication"]?["status"] == "bad")
            // A service that starts now publishes none of them.
            let shelf = PublicationShelf()
            try PublicationClerk(service.server.context, shelf).load()
            #expect(shelf.known.lists.isEmpty)
            service.server.clerk.work()
            let after = try await token(service)
            #expect(after.sequence == ahead + 1 && after.issuedAt == service.clock.now())
            #expect(try await service.send(.get, "/readyz").status == 200)
        }
    }

    @Test func `what is taken out of the folder is there again with the next look`() async throws {
        let place = NSTemporaryDirectory() + "publication-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: place) }
        try await TestService.with {
            $0.publication = place
        } _: { service in
            _ = try service.issue(1)
            service.server.clerk.work()
            let names = [
                "trust-bundle", "jwks.json", "cose-keyset", "status-lists/26.cwt",
                "status-lists/26.jwt",
            ]
            let sizes = names.map { Files.size(place + "/" + $0) }
            #expect(sizes.allSatisfy { $0 ?? 0 > 0 })
            try FileManager.default.removeItem(atPath: place)
            service.server.clerk.work()
            #expect(names.map { Files.size(place + "/" + $0) } == sizes)
            for name in names {
                try FileManager.default.removeItem(atPath: place + "/" + name)
                service.server.clerk.work()
                #expect(names.map { Files.size(place + "/" + $0) } == sizes, "\(name)")
                try Data().write(to: URL(fileURLWithPath: place + "/" + name))
                service.server.clerk.work()
                #expect(names.map { Files.size(place + "/" + $0) } == sizes, "\(name)")
            }
        }
    }
}
