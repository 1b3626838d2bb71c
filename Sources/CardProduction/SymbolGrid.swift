import UnionTicket

/// Reads an upright QR symbol module by module and accepts no error at all (ISO/IEC 18004).
///
/// A decoder mends what is damaged and says nothing; a printed symbol that begins its life with
/// mended errors has none left for scratches. So every function pattern is compared and every
/// Reed-Solomon syndrome must be zero.
struct SymbolGrid {
    /// Why a symbol is not perfect.
    struct Fault: Error {
        let reason: String
    }

    private let size: Int
    private let modules: [Bool]

    /// The text of the symbol around a place of the picture.
    static func read(
        _ image: GreyImage,
        near place: (x: Int, y: Int, right: Int, bottom: Int)
    ) -> Result<String, Fault> {
        guard let grid = SymbolGrid(image, near: place) else {
            return .failure(Fault(reason: "no upright symbol"))
        }
        return Result { () throws(Fault) in try grid.text() }
    }

    /// Samples the modules: the symbol is the dark block in its quiet zone.
    private init?(
        _ image: GreyImage,
        near place: (x: Int, y: Int, right: Int, bottom: Int)
    ) {
        // The decoder's corners lie somewhere inside the finder patterns.
        let reach = (place.right - place.x) / 12 + 4
        guard place.right > place.x, place.bottom > place.y else { return nil }
        let left = max(0, place.x - reach)
        let top = max(0, place.y - reach)
        let right = min(image.width - 1, place.right + reach)
        let bottom = min(image.height - 1, place.bottom + reach)
        var (x0, y0, x1, y1) = (Int.max, Int.max, -1, -1)
        for y in top...bottom {
            for x in left...right where image.isDark(x, y) {
                (x0, y0) = (min(x0, x), min(y0, y))
                (x1, y1) = (max(x1, x), max(y1, y))
            }
        }
        guard x1 > x0, y1 > y0 else { return nil }
        let width = x1 - x0 + 1
        let height = y1 - y0 + 1
        var finder = 0
        while x0 + finder <= x1, image.isDark(x0 + finder, y0) { finder += 1 }
        guard finder > 6, abs(width - height) <= 2 else { return nil }
        // The finder is seven modules wide; a symbol has 17 + 4 × version.
        let estimate = Double(width) * 7 / Double(finder)
        let version = Int(((estimate - 17) / 4).rounded())
        guard (1...20).contains(version) else { return nil }
        size = 17 + 4 * version
        var modules: [Bool] = []
        modules.reserveCapacity(size * size)
        for row in 0..<size {
            let y = y0 + Int((Double(row) + 0.5) * Double(height) / Double(size))
            for column in 0..<size {
                let x = x0 + Int((Double(column) + 0.5) * Double(width) / Double(size))
                modules.append(image.isDark(x, y))
            }
        }
        self.modules = modules
    }

    private var version: Int { (size - 17) / 4 }

    private func isDark(_ x: Int, _ y: Int) -> Bool { modules[y * size + x] }

    private func text() throws(Fault) -> String {
        try checkPatterns()
        let format = try readFormat()
        try checkVersion()
        let codewords = readCodewords(mask: format.mask)
        return try decode(deinterleave(codewords, level: format.level))
    }

    // MARK: Function patterns

    private func require(_ x: Int, _ y: Int, _ isDark: Bool) throws(Fault) {
        if self.isDark(x, y) != isDark { throw Fault(reason: "module \(x),\(y) is wrong") }
    }

    private func checkPatterns() throws(Fault) {
        for (left, top) in [(0, 0), (size - 7, 0), (0, size - 7)] {
            for y in -1...7 {
                for x in -1...7 {
                    let (px, py) = (left + x, top + y)
                    guard (0..<size).contains(px), (0..<size).contains(py) else { continue }
                    let ring = max(abs(x - 3), abs(y - 3))
                    try require(px, py, ring != 2 && ring != 4)
                }
            }
        }
        for place in 8..<size - 8 {
            try require(place, 6, place.isMultiple(of: 2))
            try require(6, place, place.isMultiple(of: 2))
        }
        for (cx, cy) in alignments {
            for y in -2...2 {
                for x in -2...2 { try require(cx + x, cy + y, max(abs(x), abs(y)) != 1) }
            }
        }
        try require(8, size - 8, true)
    }

