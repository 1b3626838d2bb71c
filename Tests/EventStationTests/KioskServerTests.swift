import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing
import UnionTicket

@testable import EventStation

@Suite("The kiosk server")
struct KioskServerTests {
    static let pin = #""pin":{"text":"1357","gap":140}"#
    static let nonce = KioskVisit.nonce

    // Who may speak

    @Test(arguments: [
        "evil.example", "localhost:8470", "127.0.0.1", "127.0.0.1:8471",
        "127.0.0.1:8470.evil.example",
        "", "[::1]:8470",
    ])
    func `another Host is refused`(_ host: String) async throws {
        let answer = try await KioskVisit().send("/api/status", host: host)
        #expect(answer.status == 421)
        #expect(answer["code"] == "foreign_host")
    }

    @Test(arguments: [
        "http://evil.example", "null", "http://localhost:8470", "https://127.0.0.1:8470",
        "http://127.0.0.1:8471", "http://127.0.0.1:8470/", "",
    ])
    func `another Origin is refused, with a session or without`(_ origin: String) async throws {
        let visit = try await KioskVisit()
        for path in ["/api/scan", "/api/annul", "/api/status"] {
            let answer = try await visit.send(path, changing: [.origin: origin])
            #expect(answer.status == 403)
            #expect(answer["code"] == "foreign_page")
        }
        let page = try await visit.send("/events", method: .get, changing: [.origin: origin])
        #expect(page.status == 403)
    }

    @Test func `a request that acts must name its Origin`() async throws {
        let answer = try await KioskVisit().send("/api/status", changing: [.origin: nil])
        #expect(answer.status == 403)
    }

    @Test(arguments: [
        ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"),
        ("sec-fetch-dest", "iframe"), ("sec-fetch-dest", "embed"),
    ])
    func `what the browser tells of a foreign page is believed`(
        _ name: String,
        _ value: String
    ) async throws {
        let field = try #require(HTTPField.Name(name))
        let answer = try await KioskVisit().send(
            "/",
            method: .get,
            changing: [field: value, .origin: nil]
        )
        #expect(answer.status == 403)
    }

    @Test func `nothing is answered without the session but how to get one`() async throws {
        let visit = try await KioskVisit()
        for path in ["/api/status", "/api/scan"] {
            let answer = try await visit.send(path, changing: [.cookie: nil])
            #expect(answer.status == 401)
            #expect(answer["code"] == "no_session")
        }
        for path in ["/kiosk.js", "/events", "/"] {
            let answer = try await visit.send(path, method: .get, changing: [.cookie: nil])
            #expect(answer.status == 401)
        }
    }

    @Test(arguments: ["/?token=", "/?token=wrong1", "/?token=secret&x=1", "/kiosk.js?token=secret"])
    func `a wrong token gets no session`(_ path: String) async throws {
        let answer = try await KioskVisit().send(path, method: .get, changing: [.cookie: nil])
        #expect(answer.status == 401)
        #expect(answer.headers[.setCookie] == nil)
    }

    @Test func `the session is out of reach of scripts and of other sites`() async throws {
        let visit = try await KioskVisit()
        let path = "/?token=secret"
        let answer = try await visit.send(path, method: .get, changing: [.cookie: nil])
        #expect(answer.status == 303)
        #expect(answer.headers[.location] == "/")
        let cookie = try #require(answer.headers[.setCookie])
        #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
        #expect(!cookie.contains("secret"))
    }

    @Test func `every start draws another token`() {
        let addresses = (0..<20).map { _ in
            KioskServer(desk: SmallDesk(), settings: .init(port: 8470)).address
        }
        #expect(Set(addresses).count == 20)
        #expect(addresses.allSatisfy { $0.count == "http://127.0.0.1:8470/?token=".count + 64 })
    }

    // What is answered

    @Test(arguments: ["/", "/kiosk.js", "/nothing", "/api/status"])
    func `every answer forbids what the page does not need`(_ path: String) async throws {
        let answer = try await KioskVisit().send(path, method: .get)
        let policy = try #require(answer.headers[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.cacheControl] == "no-store")
    }

