import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Print files of batches` {
    private static let act: [UInt8] = [7]
    private static let kept = ["manifest.json", "manifest.json.cose", "спецификация.pdf"]
    private static let list = "vedomost-26.pdf"

    /// What a build leaves on the disk; where it is.
    private func built(_ batch: BatchOffice) throws -> String {
        let folder = batch.book.folder + "/" + IssuanceManifest.name(batch.id)
        let root = batch.book.folder
        for path in [
            root, folder, folder + "/manufacturer", folder + "/union", folder + "/union/handover",
            folder + ".sealed",
        ] { try Files.makeDirectory(path) }
        try fill(folder)
        try Files.write([1], to: folder + "/union/handover/" + Self.list)
        try Files.write([1], to: folder + "/union/manifest.json")
        try Files.write([1], to: folder + ".sealed/package.tar.cms")
        return folder
    }

    private func fill(_ folder: String) throws {
        for name in Self.kept + ["cards-001.pdf", "personalization.csv", "proof.pdf"] {
            try Files.write([1], to: folder + "/manufacturer/" + name)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `they go when the batch is closed, the lists when the cards are handed out`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let folder = try built(batch)
            func names(_ place: String) throws -> [String] { try Files.names(folder + place) }
            let retention = Retention(batch.register)
            #expect(try retention.run(isDry: false, by: batch.admin).isEmpty)
            try batch.report("pppppppppp")
            try batch.deliver()
            let closing = BatchClosing(batch.register)
            #expect(try closing.close(batch.id, destructionAct: Self.act, by: batch.admin) == 3)
            #expect(try names("/manufacturer") == Self.kept.sorted())
            #expect(try names("/union") == ["handover", "manifest.json"])
            #expect(try names("/union/handover") == [Self.list])
            #expect(try names(".sealed") == ["package.tar.cms"])
            // Cut off half way, it goes on with the same act; another one is none.
            try fill(folder)
            #expect(throws: RegisterError.self) {
                try closing.close(batch.id, destructionAct: [8], by: batch.admin)
            }
            #expect(try closing.close(batch.id, destructionAct: Self.act, by: batch.admin) == 3)
            #expect(try names("/manufacturer") == Self.kept.sorted())
            let cards = try (1...10).map { try batch.carrier($0).digits }
            _ = try batch.handOut(Array(cards.dropLast()))
            #expect(try retention.run(isDry: false, by: batch.admin).isEmpty)
            _ = try batch.handOut(Array(cards.suffix(1)))
            let dry = try retention.run(isDry: true, by: batch.admin)
            #expect(dry == [.init(what: "printFiles", subject: "batch/1", count: 1)])
            #expect(try names("/union/handover") == [Self.list])
            #expect(try retention.run(isDry: false, by: batch.admin) == dry)
            #expect(try names("/union/handover") == [])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `they go with a batch that is given up`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(0)])
            try PlannedBatch.make(office)
            let book = BatchBook(office.register)
            let folder = book.folder + "/000001"
            let unfinished = book.folder + "/.000001.building"
            for path in [
                book.folder, unfinished, folder, folder + "/manufacturer", folder + "/union",
                folder + "/union/handover",
            ] { try Files.makeDirectory(path) }
            try fill(folder)
            try Files.write([1], to: folder + "/union/handover/" + Self.list)
            try Files.write([1], to: unfinished + "/part")
            try book.cancel(1, reason: "test", by: office.admin)
            #expect(try Files.names(folder + "/manufacturer") == Self.kept.sorted())
            #expect(try Files.names(folder + "/union/handover") == [])
            #expect(!Files.exists(unfinished))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an act of destruction names what still holds the person's data`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            _ = try built(batch)
            try MemberFile(batch.register)
                .setStatus("#1", to: .left, reason: "test", by: batch.admin)
            let report = try MemberErasure(batch.register)
                .erase("#1", reason: "withdrawal", by: batch.admin)
            let command = "profbilet batch close 1 --destruction-act"
            let folders = ["batches/000001/manufacturer", "batches/000001/union/handover"]
            #expect(report.printFiles.map(\.folder) == folders)
            #expect(report.printFiles.allSatisfy { $0.removedBy == command })
            let act = try ErasureActs(batch.register).act(of: 1)
            #expect(act.printFiles == folders.map { "\($0): \(command)" })
            #expect(String(decoding: try act.json(), as: UTF8.self).contains(folders[1]))
        }
    }
}
