import Testing
import TicketSeal
import UnionTicket

@testable import CardLayout

struct SymbolTests {
    /// The modules at these places as a number, the first the lowest bit.
    private static func word(_ bits: SymbolBits, _ places: [(x: Int, y: Int)]) -> Int {
        places.enumerated().reduce(0) { sum, next in
            bits.isDark(next.element.x, next.element.y) ? sum | 1 << next.offset : sum
        }
    }

    /// What is left when `word` is divided by `generator` over GF(2).
    private static func remainder(_ word: Int, _ generator: Int) -> Int {
        let degree = Int.bitWidth - 1 - generator.leadingZeroBitCount
        var rest = word
        while rest >> degree != 0 {
            let top = Int.bitWidth - 1 - rest.leadingZeroBitCount
            rest ^= generator << (top - degree)
        }
        return rest
    }

    /// Both copies of the format information, unmasked.
    private static func formats(_ bits: SymbolBits) -> (Int, Int) {
        let size = bits.width
        var first = (0...5).map { (x: 8, y: $0) }
        first += [(x: 8, y: 7), (x: 8, y: 8), (x: 7, y: 8)]
        first += (9...14).map { (x: 14 - $0, y: 8) }
        let second =
            (0...7).map { (x: size - 1 - $0, y: 8) } + (8...14).map { (x: 8, y: size - 15 + $0) }
        return (word(bits, first) ^ 0x5412, word(bits, second) ^ 0x5412)
    }

    private static func rows(_ bits: SymbolBits) -> [String] {
        (0..<bits.height).map { y in
            (0..<bits.width).map { bits.isDark($0, y) ? "#" : "." }.joined()
        }
    }

    @Test(arguments: KnownSymbol.all)
    func `a symbol is what other programs make`(_ known: KnownSymbol) throws {
        let maker = try #require(QRSymbol(version: known.version, level: known.level))
        let digits = KnownSymbol.digits(known.count)
        let bits = try #require(maker.encode(prefix: known.prefix, digits: digits))
        let (format, copy) = Self.formats(bits)
        #expect(format == copy)
        #expect(Self.remainder(format, 0x537) == 0)
        let mask = format >> 10 & 7
        #expect(["M", "L", "H", "Q"][format >> 13 & 3] == known.level)
        #expect(Hex.text(Array(SHA256Digest.of(bits.bytes).prefix(4))) == known.hashes[mask])
    }

    @Test(arguments: KnownSymbol.all)
    func `as many digits fit as the standard says, and no more`(_ known: KnownSymbol) throws {
        let maker = try #require(QRSymbol(version: known.version, level: known.level))
        let full = KnownSymbol.digits(known.capacity)
        #expect(maker.encode(prefix: known.prefix, digits: full) != nil)
        #expect(maker.encode(prefix: known.prefix, digits: full + "0") == nil)
    }

    @Test(arguments: 1...20)
    func `finders, timing and version information stand where they must`(_ version: Int) throws {
        let maker = try #require(QRSymbol(version: version, level: "M"))
        let bits = try #require(maker.encode(prefix: "A", digits: "7"))
        let size = 17 + 4 * version
        #expect(bits.width == size)
        #expect(bits.height == size)
        #expect(bits.bytes.count == (size + 7) / 8 * size)
        for (left, top) in [(0, 0), (size - 7, 0), (0, size - 7)] {
            for y in -1...7 {
                for x in -1...7 {
                    guard (0..<size).contains(left + x), (0..<size).contains(top + y) else {
                        continue
                    }
                    let ring = max(abs(x - 3), abs(y - 3))
                    #expect(bits.isDark(left + x, top + y) == (ring != 2 && ring != 4))
                }
            }
        }
        for place in 8..<size - 8 {
            #expect(bits.isDark(place, 6) == place.isMultiple(of: 2))
            #expect(bits.isDark(6, place) == place.isMultiple(of: 2))
        }
        #expect(bits.isDark(8, size - 8))
        guard version >= 7 else { return }
        let right = Self.word(bits, (0..<18).map { (x: size - 11 + $0 % 3, y: $0 / 3) })
        let below = Self.word(bits, (0..<18).map { (x: $0 / 3, y: size - 11 + $0 % 3) })
        #expect(right == below)
        #expect(right >> 12 == version)
        #expect(Self.remainder(right, 0x1F25) == 0)
    }

