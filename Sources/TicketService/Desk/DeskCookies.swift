import HTTPTypes
import Registry
import TicketSeal

/// The cookies of the desk: the session's token, the language, and what guards the form of signing in.
struct DeskCookies: Sendable {
    private let call: Call
    private let cookies: [String: String]
    /// Whether the browser's connection is protected, here or at a proxy in front.
    private let isSecure: Bool
    /// Whether a passphrase may travel: over TLS, or within this machine.
    let isPrivate: Bool

    init(_ call: Call) {
        self.call = call
        var found: [String: String] = [:]
        for part in (call.headers[.cookie] ?? "").prefix(4_096).split(separator: ";").prefix(64) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let name = pair[0].filter { $0 != " " }
            // Of two cookies of one name neither is believed.
            found[name] = found[name] == nil ? String(pair[1]) : ""
        }
        cookies = found
        isSecure = call.isEncrypted
        isPrivate =
            isSecure || ["127.0.0.1", "local"].contains(call.address.text)
            || call.address.text == "0:0:0:0:0:0:0:0"
    }

    /// The session's token, if the browser has one.
    var token: String? { long(cookies[sessionName]) }

    /// The language the person chose, now or before; Russian first.
    var language: Language {
        Language(rawValue: call.query["language"] ?? cookies["desk-language"] ?? "") ?? .russian
    }

    /// What the answer is to carry so that a choice of language stays.
    var remembered: [(name: String, value: String)] {
        guard let chosen = call.query["language"].flatMap(Language.init(rawValue:)) else {
            return []
        }
        return [set("desk-language", chosen.rawValue, seconds: 365 * 86_400)]
    }

    /// The key of a session's forms.
    func formKey(_ token: String) -> String {
        Base64URL.text(call.register.serviceTag(Array(token.utf8), for: "desk form"))
    }

    /// What the form of signing in is bound to: a random value that the browser keeps.
    var visitor: String? { long(cookies[visitorName]) }

    /// A new value for ``visitor``.
    static func newVisitor() -> String { Base64URL.text(SecureRandom.bytes(32)) }

    /// Sets ``visitor``.
    func keep(visitor: String) -> (name: String, value: String) {
        set(visitorName, visitor, seconds: nil)
    }

    /// Sets the session's token, or ends it.
    func keep(token: String?) -> (name: String, value: String) {
        set(sessionName, token ?? "", seconds: token == nil ? 0 : DeskSessions.longest)
    }

    /// Sends the browser to the form of signing in; `again` says that a session was over.
    func signIn(again: Bool) -> Answer {
        Self.elsewhere("/desk/sign-in" + (again ? "?again=1" : ""), more: remembered)
    }

    /// Sends the browser to another page of the desk (303, RFC 9110 § 15.4.4).
    static func elsewhere(
        _ path: String,
        more: [(name: String, value: String)] = []
    ) -> Answer {
        Answer(status: 303, headers: [("Location", path)] + more)
    }

    private var sessionName: String { isSecure ? "__Host-desk" : "desk" }
    private var visitorName: String { isSecure ? "__Host-desk-visitor" : "desk-visitor" }

    private func long(_ value: String?) -> String? {
        guard let value, (32...64).contains(value.utf8.count) else { return nil }
        return value
    }

    private func set(
        _ name: String,
        _ value: String,
        seconds: Int64?
    ) -> (name: String, value: String) {
        let age = seconds.map { "; Max-Age=\($0)" } ?? ""
        let secure = isSecure ? "; Secure" : ""
        return ("Set-Cookie", "\(name)=\(value); Path=/; HttpOnly; SameSite=Strict\(age)\(secure)")
    }
}