    @Test func `the page names no address outside and holds no inline script`() async throws {
        let visit = try await KioskVisit()
        let page = try await visit.send("/", method: .get)
        for match in page.text.matches(of: /(?:src|href)="\/?([^"]+)"/) {
            let file = try await visit.send("/" + match.1, method: .get)
            #expect(file.status == 200)
            #expect(!file.text.replacing("http://www.w3.org/2000/svg", with: "").contains("://"))
        }
        #expect(!page.text.contains("<style") && !page.text.contains(" on"))
        #expect(page.text.matches(of: /<script/).count == 1)
    }

    @Test(arguments: [
        ("/api/scan", HTTPRequest.Method.get, 405), ("/", .post, 405), ("/events", .post, 405),
        ("/nothing", .get, 404), ("/api/nothing", .post, 404), ("/../Package.swift", .get, 404),
        ("/kiosk.js/", .get, 404), ("/api/status", .put, 405),
    ])
    func `an address called the wrong way says so`(
        _ path: String,
        _ method: HTTPRequest.Method,
        _ status: Int
    ) async throws {
        #expect(try await KioskVisit().send(path, method: method).status == status)
    }

    @Test func `the same nonce is one scan`() async throws {
        let desk = SmallDesk()
        let visit = try await KioskVisit(desk)
        let body = #"{"text":"177481516234216","source":"scanner","nonce":"\#(Self.nonce)"}"#
        let first = try await visit.send("/api/scan", body)
        #expect(first.status == 200)
        #expect(first["outcome"] == "ok")
        #expect(try await visit.send("/api/scan", body)["outcome"] == "ok")
        #expect(desk.admitted == 1)
        let again = body.replacing(Self.nonce, with: String(repeating: "1", count: 32))
        #expect(try await visit.send("/api/scan", again)["outcome"] == "already_inside")
    }

    @Test(arguments: ["177 4815 1623 4216", "177-4815-1623-4216", "I77 48l5 I623 42I6"])
    func `a typed number reaches the desk as bare digits`(_ text: String) async throws {
        let body = #"{"text":"\#(text)","source":"keyboard","nonce":"\#(Self.nonce)"}"#
        #expect(try await KioskVisit().send("/api/scan", body)["number"] == "177481516234216")
        let scanned = body.replacing("keyboard", with: "scanner")
        #expect(try await KioskVisit().send("/api/scan", scanned)["number"] == text)
    }

    @Test(arguments: [
        "", "[]", "{", "null", #"{"text":7}"#, #"{"text":"1","source":"chip","nonce":"0"}"#,
        #"{"text":"1","source":"scanner"}"#, #"{"text":"","source":"scanner"}"#,
        #"{"text":"1","source":"scanner","nonce":"ZZ"}"#, "\u{0}", "{\"text\":\"\\u0007\"}",
        String(repeating: "[", count: 5000), #"{"pin":"1357"}"#, #"{"mode":"sideways"}"#,
    ])
    func `a body that is none is refused, not obeyed`(_ body: String) async throws {
        let desk = SmallDesk()
        let visit = try await KioskVisit(desk)
        for action in ["scan", "admit", "annul", "mode", "quorum", "find", "person"] {
            let answer = try await visit.send("/api/\(action)", body)
            #expect(answer.status == 400)
            #expect(answer["code"] == "bad_request")
        }
        #expect(desk.admitted == 0 && desk.pinsTried == 0)
    }

    @Test func `too long a body and another media type are refused`() async throws {
        let visit = try await KioskVisit()
        let long = #"{"text":"\#(String(repeating: "1", count: 20_000))"}"#
        #expect(try await visit.send("/api/scan", long).status == 413)
        let fits = #"{"source":"scanner","nonce":"\#(Self.nonce)","text":"#
        let text = String(repeating: "7", count: DeskScan.longestText)
        #expect(try await visit.send("/api/scan", fits + "\"\(text)\"}").status == 200)
        #expect(try await visit.send("/api/scan", fits + "\"\(text)7\"}").status == 400)
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let answer = try await visit.send("/api/status", changing: [.contentType: type])
            #expect(answer.status == 415)
        }
    }

    @Test func `the live channel begins with the state and ends when the page goes`() async throws {
        let visit = try await KioskVisit()
        let head = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "127.0.0.1:8470",
            path: "/events",
            headerFields: [.cookie: visit.cookie]
        )
        for _ in 0..<20 {
            let response = await visit.routes.respond(
                to: Request(head: head, body: RequestBody(buffer: ByteBuffer()))
            )
            #expect(response.status == .ok)
            let lines = Mutex<[String]>([])
            await #expect(throws: CancellationError.self) {
                try await response.body.write(
                    KioskVisit.Page { line in
                        lines.withLock { $0.append(line) }
                        if line.hasPrefix("event: status") { throw CancellationError() }
                    }
                )
            }
            #expect(lines.withLock { $0.first } == "retry: 1000\n\n")
        }
    }

    @Test
    func `a cancelled server returns without an error, a second one on its port does not start`()
        async throws
    {
        let (listening, told) = AsyncStream<Void>.makeStream()
        let port = Int.random(in: 20_000..<30_000)
        let server = KioskServer(desk: SmallDesk(), settings: .init(port: port))
        let task = Task { try await server.run { told.yield() } }
        for await _ in listening { break }
        await #expect(throws: (any Error).self) { try await server.run() }
        task.cancel()
        try await task.value
    }
}
