import Foundation
public import UnionTicket

/// Poppler's programs: how a receiver sees our PDFs, with nothing of our writer in it.
public enum Poppler {
    /// A program is missing or did not do its work.
    public struct Failure: Error, Sendable {
        /// What happened and what helps.
        public let message: Bilingual
        /// Whether the program is not installed.
        public let isMissing: Bool
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

    /// Hands out the text of a PDF, UTF-8, page by page.
    ///
    /// - Throws: ``Failure`` when the program is missing or could not read the file.
    public static func text(of path: String, _ take: ([UInt8]) -> Void) throws {
        let pipe = Pipe()
        let process = try start("pdftotext", ["-layout", "--", path, "-"], output: pipe)
        while let chunk = try pipe.fileHandleForReading.read(upToCount: 1 << 20), !chunk.isEmpty {
            take(Array(chunk))
        }
        try finish(process, "pdftotext", path)
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
                ),
                isMissing: true
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
                ),
                isMissing: false
            )
        }
    }
}
