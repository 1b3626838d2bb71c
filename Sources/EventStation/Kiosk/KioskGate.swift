import Crypto
import HTTPTypes
import Hummingbird
import TicketSeal

/// Who may speak to the kiosk: this machine's browser, on the kiosk's own page, with this start's token.
///
/// Any page the browser shows can send requests to the loopback address, and any name can be made to
/// point at it. So `Host` and `Origin` are compared exactly, what the browser tells of the asking page
/// (Fetch Metadata) must say "same origin", and nothing but the first visit goes without the session.
struct KioskGate: Sendable {
    /// What becomes of a request.
    enum Decision: Equatable {
        /// Carries the session.
        case enter
        /// The first visit with the right token: gets the session.
        case welcome
        /// Turned away.
        case refuse(KioskProblem)
    }

    /// `127.0.0.1:8470`: the only authority the kiosk answers to.
    let authority: String
    private let token: String
    private let session: String
    private let cookie: String

    /// The gate of one start.
    ///
    /// - Parameters:
    ///   - port: Where the server listens.
    ///   - token: This start's secret, given in the printed address.
    init(port: Int, token: String) {
        authority = "127.0.0.1:\(port)"
        self.token = token
        // Cookies know no ports: two stations on one machine must not overwrite each other's.
        cookie = "kiosk\(port)"
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("profbilet/kiosk/session/1".utf8),
            using: SymmetricKey(data: Array(token.utf8))
        )
        session = Hex.text(Array(code))
    }

    /// The page's address with the token: printed once, opened once.
    var address: String { "http://\(authority)/?token=\(token)" }

    /// The header that gives the session away, to this site's own pages only.
    var sessionCookie: String { "\(cookie)=\(session); Path=/; HttpOnly; SameSite=Strict" }

    /// Judges one request by its head alone.
    ///
    /// - Parameter head: Method, authority, path and headers.
    /// - Returns: What becomes of it.
    func judge(_ head: HTTPRequest) -> Decision {
        guard head.authority == authority else { return .refuse(.foreignHost) }
        let origins = head.headerFields[values: .origin]
        guard origins.allSatisfy({ $0 == "http://\(authority)" }) else {
            return .refuse(.foreignPage)
        }
        if head.method != .get, origins.count != 1 { return .refuse(.foreignPage) }
        guard isOwnFetch(head.headerFields) else { return .refuse(.foreignPage) }
        if hasSession(head.headerFields) { return .enter }
        guard let given = head.path.flatMap(Self.token), head.method == .get else {
            return .refuse(.noSession)
        }
        return Self.agree(given, token) ? .welcome : .refuse(.noSession)
    }

    /// A browser that says whence a request comes must say: from this page, or typed by the operator;
    /// and never into a frame.
    private func isOwnFetch(_ fields: HTTPFields) -> Bool {
        if let site = fields[Self.fetchSite], site != "same-origin", site != "none" { return false }
        guard let destination = fields[Self.fetchDestination] else { return true }
        return !["iframe", "frame", "embed", "object"].contains(destination)
    }

    private func hasSession(_ fields: HTTPFields) -> Bool {
        fields[values: .cookie].contains { line in
            line.split(separator: ";").contains { pair in
                let trimmed = pair.drop { $0 == " " }
                guard trimmed.hasPrefix(cookie + "=") else { return false }
                return Self.agree(String(trimmed.dropFirst(cookie.count + 1)), session)
            }
        }
    }

    private static func token(in path: String) -> String? {
        guard path.hasPrefix("/?token=") else { return nil }
        return String(path.dropFirst("/?token=".count))
    }

    /// Compares without telling by its time where two secrets part.
    private static func agree(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // Both names are made of token characters.
    private static let fetchSite = name("sec-fetch-site")
    private static let fetchDestination = name("sec-fetch-dest")

    private static func name(_ text: String) -> HTTPField.Name {
        HTTPField.Name(text) ?? .origin
    }
}
