import TicketSeal
public import UnionTicket

/// What an event has decided about itself: who counts, how many are needed, what the door allows.
public struct EventRules: Hashable, Sendable {
    /// Number of the event in the register.
    public var id: Int64
    /// Its title, Russian.
    public var title: String
    /// What kind of meeting it is.
    public var kind: EventKind
    /// Where it takes place.
    public var place: String
    /// When the doors open.
    public var beginsAt: Instant
    /// When it ends.
    public var endsAt: Instant
    /// How many of whom make a quorum.
    public var threshold: QuorumThreshold
    /// The share of organisations that must be represented, where the event has that condition.
    public var organisationShare: QuorumThreshold?
    /// How many were elected; the base `elected`.
    public var electedTotal: Int
    /// How many are on record of the body; the base `onRecord`.
    public var onRecordTotal: Int
    /// Of how many organisations ``organisationShare`` is a share.
    public var organisationsTotal: Int
    /// Whether a person who left may come in again.
    public var allowsReEntry: Bool
    /// The oldest age of a status list that still admits, seconds.
    public var statusLimit: Int64

    /// 72 hours (ticket.md § 4).
    public static let defaultStatusLimit: Int64 = 72 * 3600

    /// Rules of an event.
    public init(
        id: Int64,
        title: String,
        kind: EventKind,
        place: String,
        beginsAt: Instant,
        endsAt: Instant,
        threshold: QuorumThreshold,
        organisationShare: QuorumThreshold? = nil,
        electedTotal: Int,
        onRecordTotal: Int,
        organisationsTotal: Int = 0,
        allowsReEntry: Bool = true,
        statusLimit: Int64 = defaultStatusLimit
    ) {
        self.id = id
        self.title = title
        self.kind = kind
        self.place = place
        self.beginsAt = beginsAt
        self.endsAt = endsAt
        self.threshold = threshold
        self.organisationShare = organisationShare
        self.electedTotal = electedTotal
        self.onRecordTotal = onRecordTotal
        self.organisationsTotal = organisationsTotal
        self.allowsReEntry = allowsReEntry
        self.statusLimit = statusLimit
    }
}

extension EventRules {
    var item: CBOR {
        var entries: [CBOR.Entry] = [
            (1, .integer(id)), (2, .text(title)), (3, .text(kind.rawValue)), (4, .text(place)),
            (5, .integer(beginsAt.seconds)), (6, .integer(endsAt.seconds)),
            (7, threshold.item), (9, .integer(Int64(electedTotal))),
            (10, .integer(Int64(onRecordTotal))), (11, .integer(Int64(organisationsTotal))),
            (12, .simple(allowsReEntry ? 21 : 20)), (13, .integer(statusLimit)),
        ].map { CBOR.Entry(.integer($0.0), $0.1) }
        if let organisationShare {
            entries.append(CBOR.Entry(.integer(8), organisationShare.item))
        }
        return .map(entries)
    }

    init?(_ item: CBOR) {
        guard let id = item[1]?.integer, let title = item[2]?.text,
            let kind = item[3]?.text.flatMap(EventKind.init), let place = item[4]?.text,
            let begins = item[5]?.integer, let ends = item[6]?.integer,
            let threshold = item[7].flatMap(QuorumThreshold.init(item:)),
            let elected = item[9]?.count, let onRecord = item[10]?.count,
            let organisations = item[11]?.count, let limit = item[13]?.integer, limit >= 0
        else { return nil }
        self.init(
            id: id,
            title: title,
            kind: kind,
            place: place,
            beginsAt: Instant(seconds: begins),
            endsAt: Instant(seconds: ends),
            threshold: threshold,
            organisationShare: item[8].flatMap(QuorumThreshold.init(item:)),
            electedTotal: elected,
            onRecordTotal: onRecord,
            organisationsTotal: organisations,
            allowsReEntry: item[12] == .simple(21),
            statusLimit: limit
        )
    }
}

extension CBOR {
    /// A number of people or organisations, below 2³¹.
    fileprivate var count: Int? { integer.flatMap { UInt32(exactly: $0) }.map(Int.init) }
}

extension QuorumThreshold {
    fileprivate var item: CBOR {
        .array([
            .unsigned(UInt64(numerator)), .unsigned(UInt64(denominator)), .text(mode.rawValue),
            .text(base.rawValue),
        ])
    }

    fileprivate init?(item: CBOR) {
        guard let parts = item.array, parts.count == 4,
            let numerator = parts[0].integer.flatMap({ UInt32(exactly: $0) }),
            let denominator = parts[1].integer.flatMap({ UInt32(exactly: $0) }),
            let mode = parts[2].text.flatMap(Mode.init), let base = parts[3].text.flatMap(Base.init)
        else { return nil }
        self.init(numerator, denominator, mode, of: base)
    }
}
