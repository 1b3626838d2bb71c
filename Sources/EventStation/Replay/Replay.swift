import TicketSeal
public import UnionTicket

/// Plays recorded scans through stations that know only what they would have known.
///
/// Deterministic: the same snapshot and lines give the same answers, whatever machine plays them.
public struct Replay {
    /// What a station says after a line.
    public struct Answer: Sendable {
        /// Number of the line.
        public let line: Int
        /// The station; empty for a meeting of stations.
        public let station: String
        /// The outcome: of a scan one of ``ScanOutcome``, of an annulment `annulled` or why not, of a
        /// meeting `synced`.
        public let outcome: String
        /// What the outcome rests on; nil where nothing was scanned.
        public let evidence: Evidence?
        /// The person's name at the event.
        public let person: Pseudonym?
        /// Whether the person passed.
        public let passes: Bool
        /// Whether a supervisor was needed for it.
        public let isForced: Bool
        /// The first entry of a person who is inside already.
        public let firstEntry: StationMemory.Entry?
        /// What an exit passed over.
        public let passedOver: ScanOutcome?
        /// The quorum as the station sees it.
        public let quorum: QuorumReport
    }

    /// All stations' entries together.
    public struct Merged: Sendable {
        /// Everybody's entries.
        public let gathering: Gathering
        /// The quorum, with nobody unheard.
        public let quorum: QuorumReport
        /// The line that made an entry.
        public let lines: [EntryPlace: Int]
    }

    private let snapshot: EventSnapshot
    private var posts: [String: Post] = [:]
    private var gates: [String: Gate] = [:]
    /// By station: until when, in true time, it has heard of another.
    private var heard: [String: [String: Int64]] = [:]
    private var lines: [EntryPlace: Int] = [:]
    /// By station: how far its clock was off in its last line, before that in its first, milliseconds.
    private var errors: [String: Int64] = [:]

    /// Stations of an event before anything happened.
    ///
    /// A station's rights are the snapshot's and those that it uses in `lines`; one that the snapshot
    /// does not name may let anybody in and out.
    public init(_ snapshot: EventSnapshot, _ lines: [ReplayLine]) {
        self.snapshot = snapshot
        for gate in snapshot.gates { gates[gate.name] = gate }
        var used: Set<String> = []
        for line in lines {
            use(line, &used)
            if errors[line.station] == nil { errors[line.station] = line.clockOffset }
        }
        gates = gates.filter { used.contains($0.key) }
    }

    private mutating func use(_ line: ReplayLine, _ used: inout Set<String>) {
        let names: [String]
        var mode: ScanMode?
        switch line.act {
        case .sync(let stations): names = stations
        case .annul: names = [line.station]
        case .scan(let scan, _, _, _):
            names = [line.station]
            mode = scan.mode
        }
        for name in names {
            used.insert(name)
            if posts[name] == nil { posts[name] = Post(name, snapshot) }
            var gate = gates[name] ?? Gate(name: name)
            if mode == .entry { gate.letsIn = true }
            if mode == .exit { gate.letsOut = true }
            gates[name] = gate
        }
    }

    /// Plays one line.
    public mutating func play(_ line: ReplayLine) -> Answer {
        errors[line.station] = line.clockOffset
        return switch line.act {
        case .sync(let stations): sync(stations, line)
        case .annul(let nonce, let reason): annul(nonce, reason, line)
        case .scan(let scan, let isForced, let hasChecked, let reason):
            self.scan(scan, isForced, hasChecked, reason, line)
        }
    }

    /// Everything that every station wrote, merged.
    public func merged() -> Merged {
        var gathering = Gathering(snapshot)
        for name in posts.keys.sorted() {
            gathering.add(posts[name]?.gathering.journals.entries(of: name) ?? [])
        }
        return Merged(gathering: gathering, quorum: gathering.quorum(unheard: []), lines: lines)
    }

    private mutating func scan(
        _ scan: Scan,
        _ isForced: Bool,
        _ hasChecked: Bool,
        _ reason: String,
        _ line: ReplayLine
    ) -> Answer {
        guard var post = posts[line.station] else { return nothing(line, "internal") }
        var hand = Post.Hand()
        hand.forces = isForced
        hand.hasCheckedDocument = hasChecked
        hand.reason = isForced && reason.isEmpty ? "replay" : reason
        let answer = post.answer(scan, Self.reading(line), hand)
        if let entry = answer.entry {
            post.commit(entry, of: scan, answer)
            lines[entry.place] = line.number
        }
        posts[line.station] = post
        return Answer(
            line: line.number,
            station: line.station,
            outcome: answer.decision.outcome.rawValue,
            evidence: answer.decision.evidence,
            person: answer.decision.pseudonym,
            passes: answer.passes,
            isForced: answer.isForced,
            firstEntry: answer.decision.firstEntry,
            passedOver: answer.decision.passedOver,
            quorum: quorum(line.station, line.at)
        )
    }

