import TicketSeal
import UnionTicket

/// What members are told about their virtual cards: kept with the deed, sent afterwards.
///
/// A row holds no contact data: they are opened when the message goes out. A sender that fails is
/// asked again later; a message may so be sent twice, and is never lost.
public struct MessageOutbox: Sendable {
    let register: Register

    /// The outbox of this register.
    public init(_ register: Register) { self.register = register }

    /// What one round did.
    public struct Report: Sendable, Equatable {
        /// Messages handed to the sender.
        public var sent = 0
        /// Messages that the sender did not take; tried again later, at the most ten times.
        public var failed = 0
        /// Messages to members without phone and mail.
        public var undeliverable = 0
    }

    private static let attempts: Int64 = 10

    /// Makes the codes that were asked for and hands what is due to the sender.
    ///
    /// - Parameters:
    ///   - sender: The plug.
    ///   - limit: Messages of one round.
    ///   - user: Under whose name contact data are opened; that is logged.
    /// - Returns: What was done.
    /// - Throws: ``RegisterError`` when the register cannot work; a sender's failure is counted.
    public func deliver(
        by sender: any MessageSender,
        limit: Int = 100,
        as user: SignedInUser
    ) throws -> Report {
        try makeDueCodes(limit, by: user)
        var report = Report()
        for claimed in try claim(limit, by: user) {
            guard let message = claimed.message else {
                try end(claimed.id, as: "undeliverable")
                report.undeliverable += 1
                continue
            }
            do {
                try sender.send(message)
                try end(claimed.id, as: "sent")
                report.sent += 1
            } catch {
                if claimed.attempt >= Self.attempts { try end(claimed.id, as: "failed") }
                report.failed += 1
            }
        }
        return report
    }

    /// Adds a message to a holder, inside the deed's own transaction.
    func add(
        _ kind: MessageKind,
        to holder: TicketHolder,
        secret: [UInt8] = [],
        in session: any DatabaseSession
    ) throws {
        let id = try Counter.outgoingMessage.take(in: session)
        let sealed = try register.secrets.messages.seal(secret, for: Self.binding(id))
        let now = register.now().seconds
        try session.execute(
            """
            INSERT INTO outgoing_message (id, region, member_id, kind, secret, state, created_at,
                due_at) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7)
            """,
            [
                .integer(id), .int(holder.region), .integer(holder.member), .text(kind.rawValue),
                .blob(sealed), .integer(now), .integer(now),
            ]
        )
    }

    /// Codes that phones asked to be sent: made here, so that asking takes the same time whether or
    /// not somebody has the number.
    private func makeDueCodes(_ limit: Int, by user: SignedInUser) throws {
        try register.write { session in
            let now = register.now()
            let life = try VirtualTerms(session).codeLife(.sent)
            let due = try session.all(
                """
                SELECT id, member_id, state, expires_at FROM enrolment WHERE code_due = 1
                LIMIT \(limit)
                """
            ) {
                (
                    id: $0.text(0), member: $0.optionalInteger(1),
                    isOpen: $0.text(2) == EnrolmentState.open.rawValue
                        && $0.integer(3) > now.seconds
                )
            }
            for enrolment in due {
                try session.execute(
                    "UPDATE enrolment SET code_due = 0 WHERE id = $1",
                    [.text(enrolment.id)]
                )
                guard enrolment.isOpen, let member = enrolment.member,
                    let holder = try TicketHolder.of(member, at: now, in: session),
                    holder.refusal == nil
                else { continue }
                let made = try ActivationCodes(register)
                    .make(holder, .sent, until: now + life, by: user, in: session)
                try add(
                    .activationCode,
                    to: holder,
                    secret: Array(made.code.digits.utf8),
                    in: session
                )
            }
        }
    }

    private struct Claimed {
        let id: Int64
        let attempt: Int64
        let message: OutgoingMessage?
    }

    /// Takes messages that are due, so that no other process sends them at the same time.
    private func claim(_ limit: Int, by user: SignedInUser) throws -> [Claimed] {
        try register.write { session in
            let now = register.now().seconds
            let due = try session.all(
                """
                SELECT id, member_id, kind, secret, attempts FROM outgoing_message
                WHERE state = 'waiting' AND due_at <= $1 ORDER BY id LIMIT \(limit)
                """,
                [.integer(now)]
            ) {
                (
                    id: $0.integer(0), member: $0.integer(1), kind: $0.text(2),
                    secret: $0.blob(3), attempts: $0.integer(4)
                )
            }
            return try due.map { row in
                try session.execute(
                    "UPDATE outgoing_message SET attempts = $1, due_at = $2 WHERE id = $3",
                    [
                        .integer(row.attempts + 1),
                        // one minute, two, four … up to about eight hours
                        .integer(now + 60 << min(row.attempts, 9)), .integer(row.id),
                    ]
                )
                let message = try message(row.id, row.member, row.kind, row.secret, session)
                if message != nil {
                    try AuditLog(register).record(
                        "message.send",
                        "member/\(row.member)",
                        row.kind,
                        by: user,
                        in: session
                    )
                }
                return Claimed(id: row.id, attempt: row.attempts + 1, message: message)
            }
        }
    }

    private func message(
        _ id: Int64,
        _ member: Int64,
        _ kind: String,
        _ secret: [UInt8],
        _ session: any DatabaseSession
    ) throws -> OutgoingMessage? {
        // Erased meanwhile: nobody to tell.
        guard let kind = MessageKind(rawValue: kind),
            let plain = try? register.secrets.messages.open(secret, for: Self.binding(id)),
            let draft = try? MemberFile(register).draft(of: member, in: session)
        else { return nil }
        let channels = [
            draft.phone.map { OutgoingMessage.Channel(kind: .phone, address: $0) },
            draft.email.map { OutgoingMessage.Channel(kind: .mail, address: $0) },
        ].compactMap(\.self)
        guard !channels.isEmpty else { return nil }
        return OutgoingMessage(
            id: id,
            kind: kind,
            channels: channels,
            text: kind.text(String(decoding: plain, as: UTF8.self))
        )
    }

    private func end(_ id: Int64, as state: String) throws {
        try register.write { session in
            try session.execute(
                """
                UPDATE outgoing_message SET state = $1, ended_at = $2, secret = $3 WHERE id = $4
                """,
                [
                    .text(state), .integer(register.now().seconds), .blob([]), .integer(id),
                ]
            )
        }
    }

    private static func binding(_ id: Int64) -> [UInt8] {
        var bytes = Array("message/".utf8)
        bytes.append(bigEndian: id)
        return bytes
    }
}
