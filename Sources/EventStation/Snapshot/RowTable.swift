/// Rows of one width in one run of bytes, so that a hundred thousand people load at the speed of a
/// copy.
struct RowTable: Equatable, Sendable {
    /// Bytes a row.
    let width: Int
    /// All rows.
    private(set) var bytes: [UInt8]

    /// An empty table.
    init(width: Int) {
        self.width = width
        bytes = []
    }

    /// A table as it was read, or nil when its length is no whole number of rows.
    init?(width: Int, bytes: [UInt8]) {
        guard bytes.count % width == 0 else { return nil }
        self.width = width
        self.bytes = bytes
    }

    /// How many rows there are.
    var count: Int { bytes.count / width }

    /// Adds a row.
    ///
    /// - Precondition: `row` has ``width`` bytes.
    mutating func append(_ row: [UInt8]) {
        precondition(row.count == width, "a row of \(width) bytes")
        bytes.append(contentsOf: row)
    }

    /// `length` bytes of a row from `offset` on.
    func slice(_ row: Int, _ offset: Int, _ length: Int) -> ArraySlice<UInt8> {
        let start = row * width + offset
        return bytes[start..<start + length]
    }

    /// The big-endian integer of `length` bytes.
    func integer(_ row: Int, _ offset: Int, _ length: Int) -> UInt64 {
        slice(row, offset, length).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The first row whose leading bytes are not below `key`; the rows are in the order of their bytes.
    func firstRow(from key: [UInt8]) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if precedes(middle, key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether a row's leading bytes are below `key`; a scan waits for some twenty of these.
    private func precedes(_ row: Int, _ key: [UInt8]) -> Bool {
        let start = row * width
        for place in key.indices where bytes[start + place] != key[place] {
            return bytes[start + place] < key[place]
        }
        return false
    }

    /// The rows that begin with `key`.
    func rows(from key: [UInt8]) -> Range<Int> {
        let first = firstRow(from: key)
        var end = first
        while end < count, slice(end, 0, key.count).elementsEqual(key) { end += 1 }
        return first..<end
    }

    /// Whether every row is not below the one before it, compared by the first `length` bytes.
    func isSorted(by length: Int) -> Bool {
        for row in 1..<max(1, count)
        where slice(row, 0, length).lexicographicallyPrecedes(slice(row - 1, 0, length)) {
            return false
        }
        return true
    }
}

extension [UInt8] {
    /// Appends the `length` low bytes of `value`, big-endian.
    mutating func append(_ value: UInt64, length: Int) {
        for shift in stride(from: (length - 1) * 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}
