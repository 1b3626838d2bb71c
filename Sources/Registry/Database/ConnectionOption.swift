import CPostgres

/// One option of a PostgreSQL connection, as libpq itself reads it.
package struct ConnectionOption: Sendable, Equatable {
    /// libpq's keyword, such as `host`.
    package let keyword: String
    /// What it is set to.
    package let value: String
    /// Whether the value is a password or the like, which nobody is shown.
    package let isSecret: Bool

    /// The options that a connection string names.
    ///
    /// - Parameter conninfo: `keyword=value` pairs or a URI.
    /// - Returns: Nil where libpq does not understand the string. Why is not told: libpq's words quote
    ///   the string, and what they quote may be a password.
    package static func named(in conninfo: String) -> [ConnectionOption]? {
        var words: UnsafeMutablePointer<CChar>?
        let list = unsafe PQconninfoParse(conninfo, &words)
        defer { unsafe PQfreemem(words) }
        return unsafe list.map { unsafe taken($0) }
    }

    /// The options that libpq's own variables set (`PGHOST`, `PGSERVICE`…), and its defaults.
    package static var ofEnvironment: [ConnectionOption] {
        let list = unsafe PQconndefaults()
        return unsafe list.map { unsafe taken($0) } ?? []
    }

    /// What is set in a list of libpq, which is freed.
    private static func taken(
        _ list: UnsafeMutablePointer<PQconninfoOption>
    ) -> [ConnectionOption] {
        defer { unsafe PQconninfoFree(list) }
        var options: [ConnectionOption] = []
        var next = unsafe list
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.val {
                let display = unsafe next.pointee.dispchar.map { unsafe String(cString: $0) }
                options.append(
                    ConnectionOption(
                        keyword: unsafe String(cString: keyword),
                        value: unsafe String(cString: value),
                        isSecret: display?.contains("*") ?? false
                    )
                )
            }
            unsafe next += 1
        }
        return options
    }
}
