import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import UnionTicket

/// The service as an app reaches it: JSON in, JSON out, problems in both languages.
struct PhoneServer: Sendable {
    let base: String
    private let key: String
    private let authority: String?

    /// The server at a URL, with an app's key.
    ///
    /// - Parameters:
    ///   - url: `https://host[:port]`; plain HTTP only on the loopback, for it carries the key.
    ///   - key: What `profbilet client create` showed.
    ///   - authority: PEM file with the certificates to trust; nil trusts the system's.
    /// - Throws: ``Failure`` for another address.
    init(_ url: String, key: String, authority: String?) throws {
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        let parts = URLComponents(string: base)
        let isLoopback = ["127.0.0.1", "localhost", "[::1]", "::1"].contains(parts?.host ?? "")
        guard parts?.scheme == "https" || (parts?.scheme == "http" && isLoopback) else {
            throw Failure(
                "--server: нужен адрес https://… (http — только на 127.0.0.1).",
                "--server needs an address https://… (http on 127.0.0.1 only)."
            )
        }
        self.key = key
        self.authority = authority
    }

    /// Sends one request and reads the answer's JSON object.
    ///
    /// - Returns: Nothing for an answer without content.
    /// - Throws: ``Failure`` with the problem's own words and code, or that the server does not answer, is
    ///   not trusted or answers what the service never does.
    func ask(
        _ method: HTTPMethod,
        _ path: String,
        body: [String: JSONValue]? = nil,
        headers: [(String, String)] = []
    ) throws -> [String: Any] {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(key)")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: JSONValue.object(body).line))
        }
        let configuration = try HTTPClient.Configuration(trusting: authority)
        let (base, ready) = (base, request)
        let answer = try Blocking.run {
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: configuration
            )
            do {
                let response = try await client.execute(ready, timeout: .seconds(30))
                let content = try await response.body.collect(upTo: 1 << 20)
                try await client.shutdown()
                return (status: response.status.code, body: Array(content.readableBytesView))
            } catch {
                try? await client.shutdown()
                if let untrusted = Failure.untrusted(error, base, option: "--authority") {
                    throw untrusted
                }
                throw Failure(
                    .storage,
                    "Сервер \(base) не отвечает. Проверьте адрес и связь.",
                    "The server \(base) does not answer. Check address and network."
                )
            }
        }
        let object = try? JSONSerialization.jsonObject(with: Data(answer.body))
        let members = object as? [String: Any] ?? [:]
        guard answer.status < 400 else { throw Self.refusal(answer.status, members) }
        // A page of something on the way may be a success, too: nothing follows from it.
        guard answer.status == 204 || (200..<300).contains(answer.status) && object is [String: Any]
        else { throw PhoneFile.notUnderstood }
        return members
    }

    private static func refusal(_ status: UInt, _ problem: [String: Any]) -> Failure {
        let message = problem["message"] as? [String: String]
        let code = problem["code"] as? String ?? "HTTP \(status)"
        let exit: ExitStatus =
            switch status {
            case 401: .notSignedIn
            case 403: .forbidden
            case 404: .notFound
            case 409, 410: .refused
            case 429, 503: .busy
            case 500...: .storage
            default: .unusable
            }
        var failure = Failure(
            exit,
            "\(message?["ru"] ?? "Отказ") (\(code)).",
            "\(message?["en"] ?? "Refused") (\(code))."
        )
        failure.problem = problem["code"] as? String
        return failure
    }
}
