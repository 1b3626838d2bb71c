import Dispatch
import Foundation
public import Registry
import Roster
import Synchronization
import TicketSeal
import UnionTicket

/// Writes packages for one partner: rows, manifest and signatures in a tar, encrypted with CMS for the
/// partner's certificate, put into the outbox by temporary name and rename.
///
/// A package's rows, order and moment are fixed in the register, so writing it again gives the same
/// data and the same manifest.
public struct PackageMaker: Sendable {
    private let packages: PartnerPackages
    private let partner: Partners.Partner
    private let contract: PartnerContract
    private let folder: String
    private let now: Instant
    private let user: SignedInUser

    /// A maker for one partner.
    ///
    /// - Throws: ``Registry/RegisterError`` when there is none of this name.
    public init(_ register: Register, partner name: String, by user: SignedInUser) throws {
        packages = PartnerPackages(register)
        partner = try Partners(register).partner(name, by: user)
        contract = try PartnerContract(partner)
        folder = Partners(register).folder(of: name)
        now = Partners(register).now
        self.user = user
    }

    /// A package that lies in the outbox.
    public struct Made: Sendable {
        /// The package.
        public let package: PartnerPackages.Package
        /// Where it lies.
        public let path: String
        /// Size of the encrypted file.
        public let bytes: Int
        /// Seconds that writing it took, without the judging before it.
        public let seconds: Double
    }

    /// Where packages are put.
    public var outbox: String { contract.outbox ?? folder + "/outbox" }

    /// Where the certificate lies that the partner checks `manifest.json.p7s` with.
    public var unionCertificate: String { folder + "/union.pem" }

    /// Makes the next package.
    ///
    /// - Parameters:
    ///   - kind: nil for what is due.
    ///   - secrets: The purpose keys; the `package` key signs.
    /// - Returns: The package as it lies in the outbox.
    /// - Throws: ``Registry/RegisterError``, ``ExchangeError``.
    public func export(
        _ kind: PartnerPackages.Kind?,
        secrets: SigningSecrets
    ) throws -> Made {
        try write(try packages.prepare(partner.terms.name, kind: kind, by: user), secrets)
    }

    /// Puts a package into the outbox once more, the very file where it is still kept.
    public func resend(_ sequence: Int, secrets: SigningSecrets) throws -> Made {
        let package = try packages.package(sequence, of: partner.terms.name, by: user)
        guard let manifest = package.manifest, let data = package.data,
            Files.exists(kept(package))
        else { return try write(package, secrets) }
        let started = Date()
        let path = outbox + "/" + Self.file(package)
        try makeFolders()
        let bytes = try Files.read(kept(package), atMost: 1 << 32)
        try Files.write(bytes, to: path)
        try packages.sent(
            package,
            manifest: manifest,
            data: data,
            file: SHA256Digest.of(bytes),
            by: user
        )
        return Made(
            package: try packages.package(sequence, of: partner.terms.name, by: user),
            path: path,
            bytes: bytes.count,
            seconds: Date().timeIntervalSince(started)
        )
    }

    /// The very file that was put into the outbox; nil when it is not kept.
    public func sent(_ package: PartnerPackages.Package) throws -> [UInt8]? {
        guard Files.exists(kept(package)) else { return nil }
        return try Files.read(kept(package), atMost: 1 << 32)
    }

    /// The file's name, as `profcards-000017-delta.tar.cms`.
    public static func file(_ package: PartnerPackages.Package) -> String {
        "\(package.partner)-\(package.name)-\(package.kind.rawValue).tar.cms"
    }

    private func kept(_ package: PartnerPackages.Package) -> String {
        folder + "/sent/" + Self.file(package)
    }

    private func makeFolders() throws {
        let root = URL(filePath: folder).deletingLastPathComponent().path
        for place in [root, folder, folder + "/sent", outbox] { try Files.makeDirectory(place) }
    }

