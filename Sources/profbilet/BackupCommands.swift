import ArgumentParser
import Foundation
import Registry
import UnionTicket

/// The passphrase of backups.
struct BackupOptions: ParsableArguments {
    @Option(help: "Файл с парольной фразой копий / file with the backups' passphrase")
    var backupPassphraseFile: String?

    func passphrase() throws -> String {
        try Passphrases.read(
            file: backupPassphraseFile,
            variable: "PROFBILET_BACKUP_PASSPHRASE",
            prompt: "Парольная фраза копии / Passphrase of the backup: "
        )
    }
}

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Зашифрованная копия без остановки работы / Encrypted online backup"
    )
    @Argument(help: "Файл / file") var file: String
    @Flag(help: "Заменить файл, который есть / replace a file that is there") var force = false
    @OptionGroup var options: BackupOptions
    @OptionGroup var office: Office

    func run() throws {
        try office.work { register, user in
            try requirePlace()
            try Backup(register).write(
                to: file,
                passphrase: try options.passphrase(),
                secrets: try? office.signingSecrets(),
                by: user
            )
            say(
                "Копия: \(file). Ключ эпохи (keys/epoch-*.key) и журнал уничтожений храните отдельно.",
                "Backup: \(file). Keep the epoch key (keys/epoch-*.key) and the erasure log apart."
            )
        }
    }
}

extension BackupCommand {
    /// A good copy must not be lost to a new one, and a place that cannot be written is named as given.
    private func requirePlace() throws {
        var isDirectory: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory)
        if exists, isDirectory.boolValue {
            throw Failure(
                .refused,
                "\(file) — каталог. Назовите файл копии.",
                "\(file) is a directory. Name a file for the backup."
            )
        }
        if exists, !force {
            throw Failure(
                .refused,
                "Файл \(file) уже есть. Назовите другой или добавьте --force.",
                "The file \(file) exists already. Name another, or say --force."
            )
        }
        let folder = (file as NSString).deletingLastPathComponent
        guard FileManager.default.isWritableFile(atPath: folder.isEmpty ? "." : folder) else {
            throw Failure(
                .storage,
                "Сюда копию не записать: \(file). Проверьте каталог и права.",
                "The backup cannot be written: \(file). Check the directory and its mode."
            )
        }
    }
}

struct VerifyBackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-backup",
        abstract: "Проверить копию пробным восстановлением / Check a backup by a trial restore"
    )
    @Argument(help: "Файл / file") var file: String
    @Flag(help: "JSON") var json = false
    @OptionGroup var options: BackupOptions
    @OptionGroup var office: Office

    func run() throws {
        let directory = try office.directory
        let contents = try Backup.verify(
            file,
            passphrase: try options.passphrase(),
            masterPassphrase: try office.registerPassphrase(),
            directory: directory,
            now: try Clock.now(specimenOnly: Settings(of: directory.path).isSpecimen)
        )
        show(contents, json)
        guard contents.complaints.isEmpty else { throw ExitCode(ExitStatus.damaged.rawValue) }
    }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Восстановить копию в пустой каталог / Restore a backup into an empty directory",
        discussion: "Затем обязательно / then always: profbilet reclaim DIR…"
    )
    @Argument(help: "Файл / file") var file: String
    @Option(help: "Каталог с ключами эпох (старый каталог данных) / directory with epoch keys")
    var epochKeys: String?
    @Option(help: "Журнал уничтожений / erasure log") var erasureLog: String?
    @Flag(help: "Уничтожений не было / nothing was ever erased") var noErasures = false
    @OptionGroup var options: BackupOptions
    @OptionGroup var office: Office

    func run() throws {
        let directory = try office.directory
        let epochs = epochKeys.map { DataDirectory(path: $0) } ?? directory
        let isSpecimen = try Settings(of: epochs.path).isSpecimen
        let restored = try Restore.run(
            file,
            into: directory,
            passphrase: try options.passphrase(),
            masterPassphrase: try office.registerPassphrase(),
            epochs: epochs,
            erasureLog: erasureLog,
            noErasures: noErasures,
            now: try Clock.now(specimenOnly: isSpecimen)
        )
        // A backup of before settings came along.
        if isSpecimen, !FileManager.default.fileExists(atPath: directory.settingsFile) {
            try writeFile(Array("specimen: true\n".utf8), to: directory.settingsFile)
        }
        show(restored.contents, false)
        say(
            "Прекращено: кодов активации \(restored.codes), начатых привязок \(restored.enrolments) — "
                + "с тех пор их могли использовать; напечатайте новые (code create). Клиентов API, "
                + "ждущих подтверждения: \(restored.clients) (client confirm).",
            "Ended: activation codes \(restored.codes), open enrolments \(restored.enrolments), for "
                + "they may have been used since; make new ones (code create). API clients that wait "
                + "for a confirmation: \(restored.clients) (client confirm)."
        )
        say(
            "Восстановлено в \(directory.path). Выпуск закрыт до profbilet reclaim КАТАЛОГ…",
            "Restored into \(directory.path). Issuing is shut until profbilet reclaim DIR…"
        )
    }
}

