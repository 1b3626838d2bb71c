import TicketSeal
public import UnionTicket

extension StationDuty {
    /// What a station knows of itself before the event.
    public struct SelfTestState: Sendable {
        /// The station's time.
        public let now: Instant
        /// Whether that cannot be right.
        public let isClockSuspect: Bool
        /// How far the clock is off and how sure that is, milliseconds; nil when nobody compared it.
        public let clock: (offset: Int64, uncertainty: Int64)?
        /// The snapshot.
        public let sequence: UInt64
        /// People in it.
        public let people: Int
        /// Their carriers.
        public let carriers: Int
        /// Until when it admits.
        public let leaseEnd: Instant
        /// Status lists in it.
        public let lists: Int
        /// How many of them admit nobody any more.
        public let unknownLists: Int
        /// What the station would say of the sample cards.
        public let samples: [ScanOutcome]
    }

    /// Looks at clock, snapshot and lists, and judges sample cards without keeping anything.
    ///
    /// - Parameter samples: Texts of cards.
    /// - Returns: What was found.
    public func selfTest(_ samples: [String]) -> SelfTestState {
        let now = Instant(seconds: reading.clock / 1000)
        let limit = snapshot.rules.statusLimit
        return SelfTestState(
            now: now,
            isClockSuspect: clockState == .suspect,
            clock: contact?.estimate(at: machine()),
            sequence: snapshot.sequence,
            people: snapshot.personCount,
            carriers: snapshot.carrierCount,
            leaseEnd: snapshot.leaseEnd,
            lists: snapshot.statuses.count,
            unknownLists: snapshot.statuses.values.count {
                $0.freshness(at: now, limit: limit) == .unknown
            },
            samples: samples.enumerated().map { index, text in
                let scan = Scan(
                    mode: .entry,
                    showing: .text(text, .scanner),
                    nonce: "selftest-\(index)"
                )
                return post.answer(scan, reading).decision.outcome
            }
        )
    }
}
