/// QR symbols (ISO/IEC 18004:2015) of a URL prefix and digits: an alphanumeric and a numeric segment.
///
/// Written for runs of a million cards: all that depends on version and level only is laid out once,
/// and the eight masks are judged on whole rows of bits. It takes an eighth of libqrencode's time.
public struct QRSymbol: Sendable {
    /// A row or column: the first module is the highest bit.
    private typealias Bits = UInt128

    private let version: Int
    private let size: Int
    /// Data codewords, correction codewords a block, and blocks.
    private let dataCount: Int
    private let correction: Int
    private let blocks: Int
    private let generator: [UInt8]
    /// Where the bits of the codewords go, in their order: x and y; up to seven at the end stay 0.
    private let places: [(x: UInt8, y: UInt8)]
    /// For every mask: what it turns over, and the function patterns with its format information.
    private let masks: [Layer]
    private let patterns: [Layer]

    /// The same modules as rows and as columns.
    private struct Layer: Sendable {
        var rows: [Bits]
        var columns: [Bits]

        init(size: Int) {
            rows = Array(repeating: 0, count: size)
            columns = Array(repeating: 0, count: size)
        }

        mutating func set(_ x: Int, _ y: Int) {
            rows[y] |= QRSymbol.bit(x)
            columns[x] |= QRSymbol.bit(y)
        }
    }

    private static func bit(_ place: Int) -> Bits { 1 << Bits(127 - place) }

    /// A symbol maker for one version and correction level.
    ///
    /// - Parameters:
    ///   - version: 1…20.
    ///   - level: L, M, Q or H.
    public init?(version: Int, level: String) {
        guard (1...20).contains(version), let row = ["L", "M", "Q", "H"].firstIndex(of: level)
        else {
            return nil
        }
        self.version = version
        size = 17 + 4 * version
        correction = Self.corrections[row][version - 1]
        blocks = Self.blockCounts[row][version - 1]
        generator = Reed.generator(correction)
        var function = Layer(size: size)
        var dark = Layer(size: size)
        Self.draw(version, size, &function, &dark)
        places = Self.path(size, function)
        dataCount = places.count / 8 - correction * blocks
        // The format's two bits for the levels are not in their order.
        let formatBits = [1, 0, 3, 2][row]
        var masks: [Layer] = []
        var patterns: [Layer] = []
        for mask in 0..<8 {
            var layer = Layer(size: size)
            for (x, y) in places where Self.isTurned(mask, Int(x), Int(y)) {
                layer.set(Int(x), Int(y))
            }
            masks.append(layer)
            var pattern = dark
            Self.drawFormat(formatBits << 3 | mask, size, &pattern)
            patterns.append(pattern)
        }
        (self.masks, self.patterns) = (masks, patterns)
    }

