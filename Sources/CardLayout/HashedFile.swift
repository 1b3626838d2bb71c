import Foundation
package import TicketSeal

/// A new file that knows its size and SHA-256 when it is finished.
///
/// It grows beside its place and takes it when it is whole: what stood there stays until then, and for
/// good where writing fails. A directory is never put aside, a device or pipe is written to.
package final class HashedFile {
    private let path: String
    /// Where the file goes, which may be what a link at `path` leads to; nil for a device.
    private let target: String?
    private let temporary: String
    private let handle: FileHandle
    private var digest = SHA256Digest()
    private var buffer: [UInt8] = []
    private var written = 0

    /// Makes the file anew, for its owner only.
    package init(path: String) throws {
        self.path = path
        target = try Self.place(path)
        temporary = target.map { $0 + ".tmp-" + Hex.text(SecureRandom.bytes(4)) } ?? path
        guard
            target == nil
                || FileManager.default.createFile(
                    atPath: temporary,
                    contents: nil,
                    attributes: [.posixPermissions: 0o600]
                ), let handle = FileHandle(forWritingAtPath: temporary)
        else { throw FileFailure(path) }
        self.handle = handle
    }

    deinit { if target != nil { unsafe unlink(temporary) } }

    /// Where a file is put: at a free place or over a plain file; nil for a device.
    private static func place(_ path: String) throws -> String? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return path }
        switch facts.st_mode & S_IFMT {
        case S_IFREG:
            return URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
        case S_IFDIR: throw FileFailure(path, code: EISDIR)
        default: return nil
        }
    }

    /// How much was added so far.
    package var count: Int { written + buffer.count }

    /// Adds bytes; they reach the file in large pieces.
    package func add(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count > 1 << 20 { try flush() }
    }

    /// Closes the file and puts it in its place.
    package func finish() throws -> Manifest.File {
        try flush()
        do { try handle.close() } catch { throw FileFailure(path) }
        if let target, unsafe rename(temporary, target) != 0 { throw FileFailure(path) }
        return Manifest.File(
            name: URL(filePath: path).lastPathComponent,
            bytes: written,
            sha256: Hex.text(digest.value)
        )
    }

    private func flush() throws {
        do { try handle.write(contentsOf: buffer) } catch { throw FileFailure(path) }
        digest.add(buffer)
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Size and SHA-256 of a file that stands.
    package static func hash(_ path: String) throws -> (bytes: Int, sha256: String) {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw FileFailure(path) }
        defer { try? handle.close() }
        var digest = SHA256Digest()
        var count = 0
        while true {
            let chunk: Data
            do { chunk = try handle.read(upToCount: 1 << 20) ?? Data() } catch {
                throw FileFailure(path)
            }
            guard !chunk.isEmpty else { break }
            digest.add(Array(chunk))
            count += chunk.count
        }
        return (count, Hex.text(digest.value))
    }

    /// Puts everything written so far on the disk, once for all files of a package.
    ///
    /// A call a file would cost more than the package.
    package static func synchronise() { sync() }

    /// Writes a whole small file.
    package static func write(_ bytes: [UInt8], to path: String) throws -> Manifest.File {
        let file = try HashedFile(path: path)
        try file.add(bytes)
        return try file.finish()
    }
}

/// A file could not be made or written; errno tells why.
public struct FileFailure: Error, Sendable {
    /// The file.
    public let path: String
    /// The system's number for it.
    public let code: Int32

    /// The failure that errno holds now.
    public init(_ path: String) { self.init(path, code: errno) }

    /// A failure with the system's number for it.
    public init(_ path: String, code: Int32) { (self.path, self.code) = (path, code) }
}
