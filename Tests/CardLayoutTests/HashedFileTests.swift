import Foundation
import TicketSeal
import Testing

@testable import CardLayout

/// A file that is written beside its place.
@Suite struct `Files that are hashed as they grow` {
    private let folder = NSTemporaryDirectory() + "hashed-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: folder + "/held",
            withIntermediateDirectories: true
        )
        try Data([1]).write(to: URL(filePath: folder + "/held/inside"))
        try Data("old".utf8).write(to: URL(filePath: folder + "/old"))
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    }

    @Test func `a directory is refused and keeps what it holds`() throws {
        let failure = try #require(throws: FileFailure.self) {
            _ = try HashedFile.write([1, 2, 3], to: folder + "/held")
        }
        #expect(failure.code == EISDIR)
        #expect(failure.path == folder + "/held")
        #expect(FileManager.default.contents(atPath: folder + "/held/inside") == Data([1]))
        #expect(try names == ["held", "old"])
    }

    @Test func `a device is written to and not replaced`() throws {
        let made = try HashedFile.write([1, 2, 3], to: "/dev/null")
        #expect(made.bytes == 3)
        let type = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type]
        #expect(type as? FileAttributeType == .typeCharacterSpecial)
    }

    @Test func `the old file stays until the new one is whole`() throws {
        do {
            let file = try HashedFile(path: folder + "/old")
            try file.add(Array("new".utf8))
            #expect(FileManager.default.contents(atPath: folder + "/old") == Data("old".utf8))
        }
        #expect(try names == ["held", "old"])
        let made = try HashedFile.write(Array("new".utf8), to: folder + "/old")
        #expect(made.name == "old" && made.bytes == 3)
        #expect(made.sha256 == Hex.text(SHA256Digest.of(Array("new".utf8))))
        #expect(FileManager.default.contents(atPath: folder + "/old") == Data("new".utf8))
        #expect(try names == ["held", "old"])
    }

    @Test func `a link leads to the file that is replaced`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/link",
            withDestinationPath: folder + "/old"
        )
        _ = try HashedFile.write([7], to: folder + "/link")
        #expect(FileManager.default.contents(atPath: folder + "/old") == Data([7]))
    }

    @Test func `a folder that is not there is an error with its number`() throws {
        let failure = try #require(throws: FileFailure.self) {
            _ = try HashedFile(path: folder + "/none/file")
        }
        #expect(failure.code == ENOENT)
    }
}
