/// A slice of arguments for `IN (…)`, padded to a fixed count so that few statements are prepared.
struct ArgumentPart {
    let padded: [SQLValue]
    var placeholders: String { (1...padded.count).map { "$\($0)" }.joined(separator: ", ") }
}

extension [SQLValue] {
    /// Slices of `size`, the last padded with its own last value to a power of two.
    func parts(of size: Int) -> [ArgumentPart] {
        stride(from: 0, to: count, by: size).map { start in
            var part = Array(self[start..<Swift.min(start + size, count)])
            if let last = part.last {
                let missing = part.count.roundedUpToPowerOfTwo - part.count
                part += Array(repeating: last, count: missing)
            }
            return ArgumentPart(padded: part)
        }
    }
}

extension Int {
    /// The next power of two.
    var roundedUpToPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
