import Logging
public import Registry
import ServiceLifecycle
import TicketSeal
import UnionTicket

/// What all routes share.
final class ServiceContext: Sendable {
    /// The register.
    let register: Register
    /// The opened purpose keys.
    let secrets: SigningSecrets
    /// Under whose name the service runs.
    let account: SignedInUser
    /// How it was started.
    let settings: ServiceSettings
    /// Finds out which client a request comes from.
    let clients: ClientDoor
    /// Where blocking work runs.
    let pool: BlockingPool
    /// Token buckets by name.
    let limits: RateLimiter
    /// Time since the start, which no change of the clock moves.
    let uptime: @Sendable () -> Duration
    /// Counters and times for Prometheus.
    let metrics: ServiceMetrics
    /// Where the log goes.
    let log: Logger

    init(
        _ office: ServiceOffice,
        _ settings: ServiceSettings,
        uptime: (@Sendable () -> Duration)? = nil
    ) {
        let start = ContinuousClock.now
        let uptime = uptime ?? { ContinuousClock.now - start }
        register = office.register
        clients = ClientDoor(office.register)
        secrets = office.secrets
        account = office.account
        self.settings = settings
        self.uptime = uptime
        pool = BlockingPool(threads: settings.threads, queue: settings.queue)
        limits = RateLimiter(uptime: uptime)
        metrics = ServiceMetrics()
        log = Logger(label: "service")
    }

    /// The register's clock.
    var now: Instant { register.now() }

    /// Runs blocking work again and again until the service ends; what fails is told and tried anew,
    /// after a longer pause where there is one.
    func again(
        _ name: Logger.Message,
        every pause: Duration,
        afterFailure longer: Duration? = nil,
        _ work: @escaping @Sendable () throws -> Void
    ) async {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                var rest = pause
                do { try await pool.run { try work() } } catch {
                    log.warning(name, metadata: ["error": "\(type(of: error))"])
                    rest = longer ?? pause
                }
                try? await Task.sleep(for: rest)
            }
        }
    }
}

/// What the composition root gives the service: opened things, and what other services supply.
public struct ServiceOffice: Sendable {
    /// The register.
    public var register: Register
    /// The opened purpose keys.
    public var secrets: SigningSecrets
    /// Under whose name the service runs.
    public var account: SignedInUser
    /// More checks for `/readyz`.
    public var checks: [HealthCheck] = []
    /// How members are told of their virtual cards; nil: only the log says that they would be.
    public var messages: (any MessageSender)?
    /// Judges members that cabinets send.
    public var judgement: MemberJudgement?
    /// Headquarters of events, for their stations.
    public var headquarters: (any StationHeadquarters)?
    /// The files of batches.
    public var batches: (any BatchShelf)?
    /// What operators lead batches with.
    public var works: (any BatchWorks)?
    /// The forms and files of bonus partners.
    public var partners: PartnerExchange?
    /// Routes of a measurement or a test; none in the program.
    public var probes: [ProbeRoute] = []
    /// Prints hand-out lists for the desk.
    public var handOutList: HandOutListPrinter?
    /// Milliseconds since 1970 that stations measure their clocks against.
    public var clock: @Sendable () -> Int64

    /// The things every service needs; the rest is set afterwards.
    public init(register: Register, secrets: SigningSecrets, account: SignedInUser) {
        self.register = register
        self.secrets = secrets
        self.account = account
        clock = { [now = register.now] in now().seconds * 1000 }
    }
}
