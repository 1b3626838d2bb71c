import CardProduction
import Foundation
import Registry
import Roster
import TicketService
import UnionTicket

/// The files of batches, for the HTTP service.
struct BatchFiles: BatchShelf {
    let register: Register

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
        // Readers of tables read files: the report lies beside the register while it is read.
        let isWorkbook = report.starts(with: [0x50, 0x4B, 0x03, 0x04])
        let name = "/report-\(UUID().uuidString).\(isWorkbook ? "xlsx" : "csv")"
        let path = register.directory.path + name
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: Data(report),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw RegisterError(DatabaseError(.full, reason: "report")) }
        do {
            let outcome = try AcceptanceOffice(register)
                .accept(batch.id, .init(path: path), by: user)
            return ProductionCounts(
                printed: outcome.revision.produced,
                spoiled: outcome.revision.spoiled,
                refused: []
            )
        } catch let error as ProductionError {
            throw RegisterError(.badInput, error.message.russian, error.message.english)
        } catch let error as RosterError {
            throw RegisterError(.badInput, "\(error)", "\(error)")
        }
    }
}
