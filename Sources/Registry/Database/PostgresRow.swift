import CPostgres

/// One row of a binary result; one object serves all rows of a query.
@safe final class PostgresRow: DatabaseRow {
    private var result: OpaquePointer?
    private var types: [Oid] = []
    /// A value that could not be given exactly; the query throws it after the row.
    private(set) var failure: DatabaseError?

    /// Goes to the row that `result` holds.
    func take(_ result: OpaquePointer?) throws {
        unsafe self.result = result
        guard types.isEmpty else { return }
        types = (0..<(unsafe PQnfields(result))).map { unsafe PQftype(result, $0) }
        for (column, type) in types.enumerated() where !PostgresType.readable.contains(type) {
            let reason = "column \(column) has PostgreSQL type \(type), which is not read; cast it"
            throw DatabaseError(.misuse, reason: reason)
        }
    }

    func isNull(_ column: Int) -> Bool {
        unsafe PQgetisnull(result, 0, Int32(column)) == 1
    }

    func integer(_ column: Int) -> Int64 {
        guard !isNull(column) else { return 0 }
        let bytes = unsafe bytes(column)
        switch types[column] {
        case PostgresType.int8, PostgresType.int4, PostgresType.int2:
            return unsafe bytes.signedInteger
        case PostgresType.bool, PostgresType.oid:
            return unsafe bytes.reduce(0) { $0 << 8 | Int64($1) }
        case PostgresType.numeric:
            return unsafe exact(Self.integer(numeric: bytes))
        default:
            return exact(Int64(text(column)))
        }
    }

    func text(_ column: Int) -> String {
        guard !isNull(column) else { return "" }
        let type = types[column]
        guard PostgresType.texts.contains(type) || type == PostgresType.bytea else {
            return String(integer(column))
        }
        return unsafe String(decoding: bytes(column), as: UTF8.self)
    }

    func initial(_ column: Int) -> UInt8 {
        isNull(column) ? 0 : unsafe bytes(column).first ?? 0
    }

    func blob(_ column: Int) -> [UInt8] {
        guard !isNull(column) else { return [] }
        return unsafe [UInt8](bytes(column))
    }

    func words(_ column: Int) -> (high: UInt64, low: UInt64) {
        isNull(column) ? (0, 0) : unsafe bytes(column).words
    }

    private func exact(_ value: Int64?) -> Int64 {
        if value == nil, failure == nil {
            failure = DatabaseError(.misuse, reason: "a number is no whole number of 64 bits")
        }
        return value ?? 0
    }

    private func bytes(_ column: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(result, 0, Int32(column)),
            count: Int(PQgetlength(result, 0, Int32(column)))
        )
    }

    /// A NUMERIC that is a whole number: digits to the base 10 000 (`numeric_send`).
    private static func integer(numeric bytes: UnsafeRawBufferPointer) -> Int64? {
        let words = stride(from: 0, to: bytes.count - 1, by: 2).map { offset in
            unsafe UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
        }
        guard words.count >= 4, words.count == 4 + Int(words[0]) else { return nil }
        let weight = Int(Int16(bitPattern: words[1]))
        let isNegative = words[2] == 0x4000
        guard words[2] == 0 || isNegative else { return nil }
        let digits = words[4...]
        guard !digits.isEmpty else { return 0 }
        guard weight >= 0, weight < 5, digits.count <= weight + 1 else { return nil }
        var value: Int64 = 0
        for place in 0...weight {
            let digit = place < digits.count ? Int64(digits[4 + place]) : 0
            let (scaled, tooBig) = value.multipliedReportingOverflow(by: 10_000)
            let sum =
                isNegative
                ? scaled.subtractingReportingOverflow(digit)
                : scaled.addingReportingOverflow(digit)
            guard !tooBig, !sum.overflow else { return nil }
            value = sum.partialValue
        }
        return value
    }
}

extension UnsafeRawBufferPointer {
    /// A two's complement number, its most significant byte first.
    fileprivate var signedInteger: Int64 {
        unsafe dropFirst().reduce(Int64(Int8(bitPattern: first ?? 0))) { $0 << 8 | Int64($1) }
    }
}
