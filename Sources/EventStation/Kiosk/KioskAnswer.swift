import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers of the kiosk server.
enum KioskAnswer {
    /// A value as JSON.
    static func json(_ value: some Encodable) -> Response {
        body(value, type: "application/json; charset=utf-8", status: .ok)
    }

    /// A problem document (RFC 9457).
    static func problem(_ problem: KioskProblem) -> Response {
        var response = body(
            problem,
            type: "application/problem+json; charset=utf-8",
            status: HTTPResponse.Status(code: problem.status)
        )
        if let wait = problem.retryAfter { response.headers[.retryAfter] = String(wait) }
        return response
    }

    /// A file of the page.
    static func file(_ file: KioskPage.File, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: file.type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes))
        )
    }

    /// One line of JSON.
    ///
    /// - Returns: Nil only for a value JSON cannot hold; ours hold text, integers and flags.
    static func line(_ value: some Encodable) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    private static func body(
        _ value: some Encodable,
        type: String,
        status: HTTPResponse.Status
    ) -> Response {
        guard let text = line(value) else { return Response(status: .internalServerError) }
        return Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
