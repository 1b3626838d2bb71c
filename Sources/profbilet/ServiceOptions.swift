import ArgumentParser
import Foundation
import TicketService
import UnionTicket

/// How the service is started; what is not given here stands in the environment or in a settings file.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "АДРЕС:ПОРТ, обычно 127.0.0.1:8080; порт 0 — любой свободный / "
                + "ADDRESS:PORT, 127.0.0.1:8080 as a rule; port 0 takes a free one"
        )
    ) var listen: String?
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
    @Option(help: "Запросов клиента в секунду (500) / requests of one client a second")
    var clientRate: Int?
    @Option(help: "Справок с одного адреса в минуту (120) / look-ups from one address a minute")
    var lookupRate: Int?
    @Option(help: "Секунд тишины до закрытия соединения (60) / silent seconds of a connection")
    var idleSeconds: Int?
    @Option(help: "Секунд на тело запроса (30) / seconds for a request's body")
    var bodySeconds: Int?
    @Option(help: "debug, info, warning, error") var logLevel: String?

    /// What the command line says.
    var told: [Setting: [String]] {
        var told: [Setting: [String]] = [:]
        let single: [(Setting, String?)] = [
            (.listen, listen), (.tlsCert, tlsCert), (.tlsKey, tlsKey), (.clientCA, clientCA),
            (.publish, publish), (.batches, batches), (.messages, messages),
            (.logLevel, logLevel),
            (.clientRate, clientRate.map { "\($0)" }), (.lookupRate, lookupRate.map { "\($0)" }),
            (.idleSeconds, idleSeconds.map { "\($0)" }),
            (.bodySeconds, bodySeconds.map { "\($0)" }),
        ]
        for case (let setting, let value?) in single { told[setting] = [value] }
        if !proxy.isEmpty { told[.proxy] = proxy }
        return told
    }

    /// The service's settings out of all that is told.
    ///
    /// - Throws: ``Failure`` with the place of the value that cannot be used.
    static func settings(_ told: Settings) throws -> ServiceSettings {
        var settings = ServiceSettings()
        (settings.host, settings.port) = try address(told)
        settings.certificate = told.text(.tlsCert)
        settings.privateKey = told.text(.tlsKey)
        settings.clientAuthorities = told.text(.clientCA)
        guard (settings.certificate == nil) == (settings.privateKey == nil),
            settings.clientAuthorities == nil || settings.certificate != nil
        else {
            throw Failure(
                "--tls-cert и --tls-key задают вместе, --client-ca — только с ними.",
                "--tls-cert and --tls-key go together, --client-ca only with them."
            )
        }
        settings.publication = told.text(.publish)
        settings.proxies = Set(
            try told.texts(.proxy).map {
                guard let address = ServiceSettings.address($0) else {
                    throw told.unusable(
                        .proxy,
                        "нужен адрес IP, например 10.0.0.7",
                        "an IP address is needed, 10.0.0.7 for one"
                    )
                }
                return address
            }
        )
        try requireFolder(told.text(.batches), .batches, told)
        try requireFolder(
            told.text(.messages).map { ($0 as NSString).deletingLastPathComponent },
            .messages,
            told
        )
        settings.idleSeconds = try told.number(.idleSeconds, 1...3_600)
        settings.bodySeconds = try told.number(.bodySeconds, 1...3_600)
        let rate = Double(try told.number(.clientRate, 1...1_000_000))
        settings.clientRate = Rate(perSecond: rate, burst: 2 * rate)
        settings.questionRate = Rate(perSecond: max(0.1, rate / 250), burst: max(1, rate / 8))
        let lookups = Double(try told.number(.lookupRate, 1...1_000_000))
        settings.addressRate = Rate(perSecond: lookups / 60, burst: max(30, lookups / 2))
        settings.wrongKeyRate = Rate(perSecond: lookups / 120, burst: max(30, lookups / 4))
        let levels = ["debug", "info", "warning", "error"]
        guard levels.contains(told.text(.logLevel) ?? "info") else {
            throw told.unusable(
                .logLevel,
                "нужно одно из: \(levels.joined(separator: ", "))",
                "one of \(levels.joined(separator: ", ")) is needed"
            )
        }
        return settings
    }

    /// A folder that is not there would be missed at the first request only.
    private static func requireFolder(
        _ path: String?,
        _ setting: Setting,
        _ told: Settings
    ) throws {
        guard let path, !path.isEmpty else { return }
        var isFolder: ObjCBool = false
        let isThere = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard isThere, isFolder.boolValue else {
            throw told.unusable(setting, "нет каталога \(path)", "there is no folder \(path)")
        }
    }

    private static func address(_ told: Settings) throws -> (host: String, port: Int) {
        let listen = told.text(.listen) ?? ""
        guard let colon = listen.lastIndex(of: ":"), colon != listen.startIndex,
            let port = UInt16(listen[listen.index(after: colon)...])
        else {
            throw told.unusable(
                .listen,
                "нужен АДРЕС:ПОРТ, например 127.0.0.1:8080",
                "ADDRESS:PORT is needed, 127.0.0.1:8080 for one"
            )
        }
        return (listen[..<colon].trimmingCharacters(in: ["[", "]"]), Int(port))
    }
}
