import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Serves the kiosk page and its requests on the loopback address.
public struct KioskServer: Sendable {
    /// What one start of the server is given.
    public struct Settings: Sendable {
        /// Where to listen on 127.0.0.1.
        public var port: Int
        /// The secret of the printed address; nil draws a new one for this start.
        public var token: String?
        /// How often a page hears that the station lives.
        public var heartbeat: Duration
        /// Time since the start, by which wrong PINs are slowed.
        public var uptime: @Sendable () -> Duration

        /// The settings of one start.
        ///
        /// - Parameters:
        ///   - port: Where to listen.
        ///   - token: The secret of the printed address; nil draws one.
        ///   - heartbeat: How often a page hears that the station lives.
        ///   - uptime: Time since the start; nil counts real time.
        public init(
            port: Int,
            token: String? = nil,
            heartbeat: Duration = .seconds(4),
            uptime: (@Sendable () -> Duration)? = nil
        ) {
            self.port = port
            self.token = token
            self.heartbeat = heartbeat
            let start = ContinuousClock.now
            self.uptime = uptime ?? { ContinuousClock.now - start }
        }
    }

    private let settings: Settings
    let routes: KioskRoutes

    /// The address to open in the browser, with the token: show it to the operator, keep it from logs.
    public var address: String { routes.gate.address }

    /// A server of one desk.
    ///
    /// - Parameters:
    ///   - desk: What decides.
    ///   - settings: Port, token, pace.
    public init(desk: any StationDesk, settings: Settings) {
        self.settings = settings
        let token = settings.token ?? Self.drawToken()
        routes = KioskRoutes(
            desk: desk,
            gate: KioskGate(port: settings.port, token: token),
            heartbeat: settings.heartbeat,
            uptime: settings.uptime
        )
    }

    /// Serves until the task is cancelled or, where asked for, SIGTERM or SIGINT comes.
    ///
    /// After a signal open requests are answered and pages are told; cancelling cuts them.
    ///
    /// - Parameters:
    ///   - stopsOnSignals: Whether this call handles the process's signals.
    ///   - whenListening: Called once, when the first request can be answered.
    /// - Throws: When the port cannot be had.
    public func run(
        stopsOnSignals: Bool = false,
        whenListening: @escaping @Sendable () async -> Void = {}
    ) async throws {
        let application = application(whenListening)
        do {
            if stopsOnSignals {
                try await application.runService()
            } else {
                try await application.run()
            }
        } catch is CancellationError {
            // Being cancelled is how the caller ends it.
        }
    }

    /// The server as Hummingbird runs and tests it.
    func application(
        _ whenListening: @escaping @Sendable () async -> Void = {}
    ) -> some ApplicationProtocol {
        let routes = routes
        var logger = Logger(label: "kiosk")
        logger.logLevel = .error
        return Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                await routes.respond(to: request)
            },
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: settings.port)
            ),
            onServerRunning: { _ in await whenListening() },
            logger: logger
        )
    }

    private static func drawToken() -> String {
        // SystemRandomNumberGenerator reads the kernel's generator.
        (0..<4).map { _ in
            let part = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - part.count) + part
        }.joined()
    }
}
