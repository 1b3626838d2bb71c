import CardLayout
import Foundation
public import Registry
import TicketSeal
import UnionTicket

/// Seals the packages of a verified batch for those who may open them (production.md § 3).
public struct PackageSeal {
    private let book: BatchBook
    private let batch: BatchBook.Batch

    /// The seal of one batch.
    public init(_ register: Register, _ id: Int64) throws {
        book = BatchBook(register)
        batch = try book.batch(id)
    }

    /// Encrypts the manufacturer's package to the manufacturer and the archive, and the union's own
    /// to the archive; files appear whole or not at all.
    ///
    /// - Returns: The sealed files.
    public func seal(
        manufacturer: String,
        archive: String,
        by user: SignedInUser
    ) throws -> [String] {
        try book.requireIssuer(user)
        let folder = book.folder + "/" + batch.name
        guard batch.state == .verified || batch.state == .sealed else {
            throw ProductionError(
                "Партия \(batch.name) не проверена: сначала profbilet batch verify \(folder).",
                "Batch \(batch.name) is not verified: first profbilet batch verify \(folder)."
            )
        }
        let manifest = try HashedFile.hash(folder + "/manufacturer/manifest.json").sha256
        guard Hex.bytes(manifest) == batch.manifest else {
            throw ProductionError(
                "Пакет партии \(batch.name) не тот, что был проверен.",
                "The package of batch \(batch.name) is not the one that was verified."
            )
        }
        for package in ["manufacturer", "union"] {
            let strange = try PackageFiles.faults(of: folder + "/" + package)
            guard strange.isEmpty else {
                throw ProductionError(
                    "Файлы пакета \(package) не те, что в манифесте: "
                        + strange.joined(separator: ", "),
                    "The files of \(package) are not the manifest's: "
                        + strange.joined(separator: ", ")
                )
            }
        }
        try book.requireLivingConsents(batch)
        let terms = try BatchTerms.of(batch)
        try terms.requireAgreement(on: book.now.moscowDate)
        let now = book.now.seconds
        let certificates = try [manufacturer, archive].map { path in
            do { return try PackageEnvelope.Certificate(path: path, now: now) } catch {
                throw Self.error(error)
            }
        }
        let lock = try BatchLock(
            path: book.folder + "/." + batch.name + ".lock",
            batch: batch.name
        )
        defer { withExtendedLifetime(lock) {} }
        let target = folder + ".sealed"
        let working = book.folder + "/." + batch.name + ".sealing"
        try? FileManager.default.removeItem(atPath: working)
        do {
            try FileManager.default.createDirectory(
                atPath: working,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch { throw FileFailure(working) }
        do {
            try seal("manufacturer", folder, for: certificates, in: working)
            try seal("union", folder, for: [certificates[1]], in: working)
        } catch let failure as PackageEnvelope.Failure {
            try? FileManager.default.removeItem(atPath: working)
            throw Self.error(failure)
        }
        HashedFile.synchronise()
        try? FileManager.default.removeItem(atPath: target)
        guard unsafe rename(working, target) == 0 else { throw FileFailure(target) }
        try book.advance(batch.id, to: .sealed, manifest: batch.manifest ?? [], by: user)
        return ["manufacturer", "union"].map { "\(target)/\(batch.name)-\($0).tar.cms" }
    }

    private func seal(
        _ package: String,
        _ folder: String,
        for certificates: [PackageEnvelope.Certificate],
        in working: String
    ) throws {
        let root = folder + "/" + package
        let files = try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
            .map { (name: $0, path: root + "/" + $0) }
            .filter { entry in
                var isFolder: ObjCBool = false
                let exists = unsafe FileManager.default.fileExists(
                    atPath: entry.path,
                    isDirectory: &isFolder
                )
                return exists && !isFolder.boolValue
            }
        try PackageEnvelope.seal(
            files,
            for: certificates,
            to: "\(working)/\(batch.name)-\(package).tar.cms"
        )
    }

    private static func error(_ failure: any Error) -> any Error {
        guard let failure = failure as? PackageEnvelope.Failure else { return failure }
        switch failure {
        case .notACertificate(let path):
            return ProductionError(
                "\(path): это не сертификат X.509 (нужен PEM или DER).",
                "\(path): this is no X.509 certificate (PEM or DER is needed)."
            )
        case .expired(let path, let until):
            return ProductionError(
                "\(path): срок сертификата истёк или не начался (до \(until)). Попросите новый.",
                "\(path): the certificate is not valid now (until \(until)). Ask for a new one."
            )
        case .file(let path, let code):
            return FileFailure(path, code: code)
        case .refused:
            return ProductionError(
                "OpenSSL не принял сертификаты получателей: нужен ключ RSA или EC.",
                "OpenSSL refused the recipients' certificates: an RSA or EC key is needed."
            )
        }
    }
}
