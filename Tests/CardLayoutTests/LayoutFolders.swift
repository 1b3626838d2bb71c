import Foundation
import Testing
import UnionTicket

@testable import CardLayout

/// The real layout, and copies of it with something changed.
enum LayoutFolders {
    /// `card-layouts` of this repository.
    static let all = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "card-layouts")
    static let real = all.appending(path: "epb-2026").path(percentEncoded: false)

    static func layout() throws -> CardLayout { try CardLayout.read(folder: real) }

    /// Runs `body` with a directory of its own, removed afterwards.
    static func withScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "card-layout-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(directory.path(percentEncoded: false))
    }

    /// Runs `body` with the folder of a copy of the real layout.
    static func withCopy<Result>(_ body: (String) throws -> Result) throws -> Result {
        try withScratch { scratch in
            for name in ["epb-2026", "profiles"] {
                try FileManager.default.copyItem(
                    atPath: all.appending(path: name).path(percentEncoded: false),
                    toPath: scratch + "/" + name
                )
            }
            return try body(scratch + "/epb-2026")
        }
    }

    /// Replaces the first `old` in a file by `new`; gives the text that is there now.
    @discardableResult
    static func change(_ path: String, _ old: String, _ new: String) throws -> String {
        var text = try String(contentsOfFile: path, encoding: .utf8)
        let range = try #require(text.range(of: old), "«\(old)» is no longer in \(path)")
        text.replaceSubrange(range, with: new)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return text
    }

    /// The first line with `anchor`, counted from 1.
    static func line(of anchor: String, in text: String) throws -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return try #require(lines.firstIndex { $0.contains(anchor) }) + 1
    }

    /// What `body` complains about.
    static func findings(_ body: () throws -> Void) throws -> [LayoutFinding] {
        do {
            try body()
            return []
        } catch let error as LayoutError {
            return error.findings
        }
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path)))
    }
}
