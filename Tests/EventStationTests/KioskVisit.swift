import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

@testable import EventStation

/// A browser before the kiosk's routes, without a socket: heads and bodies as a network would bring them.
struct KioskVisit {
    /// What came back.
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String

        /// A member of the JSON object that came back.
        subscript(name: String) -> String? {
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return object?[name].map { "\($0)" }
        }
    }

    static let nonce = String(repeating: "0f", count: 16)
    static let origin = "http://127.0.0.1:8470"
    let routes: KioskRoutes
    let cookie: String

    init(
        _ desk: SmallDesk = SmallDesk(),
        uptime: @escaping @Sendable () -> Duration = { .zero }
    ) async throws {
        let settings = KioskServer.Settings(port: 8470, token: "secret", uptime: uptime)
        routes = KioskServer(desk: desk, settings: settings).routes
        let head = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "127.0.0.1:8470",
            path: "/?token=secret"
        )
        let welcome = await routes.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        )
        cookie = String(welcome.headers[.setCookie]?.prefix { $0 != ";" } ?? "")
    }

    /// Sends a request as the kiosk's own page would, but for the changes; a nil takes a header away.
    func send(
        _ path: String,
        _ body: String = "{}",
        method: HTTPRequest.Method = .post,
        host: String? = "127.0.0.1:8470",
        changing changes: [HTTPField.Name: String?] = [:]
    ) async throws -> Answer {
        var headers: HTTPFields = [
            .cookie: cookie, .origin: Self.origin, .contentType: "application/json",
        ]
        for (name, value) in changes { headers[name] = value }
        let head = HTTPRequest(
            method: method,
            scheme: "http",
            authority: host,
            path: path,
            headerFields: headers
        )
        let response = await routes.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
        )
        let text = Mutex("")
        try await response.body.write(Page(text: { part in text.withLock { $0 += part } }))
        return Answer(
            status: response.status.code,
            headers: response.headers,
            text: text.withLock { $0 }
        )
    }

    /// Reads a body as it is written.
    struct Page: ResponseBodyWriter {
        let text: @Sendable (String) throws -> Void

        mutating func write(_ buffer: ByteBuffer) async throws {
            try text(String(buffer: buffer))
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