    private var alignments: [(Int, Int)] {
        guard version > 1 else { return [] }
        let count = version / 7 + 2
        let step = (version * 8 + count * 3 + 5) / (count * 4 - 4) * 2
        var places = [6]
        for index in (0..<count - 1).reversed() { places.append(size - 7 - index * step) }
        let last = places.count - 1
        var centres: [(Int, Int)] = []
        for (i, x) in places.enumerated() {
            for (j, y) in places.enumerated() {
                let isFinder = i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0
                if !isFinder { centres.append((x, y)) }
            }
        }
        return centres
    }

    private func isFunction(_ x: Int, _ y: Int) -> Bool {
        if x == 6 || y == 6 { return true }
        if x < 9, y < 9 || y >= size - 8 { return true }
        if x >= size - 8, y < 9 { return true }
        if version >= 7 {
            if x < 6, y >= size - 11 { return true }
            if y < 6, x >= size - 11 { return true }
        }
        return alignments.contains { abs($0.0 - x) <= 2 && abs($0.1 - y) <= 2 }
    }

    private enum Level: Int {
        case medium = 0
        case low = 1
        case high = 2
        case quartile = 3

        /// Row in the tables below.
        var row: Int {
            switch self {
            case .low: 0
            case .medium: 1
            case .quartile: 2
            case .high: 3
            }
        }
    }

    private func readFormat() throws(Fault) -> (level: Level, mask: Int) {
        var first = 0
        for (x, y) in [
            (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8), (5, 8), (4, 8),
            (3, 8), (2, 8), (1, 8), (0, 8),
        ].reversed() { first = first << 1 | (isDark(x, y) ? 1 : 0) }
        var second = 0
        for index in (0..<15).reversed() {
            let (x, y) = index < 8 ? (size - 1 - index, 8) : (8, size - 15 + index)
            second = second << 1 | (isDark(x, y) ? 1 : 0)
        }
        guard first == second else { throw Fault(reason: "the format copies differ") }
        let bits = first ^ 0x5412
        var rest = bits >> 10
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        guard bits & 0x3FF == rest & 0x3FF, let level = Level(rawValue: bits >> 13) else {
            throw Fault(reason: "the format information is damaged")
        }
        return (level, bits >> 10 & 7)
    }

