import Foundation
import Registry
import UnionTicket

/// Files that a command is given to read.
enum InputFile {
    /// The bytes of a file, bounded.
    static func bytes(_ path: String, atMost limit: Int) throws -> [UInt8] {
        try Files.read(path, atMost: limit)
    }

    /// The text of a small file in UTF-8.
    static func text(_ path: String) throws -> String {
        guard let text = String(validating: try bytes(path, atMost: 4 << 20), as: UTF8.self) else {
            throw Failure("\(path): не текст UTF-8.", "\(path): no UTF-8 text.")
        }
        return text
    }
}

/// Files that a command writes, whole or not at all, readable by their owner only.
enum OutputFile {
    /// Refuses a path that nothing can be written to, before the command does what cannot be undone.
    ///
    /// - Parameters:
    ///   - paths: What the command is going to write.
    ///   - inputs: Files that it reads; none of them may be written over.
    /// - Throws: ``Failure`` that names the path.
    static func require(_ paths: String?..., apartFrom inputs: [String?] = []) throws {
        var taken = inputs.compactMap(\.self)
        for path in paths.compactMap(\.self) {
            if let other = taken.first(where: { overlaps(path, $0) }) {
                throw Failure(
                    "\(path) затёр бы \(other). Назовите другой файл.",
                    "\(path) would overwrite \(other). Name another file."
                )
            }
            taken.append(path)
            let files = FileManager.default
            let place = place(path)
            let folder = URL(filePath: place).deletingLastPathComponent().path
            let isFree =
                files.fileExists(atPath: path)
                ? !isFolder(place) && files.isWritableFile(atPath: path)
                : isFolder(folder) && files.isWritableFile(atPath: folder)
            guard isFree else { throw unwritable(path) }
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }

    /// Whether both are one file, also under another name, or would become one; nothing that is
    /// written to a device is lost by the next.
    private static func overlaps(_ path: String, _ other: String) -> Bool {
        guard !Files.isDevice(path) else { return false }
        return Files.isSame(path, other) || place(path) == place(other)
    }

    private static func place(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }

    private static func unwritable(_ path: String) -> Failure {
        Failure(
            .storage,
            "В \(path) записать нельзя: проверьте папку и права. Ничего не сделано.",
            "\(path) cannot be written: check the folder and its rights. Nothing was done."
        )
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        try Files.write(bytes, to: path)
    }
}

/// A file that lies whole on the disk before what it tells of is committed, and gets its name after it.
struct WaitingFile {
    private let path: String
    private let temporary: String

    init(_ path: String) { (self.path, temporary) = (path, path + ".part") }

    /// Writes the file beside its place; a device or a pipe is written to at once.
    func write(_ bytes: [UInt8]) throws {
        try OutputFile.write(bytes, to: Files.isDevice(path) ? path : temporary)
    }

    /// Gives the file its name.
    ///
    /// - Throws: ``Failure`` that says where it lies.
    func keep() throws {
        guard !Files.isDevice(path) else { return }
        guard unsafe rename(temporary, path) == 0 else {
            throw Failure(
                .storage,
                "Файл не переименовать в \(path): он лежит в \(temporary), возьмите его оттуда.",
                "The file cannot be renamed to \(path): it lies in \(temporary), take it from there."
            )
        }
        Files.syncDirectory(of: path)
    }

    /// Removes what was written for nothing.
    func discard() { if !Files.isDevice(path) { Files.remove(temporary) } }
}
