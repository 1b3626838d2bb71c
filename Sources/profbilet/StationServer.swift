import AsyncHTTPClient
import EventStation
import Foundation
import NIOCore
import NIOHTTP1
import TicketSeal
import UnionTicket

/// Headquarters as a station reaches it over HTTP: every request is signed by the station's key.
struct StationServer: Sendable {
    /// What the server refused, as its problem document says (RFC 9457).
    struct Refusal: Error {
        let status: UInt
        let code: String
        let russian: String
        let english: String
    }

    /// The server's certificate is not trusted: nothing was sent to it.
    struct Untrusted: Error { let failure: Failure }

    /// An answer.
    struct Answer: Sendable {
        let status: UInt
        let body: [UInt8]
        let etag: String?
        let contentRange: String?
    }

    private let client: HTTPClient
    private let base: String

    /// The server at a URL; plain HTTP only on the loopback.
    ///
    /// - Parameters:
    ///   - url: `https://host[:port][/path]`.
    ///   - authority: A file with the certificates to trust, PEM; nil trusts the system's.
    /// - Throws: ``Failure``.
    init(_ url: String, authority: String?) throws {
        let trimmed = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard let parts = URLComponents(string: trimmed), let host = parts.host, !host.isEmpty,
            parts.query == nil, parts.fragment == nil, parts.user == nil
        else {
            throw Failure(
                "Адрес сервера не понят: нужен https://узел[:порт].",
                "The server's address is not understood: https://host[:port] is needed."
            )
        }
        let isLoopback = ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host)
        guard parts.scheme == "https" || (parts.scheme == "http" && isLoopback) else {
            throw Failure(
                .refused,
                "Станция говорит со штабом только по https (http — лишь на 127.0.0.1): иначе чужой "
                    + "может велеть ей стереть снимок.",
                "A station speaks to headquarters by https only (http on 127.0.0.1 alone): else "
                    + "anybody could tell it to erase its snapshot."
            )
        }
        base = trimmed
        var configuration = try HTTPClient.Configuration(trusting: authority)
        configuration.timeout.read = .seconds(60)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ends its connections; to be called once.
    func close() async { try? await client.shutdown() }

    /// Asks once: `sign` makes the `Authorization` field, the answer's body has at most `limit` bytes.
    ///
    /// - Throws: ``Refusal`` for a problem document, ``Untrusted``, or ``Failure`` when the server cannot be
    ///   reached.
    func ask(
        _ method: HTTPMethod,
        _ target: String,
        body: [UInt8] = [],
        mediaType: String = "application/json",
        headers: [(String, String)] = [],
        limit: Int = 1 << 22,
        sign: ((_ method: String, _ target: String) throws -> String)? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + target)
        request.method = method
        if !body.isEmpty {
            request.body = .bytes(ByteBuffer(bytes: body))
            request.headers.add(name: "Content-Type", value: mediaType)
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let sign {
            request.headers.add(
                name: "Authorization",
                value: try sign(method.rawValue, target)
            )
        }
        let answer: Answer
        do {
            let response = try await client.execute(request, timeout: .seconds(120))
            let content = try await response.body.collect(upTo: limit)
            answer = Answer(
                status: response.status.code,
                body: Array(content.readableBytesView),
                etag: response.headers.first(name: "ETag"),
                contentRange: response.headers.first(name: "Content-Range")
            )
        } catch { throw unreachable(error) }
        guard answer.status < 400 else { throw Self.refusal(answer) }
        return answer
    }

    /// Streams a large answer into `take`, piece by piece.
    func download(
        _ target: String,
        headers: [(String, String)],
        sign: (_ method: String, _ target: String) throws -> String,
        begin: (Answer) throws -> Void,
        take: ([UInt8]) throws -> Void
    ) async throws {
        var request = HTTPClientRequest(url: base + target)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.headers.add(name: "Authorization", value: try sign("GET", target))
        do { try await stream(request, begin: begin, take: take) } catch let refusal as Refusal {
            throw refusal
        } catch let failure as Failure { throw failure } catch { throw unreachable(error) }
    }

    private func stream(
        _ request: HTTPClientRequest,
        begin: (Answer) throws -> Void,
        take: ([UInt8]) throws -> Void
    ) async throws {
        let response = try await client.execute(request, timeout: .minutes(30))
        var head = Answer(
            status: response.status.code,
            body: [],
            etag: response.headers.first(name: "ETag"),
            contentRange: response.headers.first(name: "Content-Range")
        )
        guard head.status < 400 else {
            let body = try await response.body.collect(upTo: 1 << 16)
            head = Answer(
                status: head.status,
                body: Array(body.readableBytesView),
                etag: nil,
                contentRange: nil
            )
            throw Self.refusal(head)
        }
        try begin(head)
        for try await piece in response.body { try take(Array(piece.readableBytesView)) }
    }

    private static func refusal(_ answer: Answer) -> Refusal {
        let problem = try? JSONDecoder().decode(Problem.self, from: Data(answer.body))
        return Refusal(
            status: answer.status,
            code: problem?.code ?? "",
            russian: problem?.message["ru"] ?? "HTTP \(answer.status)",
            english: problem?.message["en"] ?? "HTTP \(answer.status)"
        )
    }

    private struct Problem: Decodable {
        let code: String
        let message: [String: String]
    }

    private func unreachable(_ error: any Error) -> any Error {
        if let failure = Failure.untrusted(error, base, option: "--ca") {
            return Untrusted(failure: failure)
        }
        return Failure(
            .storage,
            "Сервер \(base) не отвечает (\(Self.reason(error))). Станция работает дальше; повторите "
                + "позже: передача продолжится с места обрыва.",
            "The server \(base) does not answer (\(Self.reason(error))). The station works on; "
                + "repeat later: it goes on where it was cut."
        )
    }

    private static func reason(_ error: any Error) -> String {
        (error as? HTTPClientError)?.shortDescription ?? "\(type(of: error))"
    }
}