    private func checkVersion() throws(Fault) {
        guard version >= 7 else { return }
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        let bits = version << 12 | rest
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1
            let (a, b) = (size - 11 + index % 3, index / 3)
            try require(a, b, isDark)
            try require(b, a, isDark)
        }
    }

    // MARK: Codewords

    private static func isMasked(_ mask: Int, _ x: Int, _ y: Int) -> Bool {
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

    private func readCodewords(mask: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var bits = 0
        var byte: UInt8 = 0
        let function = functionMap
        var right = size - 1
        while right >= 1 {
            if right == 6 { right = 5 }
            let isUpward = (right + 1) & 2 == 0
            for step in 0..<size {
                let y = isUpward ? size - 1 - step : step
                for x in [right, right - 1] where !function[y * size + x] {
                    let isDark = isDark(x, y) != Self.isMasked(mask, x, y)
                    byte = byte << 1 | (isDark ? 1 : 0)
                    bits += 1
                    if bits == 8 {
                        bytes.append(byte)
                        (bits, byte) = (0, 0)
                    }
                }
            }
            right -= 2
        }
        return bytes
    }

    private var functionMap: [Bool] {
        var map = [Bool](repeating: false, count: size * size)
        for y in 0..<size {
            for x in 0..<size { map[y * size + x] = isFunction(x, y) }
        }
        return map
    }

    /// Error correction codewords a block, by level and version.
    private static let correction = [
        [
            7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
        ],
        [
            10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
        ],
        [
            13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
        ],
        [
            17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
        ],
    ]

    /// Blocks, by level and version.
    private static let blocks = [
        [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8],
        [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16],
        [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20],
        [1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25],
    ]

    /// The data codewords in their order; every block's syndromes are zero.
    private func deinterleave(_ bytes: [UInt8], level: Level) throws(Fault) -> [UInt8] {
        let blocks = Self.blocks[level.row][version - 1]
        let correction = Self.correction[level.row][version - 1]
        let short = bytes.count / blocks
        let longBlocks = bytes.count % blocks
        var split = [[UInt8]](repeating: [], count: blocks)
        var position = 0
        for index in 0...(short - correction) {
            for block in 0..<blocks {
                let isLong = block >= blocks - longBlocks
                guard index < short - correction || isLong else { continue }
                split[block].append(bytes[position])
                position += 1
            }
        }
        let data = split.flatMap(\.self)
        for _ in 0..<correction {
            for block in 0..<blocks {
                split[block].append(bytes[position])
                position += 1
            }
        }
        for block in split {
            for power in 0..<correction {
                let root = GaloisField.power(power)
                let syndrome = block.reduce(UInt8(0)) { GaloisField.multiply($0, root) ^ $1 }
                guard syndrome == 0 else { throw Fault(reason: "damaged modules") }
            }
        }
        return data
    }

    // MARK: Text

    private func decode(_ data: [UInt8]) throws(Fault) -> String {
        var reader = BitReader(bytes: data)
        var text = ""
        while let mode = reader.take(4), mode != 0 {
            switch mode {
            case 1: text += try numeric(&reader)
            case 2: text += try alphanumeric(&reader)
            default: throw Fault(reason: "a segment of mode \(mode)")
            }
        }
        return text
    }

    private func numeric(_ reader: inout BitReader) throws(Fault) -> String {
        guard var count = reader.take(version < 10 ? 10 : 12) else { throw Self.short }
        var text = ""
        while count > 0 {
            let digits = min(3, count)
            guard let value = reader.take([0, 4, 7, 10][digits]) else { throw Self.short }
            text += padded(value, digits)
            count -= digits
        }
        return text
    }

    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")

    private func alphanumeric(_ reader: inout BitReader) throws(Fault) -> String {
        guard var count = reader.take(version < 10 ? 9 : 11) else { throw Self.short }
        var text = ""
        while count > 0 {
            guard let value = reader.take(count > 1 ? 11 : 6), value < 45 * 45 else {
                throw Self.short
            }
            if count > 1 { text.append(Self.letters[value / 45]) }
            text.append(Self.letters[value % 45])
            count -= 2
        }
        return text
    }

    private static let short = Fault(reason: "the data ends too early")
}

/// GF(256) with QR's polynomial 0x11D.
private enum GaloisField {
    static func power(_ exponent: Int) -> UInt8 { powers[exponent % 255] }

    static func multiply(_ a: UInt8, _ b: UInt8) -> UInt8 {
        a == 0 || b == 0 ? 0 : powers[(logs[Int(a)] + logs[Int(b)]) % 255]
    }

    private static let powers: [UInt8] = {
        var value = 1
        return (0..<255).map { _ in
            defer {
                value <<= 1
                if value > 255 { value ^= 0x11D }
            }
            return UInt8(value)
        }
    }()

    private static let logs: [Int] = {
        var logs = [Int](repeating: 0, count: 256)
        for (exponent, value) in powers.enumerated() { logs[Int(value)] = exponent }
        return logs
    }()
}

private struct BitReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The next bits; fewer than four left count as the end.
    mutating func take(_ count: Int) -> Int? {
        guard position + count <= bytes.count * 8 else { return nil }
        var value = 0
        for _ in 0..<count {
            let bit = bytes[position / 8] >> UInt8(7 - position % 8) & 1
            value = value << 1 | Int(bit)
            position += 1
        }
        return value
    }
}
