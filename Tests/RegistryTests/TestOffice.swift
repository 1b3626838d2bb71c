import Foundation
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// A register of its own with an administrator, a few organisations and a clock that tests move.
struct TestOffice {
    static let passphrase = "office passphrase"
    static let start = Instant(seconds: 1_800_000_000)

    let register: Register
    let admin: SignedInUser
    let directory: DataDirectory
    let location: Register.Location
    let clock: TestClock

    /// Runs `body` with an empty register on one engine.
    static func with<Result>(
        _ engine: TestEngine,
        _ body: (TestOffice) throws -> Result
    ) throws -> Result {
        try withScratch { scratch in
            let clock = TestClock()
            // A register a test: passphrases are stretched no longer than the format asks for.
            return try SealedFile.$cost.withValue(10) {
                switch engine {
                case .sqlite: return try body(try TestOffice(scratch, .embedded, clock))
                case .postgres:
                    return try PostgresServer.withConnection {
                        try body(try TestOffice(scratch, .postgres($0), clock))
                    }
                }
            }
        }
    }

    private init(_ scratch: String, _ location: Register.Location, _ clock: TestClock) throws {
        directory = DataDirectory(path: scratch + "/data")
        self.clock = clock
        self.location = location
        var plan = Register.Plan()
        plan.administrator = "admin"
        plan.administratorPassphrase = "admin passphrase"
        plan.passphrase = Self.passphrase
        plan.rootPassphrase = "root passphrase"
        register = try Register.create(in: directory, plan, location: location, now: clock.now)
        admin = try UserDirectory(register).signIn("admin", passphrase: "admin passphrase")
        let codes = ["26", "26-001", "26-001-0001", "26-001-0002", "27", "27-001", "27-001-0001"]
        let report = try OrganisationTree(register).import(
            codes.enumerated().map { line, text in
                (
                    line + 2,
                    OrganisationDraft(code: try Self.code(text), name: "Организация \(text)")
                )
            },
            by: admin
        )
        #expect(report.added == codes.count)
    }

    var secrets: SigningSecrets {
        get throws {
            try SigningSecrets.open(in: directory, passphrase: Self.passphrase) { _ in
                TestToken.pin
            }
        }
    }

    var root: SigningKey {
        get throws {
            try Register.rootKey(at: directory.rootKeyFile, passphrase: "root passphrase")
        }
    }

    static func code(_ text: String) throws -> OrganisationCode {
        try #require(OrganisationCode(text))
    }

    /// A member of a number, always the same.
    static func draft(
        _ number: Int,
        organisation: String = "26-001-0001",
        _ change: (inout MemberDraft) -> Void = { _ in }
    ) throws -> MemberDraft {
        var draft = MemberDraft(
            aisId: "\(1000 + number)",
            name: PersonName(last: "Орлова", first: "Анна", patronymic: "Петровна"),
            birthDate: CalendarDate(day: 4000 + number),
            sex: .female,
            category: .working,
            organisation: try code(organisation),
            joinDate: CalendarDate(day: 12_000 + number),
            phone: "+7000\(1_000_000 + number)",
            email: nil,
            legacyNumber: nil,
            status: .active,
            consents: [
                Consent(purpose: .register, isGiven: true),
                Consent(purpose: .cardProduction, isGiven: true),
                Consent(purpose: .bonusTransfer, recipient: "profcards", isGiven: false),
            ]
        )
        change(&draft)
        return draft
    }

    /// Imports drafts as rows from 2 on.
    @discardableResult
    func take(
        _ drafts: [MemberDraft],
        _ options: RosterImport.Options = .init(),
        by user: SignedInUser? = nil
    ) throws -> (summary: RosterImport.Summary, outcomes: [RowOutcome], codes: [[String]]) {
        let rows = drafts.enumerated().map { RosterRow(line: $0 + 2, draft: $1, issues: []) }
        return try take(rows: rows, options, by: user)
    }

    /// Imports rows as a reader hands them out.
    func take(
        rows: [RosterRow],
        _ options: RosterImport.Options = .init(),
        by user: SignedInUser? = nil
    ) throws -> (summary: RosterImport.Summary, outcomes: [RowOutcome], codes: [[String]]) {
        var outcomes: [RowOutcome] = []
        var codes: [[String]] = []
        let summary = try RosterImport(register).run(options, by: user ?? admin) {
            (outcomes, codes) = ([], [])
            let rest = Mutex([rows])
            return { rest.withLock { $0.popLast() } }
        } each: {
            outcomes.append($0.outcome)
            codes.append($0.issues.map(\.code))
        }
        return (summary, outcomes, codes)
    }

    /// Orders, approves and issues a card for every member that may have one.
    @discardableResult
    func issue(_ organisation: String = "26") throws -> TicketIssuance.Report {
        let book = OrderBook(register)
        let made = try book.create(.organisation(try Self.code(organisation)), by: admin)
        _ = try book.move(.orders(made.done), to: .submitted, reason: "", by: admin)
        _ = try book.move(.orders(made.done), to: .approved, reason: "", by: admin)
        return try issueApproved()
    }

    func issueApproved() throws -> TicketIssuance.Report {
        try TicketIssuance(register).issue(
            .init(
                expiresAt: clock.now() + 5 * 365 * 86_400,
                urlPrefix: "HTTPS://EPB.EXAMPLE.RU/C/"
            ),
            secrets: try secrets,
            by: admin
        )
    }

    func payloads(_ sequence: Int64) throws -> [IssuanceManifest.Payload] {
        var found: [IssuanceManifest.Payload] = []
        try IssuanceManifest(register).payloads(sequence, by: admin) { found.append($0) }
        return found
    }

    func execute(_ sql: String) throws {
        try register.database.write { try $0.execute(sql, []) }
    }

    /// The register as a backup has it, in a folder beside this one; nobody was erased since.
    func restored(
        _ backup: String
    ) throws -> (register: Register, directory: DataDirectory, outcome: Restore.Outcome) {
        let target = DataDirectory(path: directory.path + "/../restored")
        let outcome = try Restore.run(
            backup,
            into: target,
            passphrase: "backup phrase",
            masterPassphrase: Self.passphrase,
            epochs: directory,
            erasureLog: nil,
            noErasures: true,
            now: clock.now
        )
        return (
            try Register.open(in: target, passphrase: Self.passphrase, now: clock.now), target,
            outcome
        )
    }

    func number(_ sql: String) throws -> Int64 {
        try register.read { try $0.first(sql) { $0.integer(0) } ?? -1 }
    }
}

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let seconds = Mutex(TestOffice.start.seconds)

    var now: @Sendable () -> Instant {
        { [self] in Instant(seconds: seconds.withLock { $0 }) }
    }

    func advance(_ step: Int64) { seconds.withLock { $0 += step } }
}
