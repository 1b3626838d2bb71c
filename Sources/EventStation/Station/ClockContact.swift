import TicketSeal
public import UnionTicket

/// One comparison of a station's clock with a better one: how far it was off, and how sure that is.
public struct ClockContact: Equatable, Sendable {
    /// With what the clock was compared.
    public enum Source: String, Sendable, CaseIterable {
        /// The kernel says that it follows time servers (adjtimex).
        case kernel
        /// The service answered with its time.
        case service
        /// A person read another clock.
        case person = "operator"
        /// A file signed by headquarters is younger than the clock says it is now.
        case file
    }

    /// What a computer's clocks read at one moment.
    public struct Machine: Equatable, Sendable {
        /// The wall clock, milliseconds since 1970.
        public var clock: Int64
        /// Milliseconds since the computer started, sleep included; nobody can set it.
        public var uptime: Int64
        /// Which start that was.
        public var boot: String

        /// A reading.
        public init(clock: Int64, uptime: Int64, boot: String) {
            (self.clock, self.uptime, self.boot) = (clock, uptime, boot)
        }
    }

    /// With what the clock was compared.
    public let source: Source
    /// When, by the station's own clocks.
    public let machine: Machine
    /// How far the clock was ahead of the other, milliseconds.
    public let offset: Int64
    /// By how much that can be wrong, milliseconds.
    public let uncertainty: Int64

    /// A comparison.
    ///
    /// - Parameters:
    ///   - source: With what.
    ///   - machine: The station's clocks at that moment.
    ///   - offset: How far the station's clock is ahead, milliseconds.
    ///   - uncertainty: By how much that can be wrong, milliseconds; never below one.
    public init(_ source: Source, _ machine: Machine, offset: Int64, uncertainty: Int64) {
        self.source = source
        self.machine = machine
        self.offset = min(max(offset, -Self.bound), Self.bound)
        self.uncertainty = min(max(uncertainty, 1), Self.bound)
    }

    /// The comparison that a question and its answer make: the other clock was read somewhere between.
    ///
    /// - Parameters:
    ///   - theirs: What the other clock read, milliseconds since 1970.
    ///   - asked: The station's clocks when it asked.
    ///   - answered: Its clocks when the answer had come.
    ///   - precision: By how much their reading can be wrong, milliseconds: a whole second for an HTTP
    ///     `Date` header.
    /// - Note: RFC 5905 § 8: half the round trip is the most that the way can add.
    public init(
        service theirs: Int64,
        asked: Machine,
        answered: Machine,
        precision: Int64
    ) {
        let way = max(0, answered.uptime - asked.uptime)
        let middle = Machine(
            clock: answered.clock - way / 2,
            uptime: answered.uptime - way / 2,
            boot: answered.boot
        )
        self.init(
            .service,
            middle,
            offset: middle.clock - theirs,
            uncertainty: way / 2 + max(0, precision) + 1
        )
    }

    /// Sums of clocks must not overflow: 2⁵⁰ ms are 35 000 years.
    private static let bound: Int64 = 1 << 50
    /// How fast a computer's clock runs away from the truth: 100 ppm, 9 s a day.
    private static let drift: Int64 = 10_000
    /// A clock that goes on through a restart is kept in whole seconds.
    private static let restart: Int64 = 1_000
    /// How far off a clock may be that was never compared, milliseconds.
    public static let unmeasured = StationClock.tolerance * 1000

    /// How far the clock is off now, by this comparison.
    ///
    /// Within one start of the computer the time that has passed is measured by a clock that nobody
    /// can set, so a wall clock that was set since is noticed.
    public func estimate(at now: Machine) -> (offset: Int64, uncertainty: Int64) {
        if now.boot == machine.boot, now.uptime >= machine.uptime {
            let passed = now.uptime - machine.uptime
            let moved = (now.clock - machine.clock) - passed
            return (offset + moved, uncertainty + passed / Self.drift)
        }
        let passed = Int64(clamping: (now.clock - machine.clock).magnitude)
        return (offset, uncertainty + passed / Self.drift + Self.restart)
    }

    /// Whether this comparison is to take the place of one before: it is as sure as that one is by now,
    /// or both cannot be true.
    public func supersedes(_ before: ClockContact?) -> Bool {
        guard let before else { return true }
        let old = before.estimate(at: machine)
        let distance = Int64(clamping: (old.offset - offset).magnitude)
        return uncertainty <= old.uncertainty || distance > uncertainty + old.uncertainty
    }

    /// What a file that headquarters signed at `issued` says of a clock: nothing, unless the clock,
    /// with all its known error, is before it.
    ///
    /// - Parameters:
    ///   - issued: When the file was signed.
    ///   - machine: The station's clocks.
    ///   - before: The last comparison.
    public init?(file issued: Instant, _ machine: Machine, _ before: ClockContact?) {
        let known = before?.estimate(at: machine) ?? (offset: 0, uncertainty: 0)
        let latest = machine.clock - known.offset + known.uncertainty
        let moment = issued.seconds.multipliedReportingOverflow(by: 1000)
        guard !moment.overflow, latest < moment.partialValue else { return nil }
        // The clock is slow by this much at least; how long the file was on its way nobody knows.
        self.init(
            .file,
            machine,
            offset: machine.clock - moment.partialValue,
            uncertainty: Self.unmeasured
        )
    }
}

extension ClockContact {
    var encoded: [UInt8] {
        CBOR.map([
            1: .text(source.rawValue), 2: .integer(machine.clock), 3: .integer(machine.uptime),
            4: .text(machine.boot), 5: .integer(offset), 6: .integer(uncertainty),
        ]).encoded
    }

    init?(encoded bytes: [UInt8]) {
        guard bytes.count < 1_024, let item = try? CBOR(decoding: bytes),
            let source = item[1]?.text.flatMap(Source.init), let clock = item[2]?.integer,
            let uptime = item[3]?.integer, let boot = item[4]?.text, let offset = item[5]?.integer,
            let uncertainty = item[6]?.integer,
            [clock, uptime, offset, uncertainty].allSatisfy({ $0.magnitude < 1 << 52 })
        else { return nil }
        self.init(
            source,
            Machine(clock: clock, uptime: uptime, boot: boot),
            offset: offset,
            uncertainty: uncertainty
        )
    }
}
