/// What is known of the readers between two looks; makes events out of the difference.
struct ReaderStates {
    /// One reader as pcscd reports it.
    struct Report {
        var name: ReaderName
        /// The lower half holds flags, the upper half counts insertions and removals.
        var event: UInt
        var atr: [UInt8] = []
    }

    /// A reader with what it said last.
    struct Known {
        let name: ReaderName
        /// What is fed back, so that pcscd sees what was missed between two calls.
        var current: UInt = 0
        var isOccupied = false
        /// False while pcscd lists it but cannot reach it: a cable half out.
        var isReachable = true
    }

    /// Unknown to pcscd, or unavailable.
    private static let unreachable: UInt = 0x0C
    private static let empty: UInt = 0x10
    private static let present: UInt = 0x20
    private static let mute: UInt = 0x200
    private static let changed: UInt = 0x02

    private(set) var known: [Known] = []

    /// Takes a fresh list of readers.
    mutating func list(_ names: [ReaderName]) -> [ReaderEvent] {
        var events: [ReaderEvent] = []
        for reader in known where !names.contains(reader.name) {
            if reader.isOccupied { events.append(.cardRemoved(reader.name)) }
            if reader.isReachable { events.append(.readerDisappeared(reader.name)) }
        }
        known.removeAll { !names.contains($0.name) }
        for name in names where !known.contains(where: { $0.name == name }) {
            known.append(Known(name: name))
            events.append(.readerAppeared(name))
        }
        return events
    }

    /// Takes what one reader reports.
    ///
    /// A card that was swapped within one round shows as present twice with the counter two ahead:
    /// it becomes a removal and an insertion, or the second card would inherit the first one's
    /// verdict. A reader that pcscd cannot reach any more is gone until it answers.
    mutating func take(_ report: Report, at instant: ContinuousClock.Instant) -> [ReaderEvent] {
        guard let index = known.firstIndex(where: { $0.name == report.name }) else { return [] }
        let was = known[index]
        let isReachable = report.event & Self.unreachable == 0
        known[index].isReachable = isReachable
        let change = card(report, index, at: instant)
        switch (was.isReachable, isReachable) {
        case (true, false): return change + [.readerDisappeared(report.name)]
        case (false, true): return [.readerAppeared(report.name)] + change
        default: return change
        }
    }

    /// What happened to the card.
    private mutating func card(
        _ report: Report,
        _ index: Int,
        at instant: ContinuousClock.Instant
    ) -> [ReaderEvent] {
        let was = known[index]
        let isOccupied = report.event & Self.present != 0
        let counted = (report.event >> 16 &- was.current >> 16) & 0xFFFF
        known[index].current = report.event & ~Self.changed
        known[index].isOccupied = isOccupied
        var events: [ReaderEvent] = []
        let isSwapped = was.isOccupied && isOccupied && counted != 0
        if was.isOccupied, !isOccupied || isSwapped { events.append(.cardRemoved(report.name)) }
        let wasEmpty = was.current & Self.empty != 0 && report.event & Self.empty != 0
        let isGoneAgain = wasEmpty && counted == 2
        guard isOccupied && (!was.isOccupied || isSwapped) || isGoneAgain else { return events }
        events.append(
            .cardInserted(
                CardPresence(
                    reader: report.name,
                    atr: report.atr,
                    isMute: report.event & Self.mute != 0,
                    noticedAt: instant
                )
            )
        )
        // It came and went between two looks: the operator is told that it was too quick.
        if isGoneAgain { events.append(.cardRemoved(report.name)) }
        return events
    }

    /// Forgets everything, with the events that this is.
    mutating func clear() -> [ReaderEvent] { list([]) }
}
