public import UnionTicket

/// Headquarters of events as the HTTP service needs it: plain values and bytes in, plain values out.
///
/// Calls block; errors are ``Registry/RegisterError`` with their own words.
public protocol StationHeadquarters: Sendable {
    /// Enrols the station that made a request with its one-time token; the same request again is
    /// answered the same.
    ///
    /// - Parameter request: The request as digits.
    /// - Returns: Which station of which event it is; nil when the text is no request.
    /// - Throws: ``Registry/RegisterError`` when the token does not fit.
    func enrol(_ request: String) throws -> EnrolledStation?

    /// Tells who signed a request.
    ///
    /// - Parameters:
    ///   - call: The `Authorization` field, the request's method, its path with query, its body.
    ///   - event: The event that the path names.
    /// - Returns: The station, or that it is none.
    /// - Throws: ``Registry/RegisterError``.
    func caller(_ call: SignedCall, event: Int64) throws -> StationCaller

    /// The number from which on each station's journal is wanted, and the newest snapshot.
    func contact(of station: String, event: Int64) throws -> StationContact

    /// Takes a chunk of journals.
    ///
    /// - Returns: What became of each item, in order; nil when the bytes are no chunk.
    func take(chunk: [UInt8], from station: String, event: Int64) throws -> [StationItem]?
}

/// A station that was enrolled.
public struct EnrolledStation: Sendable, Equatable {
    /// The event.
    public let event: Int64
    /// The station's name.
    public let station: String

    /// A station of an event.
    public init(event: Int64, station: String) { (self.event, self.station) = (event, station) }
}

/// A request as a station signed it.
public struct SignedCall: Sendable {
    /// The `Authorization` field.
    public let authorization: String
    /// `GET` or `POST`.
    public let method: String
    /// Path and query.
    public let target: String
    /// The body's bytes.
    public let body: [UInt8]

    /// A request.
    public init(authorization: String, method: String, target: String, body: [UInt8]) {
        (self.authorization, self.method) = (authorization, method)
        (self.target, self.body) = (target, body)
    }
}

/// Who signed a request.
public enum StationCaller: Sendable, Equatable {
    /// A station of the event, and the server's time as it knows it, milliseconds.
    case station(String, at: Int64)
    /// A station that was revoked: it must erase its snapshot.
    case revoked(String)
    /// Nobody the event knows, not this request, or not the station's signature.
    case unknown
}

/// What a station is told when it meets headquarters.
public struct StationContact: Sendable, Equatable {
    /// The newest snapshot.
    public struct Snapshot: Sendable, Equatable {
        /// Counts up with every snapshot of the event.
        public let sequence: UInt64
        /// SHA-256 of its bytes.
        public let sha256: [UInt8]
        /// Until when it admits.
        public let leaseEnd: Instant
        /// How many bytes it has.
        public let count: Int64
        /// The file that holds it.
        public let path: String

        /// A snapshot.
        public init(
            sequence: UInt64,
            sha256: [UInt8],
            leaseEnd: Instant,
            count: Int64,
            path: String
        ) {
            (self.sequence, self.sha256, self.leaseEnd) = (sequence, sha256, leaseEnd)
            (self.count, self.path) = (count, path)
        }
    }

    /// From which number on each station's journal is wanted.
    public let wanted: [String: UInt64]
    /// The newest snapshot; nil before the first.
    public let snapshot: Snapshot?

    /// What a station is told.
    public init(wanted: [String: UInt64], snapshot: Snapshot?) {
        (self.wanted, self.snapshot) = (wanted, snapshot)
    }
}

/// What became of one item of a chunk.
public struct StationItem: Sendable, Equatable {
    /// The station whose journal it is of.
    public let station: String
    /// Its number.
    public let sequence: UInt64
    /// `taken`, `known`, `held` or `refused`.
    public let outcome: String
    /// Why it was refused, snake_case.
    public let code: String?

    /// An answer.
    public init(station: String, sequence: UInt64, outcome: String, code: String?) {
        (self.station, self.sequence, self.outcome, self.code) = (station, sequence, outcome, code)
    }
}
