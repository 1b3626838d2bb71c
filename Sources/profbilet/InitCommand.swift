import ArgumentParser
import Foundation
import Registry
import UnionTicket

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Создать реестр, ключи и первого администратора / Make a register, its keys and "
            + "the first administrator"
    )

    @Option(help: "Каталог данных / data directory (PROFBILET_DATA)")
    var data: String?

    @Flag(help: "Образцы: номера 9…, недействительны в работе / specimen numbers only")
    var specimen = false

    @Option(help: "Имя первого администратора / name of the first administrator (PROFBILET_USER)")
    var admin: String?

    @Option(help: "Где публикуются списки статусов / where status lists are published")
    var statusUri = "https://epb.example.ru/v1/status-lists/"

    @Option(help: "Файл с парольной фразой реестра / file with the register's passphrase")
    var passphraseFile: String?
    @Option(help: "Файл с парольной фразой администратора / file with the user's passphrase")
    var userPassphraseFile: String?
    @Option(help: "Файл с парольной фразой корневого ключа / file with the root passphrase")
    var rootPassphraseFile: String?

    func run() throws {
        let path = try Office.path(data)
        let settings = try Settings(of: path)
        var plan = Register.Plan()
        plan.scheme = specimen ? .specimen : .production
        plan.listBase = statusUri
        plan.administrator = admin ?? settings.text(.user) ?? "admin"
        plan.passphrase = try Passphrases.read(
            file: passphraseFile,
            variable: "PROFBILET_PASSPHRASE",
            prompt: "Новая парольная фраза реестра / New passphrase of the register: "
        )
        plan.rootPassphrase = try Passphrases.read(
            file: rootPassphraseFile,
            variable: "PROFBILET_ROOT_PASSPHRASE",
            prompt: "Новая парольная фраза корневого ключа / New passphrase of the root key: "
        )
        plan.administratorPassphrase = try Passphrases.read(
            file: userPassphraseFile,
            variable: "PROFBILET_USER_PASSPHRASE",
            prompt: "Парольная фраза \(plan.administrator) / Passphrase of \(plan.administrator): "
        )
        let directory = DataDirectory(path: path, auditHeads: settings.auditHeads)
        _ = try Register.create(
            in: directory,
            plan,
            location: try settings.location,
            now: try Clock.now(specimenOnly: specimen)
        )
        if specimen, !FileManager.default.fileExists(atPath: directory.settingsFile) {
            let settings = directory.settingsFile
            do { try OutputFile.write(Array("specimen: true\n".utf8), to: settings) } catch {
                throw Failure(
                    .storage,
                    "Реестр создан, но \(settings) не записан. Освободите место и впишите туда строку "
                        + "specimen: true.",
                    "The register is made, but \(settings) was not written. Free some space and put the "
                        + "line specimen: true there."
                )
            }
        }
        say(
            "Реестр создан в \(path). Первый администратор — «\(plan.administrator)». Корневой ключ "
                + "\(directory.rootKeyFile) уберите в сейф.",
            "The register is in \(path). The first administrator is \(plan.administrator). Take the "
                + "root key \(directory.rootKeyFile) to a safe."
        )
    }
}
