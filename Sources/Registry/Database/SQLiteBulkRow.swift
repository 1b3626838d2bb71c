/// The rows being bound to a prepared insert.
///
/// Texts and blobs are copied side by side into one buffer, where SQLite reads them during the step:
/// an allocation of its own for each value would cost more than the rest of the binding.
@safe final class SQLiteBulkRow: BulkRow {
    /// How many values have been put since ``begin()``.
    private(set) var position = 0
    private let statement: SQLiteStatement
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 1)
    private var used = 0
    /// Who minds the value at a position; empty when nobody minds any.
    private let watches: [ReferenceWatch?]

    /// Rows of `width` values, so many a statement.
    init(_ statement: SQLiteStatement, width: Int, rows: Int, _ watches: [ReferenceWatch]) {
        self.statement = statement
        self.watches =
            watches.isEmpty
            ? [] : (0..<width * rows).map { place in watches.first { $0.column == place % width } }
    }

    deinit { unsafe buffer.deallocate() }

    /// Begins the next statement's rows; the last one has been stepped.
    func begin() { (position, used) = (0, 0) }

    func put(_ integer: Int64) {
        if position < watches.count { watches[position]?.note(integer) }
        statement.bind(integer, at: next())
    }
    func putNull() { statement.bindNull(at: next()) }

    func put(_ text: String) {
        var text = text
        let isKept = text.withUTF8 { bytes in
            guard let kept = unsafe keep(UnsafeRawBufferPointer(bytes)) else { return false }
            unsafe statement.bindKept(text: kept, at: next())
            return true
        }
        if !isKept { statement.bind(text, at: next()) }
    }

    func put(_ blob: [UInt8]) {
        let isKept = unsafe blob.withUnsafeBytes { bytes in
            guard let kept = unsafe keep(bytes) else { return false }
            unsafe statement.bindKept(blob: kept, at: next())
            return true
        }
        if !isKept { statement.bind(blob, at: next()) }
    }

    /// The bytes in the buffer; nil when they do not fit or are none.
    private func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard unsafe !bytes.isEmpty, unsafe used + bytes.count <= buffer.count else { return nil }
        let place = unsafe UnsafeMutableRawBufferPointer(
            rebasing: buffer[used..<used + bytes.count]
        )
        unsafe place.copyMemory(from: bytes)
        used += bytes.count
        return UnsafeRawBufferPointer(place)
    }

    private func next() -> Int32 {
        position += 1
        return Int32(truncatingIfNeeded: position)
    }
}

/// A column of whole numbers that name rows of another table.
struct SQLiteReference {
    /// The column's name.
    let column: String
    /// The table that it refers to.
    let table: String
    /// The column there, unique.
    let key: String
}

/// What the rows of one load refer to by one column: each value once, however many rows name it.
final class ReferenceWatch {
    let reference: SQLiteReference
    /// Where the column stands in a row.
    let column: Int
    /// The values while each was the one before it or the next; nil when there is none yet.
    private(set) var run: ClosedRange<Int64>?
    /// All values, once they are no run.
    private(set) var scattered: Set<Int64> = []
    /// Rows of one referred row mostly follow one another.
    private var last: Int64?

    /// Nil when the rows leave the column empty.
    init?(_ reference: SQLiteReference, in columns: [String]) {
        guard let column = columns.firstIndex(of: reference.column) else { return nil }
        (self.reference, self.column) = (reference, column)
    }

    func note(_ value: Int64) {
        guard value != last else { return }
        last = value
        guard scattered.isEmpty, let run else {
            if scattered.isEmpty { run = value...value } else { scattered.insert(value) }
            return
        }
        if run.upperBound &+ 1 == value {
            self.run = run.lowerBound...value
        } else {
            scattered = Set(run)
            scattered.insert(value)
            self.run = nil
        }
    }
}
