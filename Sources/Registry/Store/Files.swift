package import Glibc

/// Small files written whole or not at all, readable by their owner only.
package enum Files {
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// How many bytes a file has; nil where there is none.
    package static func size(_ path: String) -> Int? {
        var facts = stat()
        return unsafe stat(path, &facts) == 0 ? Int(facts.st_size) : nil
    }

    /// Makes a folder, for its owner only, unless it is there.
    package static func makeDirectory(
        _ path: String,
        mode: mode_t = 0o700
    ) throws(RegisterError) {
        if unsafe mkdir(path, mode) != 0, errno != EEXIST { throw failure(path) }
    }

    /// Makes a folder that everybody may read, also where it is there and closed.
    static func makePublicDirectory(_ path: String) throws(RegisterError) {
        try makeDirectory(path, mode: 0o755)
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { throw failure(path) }
        if facts.st_mode & 0o005 != 0o005 {
            guard unsafe chmod(path, facts.st_mode | 0o055) == 0 else { throw failure(path) }
        }
    }

    /// The names in a folder, sorted; none when it is not there.
    package static func names(_ folder: String) throws(RegisterError) -> [String] {
        guard let stream = unsafe opendir(folder) else {
            if errno == ENOENT { return [] }
            throw failure(folder)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The bytes of a file of at most `limit` bytes.
    package static func read(_ path: String, atMost limit: Int) throws(RegisterError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else {
                throw RegisterError(
                    .badInput,
                    "Файл \(path) больше \(limit) байт.",
                    "The file \(path) is larger than \(limit) bytes."
                )
            }
        }
    }

    /// Whether a path is a device or a pipe, which is written to and never replaced.
    package static func isDevice(_ path: String) -> Bool {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return false }
        return facts.st_mode & S_IFMT != S_IFREG && facts.st_mode & S_IFMT != S_IFDIR
    }

    /// Whether two paths, links followed, are one file; false where either is missing.
    package static func isSame(_ path: String, _ other: String) -> Bool {
        var (facts, others) = (stat(), stat())
        guard unsafe stat(path, &facts) == 0, unsafe stat(other, &others) == 0 else { return false }
        return facts.st_dev == others.st_dev && facts.st_ino == others.st_ino
    }

    /// What changes when a file is replaced or written to; nil where there is none.
    struct Version: Equatable, Sendable {
        private let inode: UInt64
        private let size: Int64
        private let seconds: Int
        private let nanoseconds: Int

        init?(_ path: String) {
            var facts = stat()
            guard unsafe stat(path, &facts) == 0 else { return nil }
            (inode, size) = (UInt64(facts.st_ino), Int64(facts.st_size))
            (seconds, nanoseconds) = (facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec)
        }
    }

    /// Replaces a file in one step: written beside it, flushed to the disk, renamed.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: mode_t = 0o600
    ) throws(RegisterError) {
        if isDevice(path) { return try write(bytes, toDevice: path) }
        let temporary = "\(path).tmp-\(getpid())"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure(path) }
        do throws(RegisterError) {
            try writeAll(bytes, to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw failure(path) }
        } catch {
            close(descriptor)
            unsafe unlink(temporary)
            throw error
        }
        close(descriptor)
        guard unsafe rename(temporary, path) == 0 else {
            let error = failure(path)
            unsafe unlink(temporary)
            throw error
        }
        syncDirectory(of: path)
    }

    private static func write(
        _ bytes: [UInt8],
        toDevice path: String
    ) throws(RegisterError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        try writeAll(bytes, to: descriptor, path)
    }

    /// Removes a file, if it is there.
    package static func remove(_ path: String) { unsafe unlink(path) }

    /// Removes a file, if it is there; fails when it stays.
    static func unlinked(_ path: String) throws(RegisterError) {
        if unsafe unlink(path) != 0, errno != ENOENT { throw failure(path) }
    }

    /// Adds to the end of a file and flushes it to the disk.
    package static func append(_ bytes: [UInt8], to path: String) throws(RegisterError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        try writeAll(bytes, to: descriptor, path)
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    /// Makes a rename in this folder durable.
    package static func syncDirectory(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
    }

    /// Does something while no other process does the same in this folder; waits for its turn.
    package static func alone<T>(in folder: String, _ body: () throws -> T) throws -> T {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure(folder) }
        }
        return try body()
    }

    package static func writeAll(
        _ bytes: [UInt8],
        to descriptor: Int32,
        _ path: String
    ) throws(RegisterError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw failure(path) }
            rest = rest.dropFirst(count)
        }
    }

    /// The last failed call in the user's words.
    package static func failure(_ path: String, code: Int32 = errno) -> RegisterError {
        switch code {
        case ENOENT:
            RegisterError(
                .notFound,
                "Нет файла или каталога \(path). Проверьте путь.",
                "There is no file or directory \(path). Check the path."
            )
        case ENOSPC, EDQUOT, EFBIG:
            RegisterError(
                .storage,
                "На диске нет места для \(path), либо исчерпана квота или предел размера файла "
                    + "(ulimit -f). Освободите место или поднимите предел и повторите.",
                "The disk is full, writing \(path), or a quota or the limit of a file's size "
                    + "(ulimit -f) is reached. Free some space or raise the limit, and repeat."
            )
        case EACCES, EPERM, EROFS:
            RegisterError(
                .storage,
                "Нет прав на \(path). Проверьте владельца и права доступа.",
                "No permission for \(path). Check its owner and mode."
            )
        case ENOTDIR:
            RegisterError(
                .badInput,
                "Часть пути \(path) — файл, а не каталог. Проверьте путь.",
                "A part of the path \(path) is a file, no directory. Check the path."
            )
        case EISDIR:
            RegisterError(
                .badInput,
                "\(path) — каталог, а нужен файл. Проверьте путь.",
                "\(path) is a directory, a file is needed. Check the path."
            )
        default:
            RegisterError(
                .storage,
                "Ошибка файла \(path): код \(code).",
                "The file \(path) failed: code \(code)."
            )
        }
    }
}

extension RegisterError {
    /// What the system's number says of a file, with the remedy.
    public init(file path: String, code: Int32) { self = Files.failure(path, code: code) }
}
