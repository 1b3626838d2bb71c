import Foundation
import Testing

/// What readers of PDF files see; poppler and qpdf are others' work.
enum PaperTools {
    /// Runs `body` with a directory of its own, removed afterwards.
    static func withScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "papers-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(directory.path(percentEncoded: false))
    }

    /// Runs a tool to its end.
    ///
    /// - Returns: What it printed.
    /// - Throws: When it is missing or fails.
    static func run(_ tool: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let text = String(decoding: output, as: UTF8.self)
        try #require(process.terminationStatus == 0, "\(tool): \(text)")
        return text
    }

    /// The text of a PDF, page by page, every run of white space one space.
    static func pages(_ path: String) throws -> [String] {
        try run("pdftotext", ["-layout", path, "-"]).split(separator: "\u{C}")
            .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    }

    /// How far to the right a word reaches on any page, points.
    static func rightEdge(_ path: String) throws -> Double {
        let boxes = try run("pdftotext", ["-bbox", path, "-"])
        let edges = boxes.matches(of: /xMax="([0-9.]+)"/).compactMap { Double($0.output.1) }
        return try #require(edges.max())
    }
}
