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
    static func require(_ paths: String?..., apartFrom inputs: [String] = []) throws {
        var taken = Set(inputs.map(place))
        for path in paths.compactMap(\.self) {
            guard taken.insert(place(path)).inserted else {
                throw Failure(
                    "\(path) назван дважды: одно записалось бы поверх другого. Укажите другое имя.",
                    "\(path) is named twice: one would be written over the other. Give another name."
                )
            }
            let files = FileManager.default
            let place = URL(filePath: path).resolvingSymlinksInPath()
            let folder = place.deletingLastPathComponent().path
            let isFree =
                files.fileExists(atPath: place.path)
                ? !isFolder(place.path) && files.isWritableFile(atPath: place.path)
                : isFolder(folder) && files.isWritableFile(atPath: folder)
            guard isFree else { throw unwritable(path) }
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }

    /// Where a path leads, links followed; a device may be named any number of times.
    private static func place(_ path: String) -> String {
        let place = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
        return place.hasPrefix("/dev/") ? place + UUID().uuidString : place
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
