import UnionTicket

/// How a station knows how wrong its clock is.
extension StationDuty {
    /// What the clocks read, with what is known of their error.
    var reading: Post.Reading {
        let now = machine()
        let known = contact?.estimate(at: now)
        return Post.Reading(
            clock: now.clock,
            offset: known?.offset,
            uncertainty: known?.uncertainty ?? ClockContact.unmeasured,
            floor: start.clock + max(0, now.uptime - start.uptime)
        )
    }

    /// The last comparison of the clock with a better one.
    public var clockContact: ClockContact? { contact }

    /// Takes a comparison in: it is kept, noted in the journal, and counts from now on.
    ///
    /// - Parameters:
    ///   - newer: The comparison.
    ///   - operatorName: Who made it.
    /// - Returns: Whether it tells more than the one before; otherwise that one stays.
    /// - Throws: ``StationFolder/Failure`` or ``JournalFile/Failure`` when it could not be kept.
    public func record(_ newer: ClockContact, operatorName: String = "") throws -> Bool {
        guard newer.supersedes(contact) else { return false }
        try folder.record(clockContact: newer)
        (contact, recorded) = (newer, newer)
        try note(
            "clock \(newer.source.rawValue) offset=\(newer.offset) uncertainty=\(newer.uncertainty)",
            operatorName: operatorName
        )
        return true
    }

    /// What is to be done from time to time: looks for a comparison of the clock, and erases the
    /// snapshot when the lease is over.
    public func tend() throws {
        compareClock()
        guard !isLeaseOver, post.clock(at: reading).now >= snapshot.leaseEnd else { return }
        isLeaseOver = true
        folder.wipe()
        try note("lease over")
    }

    /// The station's snapshot was erased by order: it admits nobody any more.
    public func giveUp() { isRevoked = true }

    /// The kernel's own comparison, or one that another program recorded in the folder.
    func compareClock(_ kernel: ClockContact.KernelState = .current) {
        if let found = folder.clockContact, found != recorded {
            recorded = found
            if found.supersedes(contact) { contact = found }
        }
        if let measured = ClockContact(kernel: kernel, machine()), measured.supersedes(contact) {
            contact = measured
        }
    }

    /// Whether the clock can be trusted.
    var clockState: DeskStatus.Clock {
        if post.clock(at: reading).isSuspect(snapshot) { return .suspect }
        return contact == nil ? .unchecked : .good
    }
}
