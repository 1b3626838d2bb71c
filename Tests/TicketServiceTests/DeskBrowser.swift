import Foundation
import HTTPTypes
import Testing
import UnionTicket

@testable import Registry
@testable import TicketService

/// A browser without a screen: it keeps cookies, sends forms with the key it was given, and follows
/// nothing by itself.
final class DeskBrowser {
    let service: TestService
    var cookies: [String: String] = [:]
    /// What the last answers set, with their attributes.
    private(set) var lines: [String] = []
    var headers = ["Sec-Fetch-Site": "same-origin"]

    init(_ service: TestService) { self.service = service }

    /// A person with a role, signed in.
    static func of(
        _ role: Role,
        _ scope: String,
        in service: TestService,
        name: String = "person"
    ) async throws -> DeskBrowser {
        try UserDirectory(service.register).add(
            name,
            role: role,
            scope: try #require(OrganisationCode(scope)),
            passphrase: "\(name) passphrase",
            by: service.admin
        )
        let browser = DeskBrowser(service)
        let reply = try await browser.signIn(name, "\(name) passphrase")
        #expect(reply.status == 303 && reply.header("Location") == "/desk")
        return browser
    }

    @discardableResult
    func signIn(_ name: String, _ passphrase: String) async throws -> TestService.Reply {
        let form = try await get("/desk/sign-in")
        let key = try #require(Self.key(in: form))
        return try await post(
            "/desk/sign-in",
            [("key", key), ("name", name), ("passphrase", passphrase)]
        )
    }

    func get(_ path: String) async throws -> TestService.Reply {
        kept(try await service.send(.get, path, headers: sent))
    }

    /// Sends a form as it is.
    func post(_ path: String, _ fields: [(String, String)]) async throws -> TestService.Reply {
        let body = fields.map {
            DeskRoutes.encoded($0.0) + "=" + DeskRoutes.encoded($0.1)
        }.joined(separator: "&")
        var own = sent
        own["Content-Type"] = "application/x-www-form-urlencoded"
        return kept(
            try await service.send(.post, path, bytes: Array(body.utf8), headers: own)
        )
    }

    /// Opens a page and sends its form with the key that stands in it.
    func send(
        _ path: String,
        from page: String,
        _ fields: [(String, String)]
    ) async throws -> TestService.Reply {
        let key = try #require(Self.key(in: try await get(page)))
        return try await post(path, [("key", key)] + fields)
    }

    static func key(in reply: TestService.Reply) -> String? {
        guard let match = reply.text.firstMatch(of: /name="key" value="([^"]+)"/) else {
            return nil
        }
        return String(match.1)
    }

    private var sent: [String: String] {
        var own = headers
        if !cookies.isEmpty {
            own["Cookie"] = cookies.sorted { $0.key < $1.key }
                .map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        }
        return own
    }

    private func kept(_ reply: TestService.Reply) -> TestService.Reply {
        lines = reply.headers[values: .setCookie]
        for line in lines {
            let pair = line.split(separator: ";")[0].split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            cookies[String(pair[0])] = line.contains("Max-Age=0") ? nil : String(pair[1])
        }
        return reply
    }
}
