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
            hosts += names(ofPostgres: connection).map {
                Host(
                    host: $0,
                    setting: "database",
                    purpose: Bilingual("сервер PostgreSQL с реестром", "PostgreSQL server")
                )
            }
        }
        return hosts
    }

    /// The hosts of a libpq connection string: `host=a,b` or `postgresql://user@a:1,b:2/name`; a folder
    /// is a socket of this machine.
    static func names(ofPostgres connection: String) -> [String] {
        var list: Substring = "localhost"
        if let start = connection.range(of: "://") {
            let rest = connection[start.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            list = authority.split(separator: "@").last ?? "localhost"
        } else if let host = connection.split(separator: " ")
            .last(where: { $0.hasPrefix("host=") })
        {
            list = host.dropFirst(5)
        }
        return list.split(separator: ",").map { item in
            let name =
                item.hasPrefix("[")
                ? String(item.dropFirst().prefix { $0 != "]" })
                : String(item.prefix { $0 != ":" })
            return name.isEmpty ? "localhost" : name
        }
    }
}
