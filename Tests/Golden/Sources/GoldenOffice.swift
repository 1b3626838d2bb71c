import Foundation
import Registry
import Synchronization
import TicketSeal
import UnionTicket

/// What did not go as the life wants it.
struct GoldenFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A new specimen register with its people at work, and the clock that the life moves.
struct GoldenOffice {
    let register: Register
    let admin: SignedInUser
    let secrets: SigningSecrets
    let clock: GoldenClock
    let plans: [RegionPlan]
    let people = People()
    /// Who approves what the administrator planned.
    let approver: (name: String, passphrase: String)

    init(_ data: String, _ regions: [RegionCounts]) throws {
        clock = GoldenClock()
        try clock.move(to: "2020-06-01")
        let directory = DataDirectory(path: data)
        var plan = Register.Plan()
        plan.scheme = .specimen
        plan.administrator = try Self.environment("PROFBILET_USER")
        plan.administratorPassphrase = try Self.environment("PROFBILET_USER_PASSPHRASE")
        plan.passphrase = try Self.environment("PROFBILET_PASSPHRASE")
        plan.rootPassphrase = try Self.environment("PROFBILET_ROOT_PASSPHRASE")
        register = try Register.create(in: directory, plan, now: clock.now)
        // As `profbilet init --specimen` leaves it.
        try Data("specimen: true\n".utf8).write(to: URL(filePath: data + "/profbilet.yaml"))
        admin = try UserDirectory(register)
            .signIn(plan.administrator, passphrase: plan.administratorPassphrase)
        secrets = try SigningSecrets.open(in: directory, passphrase: plan.passphrase) { _ in "" }
        approver = ("approver", try Self.environment("PROFBILET_NEW_PASSPHRASE"))
        try UserDirectory(register).add(
            approver.name,
            role: .cardOffice,
            scope: .centralCouncil,
            passphrase: approver.passphrase,
            by: admin
        )
        var offset = 0
        plans = try regions.map { region in
            guard let code = OrganisationCode(region.code), code.level == .regional else {
                throw GoldenFailure("region code \(region.code)")
            }
            defer { offset += region.members }
            return RegionPlan(region, code, offset: offset)
        }
    }

    private static func environment(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            throw GoldenFailure("\(name) is not set")
        }
        return value
    }

    /// Moves the clock to noon of a day, does something then, and tells how long it took.
    func on(_ day: String, _ what: String, _ body: () throws -> Int) throws {
        try clock.move(to: day)
        let started = ContinuousClock.now
        let count = try body()
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let time = String(format: "%8.1f s", seconds)
        print("  \(day)  \(time)  \(padded: "\(count)", 9)  \(what)")
        fflush(nil)
    }

    /// The day that the clock shows.
    var today: CalendarDate { register.now().moscowDate }
}

extension DefaultStringInterpolation {
    /// A text that ends at a column of its own.
    mutating func appendInterpolation(padded text: String, _ width: Int) {
        appendLiteral(String(repeating: " ", count: max(0, width - text.utf8.count)) + text)
    }
}

/// A clock that stands until it is moved, and never goes back.
final class GoldenClock: Sendable {
    private let seconds = Mutex<Int64>(0)

    var now: @Sendable () -> Instant {
        { [self] in Instant(seconds: seconds.withLock { $0 }) }
    }

    /// To noon in Moscow.
    func move(to day: String) throws {
        guard let date = CalendarDate(iso: day) else { throw GoldenFailure("the day \(day)") }
        let noon = Instant(startOf: date).seconds + 12 * 3600
        try seconds.withLock {
            guard noon >= $0 else { throw GoldenFailure("the clock goes back to \(day)") }
            $0 = noon
        }
    }
}
