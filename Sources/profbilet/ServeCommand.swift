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
    @OptionGroup var service: ServiceOptions
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func run() throws {
        let told = try Settings(of: office.data, flags: service.told)
        let settings = try ServiceOptions.settings(told)
        ServiceLog.start(level: told.text(.logLevel) ?? "info")
        let (register, account) = try office.open()
        var opened = ServiceOffice(
            register: register,
            secrets: try office.signingSecrets(),
            account: account
        ).withCabinetsAndStations(batches: told.text(.batches))
        opened.messages = told.text(.messages).map { FileMessageSender(path: $0) }
        let server = try TicketServer(opened, settings: settings)
        let (isJSON, scheme) = (json, settings.certificate == nil ? "http" : "https")
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        HangUp.takeAsTermination()
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
}
