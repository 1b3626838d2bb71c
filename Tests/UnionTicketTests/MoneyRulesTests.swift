import Testing
import UnionTicket

@Suite struct `Kopecks, shares and chips` {
    @Test(arguments: [
        ("12345,67", Int64(1_234_567)), ("12 345.6", 1_234_560), ("0,01", 1), ("95", 9_500),
        ("1\u{A0}000,00", 100_000), ("0", 0),
    ])
    func `roubles are read as people write them`(_ text: String, _ kopecks: Int64) throws {
        #expect(try Kopecks(roubles: text).value == kopecks)
    }

    @Test(arguments: [
        ("", Kopecks.Refusal.empty), ("-5", .negative), ("−5,00", .negative), ("1,234", .fraction),
        ("abc", .notANumber), ("1,2,3", .notANumber), (",5", .notANumber), ("5,", .notANumber),
        ("1e5", .notANumber), ("99999999999999", .tooLarge), ("١٢", .notANumber),
    ])
    func `what is no amount is refused with its reason`(_ text: String, _ why: Kopecks.Refusal) {
        #expect(throws: why) { try Kopecks(roubles: text) }
    }

    @Test func `amounts are written for people and for programs`() {
        #expect(Kopecks(123_456_789).roubles == "1\u{A0}234\u{A0}567,89")
        #expect(Kopecks(-5).roubles == "−0,05")
        #expect(Kopecks(-123_405).decimal == "-1234.05")
    }

    @Test func `shares sum to the whole and a split gives back the price`() {
        #expect(CostShares(centralCouncil: 5_000, region: 5_000, primary: 1) == nil)
        #expect(CostShares(centralCouncil: 10_001, region: -1, primary: 0) == nil)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let region = Int.random(in: 0...10_000, using: &random)
            let primary = Int.random(in: 0...(10_000 - region), using: &random)
            guard
                let shares = CostShares(
                    centralCouncil: 10_000 - region - primary,
                    region: region,
                    primary: primary
                )
            else { return #expect(Bool(false)) }
            let price = Kopecks(Int64.random(in: 0...10_000_000, using: &random))
            for charge in CardCharge.allCases where charge != .manufacturer {
                let parts = charge.split(price, by: shares)
                #expect(parts.values.reduce(.zero, +) == price)
                #expect(parts.values.allSatisfy { $0 >= .zero })
            }
            #expect(CardCharge.manufacturer.split(price, by: shares).isEmpty)
        }
    }

    @Test(arguments: [
        ("04A1B2C3D4E5F6", 7), ("04:a1:b2:c3:d4:e5:f6", 7), ("01020304", 4),
        ("0102030405060708090A", 10),
    ])
    func `a UID keeps its bytes`(_ text: String, _ count: Int) throws {
        let uid = try #require(ChipUID(hex: text))
        #expect(uid.bytes.count == count && ChipUID(uid.bytes) == uid)
    }

    @Test(arguments: ["", "04A1", "04A1B2C3D4E5F", "04A1B2C3D4E5FZ", "0102030405"])
    func `what is no UID is refused`(_ text: String) { #expect(ChipUID(hex: text) == nil) }

    @Test func `every state of a batch, a carrier and an order can end`() {
        for state in ParcelState.allCases where !state.successors.isEmpty {
            #expect(state.successors.allSatisfy { $0 != state })
        }
        #expect(BatchState.allCases.filter(\.successors.isEmpty) == [.closed, .cancelled])
    }
}
