import Glibc

/// What must be true of a register's file before SQLite opens it.
enum SQLiteFile {
    /// Makes the file if it is missing; says in clear words why it cannot be used.
    ///
    /// An existing file is never opened here: closing it would drop SQLite's own locks on it.
    static func prepare(_ path: String, readOnly: Bool) throws {
        let exists = allows(F_OK, path)
        if readOnly {
            guard exists else {
                throw DatabaseError(.unavailable, reason: "there is no register at \(path)")
            }
            return
        }
        if !exists { try create(path) }
        for place in [path, directory(of: path)] where !allows(W_OK, place) {
            throw DatabaseError(systemError: errno, doing: "cannot write to \(place)")
        }
    }

    /// Makes an empty file that only its owner can read; a file already there is an error.
    static func create(_ path: String) throws {
        let file = unsafe open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw DatabaseError(systemError: errno, doing: "cannot make \(path)")
        }
        close(file)
    }

    /// Asks for the effective user, unlike `access`.
    private static func allows(_ mode: Int32, _ path: String) -> Bool {
        unsafe faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
