import HTTPTypes
import Hummingbird

/// What a client expects before it sends its body (RFC 9110 § 10.1.1).
enum Expectation {
    /// Asks the connection to say that the body is wanted: 100 (Continue).
    struct Continue: Sendable {}

    /// Whether the client holds its body back until it hears that it is wanted.
    ///
    /// - Throws: ``Problem`` 417 for whatever else is expected.
    static func holdsBody(_ request: Request) throws(Problem) -> Bool {
        let wishes = request.headers[values: .expect].flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }.filter { !$0.isEmpty }
        guard wishes.allSatisfy({ $0 == "100-continue" }) else { throw unmet }
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        return !wishes.isEmpty && (length > 0 || request.headers[.transferEncoding] != nil)
    }

    private static let unmet: Problem = {
        var problem = Problem(
            417,
            "expectation_failed",
            "В Expect может стоять только 100-continue: уберите остальное.",
            "Expect may say 100-continue only: leave the rest out."
        )
        problem.closes = true
        return problem
    }()
}
