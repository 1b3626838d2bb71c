import CardLayout
import CardProduction
import Foundation
import Registry
import Roster
import TicketService
import UnionTicket

/// The files of batches, for the HTTP service.
struct BatchFiles: BatchShelf {
    let register: Register
    /// Where the server's batch specifications lie; nil takes none.
    var specifications: String?

    func manufacturer(of batch: BatchBook.Batch) -> String? {
        let specification = try? BatchSpecification(
            text: batch.specification,
            file: "batch \(batch.name)"
        )
        return specification?.agreement.manufacturer
    }

    func package(of batch: BatchBook.Batch) throws -> SealedPackage? {
        let name = "\(batch.name)-manufacturer.tar.cms"
        let path = "\(BatchBook(register).folder)/\(batch.name).sealed/\(name)"
        let found = try? FileManager.default.attributesOfItem(atPath: path)
        guard let count = found?[.size] as? Int64 else { return nil }
        return SealedPackage(path: path, name: name, count: count)
    }

    func take(
        report: [UInt8],
        of batch: BatchBook.Batch,
        by user: SignedInUser
    ) throws -> ProductionCounts? {
        // Readers of tables read files.
        let isWorkbook = report.starts(with: [0x50, 0x4B, 0x03, 0x04])
        return try beside(report, isWorkbook ? "xlsx" : "csv") { path in
            do {
                let outcome = try inWords(.badInput) {
                    try AcceptanceOffice(register).accept(batch.id, .init(path: path), by: user)
                }
                return ProductionCounts(
                    printed: outcome.revision.produced,
                    spoiled: outcome.revision.spoiled,
                    refused: []
                )
            } catch let error as RosterError {
                throw RegisterError(.badInput, "\(error)", "\(error)")
            }
        }
    }

    /// Bytes as a file beside the register, which is there while it is used.
    private func beside<Result>(
        _ bytes: [UInt8],
        _ kind: String,
        _ body: (_ path: String) throws -> Result
    ) throws -> Result {
        let path = register.directory.path + "/received-\(UUID().uuidString).\(kind)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: Data(bytes),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw RegisterError(DatabaseError(.full, reason: "received file")) }
        return try body(path)
    }
}

extension BatchFiles: BatchWorks {
    func plan(_ specification: String, by user: SignedInUser) throws -> PlannedBatch? {
        // A name in the folder and nothing else: no path leads out of it.
        guard let specifications, specification.hasSuffix(".yaml"), !specification.hasPrefix("."),
            !specification.contains("/")
        else { return nil }
        let path = specifications + "/" + specification
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let plan = try inWords(.badInput) { try BatchPlanner(register).plan(path, by: user) }
        return PlannedBatch(
            batch: plan.batch,
            parcels: plan.parcels,
            excluded: plan.excluded.map { ($0.order, $0.faults.map(\.code)) }
        )
    }

    func approve(
        _ batch: BatchBook.Batch,
        as name: String,
        passphrase: String,
        secrets: SigningSecrets
    ) throws -> Int {
        let terms = try inWords(.damaged) { try BatchTerms.of(batch).specification.approvalTerms }
        return try BatchBook(register).approve(
            batch.id,
            terms,
            as: name,
            passphrase: passphrase,
            secrets: secrets
        )
    }

    func run(
        _ step: BatchStep,
        of batch: BatchBook.Batch,
        secrets: SigningSecrets,
        by user: SignedInUser,
        progress: (Int, Int) -> Void
    ) throws {
        try inWords(.refused) {
            switch step {
            case .build:
                _ = try BatchBuilder(register, batch.id, secrets: secrets)
                    .build(by: user) { progress($0.done, $0.total) }
            case .verify: try verify(batch, by: user, progress)
            case .seal(let manufacturer, let archive):
                try seal(batch, manufacturer, archive, by: user)
            }
        }
    }

    private func verify(
        _ batch: BatchBook.Batch,
        by user: SignedInUser,
        _ progress: (Int, Int) -> Void
    ) throws {
        let book = BatchBook(register)
        let folder = book.folder + "/" + batch.name
        guard FileManager.default.fileExists(atPath: folder) else {
            throw RegisterError(
                .refused,
                "Партия \(batch.name) ещё не собрана.",
                "Batch \(batch.name) is not built yet."
            )
        }
        let report = try book.verify(folder, by: user, progress: progress)
        guard report.passed else {
            let failed = report.checks.filter { !$0.faults.isEmpty }
            throw RegisterError(
                .refused,
                "Пакет НЕ исправен: " + failed.map(\.name.russian).joined(separator: "; ") + ".",
                "The package is NOT sound: "
                    + failed.map(\.name.english).joined(separator: "; ") + "."
            )
        }
    }

    private func seal(
        _ batch: BatchBook.Batch,
        _ manufacturer: [UInt8],
        _ archive: [UInt8],
        by user: SignedInUser
    ) throws {
        try beside(manufacturer, "pem") { manufacturer in
            try beside(archive, "pem") { archive in
                _ = try PackageSeal(register, batch.id)
                    .seal(manufacturer: manufacturer, archive: archive, by: user)
            }
        }
    }

    /// Errors of production as the register's, with their own words.
    private func inWords<Result>(
        _ code: RegisterError.Code,
        _ body: () throws -> Result
    ) throws -> Result {
        do { return try body() } catch let error as ProductionError {
            throw RegisterError(
                error.isBusy ? .busy : code,
                error.message.russian,
                error.message.english
            )
        } catch let error as LayoutError {
            func words(_ language: (Bilingual) -> String) -> String {
                error.findings.map {
                    let place = $0.line.map { ":\($0)" } ?? ""
                    return
                        "\(($0.file as NSString).lastPathComponent)\(place): \(language($0.message))"
                }.joined(separator: "; ")
            }
            throw RegisterError(
                code,
                words { $0.russian },
                words { $0.english }
            )
        }
    }
}
