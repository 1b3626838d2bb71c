import TicketSeal
import UnionTicket

/// What was handed to others of one member: one record per transfer and member (privacy.md L2).
///
/// Nothing is noted twice: the records are the rows by which the transfers were made.
struct Transfers {
    let register: Register
    let readers: Dossier.Readers

    init(_ register: Register, _ readers: Dossier.Readers = .init()) {
        (self.register, self.readers) = (register, readers)
    }

    /// One transfer of one member's data.
    struct Transfer: Sendable, Equatable {
        /// `manufacturer`, `partner` or `station`.
        let kind: String
        /// To whom.
        let recipient: String
        /// When; nil where it is prepared and not handed over yet.
        let at: Instant?
        /// What of.
        let reference: String
        /// Which data went.
        let data: Bilingual
    }

    /// Every transfer of a member's data, oldest first.
    func all(of member: Int64, in session: any DatabaseSession) throws -> [Transfer] {
        let found =
            try toManufacturers(member, in: session) + toStations(member, in: session)
            + toPartners(member, in: session)
        return found.sorted { ($0.at?.seconds ?? .max) < ($1.at?.seconds ?? .max) }
    }

    private func toManufacturers(
        _ member: Int64,
        in session: any DatabaseSession
    ) throws -> [Transfer] {
        // The audit row of the sealing says when the package could leave.
        try session.all(
            """
            SELECT b.id, b.state, (SELECT max(a.at) FROM audit a
                WHERE a.subject = 'batch/' || CAST(b.id AS TEXT) AND a.action = 'batch.sealed'),
                b.specification
            FROM batch_card c JOIN batch b ON b.id = c.batch_id
            WHERE c.member_id = $1 AND c.live = 1 AND b.state <> 'cancelled' ORDER BY b.id
            """,
            [.integer(member)]
        ) { row in
            Transfer(
                kind: "manufacturer",
                recipient: readers.manufacturer(row.text(3)) ?? "batch/\(row.integer(0))",
                at: row.optionalInteger(2).map(Instant.init(seconds:)),
                reference: "batch/\(row.integer(0)) \(row.text(1))",
                data: Bilingual(
                    "ФИО и организация, как напечатаны, номер билета и карты, код QR",
                    "name and organisation as printed, ticket and card number, QR code"
                )
            )
        }
    }

    private func toStations(
        _ member: Int64,
        in session: any DatabaseSession
    ) throws -> [Transfer] {
        try session.all(
            """
            SELECT p.event_id, s.sequence, s.at FROM event_person p
            JOIN event_snapshot s ON s.event_id = p.event_id
            WHERE p.member_id = $1 ORDER BY s.at
            """,
            [.integer(member)]
        ) { row in
            Transfer(
                kind: "station",
                recipient: "event/\(row.integer(0))",
                at: Instant(seconds: row.integer(2)),
                reference: "event/\(row.integer(0)) snapshot \(row.integer(1))",
                data: Bilingual(
                    "мандат и запечатанное имя на пунктах регистрации",
                    "mandate and sealed name at the event's stations"
                )
            )
        }
    }

    private func toPartners(
        _ member: Int64,
        in session: any DatabaseSession
    ) throws -> [Transfer] {
        try PartnerTransfers(register: register).all(of: member, in: session).map { sent in
            Transfer(
                kind: "partner",
                recipient: sent.title,
                at: sent.at,
                reference:
                    "partner/\(sent.partner) package \(sent.sequence) \(sent.status.rawValue)",
                data: Self.data(sent.status, sent.columns)
            )
        }
    }

    /// What a row of this state holds in a contract of these columns (``PartnerRow``).
    private static func data(
        _ status: PartnerStatus,
        _ columns: PartnerRow.Columns
    ) -> Bilingual {
        guard status.isMember else {
            return status == .merged
                ? Bilingual(
                    "псевдоним, состояние, псевдоним записи, с которой объединена",
                    "pseudonym, status, pseudonym of the record it was merged into"
                )
                : Bilingual("псевдоним, состояние", "pseudonym, status")
        }
        let more: [(PartnerRow.Columns, String, String)] = [
            (.number, "номер билета", "ticket number"),
            (.carriers, "виды билета", "carriers"), (.region, "регион", "region"),
            (.validUntil, "срок действия", "validity"),
            (.changedAt, "время изменения", "time of the change"),
        ].filter { columns.contains($0.0) }
        return Bilingual(
            (["псевдоним", "состояние"] + more.map(\.1)).joined(separator: ", "),
            (["pseudonym", "status"] + more.map(\.2)).joined(separator: ", ")
        )
    }

    /// Whether a partner was ever given the member and has not acknowledged to have dropped it.
    func isHeld(
        by partner: String,
        _ member: Int64,
        in session: any DatabaseSession
    ) throws -> Bool {
        try PartnerTransfers(register: register).isHeld(by: partner, member, in: session)
    }
}
