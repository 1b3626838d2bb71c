import Foundation
import Glibc
import TicketSeal
import UnionTicket

/// The file format of a backup.
extension Backup {
    typealias Read = (Int) throws -> [UInt8]
    typealias Write = ([UInt8]) throws -> Void

    /// Runs `body` between two files.
    static func stream(
        from source: String,
        to target: String,
        _ body: (Read, Write) throws -> Void
    ) throws {
        let input = try InputFile(source)
        let output = try OutputFile(target)
        try body(input.read, output.write)
        try output.finish()
    }

    static func pack(
        _ parts: [(name: String, file: String)],
        to path: String,
        passphrase: String
    ) throws {
        let key = FieldSeal.randomKey()
        let sealedKey = try SealedFile.seal(key, passphrase: passphrase, purpose: .backupKey)
        let temporary = "\(path).part-\(getpid())"
        let output = try OutputFile(temporary)
        do {
            try output.write(magic + [UInt8(sealedKey.count >> 8), UInt8(sealedKey.count & 255)])
            try output.write(sealedKey)
            let source = try PartsReader(parts)
            try SealedStream(key: key).seal(source.read, output.write)
            try output.finish()
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else { throw Files.failure(path) }
        Files.syncDirectory(of: path)
    }

    /// Opens every part of a backup into a new data directory.
    static func unpack(
        _ path: String,
        passphrase: String,
        epochs: DataDirectory,
        into target: DataDirectory
    ) throws {
        let input = try InputFile(path)
        let head = try input.read(magic.count + 2)
        guard head.count == magic.count + 2, head.starts(with: magic) else { throw notBackup(path) }
        let sealedKey = try input.read(Int(head[5]) << 8 | Int(head[6]))
        let key = try SealedKeyFile.open(sealedKey, passphrase, .backupKey, path: path)
        try Files.makeDirectory(target.path)
        try Files.makeDirectory(target.path + "/keys")
        try Files.makeDirectory(target.issuances)
        var epochName = ""
        let sealedKeys = target.path + "/member-keys.sealed"
        let writer = PartsWriter { name in
            switch name {
            case "register.sqlite": return target.registerFile
            case "master.key": return target.masterKeyFile
            case "signing.keys": return target.signingKeysFile
            case "profbilet.yaml": return target.settingsFile
            default:
                guard name.hasPrefix("member-keys.") else { throw notBackup(path) }
                epochName = String(name.dropFirst("member-keys.".count))
                return sealedKeys
            }
        }
        do {
            try SealedStream(key: key).open(input.read, writer.write)
            try writer.finish()
        } catch is SealedStream.Mismatch {
            throw RegisterError(
                .damaged,
                "Копия \(path) повреждена или обрезана. Возьмите другую копию.",
                "The backup \(path) is damaged or cut short. Take another one."
            )
        }
        let epoch = try Epoch.named(epochName, in: epochs, passphrase: passphrase)
        do {
            try stream(from: sealedKeys, to: target.keyStoreFile) {
                try SealedStream(key: epoch.key).open($0, $1)
            }
        } catch is SealedStream.Mismatch { throw notBackup(path) }
        unsafe unlink(sealedKeys)
    }

    private static func notBackup(_ path: String) -> RegisterError {
        RegisterError(
            .badInput,
            "Файл \(path) — не резервная копия ProfBilet.",
            "The file \(path) is no ProfBilet backup."
        )
    }
}

/// An epoch's key: destroyed within the legal term, and with it what old backups say of erased
/// members.
struct Epoch {
    let name: String
    let key: [UInt8]

    /// This month's key, made when it is missing.
    static func current(
        _ directory: DataDirectory,
        at now: Instant,
        passphrase: String
    ) throws -> Epoch {
        let name = String(now.moscowDate.iso.prefix(7))
        if Files.exists(file(name, directory)) {
            return try named(name, in: directory, passphrase: passphrase)
        }
        let key = FieldSeal.randomKey()
        let sealed = try SealedFile.seal(key, passphrase: passphrase, purpose: .epochKey)
        try Files.write(sealed, to: file(name, directory))
        return Epoch(name: name, key: key)
    }

