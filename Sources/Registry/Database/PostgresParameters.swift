import CPostgres

/// The type numbers of PostgreSQL that the register uses (`pg_type.oid`).
enum PostgresType {
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let name: Oid = 19
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let oid: Oid = 26
    static let bpchar: Oid = 1042
    static let varchar: Oid = 1043
    static let numeric: Oid = 1700

    static let texts: Set<Oid> = [name, text, bpchar, varchar]
    static let readable: Set<Oid> = texts.union([bool, bytea, int8, int2, int4, oid, numeric])
}

extension SQLValue {
    /// The type we send it as; nil lets the server decide what NULL is.
    var postgresType: Oid? {
        switch self {
        case .null: nil
        case .integer: PostgresType.int8
        case .text: PostgresType.text
        case .blob: PostgresType.bytea
        }
    }
}

/// The arguments of one statement in PostgreSQL's binary form, in one piece of memory.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    /// Where each argument starts; nil for NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []

    init(_ arguments: [SQLValue]) {
        for argument in arguments {
            let start = bytes.count
            switch argument {
            case .null: break
            case .integer(let value): bytes.append(bigEndian: value)
            case .text(let value): bytes.append(contentsOf: value.utf8)
            case .blob(let value): bytes.append(contentsOf: value)
            }
            starts.append(argument == .null ? nil : start)
            lengths.append(Int32(truncatingIfNeeded: bytes.count - start))
        }
        // Even an empty text needs an address.
        bytes.append(0)
    }

    /// Calls `body` with count, addresses, lengths and formats as libpq wants them.
    func withPointers<Result>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) throws -> Result
    ) rethrows -> Result {
        let formats = [Int32](repeating: 1, count: starts.count)
        return try unsafe bytes.withUnsafeBytes { memory in
            let base = memory.baseAddress
            let addresses = unsafe starts.map { start in
                unsafe start.flatMap { offset in
                    unsafe base.map { unsafe ($0 + offset).assumingMemoryBound(to: CChar.self) }
                }
            }
            return try unsafe body(Int32(starts.count), addresses, lengths, formats)
        }
    }
}

extension [UInt8] {
    /// Adds an integer, its most significant byte first.
    @inline(__always)
    mutating func append(bigEndian value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }
}
