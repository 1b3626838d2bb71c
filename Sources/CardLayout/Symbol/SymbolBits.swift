/// A printed symbol as rows of bits: 1 is dark, the highest bit is the leftmost module.
public struct SymbolBits: Sendable, Equatable {
    /// Modules in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Each row fills whole bytes.
    public let bytes: [UInt8]

    var rowBytes: Int { (width + 7) / 8 }

    /// Whether a module is dark.
    public func isDark(_ x: Int, _ y: Int) -> Bool {
        bytes[y * rowBytes + x / 8] & (0x80 >> UInt8(x % 8)) != 0
    }

    /// Runs of dark modules in a row.
    func runs(in row: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var x = 0
        while x < width {
            guard isDark(x, row) else {
                x += 1
                continue
            }
            let start = x
            while x < width, isDark(x, row) { x += 1 }
            runs.append(start..<x)
        }
        return runs
    }
}

/// Code 128 in subset C (ISO/IEC 15417): two digits a symbol.
public enum Code128 {
    /// One row of bars for an even number of digits, or nil when they are not that.
    public static func encode(digits: String) -> SymbolBits? {
        let values = Array(digits.utf8)
        guard !values.isEmpty, values.count.isMultiple(of: 2),
            values.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        var codes = [105]
        for index in stride(from: 0, to: values.count, by: 2) {
            codes.append(Int(values[index] - 0x30) * 10 + Int(values[index + 1] - 0x30))
        }
        let sum = codes.enumerated().reduce(0) { $0 + $1.element * max(1, $1.offset) }
        codes.append(sum % 103)
        codes.append(106)
        var bars: [Bool] = []
        for code in codes {
            for (place, width) in patterns[code].utf8.enumerated() {
                bars += Array(repeating: place.isMultiple(of: 2), count: Int(width - 0x30))
            }
        }
        var bytes = [UInt8](repeating: 0, count: (bars.count + 7) / 8)
        for (x, isDark) in bars.enumerated() where isDark { bytes[x / 8] |= 0x80 >> UInt8(x % 8) }
        return SymbolBits(width: bars.count, height: 1, bytes: bytes)
    }

    /// Widths of bars and spaces for the values 0…105 and the stop.
    private static let patterns: [String] = """
        212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 \
        122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 \
        321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 \
        211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 \
        213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 \
        121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 \
        241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 \
        412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 \
        211214 211232 2331112
        """.split(separator: " ").map(String.init)
}
