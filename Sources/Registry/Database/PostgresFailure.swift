import CPostgres

/// What PostgreSQL reported: our words for callers, its state for the driver's own decisions.
struct PostgresFailure: Error {
    /// What the caller gets.
    let error: DatabaseError
    /// The SQLSTATE, or "" when the server said nothing any more.
    let state: String

    /// Others changed the same rows; the whole transaction may be run again.
    var isRepeatable: Bool { state == "40001" || state == "40P01" }

    /// The connection's prepared statements no longer fit the schema or are gone.
    var isStale: Bool { state == "0A000" || state == "26000" }

    /// The failure that `result` carries, or the connection's own when there is no result.
    init(_ connection: OpaquePointer, _ result: OpaquePointer?) {
        let field = { (letter: Unicode.Scalar) -> String? in
            guard let text = unsafe PQresultErrorField(result, Int32(letter.value)) else {
                return nil
            }
            return unsafe String(cString: text)
        }
        guard unsafe PQstatus(connection) == CONNECTION_OK, let state = field("C") else {
            let words = unsafe String(cString: PQerrorMessage(connection))
            self.init(.unavailable, "the server is lost: " + words.trimmedLine)
            return
        }
        let place = field("t").flatMap { table in field("c").map { "\(table).\($0)" } }
        let message = field("M") ?? "no message"
        let name = field("n") ?? place ?? message
        self.init(state: state, message: message, constraint: name)
    }

    /// A failure without a state.
    init(_ code: DatabaseError.Code, _ reason: String) {
        error = DatabaseError(code, reason: reason)
        state = ""
    }

    /// A failure of our own making.
    init(_ error: DatabaseError) {
        self.error = error
        state = ""
    }

    /// A failure by its SQLSTATE (PostgreSQL manual, appendix A).
    init(state: String, message: String, constraint: String) {
        self.state = state
        let code = Self.code(of: state)
        // Class 22 quotes the offending value in its message.
        let isQuoting = state.hasPrefix("22")
        let words = isQuoting ? "a value does not fit its column or use" : message
        error = DatabaseError(
            code,
            reason: "\(words) (\(state))",
            constraint: code == .constraint && !isQuoting ? constraint : nil
        )
    }

    private static func code(of state: String) -> DatabaseError.Code {
        switch state {
        case "53100": .full
        case "55P03", "57014", "53300", "40001", "40P01": .busy
        case "25006", "42501": .readOnly
        case "P0001", "22001", "22003": .constraint
        case "08P01": .misuse
        case "XX001", "XX002": .corrupt
        default: codeOfClass[String(state.prefix(2))] ?? .misuse
        }
    }

    private static let codeOfClass: [String: DatabaseError.Code] = [
        "08": .unavailable, "23": .constraint, "28": .unavailable, "3D": .unavailable,
        "53": .unavailable, "57": .unavailable, "58": .unavailable,
    ]
}

extension String {
    /// On one line and without the line's end.
    fileprivate var trimmedLine: String {
        split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