struct ReclaimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reclaim",
        abstract: "Перечитать выпущенное и опубликованное после копии / Re-read what was issued "
            + "and published since the backup"
    )
    @Argument(help: "Каталоги issuances и публикации / issuances and published directories")
    var directories: [String]
    @Flag(help: "Ни одного билета не выпущено никогда / no ticket was ever issued")
    var nothingIssued = false
    @Flag(help: "Списки, которых нет, не публиковались / the missing lists were never published")
    var nothingPublished = false
    @Flag(
        help: "Недостающие записи о телефонах утрачены / the missing traces of phones are lost"
    )
    var tracesLost = false
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func run() throws {
        try office.work { register, user in
            let report = try Reclaim(register).run(
                directories,
                swearing: Reclaim.Oaths(
                    isNothingIssued: nothingIssued,
                    isNothingPublished: nothingPublished,
                    areTracesLost: tracesLost
                ),
                by: user
            )
            if json {
                say([
                    "manifests": .int(report.manifests), "numbers": .int(report.numbers),
                    "carriers": .int(report.carriers), "lists": .int(report.lists),
                    "blocked": .int(report.blocked),
                    "unconfirmedClients": .list(report.unconfirmed.map(JSONValue.text)),
                    "missing": .list(report.missing.map { .text($0.russian) }),
                ])
            } else {
                say(
                    "Манифестов \(report.manifests), номеров внесено \(report.numbers), списков "
                        + "\(report.lists), удержано блокировок \(report.blocked).",
                    "Manifests \(report.manifests), numbers entered \(report.numbers), lists "
                        + "\(report.lists), blocks held \(report.blocked)."
                )
                Self.tell(unconfirmed: report.unconfirmed)
            }
            if tracesLost { complain(Self.unknownPhones) }
            guard report.missing.isEmpty else { throw Self.stillShut(report.missing) }
        }
    }
}

extension ReclaimCommand {
    private static func tell(unconfirmed names: [String]) {
        guard !names.isEmpty else { return }
        let list = names.joined(separator: ", ")
        say(
            "Клиенты API на момент копии, теперь им отказано: \(list). Отозванного с тех пор — client "
                + "revoke ИМЯ, кому с тех пор сменили ключ — client rotate ИМЯ --overlap 0; затем всех "
                + "неотозванных — client confirm ИМЯ… или --all.",
            "API clients at the backup, refused by now: \(list). Whoever was revoked since: client "
                + "revoke NAME; whose key was replaced since: client rotate NAME --overlap 0; then all "
                + "that are not revoked: client confirm NAME… or --all."
        )
    }

    private static let unknownPhones = Bilingual(
        "Телефоны, записи о которых утрачены, неизвестны: их не продлят, но и заблокировать их нельзя, "
            + "пока живёт их последний билет. Прекратить сразу: profbilet keys rotate virtual --now, "
            + "затем keys revoke прежнего ключа.",
        "Phones whose traces are lost are unknown: none of them is renewed, and none can be blocked "
            + "while its last payload lives. To end them at once: profbilet keys rotate virtual --now, "
            + "then keys revoke the former key."
    )

    private static func stillShut(_ missing: [Bilingual]) -> RegisterError {
        RegisterError(
            .mustReclaim,
            "Прочитанное учтено, но выпуск остаётся закрыт: "
                + missing.map(\.russian).joined(separator: "; ") + ". Повторите reclaim со всеми "
                + "каталогами сразу.",
            "What was read is kept, but issuing stays shut; missing: "
                + missing.map(\.english).joined(separator: "; ") + ". Repeat reclaim with all "
                + "directories at once."
        )
    }
}

private func show(_ contents: Backup.Contents, _ json: Bool) {
    if json {
        say([
            "at": .text(contents.at.rfc3339), "register": .text(contents.registerId),
            "members": .int(contents.members), "carriers": .int(contents.carriers),
            "auditHead": .int(contents.auditHead),
            "complaints": .list(contents.complaints.map(JSONValue.text)),
        ])
        return
    }
    say(
        "Копия на \(contents.at.russian): членов \(contents.members), носителей "
            + "\(contents.carriers), записей журнала \(contents.auditHead).",
        "Backup of \(contents.at.rfc3339): members \(contents.members), carriers "
            + "\(contents.carriers), audit rows \(contents.auditHead)."
    )
    for complaint in contents.complaints { print("  ! \(complaint)") }
    if contents.complaints.isEmpty { say("Проверка пройдена.", "The check passed.") }
}