    private mutating func annul(_ nonce: String, _ reason: String, _ line: ReplayLine) -> Answer {
        guard var post = posts[line.station] else { return nothing(line, "internal") }
        do {
            let entry = try post.annulment(
                of: nonce,
                reason: reason,
                bySupervisor: true,
                Self.reading(line)
            )
            post.commit(entry)
            lines[entry.place] = line.number
            posts[line.station] = post
            return nothing(line, "annulled", entry.person)
        } catch { return nothing(line, error.rawValue) }
    }

    /// Stations meet: each takes in all that any of them knows, and notes what it knows now.
    private mutating func sync(_ stations: [String], _ line: ReplayLine) -> Answer {
        let met = stations.sorted().compactMap { posts[$0] }
        let known = met.map {
            $0.gathering.journals.known(of: $0.name, clock: clock($0.name, line))
        }
        for station in met {
            var post = station
            let reading = Self.reading(line, clock(post.name, line))
            for other in met where other.name != post.name {
                for name in other.gathering.journals.stations {
                    _ = post.take(other.gathering.journals.entries(of: name), at: reading)
                }
            }
            let entry = post.sync(known, reading)
            post.commit(entry)
            lines[entry.place] = line.number
            posts[post.name] = post
        }
        hear(stations, at: line.at)
        return nothing(line, "synced")
    }

    private mutating func hear(_ stations: [String], at moment: Int64) {
        let before = heard
        for station in stations {
            for other in stations where other != station {
                heard[station, default: [:]][other] = moment
                for (third, time) in before[other] ?? [:] where third != station {
                    let known = heard[station]?[third] ?? time
                    heard[station, default: [:]][third] = max(known, time)
                }
            }
        }
    }

    private func nothing(
        _ line: ReplayLine,
        _ outcome: String,
        _ person: Pseudonym? = nil
    ) -> Answer {
        var station = line.station
        if case .sync(let stations) = line.act { station = stations.sorted().first ?? "" }
        return Answer(
            line: line.number,
            station: line.station,
            outcome: outcome,
            evidence: nil,
            person: person,
            passes: false,
            isForced: false,
            firstEntry: nil,
            passedOver: nil,
            quorum: quorum(station, line.at)
        )
    }

    private func quorum(_ station: String, _ moment: Int64) -> QuorumReport {
        let gathering = posts[station]?.gathering ?? Gathering(snapshot)
        let unheard = gates.values.filter { gate in
            gate.name != station
                && (heard[station]?[gate.name] ?? Int64.min < moment
                    || hasWritten(gate.name, since: gathering))
        }
        return gathering.quorum(unheard: unheard.sorted { $0.name < $1.name })
    }

    /// Within the second of a meeting, and in files that are not in the order of time, what was written
    /// since decides whether all of a station was heard.
    private func hasWritten(_ station: String, since known: Gathering) -> Bool {
        let entries = posts[station]?.gathering.journals.entries(of: station) ?? []
        return entries.dropFirst(Int(known.journals.last(of: station))).contains { entry in
            [.scan, .admission, .annulment].contains(entry.kind)
        }
    }

    /// A station that meets others has the clock of its last line.
    private func clock(_ station: String, _ line: ReplayLine) -> Int64 {
        line.at + (errors[station] ?? 0)
    }

    /// How sure a clock is that nobody knows to be wrong, milliseconds.
    private static let precision: Int64 = 1_000

    /// The replay knows by how much the clock is wrong, so that is what the station measured of its
    /// uncertainty.
    private static func reading(_ line: ReplayLine) -> Post.Reading {
        Post.Reading(
            clock: line.at + line.clockOffset,
            uncertainty: line.clockOffset.magnitude < 1 << 50
                ? Int64(line.clockOffset.magnitude) + precision : 1 << 50
        )
    }

    private static func reading(_ line: ReplayLine, _ clock: Int64) -> Post.Reading {
        Post.Reading(clock: clock, uncertainty: abs(clock - line.at) + precision)
    }
}
