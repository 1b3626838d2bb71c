import UnionTicket

// The rows of packages: which there are, and how they are read.
extension PartnerPackages {
    /// A share of all pseudonyms, so that a package's rows may be read on several cores.
    public struct Slice: Sendable {
        /// As many bytes as no pseudonym has.
        private static let end = [UInt8](repeating: 0xFF, count: 17)
        /// All pseudonyms.
        public static let whole = Slice(from: [], to: end)
        /// Equal shares in the order of their pseudonyms, each of few enough rows for a buffer.
        public static let all = (UInt8(0)..<64).map {
            Slice(from: [4 * $0], to: $0 == 63 ? end : [4 * ($0 + 1)])
        }

        private let from: [UInt8]
        private let to: [UInt8]

        private init(from: [UInt8], to: [UInt8]) { (self.from, self.to) = (from, to) }

        var bounds: [SQLValue] { [.blob(from), .blob(to)] }
    }

    /// The rows of a package, or a slice of them, in the order of their pseudonyms.
    public func rows(
        of package: Package,
        slice: Slice = .whole,
        by user: SignedInUser,
        _ each: (PartnerRow) throws -> Void
    ) throws {
        try user.requireEverywhere(.managePartners)
        try rows(of: package, slice: slice, each)
    }

    func rows(
        of package: Package,
        slice: Slice = .whole,
        _ each: (PartnerRow) throws -> Void
    ) throws {
        try register.read { session in
            let partner = try Partners(register).partner(package.partner, in: session)
            try rows(of: package, partner, slice: slice, each, in: session)
        }
    }

    func rows(
        of package: Package,
        _ partner: Partners.Partner,
        slice: Slice = .whole,
        _ each: (PartnerRow) throws -> Void,
        in session: any DatabaseSession
    ) throws {
        switch package.kind {
        case .delta: try changes(partner, package.sequence, slice: slice, each, in: session)
        case .base: try set(partner, package.sequence, slice: slice, each, in: session)
        }
    }

    /// The rows `r` that a package itself brings, of partner `$1`, sequence `$2` and slice `$3`, `$4`.
    ///
    /// Their names come from the index by package: asked for the rows at once, or not in the order of
    /// `n.pseudonym`, SQLite reads every row the partner ever had.
    static let ownRows = """
        (SELECT partner_id, sequence, pseudonym FROM partner_row
            WHERE partner_id = $1 AND sequence = $2 AND pseudonym >= $3 AND pseudonym < $4) n
        JOIN partner_row r ON r.partner_id = n.partner_id AND r.pseudonym = n.pseudonym
            AND r.sequence = n.sequence
        """

    private func changes(
        _ partner: Partners.Partner,
        _ sequence: Int,
        slice: Slice,
        _ each: (PartnerRow) throws -> Void,
        in session: any DatabaseSession
    ) throws {
        try session.query(
            """
            SELECT r.pseudonym, \(PartnerRow.columns("r")) FROM \(Self.ownRows)
            ORDER BY n.pseudonym
            """,
            [.integer(partner.id), .int(sequence)] + slice.bounds
        ) { row in
            if let found = PartnerRow(row, from: 1) { try each(found) }
        }
    }

    /// The newest version of every pseudonym up to a package, and the merges of that package.
    func set(
        _ partner: Partners.Partner,
        _ sequence: Int,
        slice: Slice = .whole,
        _ each: (PartnerRow) throws -> Void,
        in session: any DatabaseSession
    ) throws {
        var last: (row: PartnerRow, sequence: Int64)?
        func emit() throws {
            guard let last else { return }
            let isNewMerge = last.row.status == .merged && last.sequence == Int64(sequence)
            if last.row.status.isMember || isNewMerge { try each(last.row) }
        }
        try session.query(
            """
            SELECT r.pseudonym, r.sequence, \(PartnerRow.columns("r")) FROM partner_row r
            WHERE r.partner_id = $1 AND r.sequence <= $2 AND r.pseudonym >= $3
                AND r.pseudonym < $4
            ORDER BY r.pseudonym, r.sequence
            """,
            [.integer(partner.id), .int(sequence)] + slice.bounds
        ) { row in
            guard let found = PartnerRow(row, from: 2) else { return }
            if last?.row.pseudonym != found.pseudonym { try emit() }
            last = (found, row.integer(1))
        }
        try emit()
    }
}