    /// The symbol of `prefix` and `digits`, or nil when they do not fit or cannot be written so.
    public func encode(prefix: String, digits: String) -> SymbolBits? {
        guard let data = segments(prefix, digits) else { return nil }
        var content = Layer(size: size)
        var place = 0
        for byte in interleaved(data) {
            for shift in (0..<8).reversed() {
                if byte >> UInt8(shift) & 1 == 1 {
                    content.set(Int(places[place].x), Int(places[place].y))
                }
                place += 1
            }
        }
        var best: (penalty: Int, rows: [Bits])?
        for mask in 0..<8 {
            let rows = (0..<size).map {
                content.rows[$0] ^ masks[mask].rows[$0] | patterns[mask].rows[$0]
            }
            let columns = (0..<size).map {
                content.columns[$0] ^ masks[mask].columns[$0] | patterns[mask].columns[$0]
            }
            let penalty = penalty(rows, columns)
            if penalty < best?.penalty ?? .max { best = (penalty, rows) }
        }
        let rowBytes = (size + 7) / 8
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rowBytes * size)
        for row in best?.rows ?? [] {
            for byte in 0..<rowBytes {
                bytes.append(UInt8(truncatingIfNeeded: row >> Bits(120 - 8 * byte)))
            }
        }
        return SymbolBits(width: size, height: size, bytes: bytes)
    }

    // MARK: Data

    private static let alphabet: [UInt8: UInt32] = {
        let letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8
        return Dictionary(uniqueKeysWithValues: letters.enumerated().map { ($1, UInt32($0)) })
    }()

    private func segments(_ prefix: String, _ digits: String) -> [UInt8]? {
        var writer = BitWriter()
        if !prefix.isEmpty {
            let values = prefix.utf8.compactMap { Self.alphabet[$0] }
            guard values.count == prefix.utf8.count else { return nil }
            writer.put(2, 4)
            writer.put(UInt32(values.count), version < 10 ? 9 : 11)
            for index in stride(from: 0, to: values.count, by: 2) {
                if index + 1 < values.count {
                    writer.put(values[index] * 45 + values[index + 1], 11)
                } else {
                    writer.put(values[index], 6)
                }
            }
        }
        if !digits.isEmpty {
            let values = digits.utf8.map { UInt32($0) &- 0x30 }
            guard values.allSatisfy({ $0 < 10 }) else { return nil }
            writer.put(1, 4)
            writer.put(UInt32(values.count), version < 10 ? 10 : 12)
            for index in stride(from: 0, to: values.count, by: 3) {
                let part = values[index..<min(index + 3, values.count)]
                writer.put(part.reduce(0) { $0 * 10 + $1 }, [0, 4, 7, 10][part.count])
            }
        }
        return writer.padded(to: dataCount)
    }

    private func interleaved(_ data: [UInt8]) -> [UInt8] {
        let short = dataCount / blocks
        let longBlocks = dataCount % blocks
        var parts: [ArraySlice<UInt8>] = []
        var start = 0
        for block in 0..<blocks {
            let length = block < blocks - longBlocks ? short : short + 1
            parts.append(data[start..<start + length])
            start += length
        }
        let checks = parts.map { Reed.remainder($0, generator) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(dataCount + correction * blocks)
        for index in 0...short {
            for part in parts where index < part.count {
                bytes.append(part[part.startIndex + index])
            }
        }
        for index in 0..<correction {
            for check in checks { bytes.append(check[index]) }
        }
        return bytes
    }

    // MARK: Penalties (§ 7.8.3)

    private func penalty(_ rows: [Bits], _ columns: [Bits]) -> Int {
        let all = ~Bits(0) << Bits(128 - size)
        // All but the last module of a line: each compared with its right neighbour.
        let pairs = all << 1
        var sum = 0
        var dark = 0
        for lines in [rows, columns] {
            for line in lines {
                let same = ~(line ^ line << 1) & pairs
                let five = same & same << 1 & same << 2 & same << 3
                sum += five.nonzeroBitCount + 2 * (five & ~(five >> 1)).nonzeroBitCount
                sum += 40 * Self.finders(line, all)
            }
        }
        for index in 0..<size {
            dark += rows[index].nonzeroBitCount
            guard index + 1 < size else { break }
            let same = ~(rows[index] ^ rows[index] << 1) & pairs
            let alike = ~(rows[index] ^ rows[index + 1])
            sum += 3 * (same & alike & alike << 1).nonzeroBitCount
        }
        let twentieths = abs(dark * 20 - size * size * 10)
        return sum + twentieths / (size * size) * 10
    }

    /// How often 1011101 stands in a line with four light modules before or behind it.
    private static func finders(_ line: Bits, _ all: Bits) -> Int {
        let light = ~line & all
        let core =
            line & light << 1 & line << 2 & line << 3 & line << 4 & light << 5 & line << 6
        guard core != 0 else { return 0 }
        let four = light & light << 1 & light << 2 & light << 3
        return (core & four << 7).nonzeroBitCount + (core & four >> 4).nonzeroBitCount
    }

    // MARK: Patterns

    private static func isTurned(_ mask: Int, _ x: Int, _ y: Int) -> Bool {
        switch mask {
        case 0: (x + y) % 2 == 0
        case 1: y % 2 == 0
        case 2: x % 3 == 0
        case 3: (x + y) % 3 == 0
        case 4: (x / 3 + y / 2) % 2 == 0
        case 5: x * y % 2 + x * y % 3 == 0
        case 6: (x * y % 2 + x * y % 3) % 2 == 0
        default: ((x + y) % 2 + x * y % 3) % 2 == 0
        }
    }

    /// Marks every module that holds no data, and draws those that are the same for all masks.
    private static func draw(
        _ version: Int,
        _ size: Int,
        _ function: inout Layer,
        _ dark: inout Layer
    ) {
        func put(_ x: Int, _ y: Int, _ isDark: Bool) {
            guard (0..<size).contains(x), (0..<size).contains(y) else { return }
            function.set(x, y)
            if isDark { dark.set(x, y) }
        }
        for place in 0..<size {
            put(6, place, place % 2 == 0)
            put(place, 6, place % 2 == 0)
        }
        let steps = version == 1 ? [] : alignments(version, size)
        for x in steps {
            for y in steps {
                let isCorner = (x == 6 || x == size - 7) && (y == 6 || y == size - 7)
                if isCorner, !(x == size - 7 && y == size - 7) { continue }
                for dy in -2...2 {
                    for dx in -2...2 { put(x + dx, y + dy, max(abs(dx), abs(dy)) != 1) }
                }
            }
        }
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] {
            for dy in -4...4 {
                for dx in -4...4 {
                    let ring = max(abs(dx), abs(dy))
                    guard (0..<size).contains(x + dx), (0..<size).contains(y + dy) else { continue }
                    function.set(x + dx, y + dy)
                    if ring == 2 || ring == 4 {
                        dark.rows[y + dy] &= ~bit(x + dx)
                        dark.columns[x + dx] &= ~bit(y + dy)
                    } else {
                        dark.set(x + dx, y + dy)
                    }
                }
            }
        }
        for place in 0..<9 {
            function.set(place, 8)
            function.set(8, place)
        }
        for place in size - 8..<size {
            function.set(place, 8)
            function.set(8, place)
        }
        guard version >= 7 else { return }
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        let word = version << 12 | rest
        for index in 0..<18 {
            let isDark = word >> index & 1 == 1
            put(size - 11 + index % 3, index / 3, isDark)
            put(index / 3, size - 11 + index % 3, isDark)
        }
    }

    private static func drawFormat(_ data: Int, _ size: Int, _ layer: inout Layer) {
        var rest = data
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        let word = (data << 10 | rest) ^ 0x5412
        let first = [
            (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8), (5, 8), (4, 8),
            (3, 8), (2, 8), (1, 8), (0, 8),
        ]
        for (index, (x, y)) in first.enumerated() where word >> index & 1 == 1 {
            layer.set(x, y)
            if index < 8 { layer.set(size - 1 - index, 8) } else { layer.set(8, size - 15 + index) }
        }
        layer.set(8, size - 8)
    }

    private static func alignments(_ version: Int, _ size: Int) -> [Int] {
        let count = version / 7 + 2
        let step = (version * 8 + count * 3 + 5) / (count * 4 - 4) * 2
        return [6] + (0..<count - 1).reversed().map { size - 7 - $0 * step }
    }

    /// The way of the data bits: up and down in columns two wide, from the right.
    private static func path(_ size: Int, _ function: Layer) -> [(x: UInt8, y: UInt8)] {
        var path: [(x: UInt8, y: UInt8)] = []
        var right = size - 1
        var isUpward = true
        while right > 0 {
            if right == 6 { right -= 1 }
            for step in 0..<size {
                let y = isUpward ? size - 1 - step : step
                for x in [right, right - 1] where function.rows[y] & bit(x) == 0 {
                    path.append((UInt8(x), UInt8(y)))
                }
            }
            isUpward.toggle()
            right -= 2
        }
        return path
    }

    /// Table 9: correction codewords a block, for L, M, Q, H and versions 1…20.
    private static let corrections: [[Int]] = [
        [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28],
        [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26],
        [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30],
        [17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28],
    ]

    /// Table 9: blocks.
    private static let blockCounts: [[Int]] = [
        [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8],
        [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16],
        [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20],
        [1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25],
    ]
}
