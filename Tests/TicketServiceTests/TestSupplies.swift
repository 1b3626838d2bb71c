import Registry
import Roster
import TicketSeal
import UnionTicket

@testable import TicketService

/// Everything the composition root supplies, so that every route is served.
enum TestSupplies {
    static func all(_ office: inout ServiceOffice) {
        office.judgement = { RowJudge(today: $1).judge($0) }
        office.batches = EmptyShelf()
        office.works = EmptyWorks()
        office.headquarters = ScriptedHeadquarters(snapshot: nil)
        office.partners = PartnerExchange(
            acknowledgement: { _, _ in throw PartnerExchange.Refusal(.badFormat, nothing) },
            statistics: { _, _ in throw PartnerExchange.Refusal(.badFormat, nothing) },
            package: { _ in nil }
        )
    }

    private static let nothing = Bilingual("файл не прочитан.", "the file was not read.")
}

/// Files of batches: there are none.
struct EmptyShelf: BatchShelf {
    func manufacturer(of batch: BatchBook.Batch) -> String? { nil }
    func package(of batch: BatchBook.Batch) -> SealedPackage? { nil }
    func take(
        report: [UInt8],
        of batch: BatchBook.Batch,
        by user: SignedInUser
    ) -> ProductionCounts? { nil }
}

/// Steps of batches: there is nothing to plan by.
struct EmptyWorks: BatchWorks {
    func plan(_ specification: String, by user: SignedInUser) -> PlannedBatch? { nil }
    func approve(
        _ batch: BatchBook.Batch,
        as name: String,
        passphrase: String,
        secrets: SigningSecrets
    ) throws -> Int { throw RegisterError(.refused, "Нечего.", "Nothing.") }
    func run(
        _ step: BatchStep,
        of batch: BatchBook.Batch,
        secrets: SigningSecrets,
        by user: SignedInUser,
        progress: (Int, Int) -> Void
    ) throws {}
}

/// Headquarters that answers as the test says; what a signature is worth is EventStation's.
struct ScriptedHeadquarters: StationHeadquarters {
    let snapshot: StationContact.Snapshot?

    func enrol(_ request: String) throws -> EnrolledStation? {
        request == "123" ? EnrolledStation(event: 7, station: "A") : nil
    }

    func caller(_ call: SignedCall, event: Int64) -> StationCaller {
        switch call.authorization {
        case "Station good": .station("A", at: TestService.start.seconds * 1000)
        case "Station late": .station("A", at: (TestService.start.seconds - 301) * 1000)
        case "Station gone": .revoked("A")
        default: .unknown
        }
    }

    func contact(of station: String, event: Int64) -> StationContact {
        StationContact(wanted: ["A": 12, "B": 1], snapshot: snapshot)
    }

    func take(
        chunk: [UInt8],
        from station: String,
        event: Int64
    ) -> [StationItem]? {
        guard chunk == [0xA0] else { return nil }
        return [
            StationItem(station: "A", sequence: 12, outcome: "taken", code: nil),
            StationItem(station: "A", sequence: 13, outcome: "refused", code: "changed"),
        ]
    }
}
