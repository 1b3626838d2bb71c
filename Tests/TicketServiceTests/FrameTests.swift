import Foundation
import HTTPTypes
import Testing
import UnionTicket

@testable import Registry
@testable import TicketService

@Suite struct JSONTests {
    @Test(arguments: [
        "{", "[", "\"", "{\"a\"}", "{\"a\":}", "[1,]", "01", "1.", ".5", "1e", "+1", "tru", "nul",
        "\"\u{1}\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
        "1 2", "{\"a\":1,\"a\":2}", "{a:1}", "'a'", "NaN", "1e999", "", " ", "\u{FEFF}{}",
    ])
    func `what is no JSON is refused`(_ text: String) {
        #expect(throws: JSONReader.Refusal.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func `values come back as they were written`() throws {
        let value: JSON = [
            "text": "ё\"\\\n\u{1}🙂", "list": [1, -9_223_372_036_854_775_807, true, .null],
            "empty": [:], "none": [], "fraction": .number(0.5),
        ]
        #expect(try JSONReader.read(value.bytes) == value)
        let escaped = Array(#"{"a":"\ud83d\ude42\/\u0451"}"#.utf8)
        #expect(try JSONReader.read(escaped) == ["a": "🙂/ё"])
    }

    @Test func `depth is bounded however long the text is`() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = String(repeating: open, count: 100_000)
            #expect(throws: JSONReader.Refusal.tooDeep) { try JSONReader.read(Array(deep.utf8)) }
            let most = JSONReader.deepest
            let fits =
                String(repeating: open, count: most) + (open == "[" ? "" : "1")
                + String(repeating: close, count: most)
            #expect(throws: Never.self) { try JSONReader.read(Array(fits.utf8)) }
        }
    }

    @Test func `any bytes are answered, whatever they are`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\",:\\u0123456789eE+-. truefalsn\u{7F}".utf8) + [0, 0xC3, 0xFF]
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...40, using: &generator)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            guard let value = try? JSONReader.read(bytes) else { continue }
            #expect((try? JSONReader.read(value.bytes)) == value)
        }
    }

    @Test func `a wrong field is named by its place`() throws {
        let body: JSON = ["members": [["name": "A"], ["name": 5]], "x/~y": 1]
        func fault(_ read: (inout JSONFields) throws -> Void) -> String? {
            do { try JSONFields.object(body, read) } catch { return (error as? Problem)?.field }
            return nil
        }
        #expect(
            fault { fields in
                _ = try fields.array("members", 1...10) { value, path in
                    try JSONFields.object(value, at: path) { try $0.text("name", 1...5) }
                }
            } == "/members/1/name"
        )
        #expect(fault { _ = $0.value("members") } == "/x~1~0y")
        #expect(fault { _ = try $0.integer("missing", 0...1) } == "/missing")
        #expect(fault { _ = try $0.integer("x/~y", 2...3) } == "/x~1~0y")
    }
}

@Suite struct RateTests {
    @Test func `a bucket empties and fills with time that no clock moves`() {
        let clock = TestServiceClock()
        let limiter = RateLimiter(capacity: 100, uptime: clock.uptime)
        let rate = Rate(perSecond: 0.5, burst: 3)
        #expect((0..<3).allSatisfy { _ in limiter.take("a", rate) == nil })
        #expect(limiter.take("a", rate) == 2)
        #expect(limiter.take("b", rate) == nil)
        clock.jump(3600)
        #expect(limiter.take("a", rate) == 2)
        clock.advance(2)
        #expect(limiter.take("a", rate) == nil)
        #expect(limiter.take("a", rate) == 2)
    }

    @Test func `a flood of names forgets the oldest and keeps those that come back`() {
        let clock = TestServiceClock()
        let limiter = RateLimiter(capacity: 100, uptime: clock.uptime)
        let rate = Rate(perSecond: 0, burst: 1)
        #expect(limiter.take("loud", rate) == nil)
        for number in 0..<10_000 {
            _ = limiter.take("n\(number)", rate)
            if number.isMultiple(of: 50) { #expect(limiter.take("loud", rate) == 3600) }
        }
    }
}

@Suite struct FrameTests {
    @Test func `a key is asked for, and its client answered`() async throws {
        try await TestService.with { service in
            let key = try service.client("mobile", .app)
            let good = try await service.send(.get, "/v1/client", key: key)
            #expect(good.status == 200 && good.json["name"] == "mobile")
            #expect(good.json["now"] == .text(service.clock.now().rfc3339))
            for header in ["Basic abc", "Bearer", "Bearer a b", "Bearer \(key)x", "bearer \(key) "]
            {
                let reply = try await service.send(
                    .get,
                    "/v1/client",
                    headers: ["Authorization": header]
                )
                #expect(
                    reply.status == (header.hasPrefix("bearer \(key)") ? 200 : 401),
                    "\(header)"
                )
            }
            try APIClients(service.register).revoke("mobile", by: service.admin)
            #expect(try await service.send(.get, "/v1/client", key: key).status == 401)
        }
    }

    @Test func `a body held back and refused ends the connection, nothing else is expected`()
        async throws
    {
        try await TestService.with(supply: TestSupplies.all) { service in
            let key = try service.client("cabinet", .cabinet)
            func put(_ expect: String, key: String?) async throws -> TestService.Reply {
                try await service.send(
                    .put,
                    "/v1/members/A-1",
                    key: key,
                    json: "{}",
                    headers: ["Expect": expect]
                )
            }
            let stranger = try await put("100-continue", key: nil)
            #expect(stranger.status == 401 && stranger.headers[.connection] == "close")
            let read = try await put("100-Continue", key: key)
            #expect(read.status == 400 && read.headers[.connection] == nil)
            for other in ["miracle", "100-continue, miracle"] {
                let refused = try await put(other, key: key)
                #expect(refused.status == 417 && refused.code == "expectation_failed")
                #expect(refused.headers[.connection] == "close")
            }
            let bare = ["Expect": "100-continue"]
            let none = try await service.send(.get, "/v1/client", headers: bare)
            #expect(none.status == 401 && none.headers[.connection] == nil)
        }
    }

