import UnionTicket
import TicketSeal

/// What partners say of the packages they got (partner.md, Acknowledgements).
///
/// The same words get the same answer, however often they come; an answer that would break the order
/// of packages says which one to send again.
public struct PartnerAcknowledgements: Sendable {
    let register: Register

    /// The acknowledgements to this register.
    public init(_ register: Register) { self.register = register }

    /// What a partner says of one package.
    public struct Acknowledgement: Sendable, Equatable {
        /// How far the package came.
        public enum Stage: String, Sendable, CaseIterable {
            /// It is there and its hashes are right.
            case received
            /// It was applied, perhaps with faulty rows.
            case applied
            /// It could not be taken.
            case rejected
        }

        /// The package.
        public var sequence: Int
        /// How far it came.
        public var stage: Stage
        /// SHA-256 of the manifest that the partner has; nil only for a rejection.
        public var manifest: [UInt8]?
        /// The hash of the partner's set after the package, with `applied`.
        public var setHash: [UInt8]?
        /// Why it was rejected.
        public var fault: PartnerFault?
        /// The package that the partner waits for, with a gap.
        public var expected: Int?
        /// Rows that could not be taken: pseudonym and the partner's own code.
        public var rows: [(id: String, code: String)] = []

        /// Words about one package.
        public init(sequence: Int, stage: Stage) {
            (self.sequence, self.stage) = (sequence, stage)
        }

        /// Field by field.
        public static func == (left: Self, right: Self) -> Bool {
            left.sequence == right.sequence && left.stage == right.stage
                && left.manifest == right.manifest && left.setHash == right.setHash
                && left.fault == right.fault && left.expected == right.expected
                && left.rows.elementsEqual(right.rows) { $0.id == $1.id && $0.code == $1.code }
        }
    }

    /// What the register answers.
    public struct Answer: Sendable, Equatable {
        /// The package.
        public var sequence: Int
        /// Its state after the acknowledgement.
        public var state: PartnerPackageState?
        /// Why the acknowledgement was not taken; nil when it was.
        public var fault: PartnerFault?
        /// The package to be sent again first.
        public var resend: Int?
        /// Whether only a new base helps.
        public var needsBase = false
        /// Pseudonyms among the faulty rows that the package does not hold.
        public var strangers: [String] = []
    }

    /// Takes one acknowledgement.
    ///
    /// - Parameters:
    ///   - acknowledgement: What the partner says.
    ///   - partner: The partner's short name.
    ///   - bytes: The words as they came, by which a repetition is known.
    ///   - user: Who hands it in.
    /// - Returns: The answer, and whether the same words came before.
    /// - Throws: ``RegisterError`` when there is no such partner.
    public func take(
        _ acknowledgement: Acknowledgement,
        from partner: String,
        bytes: [UInt8],
        by user: SignedInUser
    ) throws -> (answer: Answer, isRepeated: Bool) {
        try user.requireEverywhere(.managePartners)
        return try take(acknowledgement, partner, bytes, user)
    }

    /// The same for a client that is bound to this partner.
    func take(
        _ acknowledgement: Acknowledgement,
        _ partner: String,
        _ bytes: [UInt8],
        _ user: SignedInUser
    ) throws -> (answer: Answer, isRepeated: Bool) {
        try register.write { session in
            let known = try Partners(register).partner(partner, in: session)
            let hash = SHA256Digest.of(bytes)
            let before = try session.first(
                "SELECT answer FROM partner_ack WHERE partner_id = $1 AND hash = $2",
                [.integer(known.id), .blob(hash)]
            ) { $0.blob(0) }
            if let before, let answer = Answer(encoded: before) { return (answer, true) }
            let answer = try judge(acknowledgement, known, user, in: session)
            // A refusal changed nothing and is judged anew: what was missing may be there by then.
            if answer.fault == nil || answer.fault == .rowErrors {
                try session.execute(
                    """
                    INSERT INTO partner_ack (partner_id, hash, at, answer) VALUES ($1, $2, $3, $4)
                    """,
                    [
                        .integer(known.id), .blob(hash), .integer(register.now().seconds),
                        .blob(answer.encoded),
                    ]
                )
            }
            try Partners(register).log(
                "partner.ack",
                partner,
                "\(acknowledgement.sequence) \(acknowledgement.stage.rawValue) "
                    + (answer.fault?.rawValue ?? "ok"),
                user,
                session
            )
            return (answer, false)
        }
    }

