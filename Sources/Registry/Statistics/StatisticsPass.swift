import UnionTicket

/// One pass over members, carriers and consents, adding up figures by organisation.
struct StatisticsPass {
    /// The figures of each organisation of ``OrganisationPlaces/codes``.
    private(set) var counts: [UnionCounts]
    private let dated: DatedRegister
    private let places: OrganisationPlaces
    private let measures: UnionStatistics.Measures
    /// The place of each member, by row: its index + 1, negative for former members, 0 for none.
    private var homes: [Int32] = []
    private var marks: [UInt8] = []
    /// Whose the carriers of erased people were, by row; the rows name nobody.
    private var erased: [Int64: Int64] = [:]

    private static let plastic: UInt8 = 1
    private static let legacy: UInt8 = 2
    private static let virtual: UInt8 = 4
    private static let programme: UInt8 = 8
    private static let cardConsent: UInt8 = 16
    private static let representative: UInt8 = 32

    init(
        _ dated: DatedRegister,
        _ places: OrganisationPlaces,
        _ measures: UnionStatistics.Measures
    ) {
        (self.dated, self.places, self.measures) = (dated, places, measures)
        counts = places.codes.map { _ in UnionCounts() }
    }

    mutating func run(_ session: any DatabaseSession, _ vault: MemberVault) throws {
        let members = Int(try Counter.member.last(in: session)) + 1
        homes = [Int32](repeating: 0, count: members)
        marks = [UInt8](repeating: 0, count: members)
        try passMembers(session)
        try session.query("SELECT carrier_id, member_id FROM erased_carrier", []) {
            erased[$0.integer(0)] = $0.integer(1)
        }
        if measures.contains(.production) {
            try passCards(session)
        } else if !measures.isDisjoint(with: [.carriers, .programme]) {
            try passActive(session)
        }
        if !measures.isDisjoint(with: [.programme, .quality]) { try passConsents(session) }
        if measures.contains(.programme) { try leaveMinorsOut(session, vault) }
        for index in homes.indices where homes[index] > 0 { addUp(index) }
    }

    /// Who was erased since counts as with the identifier that was there then.
    private static let aisId = """
        , CASE WHEN ais_id IS NOT NULL THEN 1 ELSE COALESCE((SELECT e.had_ais_id
        FROM erased_record e WHERE e.member_id = member.id), 0) END
        """

    /// Who got an identifier only after the day.
    private func namedSince(_ session: any DatabaseSession) throws -> Set<Int64> {
        let members = try session.all(
            """
            SELECT member_id FROM member_event
            WHERE at >= \(dated.end) AND kind = 'update' AND detail LIKE $1
            """,
            [.text("\(MemberFile.firstAisId)%")]
        ) { $0.integer(0) }
        return Set(members)
    }

    private mutating func passMembers(_ session: any DatabaseSession) throws {
        let isQuality = measures.contains(.quality)
        let named = isQuality ? try namedSince(session) : []
        try session.query(
            """
            SELECT id, organisation, CASE WHEN state IN \(DatedRegister.registered) THEN 1 ELSE 0 END
            \(isQuality ? Self.aisId : "") FROM member WHERE registered_at < \(dated.end)
            """,
            []
        ) { row in
            let id = row.integer(0)
            let then = dated.member(
                id,
                organisation: row.integer(1),
                isRegistered: row.integer(2) == 1
            )
            guard homes.indices.contains(Int(id)), let place = places.index(of: then.organisation)
            else { return }
            homes[Int(id)] = then.isRegistered ? place + 1 : -place - 1
            if isQuality, then.isRegistered, row.integer(3) == 1, !named.contains(id) {
                counts[Int(place)].withAisId += 1
            }
        }
    }

    /// Carriers in use only: what coverage asks for.
    private mutating func passActive(_ session: any DatabaseSession) throws {
        try session.query("SELECT \(DatedCarrier.columns) FROM carrier c", []) { row in
            if let carrier = DatedCarrier(row, dated) { mark(row, carrier) }
        }
    }

    private mutating func mark(_ row: any DatabaseRow, _ carrier: DatedCarrier) {
        guard carrier.state == .active, let member = member(of: row),
            marks.indices.contains(member)
        else { return }
        switch carrier.kind {
        case .plastic: marks[member] |= Self.plastic
        case .legacyPlastic: marks[member] |= Self.legacy
        case .virtual: marks[member] |= Self.virtual
        }
    }

    /// Every carrier, with the order that it was made for.
    private mutating func passCards(_ session: any DatabaseSession) throws {
        try session.query(
            """
            SELECT \(DatedCarrier.columns), o.organisation, o.reason, c.region
            FROM carrier c LEFT JOIN card_order o ON o.id = c.order_id
            """,
            []
        ) { row in
            guard let carrier = DatedCarrier(row, dated) else { return }
            mark(row, carrier)
            count(row, carrier)
        }
    }

