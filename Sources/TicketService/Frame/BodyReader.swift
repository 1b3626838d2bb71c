import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads a request's body within its route's rule; type and announced length are looked at first.
struct BodyReader {
    let rule: Route.BodyRule

    /// The whole body.
    ///
    /// - Parameters:
    ///   - request: Whose body.
    ///   - holding: The connection whose client holds the body back until it is asked for; nil for none.
    /// - Returns: Its bytes.
    /// - Throws: ``Problem``: 400, 408, 411, 413 or 415; ``HTTPParserError`` for broken framing.
    func read(_ request: Request, from holding: (any Channel)? = nil) async throws -> [UInt8] {
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        let isChunked = request.headers[.transferEncoding] != nil
        guard let limit else {
            guard length == 0, !isChunked else { throw Self.unexpected }
            return []
        }
        try requireType(request.headers[.contentType])
        if request.headers[.contentEncoding] != nil { throw Self.encoded }
        guard length <= limit else { throw Self.tooLarge(limit) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(length, 1 << 20))
        holding?.triggerUserOutboundEvent(Expectation.Continue(), promise: nil)
        do {
            for try await part in request.body {
                guard bytes.count + part.readableBytes <= limit else { throw Self.tooLarge(limit) }
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch is ConnectionGuard.TooSlow {
            throw Self.tooSlow
        }
        return bytes
    }

    private var limit: Int? {
        switch rule {
        case .none: nil
        case .json(let limit), .bytes(_, let limit): limit
        }
    }

    private func requireType(_ header: String?) throws(Problem) {
        let type = (header ?? "").split(separator: ";").first
            .map { $0.filter { $0 != " " }.lowercased() }
        let known: Set<String> =
            switch rule {
            case .none: []
            case .json: ["application/json"]
            case .bytes(let types, _): types
            }
        guard let type, known.contains(type) else { throw Self.wrongType(known.sorted()) }
    }

    private static let unexpected = closing(
        Problem(
            400,
            "unexpected_body",
            "Этот запрос не имеет тела.",
            "This request takes no body."
        )
    )
    private static let encoded = closing(
        Problem(
            415,
            "wrong_encoding",
            "Сжатые тела запросов не принимаются.",
            "Compressed request bodies are not taken."
        )
    )
    private static let tooSlow = closing(
        Problem(
            408,
            "too_slow",
            "Тело запроса пришло не полностью и слишком медленно.",
            "The request's body did not come in time."
        )
    )

    private static func tooLarge(_ limit: Int) -> Problem {
        closing(
            Problem(
                413,
                "too_large",
                "Тело запроса больше \(limit) байт.",
                "The request's body is larger than \(limit) bytes."
            )
        )
    }

    private static func wrongType(_ known: [String]) -> Problem {
        let list = known.joined(separator: ", ")
        return closing(
            Problem(
                415,
                "wrong_content_type",
                "Нужен Content-Type: \(list).",
                "Content-Type must be \(list)."
            )
        )
    }

    private static func closing(_ problem: Problem) -> Problem {
        var problem = problem
        problem.closes = true
        return problem
    }
}