    private func write(
        _ package: PartnerPackages.Package,
        _ secrets: SigningSecrets
    ) throws -> Made {
        let started = Date()
        // a passphrase is stretched for it, and it is not needed before the manifest
        let key = Cores.beside { [packages] in try packages.key(secrets) }
        let certificate: PackageEnvelope.Certificate
        do {
            certificate = try PackageEnvelope.Certificate(
                bytes: partner.terms.certificate,
                path: contract.certificate,
                now: now.seconds
            )
        } catch { throw Self.error(error) }
        try makeFolders()
        let path = outbox + "/" + Self.file(package)
        let working = outbox + "/.\(package.partner)-\(package.name).\(getpid()).tmp"
        defer { unsafe unlink(working) }
        let (manifest, data, file) = try fill(working, package, certificate, key)
        try Files.write(Array(try key().certificate.utf8), to: unionCertificate)
        try finish(working, path, package)
        try packages.sent(
            package,
            manifest: SHA256Digest.of(manifest),
            data: data,
            file: file.sha256,
            by: user
        )
        return Made(
            package: try packages.package(package.sequence, of: package.partner, by: user),
            path: path,
            bytes: file.bytes,
            seconds: Date().timeIntervalSince(started)
        )
    }

    /// Streams the package into an encrypted file; nothing of it is on disk in the clear.
    private func fill(
        _ working: String,
        _ package: PartnerPackages.Package,
        _ certificate: PackageEnvelope.Certificate,
        _ opened: () throws -> BatchBook.SigningKeyHandle
    ) throws -> (manifest: [UInt8], data: [UInt8], file: (bytes: Int, sha256: [UInt8])) {
        do {
            let envelope = try PackageEnvelope.Writer(for: [certificate], to: working)
            let parts = DataParts(envelope, form: contract.form.rawValue)
            let writer = RowWriter(contract)
            var head: [UInt8] = []
            writer.begin(&head)
            try parts.take(head)
            let slices = PartnerPackages.Slice.all
            for start in stride(from: 0, to: slices.count, by: Cores.count) {
                let end = min(start + Cores.count, slices.count)
                let texts = try Cores.map(end - start) { _, range in
                    try range.map { try text(of: package, slices[start + $0], writer) }
                }
                for text in texts { try parts.take(text) }
            }
            let (files, digest) = try parts.finish()
            let key = try opened()
            let manifest = try manifest(package, files, digest)
            try envelope.add("manifest.json", bytes: manifest)
            try envelope.add("manifest.json.cose", bytes: try key.sign(manifest: manifest))
            try envelope.add("manifest.json.p7s", bytes: try key.signCMS(manifest: manifest))
            return (manifest, digest, try envelope.close())
        } catch let failure as PackageEnvelope.Failure { throw Self.error(failure) }
    }

    private func text(
        of package: PartnerPackages.Package,
        _ slice: PartnerPackages.Slice,
        _ writer: RowWriter
    ) throws -> [UInt8] {
        var (writer, text) = (writer, [UInt8]())
        text.reserveCapacity(1 << 20)
        try packages.rows(of: package, slice: slice, by: user) { writer.add($0, to: &text) }
        return text
    }

    /// Makes the file durable, keeps it for a repetition and lets it appear.
    private func finish(
        _ working: String,
        _ path: String,
        _ package: PartnerPackages.Package
    ) throws {
        let descriptor = unsafe open(working, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw RegisterError(file: working, code: errno) }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0, fsync(descriptor) == 0 else {
            throw RegisterError(file: working, code: errno)
        }
        let kept = kept(package)
        unsafe unlink(kept)
        if unsafe link(working, kept) != 0 {
            // another file system: a copy, and whatever fails is told
            try Files.write(try Files.read(working, atMost: 1 << 32), to: kept)
        }
        guard unsafe rename(working, path) == 0 else {
            throw RegisterError(file: path, code: errno)
        }
        Files.syncDirectory(of: path)
        Files.syncDirectory(of: kept)
    }

    private func manifest(
        _ package: PartnerPackages.Package,
        _ files: [Manifest.File],
        _ digest: [UInt8]
    ) throws -> [UInt8] {
        var counts = ["set": package.setCount, "rows": 0]
        for status in PartnerStatus.allCases {
            let count = package.counts[status] ?? 0
            let isInFile = package.kind == .delta || status != .revoked
            counts[status.rawValue] = isInFile ? count : 0
            counts["rows", default: 0] += isInFile ? count : 0
        }
        return try Manifest(
            kind: "partner",
            id: "\(package.partner)-\(package.name)",
            sequence: package.sequence,
            previous: try packages.previous(of: package).map { Hex.text($0) },
            created: package.createdAt,
            files: files,
            counts: counts,
            kids: [],
            extra: [
                "schema": "partner/1", "partner": package.partner,
                "package": package.kind.rawValue, "data": Hex.text(digest),
                "set": Hex.text(package.setHash), "register": try packages.registerId(),
                "form": contract.form.rawValue, "encoding": contract.encoding.rawValue,
                "separator": String(contract.separator),
                "columns": contract.columns.map { "\($0.column.rawValue)=\($0.title)" }
                    .joined(separator: ";"),
            ]
        ).encoded()
    }