    private mutating func count(_ row: any DatabaseRow, _ carrier: DatedCarrier) {
        guard let place = place(of: row) else { return }
        guard carrier.kind != .virtual else {
            counts[place].virtualIssued += 1
            return
        }
        let isMade = carrier.isMade
        if carrier.kind == .legacyPlastic, !isMade { return }
        counts[place].cards[carrier.state, default: 0] += 1
        if carrier.state == .spoiled { counts[place].spoiled += 1 }
        if carrier.isHandedOut { counts[place].handedOut += 1 }
        guard isMade else { return }
        counts[place].produced += 1
        counts[place].made[carrier.whereabouts, default: 0] += 1
        if home(of: row) < 0 { counts[place].producedFormer += 1 }
        let reason = DatedCarrier.width + 1
        if carrier.kind == .legacyPlastic {
            counts[place].producedLegacy += 1
        } else if let reason = OrderReason(rawValue: row.text(reason)), reason != .first {
            counts[place].reissued[reason, default: 0] += 1
        } else {
            counts[place].producedFirst += 1
        }
    }

    /// Where the card was ordered for; else its member's place, else the region's.
    private func place(of row: any DatabaseRow) -> Int? {
        let ordered = row.optionalInteger(DatedCarrier.width)
        if let ordered, let index = places.index(of: ordered) {
            return Int(index)
        }
        let home = home(of: row)
        if home != 0 { return Int(abs(home)) - 1 }
        return places.index(of: row.integer(DatedCarrier.width + 2) * 10_010_000).map(Int.init)
    }

    private func home(of row: any DatabaseRow) -> Int32 {
        guard let member = member(of: row), homes.indices.contains(member) else { return 0 }
        return homes[member]
    }

    private func member(of row: any DatabaseRow) -> Int? {
        (row.optionalInteger(1) ?? erased[row.integer(0)]).map { Int($0) }
    }

    private mutating func passConsents(_ session: any DatabaseSession) throws {
        try session.query(
            """
            SELECT c.member_id, CASE WHEN t.purpose <> 'bonusTransfer' THEN 0
                WHEN t.form = '\(PartnerEvaluation.representative)' THEN 2
                WHEN EXISTS (SELECT 1 FROM consent_act a
                    WHERE a.id = -c.import_id AND a.sealed_representative IS NOT NULL) THEN 2
                ELSE 1 END
            FROM consent c JOIN consent_text t ON t.id = c.text_id
            WHERE t.purpose IN ('bonusTransfer', 'cardProduction') AND c.given_on <= \(dated.day)
                AND (c.withdrawn_on IS NULL OR c.withdrawn_on > \(dated.day))
                AND (c.until IS NULL OR c.until >= \(dated.day))
            """,
            []
        ) { row in
            let member = Int(row.integer(0))
            guard marks.indices.contains(member) else { return }
            switch row.integer(1) {
            case 0: marks[member] |= Self.cardConsent
            case 1: marks[member] |= Self.programme
            default: marks[member] |= Self.programme | Self.representative
            }
        }
    }

    /// Whoever was below 18 that day and has no representative's consent takes no part (privacy.md L15),
    /// as the export has it; of erased people nobody knows the age.
    private mutating func leaveMinorsOut(
        _ session: any DatabaseSession,
        _ vault: MemberVault
    ) throws {
        let day = CalendarDate(day: Int(dated.day))
        let own = marks.indices.filter {
            homes[$0] > 0 && marks[$0] & (Self.programme | Self.representative) == Self.programme
        }
        for part in own.map({ SQLValue.int($0) }).parts(of: 256) {
            let sealed = try session.all(
                "SELECT id, sealed FROM member WHERE id IN (\(part.placeholders))",
                part.padded
            ) { (member: $0.integer(0), fields: $0.blob(1)) }.filter { !$0.fields.isEmpty }
            for (member, birth) in try vault.birthDays(of: sealed)
            where birth.adding(years: 18) > day {
                marks[Int(member)] &= ~Self.programme
            }
        }
    }

    private mutating func addUp(_ member: Int) {
        let place = Int(homes[member]) - 1
        let marks = marks[member]
        counts[place].registered += 1
        guard marks != 0 else { return }
        let hasPlastic = marks & (Self.plastic | Self.legacy) != 0
        let hasVirtual = marks & Self.virtual != 0
        if hasPlastic { counts[place].plastic += 1 }
        if marks & (Self.plastic | Self.legacy) == Self.legacy { counts[place].legacyOnly += 1 }
        if hasVirtual { counts[place].virtual += 1 }
        if hasPlastic && hasVirtual { counts[place].both += 1 }
        if marks & Self.cardConsent != 0 { counts[place].withCardConsent += 1 }
        if marks & Self.programme != 0 {
            counts[place].programme += 1
            if hasVirtual { counts[place].programmeVirtual += 1 }
        }
    }
}
