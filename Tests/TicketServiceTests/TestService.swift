import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing
import TicketSeal
import UnionTicket

@testable import Registry
@testable import TicketService

/// A service over a register of its own, asked without a socket; clock and uptime are moved by tests.
final class TestService: Sendable {
    static let start = Instant(seconds: 1_800_000_000)

    let register: Register
    let admin: SignedInUser
    let secrets: SigningSecrets
    let server: TicketServer
    let folder: String

    /// Runs `body` with a fresh service on SQLite.
    static func with<Result>(
        _ change: (inout ServiceSettings) -> Void = { _ in },
        supply: (inout ServiceOffice) -> Void = { _ in },
        _ body: (TestService) async throws -> Result
    ) async throws -> Result {
        let folder = NSTemporaryDirectory() + "service-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = ServiceSettings()
        settings.port = 0
        change(&settings)
        // A register a test: passphrases are stretched no longer than the format asks for.
        return try await SealedFile.$cost.withValue(10) {
            try await body(try TestService(folder, settings, supply))
        }
    }

    private init(
        _ folder: String,
        _ settings: ServiceSettings,
        _ supply: (inout ServiceOffice) -> Void
    ) throws {
        self.folder = folder
        let directory = DataDirectory(path: folder + "/data")
        var plan = Register.Plan()
        plan.administrator = "admin"
        plan.administratorPassphrase = "admin passphrase"
        plan.passphrase = "office passphrase"
        plan.rootPassphrase = "root passphrase"
        let clock = TestServiceClock()
        self.clock = clock
        register = try Register.create(in: directory, plan, now: clock.now)
        admin = try UserDirectory(register).signIn("admin", passphrase: "admin passphrase")
        _ = try OrganisationTree(register).import(
            ["26", "26-001", "26-001-0001", "27", "27-001", "27-001-0001"].enumerated().map {
                (
                    $0 + 2,
                    OrganisationDraft(
                        code: try #require(OrganisationCode($1)),
                        name: "Организация \($1)"
                    )
                )
            },
            by: admin
        )
        secrets = try SigningSecrets.open(in: directory, passphrase: "office passphrase")
        var office = ServiceOffice(register: register, secrets: secrets, account: admin)
        supply(&office)
        server = try TicketServer(
            office,
            settings: settings,
            uptime: clock.uptime
        )
    }

    let clock: TestServiceClock

    /// A client with its key; a partner's speaks for a partner of the register.
    func client(_ name: String, _ role: ClientRole, _ scope: String = "99") throws -> String {
        let partner = role == .partner ? "profcards" : ""
        if role == .partner { try addPartner(partner) }
        return try APIClients(register).create(
            .init(
                name: name,
                role: role,
                scope: try #require(OrganisationCode(scope)),
                speaksFor: partner
            ),
            by: admin
        )
    }

    private func addPartner(_ name: String) throws {
        _ = try Partners(register).add(
            Partners.Terms(
                name: name,
                title: name,
                recipient: name,
                minimumAge: 18,
                columns: [.region],
                deadlineDays: 3,
                configuration: "",
                certificate: [1],
                signer: [1]
            ),
            by: admin
        )
    }

    /// What came back.
    struct Reply {
        let status: Int
        let headers: HTTPFields
        let body: [UInt8]

        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { (try? JSONReader.read(body)) ?? .null }
        var code: String? {
            if case .text(let code) = json["code"] { code } else { nil }
        }
    }

    /// Sends one request past the socket.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        key: String? = nil,
        json: String? = nil,
        bytes: [UInt8]? = nil,
        headers: [String: String] = [:]
    ) async throws -> Reply {
        var fields = HTTPFields()
        if let key { fields[.authorization] = "Bearer \(key)" }
        if json != nil { fields[.contentType] = "application/json" }
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        let body = json.map { ByteBuffer(string: $0) } ?? bytes.map { ByteBuffer(bytes: $0) }
        if let body { fields[.contentLength] = "\(body.readableBytes)" }
        let sent = fields
        return try await server.application().test(.router) { client in
            try await client.execute(uri: path, method: method, headers: sent, body: body) {
                Reply(
                    status: $0.status.code,
                    headers: $0.headers,
                    body: Array($0.body.readableBytesView)
                )
            }
        }
    }

    /// Members of a primary organisation, with active cards.
    ///
    /// - Returns: The sealed payloads, in the order of the members.
    func issue(
        _ count: Int,
        _ organisation: String = "26-001-0001"
    ) throws -> [IssuanceManifest.Payload] {
        // Elsewhere are other people.
        let place = try #require(OrganisationCode(organisation))
        let shift = place.region == 26 ? 0 : 500 * Int(place.region)
        let drafts = (0..<count).map { number in
            MemberDraft(
                aisId: "\(1000 + shift + number)",
                name: PersonName(last: "Орлова", first: "Анна", patronymic: "Петровна"),
                birthDate: CalendarDate(day: 4000 - shift / 10 + number),
                sex: .female,
                category: .working,
                organisation: place,
                joinDate: CalendarDate(day: 12_000),
                phone: "+7000\(1_000_000 + shift + number)",
                email: nil,
                legacyNumber: nil,
                status: .active,
                consents: [
                    Consent(purpose: .register, isGiven: true),
                    Consent(purpose: .cardProduction, isGiven: true),
                ]
            )
        }
        let rows = drafts.enumerated().map { RosterRow(line: $0 + 2, draft: $1, issues: []) }
        let rest = Mutex([rows])
        _ = try RosterImport(register).run(.init(), by: admin) {
            { rest.withLock { $0.popLast() } }
        } each: { _ in
        }
        let book = OrderBook(register)
        let made = try book.create(.organisation(place), by: admin)
        _ = try book.move(.orders(made.done), to: .submitted, reason: "", by: admin)
        _ = try book.move(.orders(made.done), to: .approved, reason: "", by: admin)
        let report = try TicketIssuance(register).issue(
            .init(
                expiresAt: clock.now() + 5 * 365 * 86_400,
                urlPrefix: "HTTPS://EPB.EXAMPLE.RU/C/"
            ),
            secrets: secrets,
            by: admin
        )
        var payloads: [IssuanceManifest.Payload] = []
        try IssuanceManifest(register).payloads(report.sequence, by: admin) { payloads.append($0) }
        return payloads
    }
}

/// A clock and an uptime that stand until they are moved.
final class TestServiceClock: Sendable {
    private let seconds = Mutex(TestService.start.seconds)
    private let up = Mutex(Duration.zero)

    var now: @Sendable () -> Instant {
        { [self] in Instant(seconds: seconds.withLock { $0 }) }
    }
    var uptime: @Sendable () -> Duration { { [self] in up.withLock { $0 } } }

    func advance(_ step: Int64) {
        seconds.withLock { $0 += step }
        up.withLock { $0 += .seconds(step) }
    }

    /// Somebody sets the clock; no time passes.
    func jump(_ step: Int64) { seconds.withLock { $0 += step } }
}
