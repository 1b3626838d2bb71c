import UnionTicket

// Clients that a backup brought back.
extension APIClients {
    private static let awaiting = "client.unconfirmed/"

    /// That client `c` waits for its confirmation.
    static let awaits = """
        EXISTS (SELECT 1 FROM setting s WHERE s.name = '\(awaiting)' || c.id)
        """

    /// Refuses every client from now on until somebody confirms it.
    ///
    /// - Returns: How many there are.
    func awaitConfirmation(in session: any DatabaseSession) throws -> Int {
        let clients = try session.all("SELECT id FROM api_client WHERE revoked_at IS NULL") {
            $0.integer(0)
        }
        for client in clients {
            try session.execute(
                "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                [.text("\(Self.awaiting)\(client)"), .text("\(register.now().seconds)")]
            )
        }
        return clients.count
    }

    /// The names of clients that wait for their confirmation.
    public func unconfirmed() throws -> [String] { try register.read(unconfirmed) }

    func unconfirmed(in session: any DatabaseSession) throws -> [String] {
        try session.all(
            """
            SELECT c.name FROM api_client c WHERE c.revoked_at IS NULL AND \(Self.awaits)
            ORDER BY c.name
            """
        ) { $0.text(0) }
    }

    /// Lets clients in again that a restore brought back, with the keys they had at the backup.
    ///
    /// - Parameters:
    ///   - names: Which; nil means all that wait.
    ///   - user: An administrator of the whole union.
    /// - Returns: The names of those that were confirmed.
    /// - Throws: ``RegisterError``: one is unknown, revoked or does not wait; then none is confirmed.
    public func confirm(_ names: [String]?, by user: SignedInUser) throws -> [String] {
        try user.requireEverywhere(.manageClients)
        return try register.write { session in
            let chosen = try names ?? unconfirmed(in: session)
            for name in chosen {
                let listed = try live(name, in: session)
                guard listed.isUnconfirmed else { throw Self.awaitsNothing(name) }
                try session.execute(
                    "DELETE FROM setting WHERE name = $1",
                    [.text("\(Self.awaiting)\(listed.client.id)")]
                )
                try AuditLog(register)
                    .record("client.confirm", "client/\(name)", "", by: user, in: session)
            }
            return chosen
        }
    }

    private static func awaitsNothing(_ name: String) -> RegisterError {
        RegisterError(
            .refused,
            "Клиент «\(name)» подтверждения не ждёт: profbilet client list.",
            "The client \(name) does not wait for a confirmation: profbilet client list."
        )
    }
}
