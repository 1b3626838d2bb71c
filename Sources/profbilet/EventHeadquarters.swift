import EventStation
import Foundation
import Registry
import TicketSeal
import TicketService
import UnionTicket

/// Headquarters of all events, for the HTTP service.
struct EventHeadquarters: StationHeadquarters {
    let register: Register
    /// The account the service runs under.
    let account: SignedInUser

    private func office(_ event: Int64, _ station: String) throws -> EventOffice {
        let user = EventBook(register).acting(as: station, under: account)
        return try EventOffice(event, register, by: user)
    }

    func enrol(_ text: String) throws -> EnrolledStation? {
        guard let request = EnrolmentRequest(text: text) else { return nil }
        let done = EnrolledStation(event: request.event, station: request.name)
        let held = try EventBook(register).stations(of: request.event)
            .first { $0.name == request.name }
        // The answer to the first time was lost on the way.
        if held?.publicKey == request.publicKey.publicBytes, held?.revokedAt == nil { return done }
        guard held != nil else { throw Self.noToken }
        do { _ = try office(request.event, request.name).enrol(request) } catch is RegisterError {
            throw Self.noToken
        }
        return done
    }

    /// One answer for every event and station that is not there, and for tokens used up.
    private static var noToken: RegisterError {
        RegisterError(
            .refused,
            "Маркер станции не подходит или уже использован. Новый даёт штаб: profbilet event station.",
            "The station's token does not fit or was used before. Headquarters gives a new one: "
                + "profbilet event station."
        )
    }

    func caller(_ call: SignedCall, event: Int64) throws -> StationCaller {
        guard let signed = StationCall(authorization: call.authorization), signed.event == event,
            signed.fits(call.method, call.target, body: call.body)
        else { return .unknown }
        return switch try EventOffice.caller(of: signed, in: register) {
        case .station(let name): .station(name, at: signed.at)
        case .revoked(let name): .revoked(name)
        case .unknown: .unknown
        }
    }

    func contact(of station: String, event: Int64) throws -> StationContact {
        let office = try office(event, station)
        let newest = try office.newestSnapshot()
        return StationContact(
            wanted: try office.wanted(),
            snapshot: newest.flatMap { snapshot in
                let found = try? FileManager.default.attributesOfItem(atPath: snapshot.path)
                guard let count = found?[.size] as? Int64 else { return nil }
                return StationContact.Snapshot(
                    sequence: snapshot.sequence,
                    sha256: snapshot.sha256,
                    leaseEnd: snapshot.leaseEnd,
                    count: count,
                    path: snapshot.path
                )
            }
        )
    }

    func take(chunk: [UInt8], from station: String, event: Int64) throws -> [StationItem]? {
        guard let chunk = JournalChunk(chunk) else { return nil }
        return try office(event, station).take(chunk, from: station).map {
            StationItem(
                station: $0.station,
                sequence: $0.sequence,
                outcome: $0.outcome.rawValue,
                code: $0.fault?.rawValue
            )
        }
    }
}
