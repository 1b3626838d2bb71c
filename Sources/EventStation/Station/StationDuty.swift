import Foundation
import TicketSeal
public import UnionTicket

/// A provisioned station at work: scans are decided, kept on the disk, and only then answered.
public actor StationDuty {
    /// The station's folder.
    public nonisolated let folder: StationFolder
    let key: SigningKey
    let journal: JournalFile
    /// Held as long as the station works: two writers would look like a stolen key.
    private let lock: StationLock
    private(set) var snapshot: EventSnapshot
    private(set) var post: Post
    private var signed: [String: [SignedEntry]] = [:]
    let machine: @Sendable () -> ClockContact.Machine
    /// What the computer's clocks read when the station began to work.
    let start: ClockContact.Machine
    /// The last comparison of the clock with a better one.
    var contact: ClockContact?
    /// The last one that was found in the folder.
    var recorded: ClockContact?
    /// Whether headquarters has taken the station out: it admits nobody any more.
    public internal(set) var isRevoked = false
    /// Whether the snapshot was erased because the lease is over.
    var isLeaseOver = false

    /// Opens a station: its key, its snapshot, its journal, which is checked to the last entry.
    ///
    /// - Parameters:
    ///   - folder: The station's folder.
    ///   - passphrase: What opens its key.
    ///   - machine: What the computer's clocks read.
    /// - Throws: ``StationFolder/Failure`` or ``JournalFile/Failure``.
    public init(
        _ folder: StationFolder,
        passphrase: String,
        machine: @escaping @Sendable () -> ClockContact.Machine = ClockContact.Machine.current
    ) throws {
        self.folder = folder
        lock = try StationLock(folder)
        self.machine = machine
        start = machine()
        key = try folder.key(passphrase: passphrase)
        let snapshot = try folder.snapshot()
        if start.clock >= snapshot.leaseEnd.seconds * 1000 { folder.wipe() }
        let journal = try folder.journal()
        var post = Post(folder.name, snapshot)
        let entries = try Self.verified(journal, folder, key.publicKey, snapshot.gates)
        for entry in entries.values.flatMap(\.self) where entry.entry.station != folder.name {
            _ = post.take([entry.entry], at: Post.Reading(clock: start.clock))
        }
        for entry in entries[folder.name] ?? [] { post.commit(entry.entry) }
        (self.snapshot, self.journal, self.post, signed) = (snapshot, journal, post, entries)
        recorded = folder.clockContact
        let measured = ClockContact(kernel: .current, start)
        contact = measured?.supersedes(recorded) == true ? measured : recorded
    }

    /// Opens a station by a clock of one's own, milliseconds since 1970.
    public init(
        _ folder: StationFolder,
        passphrase: String,
        clock: @escaping @Sendable () -> Int64
    ) throws {
        try self.init(folder, passphrase: passphrase) {
            let now = clock()
            return ClockContact.Machine(clock: now, uptime: now, boot: "")
        }
    }

    /// The computer's clock.
    public static let systemClock: @Sendable () -> Int64 = {
        Int64(Date().timeIntervalSince1970 * 1000)
    }

    private static func verified(
        _ journal: JournalFile,
        _ folder: StationFolder,
        _ key: VerificationKey,
        _ gates: [Gate]
    ) throws -> [String: [SignedEntry]] {
        var keys: [String: VerificationKey] = [:]
        for gate in gates { keys[gate.name] = gate.key }
        keys[folder.name] = key
        let entries = Dictionary(grouping: try journal.entries(), by: \.entry.station)
        for (station, entries) in entries {
            do {
                guard let key = keys[station] else { continue }
                try entries.verify(
                    station,
                    after: SignedEntry.seed(folder.event, station),
                    from: 1,
                    key: key
                )
            } catch {
                throw StationFolder.Failure(
                    .journalDamaged,
                    "Журнал станции «\(station)» изменён или неполон (\(error)). "
                        + "Передайте папку станции в штаб, не удаляя её.",
                    "The journal of station \(station) was changed or lacks entries (\(error)). "
                        + "Take the station's folder to headquarters; do not delete it."
                )
            }
        }
        return entries
    }

    /// Decides a scan; what is returned is on the disk.
    ///
    /// - Throws: ``JournalFile/Failure``: nothing was kept, and nobody may be let through.
    public func scan(_ scan: Scan, _ hand: Post.Hand = Post.Hand()) throws -> Post.Answer {
        let answer = post.answer(scan, reading, hand)
        if let entry = answer.entry {
            try keep(entry)
            post.commit(entry, of: scan, answer)
        }
        return answer
    }

    /// Takes an entry back.
    public func annul(
        _ nonce: String,
        reason: String,
        bySupervisor isSupervisor: Bool,
        operatorName: String
    ) throws -> JournalEntry {
        let entry = try post.annulment(
            of: nonce,
            reason: reason,
            bySupervisor: isSupervisor,
            operatorName: operatorName,
            reading
        )
        return try keepAndCommit(entry)
    }

    /// Admits whom a scan had not.
    public func admit(
        _ nonce: String,
        person: Pseudonym? = nil,
        _ hand: Post.Hand
    ) throws -> JournalEntry {
        try keepAndCommit(try post.admission(of: nonce, person: person, hand, reading))
    }

    /// Admits a person found by name, by a document.
    public func admit(
        byDocument person: Pseudonym,
        _ mode: ScanMode,
        nonce: String = "",
        _ hand: Post.Hand
    ) throws -> JournalEntry {
        let entry = try post.admission(byDocument: person, mode, nonce: nonce, hand, reading)
        return try keepAndCommit(entry)
    }

    /// Fixes the quorum.
    public func freeze() throws -> (entry: JournalEntry, quorum: QuorumReport) {
        let quorum = quorum()
        let entry = try keepAndCommit(post.freeze(unheard: unheard, reading))
        return (entry, quorum)
    }

    /// Notes something worth keeping.
    public func note(_ text: String, operatorName: String = "") throws {
        var entry = post.next(.note, nonce: "", reading)
        entry.reason = String(text.prefix(200))
        entry.operatorName = operatorName
        _ = try keepAndCommit(entry)
    }

    /// Whether the station is closed: it lets nobody in or out.
    public var isClosed: Bool { post.isClosed }

    /// Closes the station: it takes no more people, so that others can rely on its journal.
    public func close() throws {
        guard !isClosed else { return }
        _ = try keepAndCommit(post.next(.close, nonce: "", reading))
    }

    /// Opens the closed station again; headquarters and other stations have counted on its journal as
    /// the last word, and learn of it at the next exchange.
    ///
    /// - Returns: Whether it was closed.
    public func reopen(operatorName: String) throws -> Bool {
        guard isClosed else { return false }
        var entry = post.next(.reopen, nonce: "", reading)
        entry.operatorName = operatorName
        _ = try keepAndCommit(entry)
        return true
    }

    private func keepAndCommit(_ entry: JournalEntry) throws -> JournalEntry {
        try keep(entry)
        post.commit(entry)
        return entry
    }

    private func keep(_ entry: JournalEntry) throws {
        let name = folder.name
        let previous = signed[name]?.last?.hash ?? SignedEntry.seed(folder.event, name)
        let entry = try SignedEntry(entry, after: previous, key: key)
        try journal.append(entry)
        signed[name, default: []].append(entry)
    }

    /// The journal of a station, signed; a station whose snapshot was erased still hands it over.
    ///
    /// - Parameters:
    ///   - folder: The station's folder.
    ///   - passphrase: What opens its key.
    ///   - clock: Milliseconds since 1970.
    /// - Returns: The bundle, and how many entries it has.
    /// - Throws: ``StationFolder/Failure`` or ``JournalFile/Failure``.
    public static func export(
        _ folder: StationFolder,
        passphrase: String,
        clock: @Sendable () -> Int64 = StationDuty.systemClock
    ) throws -> (bytes: [UInt8], entries: Int) {
        let key = try folder.key(passphrase: passphrase)
        // Read before the entries: what a running station adds meanwhile is not promised.
        let moment = clock()
        let entries = try verified(try folder.journal(), folder, key.publicKey, [])
        let bytes = try JournalBundle.seal(
            entries.sorted { $0.key < $1.key }.map { (station: $0.key, entries: $0.value) },
            event: folder.event,
            station: folder.name,
            clock: moment,
            with: key
        )
        return (bytes, entries.values.reduce(0) { $0 + $1.count })
    }

    /// Everything the station knows, signed, for headquarters and other stations.
    public func export() throws -> [UInt8] {
        try JournalBundle.seal(
            signed.sorted { $0.key < $1.key }.map { (station: $0.key, entries: $0.value) },
            event: folder.event,
            station: folder.name,
            clock: machine().clock,
            with: key
        )
    }

    /// Takes another station's bundle in.
    ///
    /// - Returns: How many entries were new, and what was left out.
    public func take(
        _ bundle: JournalBundle
    ) throws -> (new: Int, faults: [JournalBundle.Refusal]) {
        var keys: [String: VerificationKey] = [:]
        for gate in snapshot.gates { keys[gate.name] = gate.key }
        let (new, faults) = try bundle.verify(
            event: folder.event,
            keys: keys,
            held: signed.mapValues { $0.map(\.hash) }
        )
        let foreign = new.filter { $0.entry.station != folder.name }
        try journal.append(foreign)
        for entry in foreign { signed[entry.entry.station, default: []].append(entry) }
        _ = post.take(foreign.map(\.entry), at: reading)
        let known = post.gathering.journals.known(of: bundle.station, clock: bundle.clock)
        _ = try keepAndCommit(post.sync([known], reading))
        return (foreign.count, faults)
    }

    /// The other stations that have not been heard of up to now.
    var unheard: [Gate] {
        let journals = post.gathering.journals
        let last = EntryPlace(
            station: folder.name,
            sequence: journals.last(of: folder.name)
        )
        let known = journals.sync(before: last)?.known ?? [:]
        return snapshot.gates.filter { $0.name != folder.name && known[$0.name]?.isClosed != true }
    }

    /// The station's own rights; a station that the snapshot does not name may do everything.
    var gate: Gate {
        snapshot.gates.first { $0.name == folder.name } ?? Gate(name: folder.name)
    }

    /// Who is inside, and how many scans of this station ended how.
    var counts: DeskStatus.Counts {
        let journals = post.gathering.journals
        let entries = journals.entries(of: folder.name)
        let passed = Set(
            entries.filter { $0.passed && !journals.isAnnulled($0) }.map(\.nonce)
        )
        let refused = entries.filter { $0.kind == .scan && !$0.passed && $0.outcome != .activated }
        return DeskStatus.Counts(
            inside: post.gathering.insideCount,
            admitted: passed.count,
            refused: refused.count { !passed.contains($0.nonce) }
        )
    }

    /// Whether a person is inside.
    func isInside(_ person: Pseudonym) -> Bool { post.gathering.presence(of: person).isInside }

    /// What can be said of the quorum here and now.
    public func quorum() -> QuorumReport { post.gathering.quorum(unheard: unheard) }

    /// What the station knows of everybody.
    public var gathering: Gathering { post.gathering }

    /// Takes a newer snapshot without a pause: what was scanned is judged by it from now on.
    ///
    /// - Returns: The snapshot.
    public func take(snapshot bytes: [UInt8]) throws -> EventSnapshot {
        do { work(by: try folder.take(snapshot: bytes, machine: machine)) } catch {
            if (error as? StationFolder.Failure)?.code == .revoked { isRevoked = true }
            throw error
        }
        isLeaseOver = false
        compareClock()
        try note("snapshot \(snapshot.sequence)")
        return snapshot
    }

    /// Judges what was scanned by another snapshot.
    private func work(by newer: EventSnapshot) {
        snapshot = newer
        var fresh = Post(folder.name, newer)
        for (station, entries) in signed where station != folder.name {
            _ = fresh.take(entries.map(\.entry), at: reading)
        }
        for entry in signed[folder.name] ?? [] { fresh.commit(entry.entry) }
        post = fresh
    }

    /// Takes newer status lists.
    ///
    /// - Returns: How many were newer.
    public func take(statusLists: [[UInt8]]) throws -> Int {
        var newer = snapshot
        let count = try newer.take(statusLists)
        if count > 0 {
            try folder.keep(statusLists: statusLists)
            work(by: newer)
        }
        return count
    }
}
