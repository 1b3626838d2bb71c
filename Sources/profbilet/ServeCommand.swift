import ArgumentParser
import Foundation
import Registry
import TicketService
import UnionTicket

/// `profbilet serve`: the HTTP service in the foreground.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Сервис HTTP: API, публикация, страница проверки / The HTTP service"
    )
    @Option(help: "АДРЕС:ПОРТ; порт 0 — любой свободный / ADDRESS:PORT; port 0 takes a free one")
    var listen = "127.0.0.1:8080"
    @Option(help: "Сертификат, PEM / certificate, PEM") var tlsCert: String?
    @Option(help: "Ключ сертификата, PEM / its key, PEM") var tlsKey: String?
    @Option(help: "Центры сертификатов клиентов, PEM / authorities of client certificates, PEM")
    var clientCA: String?
    @Option(help: "Каталог публикации / folder for the published files") var publish: String?
    @Option(help: "Каталог спецификаций партий для операторов / folder of batch specifications")
    var batches: String?
    @Option(help: "Адрес доверенного прокси / address of a trusted proxy") var proxy: [String] = []
    @Option(help: "Файл исходящих сообщений для шлюза / file of outgoing messages, for a gateway")
    var messages: String?
    @Option(help: "Запросов клиента в секунду / requests of one client a second")
    var clientRate = 500
    @Option(help: "Справок с одного адреса в минуту / look-ups from one address a minute")
    var lookupRate = 120
    @Option(help: "Секунд тишины до закрытия соединения / silent seconds until a connection ends")
    var idleSeconds = 60
    @Option(help: "Секунд на тело запроса / seconds for a request's body") var bodySeconds = 30
    @Option(help: "debug, info, warning, error") var logLevel = "info"
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func run() throws {
        let settings = try settings()
        ServiceLog.start(level: logLevel)
        let (register, account) = try office.open()
        var opened = ServiceOffice(
            register: register,
            secrets: try office.signingSecrets(),
            account: account
        ).withCabinetsAndStations(batches: batches)
        opened.messages = messages.map { FileMessageSender(path: $0) }
        let server = try TicketServer(opened, settings: settings)
        let (isJSON, scheme) = (json, tlsCert == nil ? "http" : "https")
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        try Blocking.run {
            try await server.run(stopsOnSignals: true) { port in
                let address = "\(scheme)://\(host):\(port)"
                if isJSON {
                    tell(JSONValue.object(["address": .text(address)]).line)
                } else {
                    tell("Сервис: \(address)\nService: \(address)")
                }
            }
        }
        leave(.done)
    }

    private func settings() throws -> ServiceSettings {
        var settings = ServiceSettings()
        guard let colon = listen.lastIndex(of: ":"),
            let port = UInt16(listen[listen.index(after: colon)...]), colon != listen.startIndex
        else {
            throw Failure(
                "--listen: нужен АДРЕС:ПОРТ, например 127.0.0.1:8080.",
                "--listen needs ADDRESS:PORT, 127.0.0.1:8080 for one."
            )
        }
        settings.host = listen[..<colon].trimmingCharacters(in: ["[", "]"])
        settings.port = Int(port)
        guard (tlsCert == nil) == (tlsKey == nil), clientCA == nil || tlsCert != nil else {
            throw Failure(
                "--tls-cert, --tls-key и --client-ca задают вместе.",
                "--tls-cert, --tls-key and --client-ca go together."
            )
        }
        (settings.certificate, settings.privateKey) = (tlsCert, tlsKey)
        settings.clientAuthorities = clientCA
        settings.publication = publish
        settings.proxies = Set(proxy)
        settings.idleSeconds = min(max(1, idleSeconds), 3600)
        settings.bodySeconds = min(max(1, bodySeconds), 3600)
        let rate = Double(max(1, clientRate))
        settings.clientRate = Rate(perSecond: rate, burst: 2 * rate)
        let lookups = Double(max(1, lookupRate))
        settings.addressRate = Rate(perSecond: lookups / 60, burst: max(30, lookups / 2))
        return settings
    }
}
