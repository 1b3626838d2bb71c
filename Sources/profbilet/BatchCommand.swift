import ArgumentParser
import CardLayout
import CardProduction
import Foundation
import Registry
import TicketSeal
import UnionTicket

struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Партии карт: план, одобрение, пакет для изготовителя / Batches of cards",
        subcommands: [
            Plan.self, Approve.self, Build.self, Verify.self, Seal.self, Accept.self, Act.self,
            Settle.self, WriteOff.self, Ship.self, Close.self, List.self, Show.self, Cancel.self,
        ]
    )

    struct Plan: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "plan",
            abstract: "Отобрать одобренные заявки и проверить, что карты печатаются / Plan a batch"
        )
        @Argument(help: "Спецификация YAML / specification") var specification: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let plan = try BatchPlanner(register).plan(specification, by: user)
                let batch = plan.batch
                if json {
                    say([
                        "batch": .int(batch.id), "cards": .int(batch.cards),
                        "parcels": .int(plan.parcels), "plan": .text(Hex.text(batch.planHash)),
                        "approvals": .int(batch.approvalsNeeded),
                        "excluded": .list(
                            plan.excluded.map {
                                .object([
                                    "order": .int($0.order),
                                    "codes": .list($0.faults.map { .text($0.code) }),
                                ])
                            }
                        ),
                    ])
                    return
                }
                say(
                    "Партия \(batch.name): карт \(batch.cards), посылок \(plan.parcels). "
                        + "Нужно одобрений: \(batch.approvalsNeeded) (не того, кто планировал).",
                    "Batch \(batch.name): cards \(batch.cards), parcels \(plan.parcels). "
                        + "Approvals needed: \(batch.approvalsNeeded), not by its planner."
                )
                if !plan.excluded.isEmpty {
                    say(
                        "Не вошли \(plan.excluded.count) заявок:",
                        "Left out are \(plan.excluded.count) orders:"
                    )
                }
                for (order, faults) in plan.excluded {
                    for fault in faults {
                        print("  \(order): \(fault.code): \(fault.message.russian)")
                    }
                }
                say(
                    "Срок \(validity(batch)) и адрес QR останутся на пластике: изменить их нельзя.",
                    "Validity and URL stay on the plastic: they cannot be changed later."
                )
            }
        }

        private func validity(_ batch: BatchBook.Batch) -> String {
            (try? BatchTerms.of(batch).specification.validUntil.russian) ?? ""
        }
    }

    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve",
            abstract: "Одобрить своей подписью; последнее одобрение даёт номера / Approve a batch"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let register = try office.openRegister()
            defer { try? AuditLog(register).countersignHead() }
            let name = try office.userName()
            let batch = try BatchBook(register).batch(id)
            let terms = try BatchTerms.of(batch).specification.approvalTerms
            let missing = try BatchBook(register).approve(
                id,
                terms,
                as: name,
                passphrase: try office.userPassphrase(name),
                secrets: try office.signingSecrets()
            )
            if json {
                say(["batch": .int(id), "missing": .int(max(0, missing))])
            } else if missing > 0 {
                say(
                    "Одобрено. Не хватает одобрений: \(missing).",
                    "Approved. Still missing: \(missing)."
                )
            } else {
                say(
                    "Партия \(batch.name) одобрена, номера закреплены: profbilet batch build \(id)",
                    "Batch \(batch.name) is approved, its numbers are fixed: profbilet batch build \(id)"
                )
            }
        }
    }

    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build",
            abstract: "Собрать пакет; прерванная сборка продолжается / Build the package"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let builder = try BatchBuilder(
                    register,
                    id,
                    secrets: try office.signingSecrets()
                )
                let bar = ProgressBar("карт / cards", json: json)
                let result = try builder.build(by: user) { bar.show($0.done, of: $0.total) }
                bar.end()
                if json {
                    say([
                        "batch": .int(id), "folder": .text(result.folder),
                        "manifest": .text(result.manifest), "wasBuilt": .flag(result.wasBuilt),
                    ])
                } else {
                    say(
                        "Пакет \(result.folder)\nSHA-256 манифеста \(result.manifest)\n"
                            + "Дальше: profbilet batch verify \(result.folder)",
                        "The package stands in \(result.folder)"
                    )
                }
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Проверить пакет глазами получателя / Verify a package as its receiver would",
            discussion:
                "Без реестра: --keys с пакетом доверия. С реестром проверка отмечается в партии. "
                + "With --keys FILE no register is needed; with one the batch is marked verified."
        )
        @Argument(help: "Каталог пакета / the package's folder") var folder: String
        @Option(help: "Пакет доверия или JWKS / trust bundle or JWK set") var keys: String?
        @Flag(help: "Не судить подпись манифеста (образцы, тесты) / do not judge the signature")
        var unsigned = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard !unsigned || keys != nil else {
                throw ValidationError(
                    "К --unsigned нужны ключи: --keys ФАЙЛ.",
                    "--unsigned needs keys: --keys FILE."
                )
            }
        }

        func run() throws {
            guard let keys else { return try office.work { try run($0, $1) } }
            guard let file = FileManager.default.contents(atPath: keys),
                let trusted = TrustedKeys(file: Array(file))
            else {
                throw Failure("В файле \(keys) нет ключей.", "The file \(keys) holds no keys.")
            }
            let now = try Clock.now(specimenOnly: true)()
            try show(try report(trusted, now))
        }

        private func run(_ register: Register, _ user: SignedInUser) throws {
            try show(
                try looking { try BatchBook(register).verify(folder, by: user, progress: $0) }
            )
        }

        private func report(
            _ keys: TrustedKeys,
            _ now: Instant
        ) throws -> PackageVerifier.Report {
            try looking {
                try PackageVerifier(
                    folder: folder,
                    keys: keys,
                    now: now,
                    isSignatureJudged: !unsigned
                ).verify(progress: $0)
            }
        }

        /// Looks at the folder with a bar.
        private func looking(
            _ verify: ((Int, Int) -> Void) throws -> PackageVerifier.Report
        ) throws -> PackageVerifier.Report {
            guard FileManager.default.fileExists(atPath: folder) else {
                throw Failure(.notFound, "Нет каталога \(folder).", "There is no folder \(folder).")
            }
            let bar = ProgressBar("карт / cards", json: json)
            defer { bar.end() }
            return try verify { bar.show($0, of: $1) }
        }

        private func show(_ report: PackageVerifier.Report) throws {
            if json {
                say([
                    "passed": .flag(report.passed), "cards": .int(report.cards),
                    "checks": .list(
                        report.checks.map {
                            .object([
                                "name": .text($0.name.english),
                                "faults": .list($0.faults.map { .text($0) }),
                            ])
                        }
                    ),
                ])
            } else {
                for (name, faults) in report.checks {
                    print("  \(faults.isEmpty ? "✓" : "✗") \(name.russian) / \(name.english)")
                    for fault in faults { print("      \(fault)") }
                }
                let isGood = report.passed
                say(
                    isGood ? "Пакет исправен, карт \(report.cards)." : "Пакет НЕ исправен.",
                    isGood
                        ? "The package is sound, cards \(report.cards)."
                        : "The package is NOT sound."
                )
            }
            if !report.passed { throw ExitCode(ExitStatus.damaged.rawValue) }
        }
    }

    struct Seal: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "seal",
            abstract: "Зашифровать проверенный пакет для изготовителя и архива / Seal a package",
            discussion: "Открыть / to open: openssl cms -decrypt -inform DER -in FILE -recip CERT "
                + "-inkey KEY -out package.tar"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Сертификат изготовителя / the manufacturer's certificate")
        var manufacturer: String
        @Option(help: "Сертификат архива Профсоюза / the union's archive certificate")
        var archive: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let files = try PackageSeal(register, id).seal(
                    manufacturer: manufacturer,
                    archive: archive,
                    by: user
                )
                if json {
                    say(["batch": .int(id), "files": .list(files.map { .text($0) })])
                } else {
                    say(
                        "Запечатано:\n  " + files.joined(separator: "\n  "),
                        "Sealed for the manufacturer and the archive."
                    )
                }
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Все партии / All batches"
        )
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let batches = try BatchBook(register).list(by: user)
                if json {
                    for batch in batches { say(BatchCommand.object(batch)) }
                    return
                }
                printTable(
                    [
                        "партия/batch", "состояние/state", "карт/cards", "план/planned",
                        "название/title",
                    ],
                    batches.map {
                        [
                            $0.name, $0.state.rawValue, "\($0.cards)",
                            $0.plannedAt.moscowDate.russian, $0.title,
                        ]
                    }
                )
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Одна партия / One batch"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let book = BatchBook(register)
                guard let batch = try book.list(by: user).first(where: { $0.id == id }) else {
                    throw Failure(.notFound, "Нет партии \(id).", "There is no batch \(id).")
                }
                let approvals = try book.approvals(of: id)
                if json {
                    var object = BatchCommand.object(batch)
                    object["approvals"] = .list(approvals.map { .text($0.user) })
                    if Self.hasReport(batch) {
                        let standing = try BatchClosing(register).standing(id, by: user)
                        object.merge(BatchCommand.object(standing)) { first, _ in first }
                    }
                    return say(object)
                }
                say(
                    "Партия \(batch.name) «\(batch.title)»: \(batch.state.rawValue), карт \(batch.cards)",
                    "Batch \(batch.name): \(batch.state.rawValue), cards \(batch.cards)"
                )
                print("  план/plan       \(Hex.text(batch.planHash))")
                print("  планировал/by   \(batch.plannedBy), \(batch.plannedAt.moscowDate.russian)")
                print("  одобрения/approvals \(approvals.count) из/of \(batch.approvalsNeeded)")
                for approval in approvals {
                    print("    \(approval.user), \(approval.at.moscowDate.russian)")
                }
                if let manifest = batch.manifest {
                    print("  манифест/manifest \(Hex.text(manifest))")
                }
                if Self.hasReport(batch) {
                    BatchCommand.show(try BatchClosing(register).standing(id, by: user))
                }
            }
        }

        private static func hasReport(_ batch: BatchBook.Batch) -> Bool {
            [.accepted, .shipped, .closed].contains(batch.state)
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel",
            abstract: "Отменить незапечатанную партию / Cancel a batch before it is sealed"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Основание / why") var reason: String
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                try BatchBook(register).cancel(id, reason: reason, by: user)
                say("Партия \(id) отменена.", "Batch \(id) is cancelled.")
            }
        }
    }

    static func object(_ batch: BatchBook.Batch) -> [String: JSONValue] {
        [
            "batch": .int(batch.id), "name": .text(batch.name), "title": .text(batch.title),
            "state": .text(batch.state.rawValue), "cards": .int(batch.cards),
            "plan": .text(Hex.text(batch.planHash)),
            "approvalsNeeded": .int(batch.approvalsNeeded),
            "manifest": .optional(batch.manifest.map(Hex.text)),
        ]
    }
}
