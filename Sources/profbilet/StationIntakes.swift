import EventStation
import TicketSeal
import UnionTicket

/// A station's folder: what comes is put into it, or handed to the station that works from it, as
/// `station import` does.
struct FolderIntake: StationIntake {
    let folder: StationFolder

    /// A running station finds it within a second.
    func note(offset: Int64, uncertainty: Int64) async throws {
        let contact = ClockContact.service(offset, uncertainty)
        guard contact.supersedes(folder.clockContact) else { return }
        try folder.record(clockContact: contact)
    }

    func take(snapshot: [UInt8]) async throws {
        if try hand(.take([.init(name: "snapshot", bytes: snapshot)])) == nil {
            _ = try folder.take(snapshot: snapshot)
        }
    }

    func take(statusLists: [[UInt8]]) async throws -> Int {
        guard !statusLists.isEmpty else { return 0 }
        let files = statusLists.map { StationRequest.File(name: "status list", bytes: $0) }
        if let reply = try hand(.take(files)) { return reply.number("statusLists") ?? 0 }
        return try folder.take(statusLists: statusLists)
    }

    /// The files go also where the running station gives no answer.
    func wipe() async {
        _ = try? hand(.wipe)
        folder.wipe()
    }

    /// What the station says that works from the folder; nil where none does.
    private func hand(_ request: StationRequest) throws -> StationReply? {
        let inbox = StationInbox(folder)
        guard inbox.isServed else { return nil }
        let reply = try inbox.reply(to: request)
        try reply.check()
        return reply
    }
}

/// A station at work takes what comes without a pause, and its page shows it.
struct DutyIntake: StationIntake {
    let duty: StationDuty
    let desk: LiveDesk

    func note(offset: Int64, uncertainty: Int64) async throws {
        _ = try await duty.record(.service(offset, uncertainty))
    }

    func take(snapshot: [UInt8]) async throws {
        _ = try await duty.take(snapshot: snapshot)
        await desk.refresh()
    }

    func take(statusLists: [[UInt8]]) async throws -> Int {
        let newer = try await duty.take(statusLists: statusLists)
        if newer > 0 { await desk.refresh() }
        return newer
    }

    func wipe() async {
        duty.folder.wipe()
        await duty.giveUp()
    }
}

extension ClockContact {
    /// The comparison that meeting headquarters made just now.
    fileprivate static func service(_ offset: Int64, _ uncertainty: Int64) -> ClockContact {
        ClockContact(.service, Machine.current(), offset: offset, uncertainty: uncertainty)
    }
}
