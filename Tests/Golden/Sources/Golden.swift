import Foundation
import Registry
import UnionTicket

/// Brings a specimen register to life from a regions file, through the register's public operations
/// over dated time: `profbilet-golden REGIONS DATA`.
///
/// Passphrases come from the environment as for `profbilet`; `PROFBILET_NEW_PASSPHRASE` is that of the
/// account `approver`.
@main
struct Golden {
    static func main() {
        do {
            let arguments = CommandLine.arguments.dropFirst()
            guard arguments.count == 2, let path = arguments.first, let data = arguments.last else {
                throw GoldenFailure("profbilet-golden REGIONS.tsv DATA")
            }
            let office = try GoldenOffice(data, try RegionsFile.read(path))
            try office.live()
            try AuditLog(office.register).countersignHead()
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }
}

extension GoldenOffice {
    func live() throws {
        try on("2020-06-01", "organisations") { try importOrganisations() }
        try on("2020-06-02", "memberships returned as of 01.01.2020") { try takeReturns() }
        try firstWave()
        try secondWave()
        for round in 0..<8 { try reissue(round: round) }
        let atPlant = try lastOrders()
        try on("2020-12-02", "members left, by roster") {
            try leaveByRoster { $0.earlyLeavers..<$0.leavers }
        }
        try on("2020-12-04", "cards lost, none ordered") {
            try lose { $0.allHolders - $0.bereft..<$0.allHolders }
        }
        try afterwards(atPlant)
    }

    /// June to September: most of the cards come into force on delivery.
    private func firstWave() throws {
        try on("2020-06-15", "members imported") { try importNew(\.firstImport) }
        try on("2020-06-22", "first cards ordered and approved") { try orderFirst() }
        var batches: [GoldenBatch] = []
        try on("2020-06-23", "batches planned") {
            batches = try plan("Лето", expecting: \.holders.first, spoiling: \.spoiled)
            return batches.count
        }
        try on("2020-06-24", "cards numbered and signed") { try approve(batches) }
        try deliver(
            batches,
            .delivery,
            days: ["2020-07-20", "2020-07-22", "2020-07-27", "2020-08-03", "2020-08-15"]
        )
        try on("2020-09-10", "phones enrolled") {
            try enrol { Self.virtualPlaces($0, within: 0..<$0.holders.first) }
        }
        try on("2020-09-20", "members left, at the desk") {
            try leaveAtDesk { 0..<$0.earlyLeavers }
        }
    }

    /// October and November: cards come into force when handed out.
    private func secondWave() throws {
        try on("2020-10-05", "members imported") { try importNew(\.secondImport) }
        try on("2020-10-08", "first cards ordered and approved") { try orderFirst() }
        var batches: [GoldenBatch] = []
        try on("2020-10-09", "batches planned, spoiled cards with them") {
            batches = try plan("Осень") { $0.holders.second + $0.spoiled }
            return batches.count
        }
        try on("2020-10-10", "cards numbered and signed") { try approve(batches) }
        try deliver(
            batches,
            .handout,
            days: ["2020-10-26", "2020-10-28", "2020-11-02", "2020-11-05", "2020-11-08"]
        )
        try on("2020-11-10", "phones enrolled") {
            try enrol { Self.virtualPlaces($0, within: $0.holders.first..<$0.allHolders) }
        }
    }

    private func deliver(
        _ batches: [GoldenBatch],
        _ activation: CardActivation,
        days: [String]
    ) throws {
        guard !batches.isEmpty else { return }
        try on(days[0], "cards accepted") { try accept(batches, activation) }
        try on(days[1], "cards shipped") { try ship(batches) }
        try on(days[2], "cards at the regions") { try receive(batches, at: .region) }
        try on(days[3], "cards at the primary organisations") {
            try receive(batches, at: .primary)
        }
        try on(days[4], "cards handed out") { try handOut(batches) }
    }

    /// Lost, stolen and damaged cards are made anew, at most one a person and round.
    private func reissue(round: Int) throws {
        let count = plans.reduce(0) { $0 + $1.reissues(round: round).count }
        guard count > 0 else { return }
        let day = "2020-11-\(12 + 2 * round)"
        let next = "2020-11-\(13 + 2 * round)"
        try on(day, "cards ordered anew") { try orderAnew(round: round) }
        var batches: [GoldenBatch] = []
        try on(day, "batches planned") {
            batches = try plan("Взамен \(round + 1)") { $0.reissues(round: round).count }
            return batches.count
        }
        try on(day, "cards numbered and signed") { try approve(batches) }
        try deliver(batches, .delivery, days: [day, day, next, next, next])
    }

    /// Cards that are still at the plant on the day that counts, and phones of people without plastic.
    private func lastOrders() throws -> [GoldenBatch] {
        try on("2020-11-28", "members imported") { try importNew(\.plantImport) }
        try on("2020-11-28", "first cards ordered and approved") { try orderFirst() }
        var batches: [GoldenBatch] = []
        try on("2020-11-29", "batches planned") {
            batches = try plan("Зима", expecting: \.pipeline)
            return batches.count
        }
        try on("2020-11-30", "cards numbered and signed") { try approve(batches) }
        try on("2020-12-01", "phones enrolled") { try enrol { Array($0.plantImport) } }
        return batches
    }

    /// What a report as of 08.12.2020 must not see.
    private func afterwards(_ atPlant: [GoldenBatch]) throws {
        try deliver(
            atPlant,
            .delivery,
            days: ["2021-01-12", "2021-01-13", "2021-01-15", "2021-01-18", "2021-01-19"]
        )
        try on("2021-01-20", "members left, by roster") {
            try leaveByRoster { $0.leavers..<$0.leavers + $0.lateLeavers }
        }
        try on("2021-02-01", "members imported") { try importNew(\.laterImport) }
        try on("2021-02-02", "first cards ordered and approved") { try orderFirst() }
        var batches: [GoldenBatch] = []
        try on("2021-02-03", "batches planned") {
            // Whoever lost a card and ordered none may order one as if it were the first.
            batches = try plan("2021") { $0.laterCards + $0.bereft }
            return batches.count
        }
        try on("2021-02-03", "cards numbered and signed") { try approve(batches) }
        try deliver(
            batches,
            .handout,
            days: ["2021-02-15", "2021-02-16", "2021-02-18", "2021-02-20", "2021-02-25"]
        )
    }
}
