/// A slice of arguments for `IN (…)`, padded to a fixed count so that few statements are prepared.
struct ArgumentPart {
    let padded: [SQLValue]
    var placeholders: String { Placeholders.list(padded.count) }
}

/// The texts that stand for arguments; those of the usual sizes are put together once.
enum Placeholders {
    private static let lists = (0...8).map { makeList(1 << $0) }
    private static let pairLists = (0...7).map { makePairs(1 << $0) }

    /// `$1, $2 … $count`.
    static func list(_ count: Int) -> String { kept(lists, count) ?? makeList(count) }

    /// `($1, $2), ($3, $4) …`, so many pairs.
    static func pairs(_ count: Int) -> String { kept(pairLists, count) ?? makePairs(count) }

    private static func kept(_ texts: [String], _ count: Int) -> String? {
        let place = count.trailingZeroBitCount
        return count > 0 && count == 1 << place && place < texts.count ? texts[place] : nil
    }

    private static func makeList(_ count: Int) -> String {
        (0..<count).map { "$\($0 + 1)" }.joined(separator: ", ")
    }

    private static func makePairs(_ count: Int) -> String {
        (0..<count).map { "($\(2 * $0 + 1), $\(2 * $0 + 2))" }.joined(separator: ", ")
    }
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