    /// A row that a partner could not take.
    public struct RowError: Sendable, Equatable {
        /// The package.
        public let sequence: Int
        /// The row's pseudonym.
        public let id: String
        /// The partner's own code, 64 characters at most.
        public let code: String
    }

    /// The faulty rows of a partner's packages as it named them, in the order of packages and rows.
    public func rowErrors(
        of partner: String,
        by user: SignedInUser
    ) throws -> [RowError] {
        try user.require(.managePartners)
        return try register.read { session in
            let known = try Partners(register).partner(partner, in: session)
            return try session.all(
                """
                SELECT sequence, pseudonym, code FROM partner_row_error
                WHERE partner_id = $1 ORDER BY sequence, pseudonym
                """,
                [.integer(known.id)]
            ) { RowError(sequence: Int($0.integer(0)), id: $0.text(1), code: $0.text(2)) }
        }
    }
}

extension PartnerAcknowledgements {
    private func judge(
        _ said: Acknowledgement,
        _ partner: Partners.Partner,
        _ user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Answer {
        let packages = PartnerPackages(register)
        var answer = Answer(sequence: said.sequence)
        guard (1...max(1, partner.sequence)).contains(said.sequence), partner.sequence > 0 else {
            answer.fault = .gap
            answer.resend = partner.sequence > 0 ? partner.sequence : nil
            return answer
        }
        let package = try packages.package(said.sequence, of: partner, in: session)
        answer.state = package.state
        if said.stage != .rejected || said.manifest != nil, said.manifest != package.manifest {
            answer.fault = .hashMismatch
            answer.resend = said.sequence
            return answer
        }
        switch said.stage {
        case .received:
            if package.state == .sent {
                answer.state = try move(package, partner, to: .received, in: session)
            }
        case .rejected: try reject(said, package, partner, &answer, in: session)
        case .applied: try apply(said, package, partner, user, &answer, in: session)
        }
        return answer
    }

    private func reject(
        _ said: Acknowledgement,
        _ package: PartnerPackages.Package,
        _ partner: Partners.Partner,
        _ answer: inout Answer,
        in session: any DatabaseSession
    ) throws {
        let fault = said.fault ?? .badFormat
        guard [.sent, .received, .rejected].contains(package.state) else {
            // Words against a package that is applied count where they are about the set.
            if package.state == .applied, fault == .hashMismatch {
                try disagree(package, partner, &answer, in: session)
            }
            return
        }
        // Whoever has the file twice or with a faulty row has it whole.
        if fault == .duplicateFile || fault == .rowErrors { return }
        let wanted: Int
        if fault == .gap {
            let first = try firstOpen(partner, before: said.sequence, in: session)
            // Only a package before the refused one can be missing.
            let expected = said.expected.flatMap { (1..<said.sequence).contains($0) ? $0 : nil }
            wanted = expected ?? first ?? said.sequence
        } else {
            wanted = said.sequence
        }
        let target =
            try PartnerPackages(register).packages(
                partner,
                "sequence = \(wanted)",
                in: session
            ).first ?? package
        let canFail = target.state == .sent || target.state == .received
        answer.resend = target.sequence
        if canFail {
            let state = try move(target, partner, to: .rejected, fault: fault, in: session)
            if target.sequence == said.sequence { answer.state = state }
        }
    }

    private func apply(
        _ said: Acknowledgement,
        _ package: PartnerPackages.Package,
        _ partner: Partners.Partner,
        _ user: SignedInUser,
        _ answer: inout Answer,
        in session: any DatabaseSession
    ) throws {
        if package.state == .superseded { return }
        let isAgain = package.state == .applied
        if !isAgain, package.kind == .delta,
            let missing = try firstOpen(partner, before: said.sequence, in: session)
        {
            answer.fault = .gap
            answer.resend = missing
            return
        }
        guard said.setHash == package.setHash else {
            return try disagree(package, partner, &answer, in: session)
        }
        for row in said.rows {
            let isHeld = try note(row, said.sequence, partner, in: session)
            if !isHeld { answer.strangers.append(row.id) }
        }
        if !answer.strangers.isEmpty { answer.fault = .rowErrors }
        if isAgain { return }
        answer.state = try move(package, partner, to: .applied, in: session)
        // Withdrawals of consent towards the partner are fulfilled with what it has applied.
        try ConsentWithdrawals(register).settle(
            partner: partner.terms.recipient,
            of: {
                try PartnerTransfers(register: register)
                    .dropped(among: $0, by: partner, in: session)
            },
            how: "partner applied package \(said.sequence)",
            by: user,
            in: session
        )
    }

    /// The partner's set is another one: a base is needed, unless what came later made this package old.
    private func disagree(
        _ package: PartnerPackages.Package,
        _ partner: Partners.Partner,
        _ answer: inout Answer,
        in session: any DatabaseSession
    ) throws {
        answer.fault = .hashMismatch
        let later = try session.first(
            """
            SELECT 1 FROM partner_package WHERE partner_id = $1 AND sequence > $2
                AND (state = 'applied' OR kind = 'base')
            """,
            [.integer(partner.id), .int(package.sequence)]
        ) { $0.integer(0) }
        guard later == nil else { return }
        answer.needsBase = true
        try session.execute(
            "UPDATE partner SET must_base = 1 WHERE id = $1",
            [.integer(partner.id)]
        )
    }

    /// The first package before `sequence`, since the last base, that is not applied.
    private func firstOpen(
        _ partner: Partners.Partner,
        before sequence: Int,
        in session: any DatabaseSession
    ) throws -> Int? {
        try session.first(
            """
            SELECT min(sequence) FROM partner_package WHERE partner_id = $1 AND sequence < $2
                AND state NOT IN ('applied', 'superseded')
            """,
            [.integer(partner.id), .int(sequence)]
        ) { $0.optionalInteger(0).map(Int.init) } ?? nil
    }

    private func move(
        _ package: PartnerPackages.Package,
        _ partner: Partners.Partner,
        to state: PartnerPackageState,
        fault: PartnerFault? = nil,
        in session: any DatabaseSession
    ) throws -> PartnerPackageState {
        let now = SQLValue.integer(register.now().seconds)
        let isThere = state == .received || state == .applied
        try session.execute(
            """
            UPDATE partner_package SET state = $1, code = $2,
                received_at = coalesce(received_at, $3), applied_at = coalesce(applied_at, $4)
            WHERE partner_id = $5 AND sequence = $6
            """,
            [
                .text(state.rawValue), .optional(fault?.rawValue), isThere ? now : .null,
                state == .applied ? now : .null, .integer(partner.id), .int(package.sequence),
            ]
        )
        return state
    }

    /// Keeps what the partner says of a row; false when the package does not hold it.
    private func note(
        _ row: (id: String, code: String),
        _ sequence: Int,
        _ partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> Bool {
        guard let pseudonym = PartnerPseudonym(row.id) else { return false }
        let isHeld =
            try session.first(
                "SELECT 1 FROM partner_row WHERE partner_id = $1 AND pseudonym = $2 AND sequence <= $3",
                [.integer(partner.id), .blob(pseudonym.bytes), .int(sequence)]
            ) { $0.integer(0) } != nil
        guard isHeld else { return false }
        try session.execute(
            """
            INSERT INTO partner_row_error (partner_id, sequence, pseudonym, code)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
            """,
            [
                .integer(partner.id), .int(sequence), .text(row.id),
                .text(String(row.code.prefix(64))),
            ]
        )
        return true
    }
}

extension PartnerAcknowledgements.Answer {
    /// Version 1: fields with spaces between, strangers last.
    var encoded: [UInt8] {
        let fields =
            [
                "1", "\(sequence)", state?.rawValue ?? "-", fault?.rawValue ?? "-",
                resend.map(String.init) ?? "-", needsBase ? "base" : "-",
            ] + strangers.map { $0.replacing(" ", with: "_") }
        return Array(fields.joined(separator: " ").utf8)
    }

    init?(encoded bytes: [UInt8]) {
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
        guard fields.count >= 6, fields[0] == "1", let sequence = Int(fields[1]) else { return nil }
        self.init(
            sequence: sequence,
            state: PartnerPackageState(rawValue: fields[2]),
            fault: PartnerFault(rawValue: fields[3]),
            resend: Int(fields[4]),
            needsBase: fields[5] == "base",
            strangers: Array(fields.dropFirst(6))
        )
    }
}
