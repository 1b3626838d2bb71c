import UnionTicket

// What a backup would bring back of rights that may have ended since it was made.
extension Restore {
    /// What a restore brought back, and what of it may not be used again.
    public struct Outcome: Sendable, Equatable {
        /// What the backup held.
        public let contents: Backup.Contents
        /// Open activation codes that were ended: each may have been used or revoked since.
        public let codes: Int
        /// Open enrolments that were ended.
        public let enrolments: Int
        /// API clients that are refused until an administrator confirms them.
        public let clients: Int
    }

    /// Ends codes, enrolments and desk sessions, and lets no API client in unconfirmed: whether one was
    /// used, revoked or rotated since the backup nothing tells.
    static func endAccess(
        of register: Register,
        in session: any DatabaseSession
    ) throws -> (codes: Int, enrolments: Int, clients: Int) {
        let now = SQLValue.integer(register.now().seconds)
        let codes = try session.execute(
            "UPDATE activation_code SET state = 'revoked', ended_at = $1 WHERE state = 'open'",
            [now]
        )
        let enrolments = try session.execute(
            "UPDATE enrolment SET state = 'spent', code_due = 0 WHERE state = 'open'",
            []
        )
        try session.execute("UPDATE partner_code SET state = 'revoked' WHERE state = 'open'", [])
        // A code that waits to be sent is ended: nobody is sent it.
        try session.execute(
            """
            UPDATE outgoing_message SET state = 'undeliverable', ended_at = $1, secret = $2
            WHERE state = 'waiting' AND kind = '\(MessageKind.activationCode.rawValue)'
            """,
            [now, .blob([])]
        )
        try session.execute("DELETE FROM desk_session", [])
        return (codes, enrolments, try APIClients(register).awaitConfirmation(in: session))
    }
}
