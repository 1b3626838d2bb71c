import Foundation
public import UnionTicket

/// Poppler's programs: how a receiver sees our PDFs, with nothing of our writer in it.
public enum Poppler {
    /// A program is missing or did not do its work.
    public struct Failure: Error, Sendable {
        /// What happened and what helps.
        public let message: Bilingual
    }

    /// Draws every page as `STEM-N.png`.
    public static func png(of path: String, resolution: Int, to stem: String) throws {
        let process = try start(
            "pdftoppm",
            ["-png", "-r", "\(resolution)", path, stem],
            output: nil
        )
        try finish(process, "pdftoppm", path)
    }

    static func start(
        _ program: String,
        _ arguments: [String],
        output: Pipe?
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/" + program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        if let output { process.standardOutput = output }
        do { try process.run() } catch {
            throw Failure(
                message: Bilingual(
                    "Нет программы \(program): установите пакет poppler-utils.",
                    "The program \(program) is missing: install the package poppler-utils."
                )
            )
        }
        return process
    }

    static func finish(_ process: Process, _ program: String, _ path: String) throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                message: Bilingual(
                    "\(program) не открыл \(path): файл повреждён.",
                    "\(program) could not read \(path): the file is damaged."
                )
            )
        }
    }
}