    @Test func `guessing keys is slowed, and a client has its pace`() async throws {
        try await TestService.with {
            $0.wrongKeyRate = Rate(perSecond: 0.1, burst: 2)
            $0.clientRate = Rate(perSecond: 1, burst: 2)
        } _: { service in
            let key = try service.client("mobile", .app)
            for expected in [401, 401, 429] {
                let reply = try await service.send(.get, "/v1/client", key: key + "x")
                #expect(reply.status == expected)
                #expect((reply.headers[.retryAfter] != nil) == (expected == 429))
            }
            for expected in [200, 200, 429] {
                let reply = try await service.send(.get, "/v1/client", key: key)
                #expect(reply.status == expected)
            }
            service.clock.advance(1)
            #expect(try await service.send(.get, "/v1/client", key: key).status == 200)
        }
    }

    @Test(arguments: [
        ("/v1/client/", 404), ("/v1//client", 404), ("/v1/%63lient", 401), ("/v1/../healthz", 400),
        ("/%2e%2e/healthz", 400), ("/./healthz", 400), ("/healthz%00", 400), ("/healthz%", 400),
        ("/healthz%ff", 400), ("/healthz%2F", 404), ("/v1/status-lists/..%2F..%2Fetc", 400),
        ("/v1/status-lists/0", 400), ("/v1/status-lists/99999999999999999999", 400),
        ("/v1/status-lists/1e3", 400), ("/v1/status-lists/-1", 400),
        ("/v1/status-lists/26%20", 400),
        ("/healthz?x=1", 400), ("/healthz?", 200), ("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", 400),
        ("/", 404),
    ])
    func `paths are taken as they stand`(_ path: String, _ status: Int) async throws {
        try await TestService.with { service in
            let reply = try await service.send(.get, path)
            #expect(reply.status == status, "\(reply.text)")
            if status >= 400 {
                #expect(reply.headers[.contentType] == "application/problem+json")
                #expect(reply.json["message"]?["ru"] != nil && reply.json["message"]?["en"] != nil)
            }
        }
    }

    @Test func `the title is in the language that is preferred`() async throws {
        try await TestService.with { service in
            for (accept, title) in [
                ("", "Здесь ничего нет."), ("en", "There is nothing here."),
                ("de, en;q=0.5, ru;q=0.4", "There is nothing here."),
                ("ru-RU,en;q=0.9", "Здесь ничего нет."), ("en;q=9,;;q=,", "Здесь ничего нет."),
                ("ru;q=0, *", "There is nothing here."), ("ru;q=0", "There is nothing here."),
                ("*", "Здесь ничего нет."), ("de, *;q=0", "Здесь ничего нет."),
                ("en, *;q=0.5", "There is nothing here."), ("en;q=0, *", "Здесь ничего нет."),
            ] {
                let reply = try await service.send(
                    .get,
                    "/nothing",
                    headers: ["Accept-Language": accept]
                )
                #expect(reply.json["title"] == .text(title), "\(accept)")
                #expect(reply.headers[.requestID]?.count == 16)
            }
        }
    }

    @Test func `figures name templates, never paths`() async throws {
        try await TestService.with { service in
            _ = try await service.send(.get, "/c/987654321012345")
            _ = try await service.send(.get, "/secret-path-987654321012345")
            let figures = try await service.send(.get, "/metrics").text
            #expect(!figures.contains("987654321012345"))
            #expect(
                figures.contains(
                    "profbilet_requests_total{route=\"/c/{digits}\",method=\"GET\",status=\"200\"} 1"
                )
            )
            #expect(figures.contains("route=\"unmatched\""))
            #expect(figures.contains("le=\"+Inf\"} 1"))
        }
    }

    @Test func `readiness names what is wrong and heals without a restart`() async throws {
        try await TestService.with { service in
            service.server.clerk.work()
            #expect(try await service.send(.get, "/readyz").status == 200)
            try service.register.database.write {
                try $0.execute(
                    "UPDATE signing_key SET state = 'verifyOnly' WHERE purpose = 'status'"
                )
            }
            let bad = try await service.send(.get, "/readyz")
            #expect(bad.status == 503 && bad.json["checks"]?["keys"]?["status"] == "bad")
            try service.register.database.write {
                try $0.execute("UPDATE signing_key SET state = 'active' WHERE purpose = 'status'")
            }
            #expect(try await service.send(.get, "/readyz").status == 200)
            // A key that cuts payloads short still works, and somebody should act.
            let end = service.clock.now().seconds + 6 * 86_400
            try service.register.database.write {
                try $0.execute(
                    "UPDATE signing_key SET longest_expiry = \(end) WHERE purpose = 'virtual'"
                )
            }
            let short = try await service.send(.get, "/readyz")
            #expect(short.status == 200)
            #expect(short.json["checks"]?["keys"]?["status"] == "warning")
            service.clock.advance(61)
            let late = try await service.send(.get, "/readyz")
            #expect(late.status == 503)
            #expect(late.json["checks"]?["publication"]?["status"] == "bad")
        }
    }
}
