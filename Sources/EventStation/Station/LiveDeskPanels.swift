import TicketSeal
import UnionTicket

/// What the page's panels show.
extension LiveDesk {
    /// What the panels show now.
    public func status() async -> DeskStatus {
        let snapshot = await duty.snapshot
        let lists = snapshot.statuses.values
        let oldest = lists.map(\.issuedAt).min()
        let limit = snapshot.rules.statusLimit
        let isStale = lists.contains { $0.freshness(at: now, limit: limit) != .fresh }
        let isEvent = snapshot.mode == .event
        return DeskStatus(
            event: snapshot.rules.title,
            station: duty.folder.name,
            mode: mode,
            isClosed: await duty.isClosed,
            offline: isEvent ? .eventSnapshot : .cardOnly,
            now: now,
            clock: await duty.clockState,
            snapshotAt: isEvent ? snapshot.issuedAt : nil,
            statusListsAt: oldest,
            statusListsAreStale: isStale,
            leaseEndsAt: snapshot.leaseEnd,
            shift: shift?.name,
            counts: await duty.counts,
            quorum: isEvent ? await quorum() : nil,
            readers: readers.sorted { $0.key < $1.key }.map {
                .init(name: $0.key, state: $0.value)
            },
            lastScans: verdicts.suffix(Self.listed).reversed(),
            alarms: alarm.map { [$0] } ?? []
        )
    }

    /// The quorum as the page draws it.
    func quorum() async -> DeskQuorum {
        let report = await duty.quorum()
        var alert: DeskQuorum.Alert?
        if report.verdict == .holds {
            hasHeld = true
            if report.interval.min - report.needed <= Self.thin(report.needed) {
                alert = .thinMargin
            }
        } else if hasHeld {
            alert = .lost
        }
        return DeskQuorum(
            minimum: report.interval.min,
            maximum: report.interval.max,
            threshold: report.needed,
            base: report.total,
            verdict: report.verdict,
            blocking: report.blocking,
            alert: alert,
            frozenAt: frozenAt
        )
    }

    /// How few above the threshold are a thin margin: a twentieth of it.
    private static func thin(_ needed: Int) -> Int { needed / 20 }
}
