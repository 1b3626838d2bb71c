import ArgumentParser
import Foundation
import Registry
import UnionTicket

struct HostsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts",
        abstract:
            "Все адреса, к которым программа может подключиться / Every host it may connect to"
    )
    @Option(help: "Каталог данных / data directory (PROFBILET_DATA)") var data: String?
    @Flag(help: "JSON Lines") var json = false

    func run() throws {
        let hosts = try OutboundHosts.configured(in: Office.path(data))
        if json {
            for host in hosts {
                say([
                    "host": .text(host.host), "setting": .text(host.setting),
                    "purpose": .text(host.purpose.russian),
                ])
            }
            return
        }
        guard !hosts.isEmpty else {
            return say(
                "Исходящих подключений нет: ни один адрес не задан.",
                "There are no outbound connections: no host is configured."
            )
        }
        printTable(
            ["адрес/host", "настройка/setting", "зачем/what for"],
            hosts.map { [$0.host, $0.setting, $0.purpose.russian] }
        )
    }
}

/// Where the program connects to by its settings; without any, nowhere (privacy.md L7).
enum OutboundHosts {
    struct Host {
        let host: String
        let setting: String
        let purpose: Bilingual
    }

    static func configured(in directory: String) throws -> [Host] {
        let settings = try Settings(of: directory)
        var hosts: [Host] = []
        if case .postgres(let connection) = try settings.location {
            guard let options = ConnectionOption.named(in: connection) else {
                throw settings.unusable(
                    settings.text(.databaseFile) == nil ? .database : .databaseFile,
                    "строка подключения не понята библиотекой libpq. Пример: host=db1 dbname=epb",
                    "libpq does not understand the connection string. Example: host=db1 dbname=epb"
                )
            }
            hosts += names(among: options, ConnectionOption.ofEnvironment).map {
                Host(
                    host: $0,
                    setting: "database",
                    purpose: Bilingual("сервер PostgreSQL с реестром", "PostgreSQL server")
                )
            }
        }
        return hosts
    }

    /// Where libpq connects to by these options: `host` and `hostaddr` are lists that go together place
    /// by place, a folder is a socket of this machine, and so is a place that names nothing.
    private static func names(
        among options: [ConnectionOption],
        _ environment: [ConnectionOption]
    ) -> [String] {
        func list(_ keyword: String) -> [Substring] {
            let option =
                options.first { $0.keyword == keyword }
                ?? environment.first { $0.keyword == keyword }
            return option.flatMap { $0.value.isEmpty ? nil : $0.value }?
                .split(separator: ",", omittingEmptySubsequences: false) ?? []
        }
        let (hosts, addresses) = (list("host"), list("hostaddr"))
        if hosts.isEmpty, addresses.isEmpty,
            let service = options.first(where: { $0.keyword == "service" })
        {
            // Its hosts stand in libpq's own file of services.
            return ["service=\(service.value)"]
        }
        var names: [String] = []
        for place in 0..<max(hosts.count, addresses.count, 1) {
            let told = [hosts, addresses].compactMap { $0.dropFirst(place).first }
                .filter { !$0.isEmpty }.map(String.init)
            names += told.isEmpty ? ["localhost"] : told
        }
        return names.enumerated().filter { !names[..<$0.offset].contains($0.element) }
            .map(\.element)
    }
}
