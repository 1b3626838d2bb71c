import Foundation
import Roster
import Testing
import UnionTicket

/// Damaged files end in rows or in a ``RosterError``, never in a crash.
struct MutationTests {
    /// A small reproducible generator (Steele, Lea, Flood: SplitMix64).
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    private static func seeds() throws -> [[UInt8]] {
        let csv = try Data(
            contentsOf: URL(fileURLWithPath: RosterFiles.sample("roster-sample.cp1251.csv"))
        )
        let xlsx = try Data(contentsOf: URL(fileURLWithPath: RosterFiles.sample("openpyxl-3.xlsx")))
        let json =
            "{\"schema\":\"roster/1\",\"members\":[{\"last\":\"Ив\\u0430нов\",\"birth\":29221},{}]}"
        let sheet =
            "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c t='inlineStr'>"
            + "<is><t>Имя</t></is></c></row></sheetData></worksheet>"
        return [
            Array(csv.prefix(3000)), Array(RosterFiles.table().utf8), Array(json.utf8), Array(xlsx),
            StoredArchive.workbook(sheet: sheet, strings: "<sst><si><t>Фамилия</t></si></sst>"),
            Array(try #require(RosterFiles.table().data(using: .utf16LittleEndian))),
        ]
    }

    private static func mutated(_ seed: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = seed
        let special: [UInt8] = [
            0, 0x0A, 0x0D, 0x22, 0x3B, 0x2C, 0x09, 0x7B, 0x7D, 0x5C, 0xFF, 0xD0,
        ]
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.insert(special.randomElement(using: &random) ?? 0, at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 7))
            case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }

    @Test(arguments: 0..<8)
    func `two thousand damaged files crash nothing`(_ part: Int) throws {
        let seeds = try Self.seeds()
        var random = SplitMix(state: UInt64(part) &* 1_000_003 &+ 20_201_208)
        for round in 0..<250 {
            let bytes = Self.mutated(seeds[round % seeds.count], &random)
            try RosterFiles.with(bytes) { path in
                do {
                    for row in try RosterFiles.rows(at: path) where row.draft == nil {
                        #expect(row.issues.contains { $0.severity == .error })
                    }
                } catch let error as RosterError {
                    #expect(!error.message.russian.isEmpty)
                }
                for open in [
                    { _ = try OrganisationFile.open(path, today: RosterFiles.today).next(1000) },
                    { _ = try OrderFile.open(path, today: RosterFiles.today).next(1000) },
                ] as [() throws -> Void] {
                    do { try open() } catch is RosterError {}
                }
            }
        }
    }
}
