import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import Registry
import ServiceLifecycle
import TicketSeal
import UnixSignals
public import UnionTicket

/// The HTTP service over one register: API, published lists, the phone-camera page.
public struct TicketServer: Sendable {
    let context: ServiceContext
    let table: RouteTable
    /// Publishes in the background.
    let clerk: PublicationClerk
    private let server: HTTPServerBuilder
    private let messages: (any MessageSender)?

    /// A service that is not listening yet.
    ///
    /// - Parameters:
    ///   - office: The opened register and what goes with it.
    ///   - settings: How it is started.
    /// - Throws: ``ServiceFailure`` when certificate or key cannot be used.
    public init(_ office: ServiceOffice, settings: ServiceSettings) throws {
        try self.init(office, settings: settings, uptime: nil)
    }

    init(
        _ office: ServiceOffice,
        settings: ServiceSettings,
        uptime: (@Sendable () -> Duration)?
    ) throws {
        context = ServiceContext(office, settings, uptime: uptime)
        messages = office.messages
        let shelf = PublicationShelf()
        clerk = PublicationClerk(context, shelf)
        try clerk.load()
        var office = office
        office.checks.append(HealthCheck("publication") { [clerk] in clerk.finding })
        table = RouteTable(RouteGroups.all(context, office, shelf).flatMap(\.routes))
        server = try Self.server(settings, context.log)
    }

    /// Serves until SIGTERM or SIGINT, then finishes what it accepted.
    ///
    /// - Parameters:
    ///   - stopsOnSignals: Whether this call handles the process's signals; else cancelling ends it.
    ///   - whenListening: Called once with the port, when the first request can be answered.
    /// - Throws: ``ServiceFailure`` when the port cannot be had.
    public func run(
        stopsOnSignals: Bool = false,
        whenListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: clerk),
                .init(service: Housekeeper(context: context)),
                .init(service: JournalClerk(context: context)),
                .init(service: MessageClerk(context, sender: messages)),
                .init(
                    service: application(whenListening),
                    successTerminationBehavior: .gracefullyShutdownGroup
                ),
            ],
            gracefulShutdownSignals: stopsOnSignals ? [.sigterm, .sigint] : [],
            logger: context.log
        )
        let seconds = context.settings.shutdownSeconds
        configuration.maximumGracefulShutdownDuration = .seconds(seconds)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw ServiceFailure.cannotListen(context.settings, "код/code \(error.errnoCode)")
        } catch let error as SocketAddressError {
            throw ServiceFailure.cannotListen(context.settings, "\(error)")
        } catch is SocketAddressError.UnknownHost {
            throw ServiceFailure.cannotListen(context.settings, "узел неизвестен/unknown host")
        } catch is CancellationError {
            // Being cancelled is how the caller ends it.
        }
        await context.pool.stop()
    }

    /// The server as Hummingbird runs and tests it.
    func application(
        _ whenListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> Application<ServiceResponder> {
        let settings = context.settings
        var quiet = Logger(label: "http")
        quiet.logLevel = .error
        return Application(
            responder: ServiceResponder(service: context, table: table),
            server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connections)
            ),
            onServerRunning: { await whenListening($0.localAddress?.port ?? settings.port) },
            logger: quiet
        )
    }

    private static func server(
        _ settings: ServiceSettings,
        _ log: Logger
    ) throws -> HTTPServerBuilder {
        let patience = TimeAmount.seconds(Int64(settings.bodySeconds))
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(patience: patience, log: log)],
                idleTimeout: .seconds(Int64(settings.idleSeconds)),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 8_192,
                    maxHeaderListSize: 16_384,
                    maxHeaderFieldCount: 64
                )
            )
        )
        guard let certificate = settings.certificate, let key = settings.privateKey else {
            return plain
        }
        do {
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate)
                    .map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            )
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["http/1.1"]
            if let authorities = settings.clientAuthorities {
                guard let known = try? NIOSSLCertificate.fromPEMFile(authorities), !known.isEmpty
                else { throw ServiceFailure.badAuthorities(authorities) }
                tls.trustRoots = .file(authorities)
                // Whoever brings none is answered too: what is for everyone, phones, clients without
                // one. A client that is bound to its certificate has no key without it (Gate). By the
                // names a browser knows that none of its own is asked for.
                tls.certificateVerification = .optionalVerification
                tls.sendCANameList = true
            }
            // Whether key and certificate are a pair shows here, before anything listens.
            _ = try NIOSSLContext(configuration: tls)
            return try .tls(plain, tlsConfiguration: tls)
        } catch let failure as ServiceFailure { throw failure } catch {
            throw ServiceFailure.badCertificate(certificate, key)
        }
    }
}

/// The service cannot be started: what happened and what to do.
public struct ServiceFailure: Error, Equatable {
    /// The words for the administrator.
    public let message: Bilingual

    static func cannotListen(_ settings: ServiceSettings, _ reason: String) -> ServiceFailure {
        ServiceFailure(
            message: Bilingual(
                "Адрес \(settings.host):\(settings.port) не занять (\(reason)). Выберите другой: "
                    + "--listen.",
                "The address \(settings.host):\(settings.port) cannot be had (\(reason)). Choose "
                    + "another: --listen."
            )
        )
    }

    static func badAuthorities(_ path: String) -> ServiceFailure {
        ServiceFailure(
            message: Bilingual(
                "Сертификаты клиентов \(path) не читаются. Нужен файл PEM с сертификатами центров: "
                    + "--client-ca.",
                "The clients' certificates \(path) cannot be read. Needed is a PEM file with the "
                    + "authorities' certificates: --client-ca."
            )
        )
    }

    static func badCertificate(_ certificate: String, _ key: String) -> ServiceFailure {
        ServiceFailure(
            message: Bilingual(
                "Сертификат \(certificate) или ключ \(key) не читаются. Нужны файлы PEM, которые "
                    + "подходят друг к другу.",
                "The certificate \(certificate) or the key \(key) cannot be read. Needed are PEM "
                    + "files that fit each other."
            )
        )
    }
}
