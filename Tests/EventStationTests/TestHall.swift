import TicketSeal
import UnionTicket

@testable import EventStation

/// Stations of one event and a clock that tests move.
struct TestHall {
    var posts: [String: Post] = [:]
    /// True time, milliseconds.
    var now = TestEvent.start.seconds * 1000
    /// How far each station's clock is off, milliseconds.
    var errors: [String: Int64] = [:]
    let snapshot: EventSnapshot

    init(_ snapshot: EventSnapshot, _ stations: [String] = ["A"]) {
        self.snapshot = snapshot
        for name in stations { posts[name] = Post(name, snapshot) }
    }

    /// True time in whole seconds.
    var instant: Instant { Instant(seconds: now / 1000) }

    mutating func wait(_ seconds: Int64) { now += seconds * 1000 }

    func reading(_ station: String) -> Post.Reading {
        let error = errors[station] ?? 0
        return Post.Reading(clock: now + error, uncertainty: abs(error) + 500)
    }

    subscript(station: String) -> Post { posts[station] ?? Post(station, snapshot) }

    /// Scans, and keeps the entry.
    @discardableResult
    mutating func scan(
        _ station: String,
        _ scan: Scan,
        _ hand: Post.Hand = Post.Hand()
    ) -> Post.Answer {
        var post = self[station]
        let answer = post.answer(scan, reading(station), hand)
        if let entry = answer.entry { post.commit(entry, of: scan, answer) }
        posts[station] = post
        return answer
    }

    /// Keeps an entry that an act gave.
    mutating func keep(_ station: String, _ entry: JournalEntry) { posts[station]?.commit(entry) }

    /// Takes an entry back at a station.
    mutating func annul(
        _ station: String,
        _ nonce: String,
        bySupervisor: Bool = true
    ) throws(Post.Refusal) {
        let entry = try self[station].annulment(
            of: nonce,
            reason: "ошибка",
            bySupervisor: bySupervisor,
            reading(station)
        )
        keep(station, entry)
    }

    /// Stations exchange all they know.
    mutating func meet(_ names: String...) { meet(names) }

    mutating func meet(_ names: [String]) {
        let met = names.map { self[$0] }
        let known = met.map {
            $0.gathering.journals.known(of: $0.name, clock: reading($0.name).clock)
        }
        for var post in met {
            for other in met where other.name != post.name {
                for station in other.gathering.journals.stations {
                    let entries = other.gathering.journals.entries(of: station)
                    _ = post.take(entries, at: reading(post.name))
                }
            }
            post.commit(post.sync(known, reading(post.name)))
            posts[post.name] = post
        }
    }

    /// Everybody's entries, merged.
    var merged: Gathering {
        var gathering = Gathering(snapshot)
        for name in posts.keys.sorted() {
            for entry in self[name].gathering.journals.entries(of: name) { gathering.add(entry) }
        }
        return gathering
    }
}

extension Post.Hand {
    /// An operator who looked at a document.
    static var withDocument: Post.Hand {
        var hand = Post.Hand()
        hand.hasCheckedDocument = true
        return hand
    }

    /// A supervisor who admits.
    static var supervisor: Post.Hand {
        var hand = Post.Hand()
        hand.forces = true
        hand.reason = "паспорт проверен"
        return hand
    }
}
