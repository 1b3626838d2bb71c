public import UnionTicket

/// The date of what is published: status lists and trust bundles (ticket.md § 3).
public enum PublicationDate {
    /// How far ahead of the clock it may lie, seconds.
    public static let tolerance: Int64 = 600

    /// Whether something issued then is of the future: it is neither published nor accepted.
    public static func isFuture(_ issued: Instant, at now: Instant) -> Bool {
        issued > now + tolerance
    }
}
