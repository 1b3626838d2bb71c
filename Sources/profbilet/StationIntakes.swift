import EventStation
import TicketSeal
import UnionTicket

/// A station's folder: what comes is put into it.
///
/// A station that works from it goes by what it has
/// read until its next start.
struct FolderIntake: StationIntake {
    let folder: StationFolder

    func note(offset: Int64, uncertainty: Int64) async throws {
        let contact = ClockContact.service(offset, uncertainty)
        guard contact.supersedes(folder.clockContact) else { return }
        try folder.record(clockContact: contact)
    }

    func take(snapshot: [UInt8]) async throws { _ = try folder.take(snapshot: snapshot) }

    func take(statusLists: [[UInt8]]) async throws -> Int {
        statusLists.isEmpty ? 0 : try folder.take(statusLists: statusLists)
    }
}

/// A station at work takes what comes without a pause.
struct DutyIntake: StationIntake {
    let duty: StationDuty

    func note(offset: Int64, uncertainty: Int64) async throws {
        _ = try await duty.record(.service(offset, uncertainty))
    }

    func take(snapshot: [UInt8]) async throws { _ = try await duty.take(snapshot: snapshot) }

    func take(statusLists: [[UInt8]]) async throws -> Int {
        try await duty.take(statusLists: statusLists)
    }
}

extension ClockContact {
    /// The comparison that meeting headquarters made just now.
    fileprivate static func service(_ offset: Int64, _ uncertainty: Int64) -> ClockContact {
        ClockContact(.service, Machine.current(), offset: offset, uncertainty: uncertainty)
    }
}
