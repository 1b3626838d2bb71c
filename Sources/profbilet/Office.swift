import ArgumentParser
import Foundation
import Registry
import TicketSeal
import UnionTicket

/// What every command over a register is told: where it is and who acts.
struct Office: ParsableArguments {
    @Option(help: "Каталог данных / data directory (PROFBILET_DATA)")
    var data: String?

    @Option(help: "Имя пользователя / user name (PROFBILET_USER)")
    var user: String?

    @Option(help: "Файл с парольной фразой реестра / file with the register's passphrase")
    var passphraseFile: String?

    @Option(help: "Файл с парольной фразой пользователя / file with the user's passphrase")
    var userPassphraseFile: String?

    @Option(help: "Файл с PIN токена PKCS#11 / file with the PIN of a PKCS#11 token")
    var pinFile: String?

    var directory: DataDirectory {
        get throws {
            let path = try Self.path(data)
            return DataDirectory(path: path, auditHeads: try Settings(of: path).auditHeads)
        }
    }

    /// The data directory: the flag's, the environment's, or that of the machine's settings.
    static func path(_ flag: String?) throws -> String {
        guard let path = try flag ?? Settings.directory() else {
            throw Failure(
                "Не указан каталог данных: --data или PROFBILET_DATA.",
                "No data directory given: --data or PROFBILET_DATA."
            )
        }
        return path
    }

    /// What is set for this register.
    private func settled(_ setting: Setting) throws -> String? {
        try Settings(of: Self.path(data)).text(setting)
    }

    /// Opens the register and signs the user in.
    func open() throws -> (register: Register, user: SignedInUser) {
        let register = try openRegister()
        let name = try userName()
        let passphrase = try userPassphrase(name)
        let user = try UserDirectory(register).signIn(name, passphrase: passphrase)
        return (register, user)
    }

    func openRegister() throws -> Register {
        let directory = try directory
        let settings = try Settings(of: directory.path)
        return try Register.open(
            in: directory,
            passphrase: try registerPassphrase(),
            location: try settings.location,
            now: try Clock.now(specimenOnly: settings.isSpecimen)
        )
    }

    func registerPassphrase() throws -> String {
        try Passphrases.read(
            file: passphraseFile,
            variable: "PROFBILET_PASSPHRASE",
            prompt: "Парольная фраза реестра / Passphrase of the register: ",
            settled: try settled(.passphraseFile)
        )
    }

    func userPassphrase(_ name: String) throws -> String {
        try Passphrases.read(
            file: userPassphraseFile,
            variable: "PROFBILET_USER_PASSPHRASE",
            prompt: "Парольная фраза пользователя \(name) / Passphrase of \(name): ",
            settled: try settled(.userPassphraseFile)
        )
    }

    func userName() throws -> String {
        guard let name = try user ?? settled(.user) else {
            throw Failure(
                .notSignedIn,
                "Не указан пользователь: --user или PROFBILET_USER.",
                "No user given: --user or PROFBILET_USER."
            )
        }
        return name
    }

    /// Signs the second of two persons in, where one is named.
    static func second(_ name: String?, of register: Register) throws -> SignedInUser? {
        guard let name else { return nil }
        let passphrase = try Passphrases.read(
            file: nil,
            variable: "PROFBILET_SECOND_PASSPHRASE",
            prompt: "Парольная фраза \(name) / Passphrase of \(name): "
        )
        return try UserDirectory(register).signIn(name, passphrase: passphrase)
    }

    /// The opened purpose keys.
    func signingSecrets() throws -> SigningSecrets {
        let (file, settled) = (pinFile, try settled(.pinFile))
        return try SigningSecrets.open(in: directory, passphrase: try registerPassphrase()) {
            try Passphrases.read(
                file: file,
                variable: "PROFBILET_PIN",
                prompt: "PIN токена \($0.label) / PIN of the token \($0.label): ",
                settled: settled
            )
        }
    }

    /// Runs `body` with register and user, then writes the audit head outside the database.
    func work<Result>(_ body: (Register, SignedInUser) throws -> Result) throws -> Result {
        let (register, user) = try open()
        defer { try? AuditLog(register).countersignHead() }
        return try body(register, user)
    }
}

/// The root key's place and passphrase, for commands that sign a trust bundle.
struct RootOptions: ParsableArguments {
    @Option(help: "Корневой ключ, если он вынесен / root key file, where taken away")
    var rootKey: String?

    @Option(help: "Файл с парольной фразой корневого ключа / file with the root passphrase")
    var rootPassphraseFile: String?

    func open(_ directory: DataDirectory) throws -> SigningKey {
        try Register.rootKey(
            at: rootKey ?? directory.rootKeyFile,
            passphrase: try passphrase()
        )
    }

    func passphrase() throws -> String {
        try Passphrases.read(
            file: rootPassphraseFile,
            variable: "PROFBILET_ROOT_PASSPHRASE",
            prompt: "Парольная фраза корневого ключа / Passphrase of the root key: "
        )
    }
}