    static func named(
        _ name: String,
        in directory: DataDirectory,
        passphrase: String
    ) throws -> Epoch {
        guard name.utf8.count == 7, !name.contains("/"), Files.exists(file(name, directory)) else {
            throw RegisterError(
                .keyUnusable,
                "Нет ключа эпохи «\(name)» (\(file(name, directory))): положите его из сейфа. "
                    + "Если он уничтожен по сроку, копию открыть нельзя.",
                "The epoch key \(name) is missing (\(file(name, directory))): put it there from the "
                    + "safe. If it was destroyed in due time, the backup cannot be opened."
            )
        }
        let bytes = try Files.read(file(name, directory), atMost: 1 << 16)
        let key = try SealedKeyFile.open(
            bytes,
            passphrase,
            .epochKey,
            path: file(name, directory)
        )
        return Epoch(name: name, key: key)
    }

    private static func file(_ name: String, _ directory: DataDirectory) -> String {
        directory.path + "/keys/epoch-\(name).key"
    }
}

/// A file read in pieces.
final class InputFile {
    private let handle: FileHandle

    init(_ path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Files.failure(path) }
        self.handle = handle
    }

    /// At most `count` bytes; fewer only at the end.
    func read(_ count: Int) throws -> [UInt8] {
        Array(try handle.read(upToCount: count) ?? Data())
    }
}

/// A file written in pieces, mode 0600, flushed to the disk at the end.
final class OutputFile {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw Files.failure(path) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws { try Files.writeAll(bytes, to: descriptor, path) }

    func finish() throws { guard fsync(descriptor) == 0 else { throw Files.failure(path) } }
}

/// Named files as one stream: name length, name, size in eight bytes, content.
private final class PartsReader {
    private var parts: [(name: String, file: String)]
    private var pending: [UInt8] = []
    private var file: InputFile?

    init(_ parts: [(name: String, file: String)]) throws { self.parts = parts.reversed() }

    func read(_ count: Int) throws -> [UInt8] {
        while pending.count < count {
            if let more = try file?.read(count - pending.count), !more.isEmpty {
                pending += more
                continue
            }
            guard let next = parts.popLast() else { break }
            let attributes = try FileManager.default.attributesOfItem(atPath: next.file)
            let size = (attributes[.size] as? NSNumber)?.int64Value ?? 0
            pending.append(UInt8(next.name.utf8.count))
            pending += Array(next.name.utf8)
            pending.append(bigEndian: size)
            file = try InputFile(next.file)
        }
        let piece = Array(pending.prefix(count))
        pending.removeFirst(piece.count)
        return piece
    }
}

private final class PartsWriter {
    private let place: (String) throws -> String
    private var pending: [UInt8] = []
    private var rest: Int64 = 0
    private var file: OutputFile?

    init(_ place: @escaping (String) throws -> String) { self.place = place }

    func write(_ bytes: [UInt8]) throws {
        pending += bytes
        while !pending.isEmpty {
            if rest > 0 {
                let piece = Array(pending.prefix(Int(rest)))
                try file?.write(piece)
                rest -= Int64(piece.count)
                pending.removeFirst(piece.count)
                if rest == 0 { try file?.finish() }
                continue
            }
            let length = Int(pending[0])
            guard pending.count >= 1 + length + 8 else { return }
            let name = String(decoding: pending[1..<1 + length], as: UTF8.self)
            rest = pending[(1 + length)..<(9 + length)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
            file = try OutputFile(try place(name))
            pending.removeFirst(9 + length)
        }
    }

    func finish() throws {
        guard rest == 0, pending.isEmpty else { throw SealedStream.Mismatch() }
    }
}
