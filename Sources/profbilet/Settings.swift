import Configuration
import Foundation
import Registry
import UnionTicket
import Yams

/// What the program goes by: a flag before the environment, that before the register's own file
/// (`profbilet.yaml` of the data directory), that before the machine's file, all before the defaults.
///
/// The machine's file is named by `PROFBILET_CONFIG`, else ``machineFile``; it counts for the register that
/// it names by `data`, and for every register when it names none.
struct Settings {
    /// Where a package keeps the machine's file.
    static let machineFile = "/etc/profbilet/profbilet.yaml"

    /// Who says a value.
    enum Source: Equatable {
        case flag
        case variable
        case file(String)
        case standard
    }

    /// The machine's file, when it belongs to another register and so does not count.
    private(set) var strangersFile: String?
    private var layers: [(source: Source, values: any ConfigProvider)] = []

    /// The settings for a data directory.
    ///
    /// - Parameters:
    ///   - directory: The data directory; nil takes the one that the environment or the machine's file
    ///     names.
    ///   - flags: What the command line says.
    /// - Throws: ``Failure`` when a settings file cannot be read or says what is not known.
    init(of directory: String?, flags: [Setting: [String]] = [:]) throws {
        let machine = try Self.machine()
        let own = directory ?? Environment["PROFBILET_DATA"] ?? machine?.values[.data]?.first
        layers = [
            (.flag, Self.provider("flags", flags)),
            (.variable, EnvironmentVariablesProvider(environmentVariables: Environment.set)),
        ]
        if let path = own.map({ DataDirectory(path: $0).settingsFile }),
            let values = try Self.read(path, isMachines: false)
        {
            layers.append((.file(path), Self.provider(path, values)))
        }
        guard let machine else { return }
        let named = machine.values[.data]?.first
        if named == nil || own.map({ Self.isSame($0, named) }) ?? true {
            layers.append((.file(machine.path), Self.provider(machine.path, machine.values)))
        } else {
            strangersFile = machine.path
        }
    }

    /// The data directory that the environment or the machine's file names.
    static func directory() throws -> String? {
        try Environment["PROFBILET_DATA"] ?? machine()?.values[.data]?.first
    }

    /// `PROFBILET_` and a name in capitals: `tlsCert` is `PROFBILET_TLS_CERT`.
    static func variable(_ name: String) -> String {
        let boundary = name.replacing(/([a-z])([A-Z])/) { "\($0.output.1)_\($0.output.2)" }
        return "PROFBILET_" + boundary.uppercased()
    }

    // MARK: Values

    /// A value and who says it; several values only where a setting is a list.
    func told(_ setting: Setting) -> (values: [String], source: Source)? {
        let key = Self.key(setting)
        for layer in layers where layer.source != .variable || setting.hasVariable {
            let type: ConfigType = setting.isList ? .stringArray : .string
            switch try? layer.values.value(forKey: key, type: type).value?.content {
            case .string(let value): return ([value], layer.source)
            case .stringArray(let values): return (values, layer.source)
            default: continue
            }
        }
        return setting.standard.map { ([$0], .standard) }
    }

    func text(_ setting: Setting) -> String? { told(setting)?.values.first }

    func texts(_ setting: Setting) -> [String] { told(setting)?.values ?? [] }

    /// A whole number within `range`.
    func number(_ setting: Setting, _ range: ClosedRange<Int>) throws -> Int {
        guard let text = text(setting), let number = Int(text), range.contains(number) else {
            throw unusable(
                setting,
                "нужно целое число от \(range.lowerBound) до \(range.upperBound)",
                "a whole number from \(range.lowerBound) to \(range.upperBound) is needed"
            )
        }
        return number
    }

    /// A setting whose value cannot be used, named with the place it stands in.
    func unusable(_ setting: Setting, _ russian: String, _ english: String) -> Failure {
        let place = told(setting).map { Self.place($0.source, setting) } ?? setting.rawValue
        return Failure("\(place): \(russian).", "\(place): \(english).")
    }

    /// Where a value stands, as an administrator finds it.
    static func place(_ source: Source, _ setting: Setting) -> String {
        switch source {
        case .flag: "--" + setting.flag
        case .variable: variable(setting.rawValue)
        case .file(let path): "\(path) (\(setting.rawValue))"
        case .standard: "—"
        }
    }

    var location: Register.Location {
        get throws {
            if let path = text(.databaseFile) {
                guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                    throw unusable(.databaseFile, "файл не читается", "the file cannot be read")
                }
                return .postgres(text.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            let database = text(.database) ?? "sqlite"
            return database == "sqlite" ? .embedded : .postgres(database)
        }
    }

    var auditHeads: String? { text(.auditHeads) }

    var isSpecimen: Bool { text(.specimen) == "true" }

    // MARK: Files

    private static func key(_ setting: Setting) -> AbsoluteConfigKey {
        AbsoluteConfigKey(["profbilet", setting.rawValue])
    }

    private static func provider(
        _ name: String,
        _ values: [Setting: [String]]
    ) -> InMemoryProvider {
        InMemoryProvider(
            name: name,
            values: Dictionary(
                uniqueKeysWithValues: values.filter { !$0.value.isEmpty }.map { setting, values in
                    let content: ConfigContent =
                        setting.isList ? .stringArray(values) : .string(values[0])
                    return (key(setting), ConfigValue(content, isSecret: false))
                }
            )
        )
    }

    private static func isSame(_ left: String, _ right: String?) -> Bool {
        func plain(_ path: String) -> String {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        }
        return right.map { plain($0) == plain(left) } ?? false
    }

    private static func machine() throws -> (path: String, values: [Setting: [String]])? {
        let named = Environment["PROFBILET_CONFIG"]
        let path = named ?? machineFile
        if let values = try read(path, isMachines: true) { return (path, values) }
        guard named == nil else {
            throw Failure(
                "PROFBILET_CONFIG: файла \(path) нет.",
                "PROFBILET_CONFIG: there is no file \(path)."
            )
        }
        return nil
    }

    /// The values of one file; nil when it is not there.
    private static func read(_ path: String, isMachines: Bool) throws -> [Setting: [String]]? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let values: [String: Any]
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            values = try Yams.load(yaml: text) as? [String: Any] ?? [:]
        } catch {
            throw Failure(
                "Настройки \(path) не читаются: \(error).",
                "The settings \(path) cannot be read: \(error)."
            )
        }
        var found: [Setting: [String]] = [:]
        for (name, value) in values {
            guard let setting = Setting(rawValue: name),
                isMachines ? setting.isMachines : setting.isRegisters
            else {
                throw Failure(
                    "\(path): неизвестная настройка «\(name)». Список: profbilet config show.",
                    "\(path): unknown setting \(name). For a list: profbilet config show."
                )
            }
            let list = setting.isList ? value as? [Any] ?? [value] : [value]
            guard !list.contains(where: { $0 is [Any] || $0 is [String: Any] }) else {
                throw Failure(
                    "\(path): «\(name)» — одно значение, не список.",
                    "\(path): \(name) is one value, not a list."
                )
            }
            found[setting] = list.filter { !($0 is NSNull) }.map { "\($0)" }
        }
        return found
    }
}

extension Setting {
    /// As the command line spells it, without dashes.
    var flag: String {
        rawValue.replacing(/([a-z])([A-Z])/) { "\($0.output.1)-\($0.output.2)" }.lowercased()
    }
}