/// The moment by which a command judges.
enum Clock {
    /// The system's clock; a specimen register may be told another time by PROFBILET_NOW.
    ///
    /// - Throws: ``Failure`` for a time that is not understood.
    static func now(specimenOnly isSpecimen: Bool) throws -> @Sendable () -> Instant {
        guard isSpecimen, let text = Environment["PROFBILET_NOW"] else {
            return { Instant(seconds: Int64(Date().timeIntervalSince1970)) }
        }
        let instant = try TimeArgument.parse(text, of: "PROFBILET_NOW")
        return { instant }
    }
}

enum Environment {
    /// Every variable that is set and not empty.
    static var set: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
    }

    static subscript(_ name: String) -> String? {
        let value = ProcessInfo.processInfo.environment[name]
        return value?.isEmpty == false ? value : nil
    }
}

/// Passphrases from a file, the environment, a file that the settings name, or the terminal, in this order.
enum Passphrases {
    static func read(
        file: String?,
        variable: String,
        prompt: String,
        settled: String? = nil
    ) throws -> String {
        if let path = file ?? Environment[variable + "_FILE"] { return try line(of: path) }
        if let value = Environment[variable] { return value }
        if let settled { return try line(of: settled) }
        guard isatty(0) == 1 else {
            throw Failure(
                .notSignedIn,
                "Нет парольной фразы: задайте \(variable), \(variable)_FILE или файл в параметре.",
                "No passphrase: set \(variable), \(variable)_FILE or name a file."
            )
        }
        guard let typed = unsafe getpass(prompt) else { return "" }
        return unsafe String(cString: typed)
    }

    private static func line(of path: String) throws -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw Failure(
                .notSignedIn,
                "Файл парольной фразы \(path) не читается.",
                "The passphrase file \(path) cannot be read."
            )
        }
        return String(text.prefix { !$0.isNewline })
    }
}

/// TIME on the command line: Unix seconds, ISO 8601 or dd.mm.yyyy[ hh:mm[:ss]]; without a zone in
/// Moscow.
enum TimeArgument {
    /// A time as typed.
    static func parse(_ text: String) throws -> Instant { try parse(text, of: nil) }

    /// The same; a complaint names the place of the text, when that is not plain.
    static func parse(_ text: String, of place: String?) throws -> Instant {
        guard let instant = instant(text) else {
            let place = place.map { $0 + ": " } ?? ""
            throw Failure(
                "\(place)Время «\(text)» не понято: секунды Unix, 2026-11-21T09:00:00Z "
                    + "или 21.11.2026 12:00.",
                "\(place)The time \(text) is not understood: Unix seconds, 2026-11-21T09:00:00Z "
                    + "or 21.11.2026 12:00."
            )
        }
        return instant
    }

    static func instant(_ text: String) -> Instant? {
        if let seconds = Int64(text).map(Instant.init(seconds:)) {
            return Instant.dated.contains(seconds) ? seconds : nil
        }
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) {
            $0 == " " || $0 == "T"
        }
        guard let date = date(parts[0]) else { return nil }
        let midnight = Instant(startOf: date)
        guard parts.count == 2 else { return midnight }
        return time(parts[1]).map { midnight + $0 }
    }

    /// dd.mm.yyyy or yyyy-mm-dd.
    static func date(_ text: some StringProtocol) -> CalendarDate? {
        if let date = CalendarDate(iso: text) { return date }
        let parts = numbers(text, separator: ".")
        guard let parts, parts.count == 3, (1000...9999).contains(parts[2]) else { return nil }
        return CalendarDate(year: parts[2], month: parts[1], day: parts[0])
    }

    /// Seconds after midnight in Moscow of hh:mm[:ss[.f]][Z|±hh[[:]mm]]; fractions are cut.
    private static func time(_ text: Substring) -> Int64? {
        let clock = text.prefix { $0 != "Z" && $0 != "+" && $0 != "-" }
        guard let shift = shift(text[clock.endIndex...]) else { return nil }
        let whole = clock.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let parts = numbers(whole[0], separator: ":"), (2...3).contains(parts.count),
            whole.count == 1 || parts.count == 3 && numbers(whole[1], separator: ".")?.count == 1,
            parts[0] < 24, parts[1] < 60, parts.count == 2 || parts[2] < 60
        else { return nil }
        let seconds = parts[0] * 3600 + parts[1] * 60 + (parts.count == 3 ? parts[2] : 0)
        return Int64(seconds + shift)
    }

    /// Seconds that a zone lies behind Moscow.
    private static func shift(_ zone: Substring) -> Int? {
        let moscow = 3 * 3600
        if zone.isEmpty { return 0 }
        if zone == "Z" { return moscow }
        let digits = zone.dropFirst().filter { $0 != ":" }
        guard digits.count == 2 || digits.count == 4, zone.first != "Z",
            let hours = numbers(digits.prefix(2), separator: ":")?.first, hours < 15,
            let minutes = digits.count == 2
                ? 0 : numbers(digits.suffix(2), separator: ":")?.first, minutes < 60
        else { return nil }
        let offset = hours * 3600 + minutes * 60
        return moscow - (zone.first == "-" ? -offset : offset)
    }

    /// ASCII numbers of at most nine digits between separators; nil when anything else is there.
    private static func numbers(
        _ text: some StringProtocol,
        separator: Character
    ) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> Int? in
            guard (1...9).contains(part.count), part.utf8.allSatisfy({ (48...57).contains($0) })
            else { return nil }
            return Int(part)
        }
        return numbers.count == parts.count ? numbers : nil
    }
}