    private static func error(_ failure: PackageEnvelope.Failure) -> any Error {
        switch failure {
        case .notACertificate(let path):
            RegisterError(
                .badInput,
                "\(path): это не сертификат X.509 (нужен PEM или DER).",
                "\(path): this is no X.509 certificate (PEM or DER is needed)."
            )
        case .expired(let path, let until):
            RegisterError(
                .refused,
                "\(path): срок сертификата истёк или не начался (до \(until)). Попросите новый и "
                    + "повторите profbilet partner add.",
                "\(path): the certificate is not valid now (until \(until)). Ask for a new one and "
                    + "repeat profbilet partner add."
            )
        case .file(let path, let code): RegisterError(file: path, code: code)
        case .refused:
            RegisterError(
                .badInput,
                "OpenSSL не принял сертификат партнёра: нужен ключ RSA или EC.",
                "OpenSSL refused the partner's certificate: an RSA or EC key is needed."
            )
        }
    }
}

/// The data of a package in parts, so that memory stays flat and a tar can be written in one go.
///
/// Beside the reading of rows one queue hashes what comes and another encrypts each part as soon as
/// it is whole. `@unchecked Sendable` because what a queue keeps only it touches, and the caller after
/// it.
private final class DataParts: @unchecked Sendable {
    /// A part ends with the row that makes it so long.
    private static let limit = 8 << 20

    private let envelope: PackageEnvelope.Writer
    private let form: String
    private let hasher = DispatchQueue(label: "profbilet.parts.hash")
    private let sealer = DispatchQueue(label: "profbilet.parts.seal")
    private let turn = DispatchSemaphore(value: 1)
    private let failure = Mutex<PackageEnvelope.Failure?>(nil)
    /// The part that is being filled.
    private var open = Part()
    private var count = 0
    // the hasher's
    private var files: [Manifest.File] = []
    private var whole = SHA256Digest()
    private var part = SHA256Digest()

    /// Rows as they came, where no copy is needed to have them together.
    private struct Part: Sendable {
        var pieces: [ArraySlice<UInt8>] = []
        var bytes = 0
    }

    init(_ envelope: PackageEnvelope.Writer, form: String) {
        (self.envelope, self.form) = (envelope, form)
    }

    /// Takes the next bytes, whole rows.
    ///
    /// - Throws: Why an earlier part could not be written.
    func take(_ text: [UInt8]) throws(PackageEnvelope.Failure) {
        var rest = text[...]
        while open.bytes + rest.count >= Self.limit {
            let least = max(0, Self.limit - open.bytes - 1)
            let last = rest.dropFirst(least).firstIndex(of: 0x0A) ?? rest.endIndex - 1
            add(rest[...last])
            rest = rest[(last + 1)...]
            try close()
        }
        add(rest)
    }

    /// Takes the last part and waits for all; without any rows there is one, empty.
    func finish() throws(PackageEnvelope.Failure) -> (files: [Manifest.File], digest: [UInt8]) {
        if open.bytes > 0 || count == 0 { try close() }
        sealer.sync {}
        hasher.sync {}
        try check()
        return (files, whole.value)
    }

    private func add(_ piece: ArraySlice<UInt8>) {
        guard !piece.isEmpty else { return }
        open.pieces.append(piece)
        open.bytes += piece.count
        hasher.async { [self] in
            part.add(piece)
            whole.add(piece)
        }
    }

    private func close() throws(PackageEnvelope.Failure) {
        turn.wait()
        let part = open
        open = Part()
        count += 1
        let name = "data-\(padded(count, 3)).\(form)"
        hasher.async { [self] in
            let digest = Hex.text(self.part.value)
            files.append(Manifest.File(name: name, bytes: part.bytes, sha256: digest))
            self.part = SHA256Digest()
        }
        sealer.async { [self] in
            defer { turn.signal() }
            guard failure.withLock({ $0 == nil }) else { return }
            do throws(PackageEnvelope.Failure) {
                try envelope.add(name, pieces: part.pieces)
            } catch {
                failure.withLock { $0 = error }
            }
        }
        try check()
    }

    private func check() throws(PackageEnvelope.Failure) {
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