    /// Made by segno and qrcode; the mask by the penalties of ISO/IEC 18004 § 7.8.3.
    @Test func `a small symbol, module by module`() throws {
        let maker = try #require(QRSymbol(version: 1, level: "M"))
        let bits = try #require(maker.encode(prefix: "AB/", digits: "12345"))
        #expect(
            Self.rows(bits) == [
                "#######....##.#######",
                "#.....#....##.#.....#",
                "#.###.#.##..#.#.###.#",
                "#.###.#.#...#.#.###.#",
                "#.###.#.#.#.#.#.###.#",
                "#.....#.#..#..#.....#",
                "#######.#.#.#.#######",
                "........##...........",
                "#.#####....#..#####..",
                "#.##.#.#...#####...#.",
                "####.####.#.#.##...##",
                "...###..#..#####.#...",
                "#.#...####..#..#..###",
                "........#.#.#..#.###.",
                "#######...##.#.##.#.#",
                "#.....#.##.....##.##.",
                "#.###.#.####.#....#..",
                "#.###.#.#..####..##..",
                "#.###.#.#.#.#.#.###..",
                "#.....#...#######.#.#",
                "#######.###.#...###..",
            ]
        )
    }

    @Test func `the card's symbol has the mask of the least penalty`() throws {
        let maker = try #require(QRSymbol(version: 8, level: "M"))
        let digits = KnownSymbol.digits(268)
        let bits = try #require(maker.encode(prefix: "HTTPS://EPB.EXAMPLE.RU/C/", digits: digits))
        #expect(Self.formats(bits).0 >> 10 & 7 == 4)
        #expect(
            Hex.text(SHA256Digest.of(bits.bytes))
                == "81af5bf0f28ebcf78124857000cab0d6b566f461e7e6881a192ab31efbd5ff19"
        )
    }

    @Test func `what cannot be a symbol gives none`() throws {
        for (version, level) in [(0, "M"), (-1, "M"), (21, "M"), (8, "m"), (8, "")] {
            let isMade = QRSymbol(version: version, level: level) != nil
            #expect(!isMade)
        }
        let maker = try #require(QRSymbol(version: 8, level: "M"))
        #expect(maker.encode(prefix: "https://epb.example.ru/c/", digits: "1") == nil)
        #expect(maker.encode(prefix: "Ю", digits: "1") == nil)
        for digits in ["12a", "/", ":", " 1", "٣", "-1"] {
            #expect(maker.encode(prefix: "A", digits: digits) == nil)
        }
        let long = String(repeating: "0", count: 5_000)
        #expect(maker.encode(prefix: "A", digits: long) == nil)
        #expect(maker.encode(prefix: long, digits: "") == nil)
        #expect(maker.encode(prefix: "", digits: "0123") != nil)
        #expect(maker.encode(prefix: "A", digits: "") != nil)
    }

    /// By the Python library python-barcode.
    private static let barcodes: [(String, String)] = [
        (
            "9770000000000052",
            "110100111001111010100010110000100110110011001101100110011011001100110110011001101100"
                + "110011011100010100011010001100011101011"
        ), ("00", "1101001110011011001100110011001101100011101011"),
        ("1234", "110100111001011001110010001011000100100111101100011101011"),
    ]

    @Test(arguments: barcodes)
    func `bars are what another program makes`(_ digits: String, _ bars: String) throws {
        let bits = try #require(Code128.encode(digits: digits))
        #expect(bits.width == bars.count)
        #expect(bits.height == 1)
        #expect((0..<bits.width).map { bits.isDark($0, 0) ? "1" : "0" }.joined() == bars)
    }

    @Test(arguments: ["", "1", "123", "12a4", "１２", " 12 "])
    func `what is no even number of digits gives no bars`(_ digits: String) {
        #expect(Code128.encode(digits: digits) == nil)
    }

    @Test func `runs cover the dark modules`() throws {
        let bits = SymbolBits(width: 10, height: 2, bytes: [0b1100_1011, 0b0100_0000, 0, 0])
        #expect(bits.runs(in: 0) == [0..<2, 4..<5, 6..<8, 9..<10])
        #expect(bits.runs(in: 1) == [])
    }
}
