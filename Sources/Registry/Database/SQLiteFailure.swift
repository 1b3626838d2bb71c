import GRDB
import GRDBSQLite
import Glibc

extension DatabaseError {
    /// What SQLite reported, in our words; SQLite's messages hold no argument's value.
    ///
    /// - Parameters:
    ///   - code: The extended result code.
    ///   - message: `sqlite3_errmsg`.
    ///   - systemError: `sqlite3_system_errno`, which tells a full disk from a broken one.
    init(sqlite code: Int32, message: String, systemError: Int32 = 0) {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT:
            let constraint = Self.constraintName(in: message)
            self.init(.constraint, reason: message, constraint: constraint)
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(.busy, reason: "another process is writing to the register; try again later")
        case SQLITE_FULL:
            self.init(.full, reason: "no space is left for the register: \(message)")
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            self.init(.readOnly, reason: "the register cannot be written: \(message)")
        case SQLITE_IOERR, SQLITE_CANTOPEN:
            self.init(systemError: systemError, doing: message)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self.init(.corrupt, reason: "the register's file is damaged: \(message)")
        default:
            self.init(.misuse, reason: "SQLite error \(code): \(message)")
        }
    }

    /// What the operating system reported for a file of the register.
    init(systemError: Int32, doing what: String) {
        let words = unsafe systemError == 0 ? "" : ": " + String(cString: strerror(systemError))
        switch systemError {
        case ENOSPC, EDQUOT, EFBIG:
            self.init(.full, reason: what + words)
        case EACCES, EPERM, EROFS:
            self.init(.readOnly, reason: what + words)
        default:
            self.init(.unavailable, reason: what + words)
        }
    }

    /// What GRDB threw, which may also be an error of the caller's own; what the operating system said is
    /// asked for when a write has failed.
    static func translating<Result>(
        _ body: () throws -> Result,
        writeError: () -> Int32 = { 0 }
    ) throws -> Result {
        do {
            return try body()
        } catch let error as GRDB.DatabaseError {
            let isWrite = error.extendedResultCode == .SQLITE_IOERR_WRITE
            throw DatabaseError(
                sqlite: error.extendedResultCode.rawValue,
                message: error.message ?? "no message",
                systemError: isWrite ? writeError() : 0
            )
        }
    }

    /// `t.a, t.b` of "UNIQUE constraint failed: t.a, t.b", or the whole text a trigger raised.
    private static func constraintName(in message: String) -> String {
        let mark = " constraint failed: "
        guard let range = message.firstRange(of: mark) else { return message }
        return String(message[range.upperBound...])
    }
}
