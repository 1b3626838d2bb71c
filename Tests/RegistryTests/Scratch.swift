import Foundation

@testable import Registry

/// Runs `body` with a directory of its own, removed afterwards.
func withScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory
        .appending(path: "registry-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory.path(percentEncoded: false))
}

/// How many rows `table` has on a fresh snapshot.
func count(_ table: String, in database: any Database) throws -> Int64 {
    try database.read { try $0.first("SELECT count(*) FROM \(table)") { $0.integer(0) } ?? -1 }
}

/// Runs `body` with the file rights of a user who owns nothing, on this thread only.
///
/// Root may write everywhere, so mode bits alone prove nothing where tests run as root.
func asNobody<Result>(_ body: () throws -> Result) throws -> Result {
    _ = setFileUser(65_534)
    defer { _ = setFileUser(geteuid()) }
    return try body()
}

@_silgen_name("setfsuid")
private func setFileUser(_ user: UInt32) -> Int32
