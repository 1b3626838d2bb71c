import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// A register with the partner `profcards` and members by number.
struct PartnerOffice {
    let office: TestOffice

    var register: Register { office.register }
    var admin: SignedInUser { office.admin }
    var clock: TestClock { office.clock }

    static func with(_ engine: TestEngine, _ body: (PartnerOffice) throws -> Void) throws {
        try TestOffice.with(engine) { office in
            let partner = PartnerOffice(office: office)
            try partner.add("profcards", columns: [.validUntil, .carriers, .region, .changedAt])
            try body(partner)
        }
    }

    @discardableResult
    func add(_ name: String, columns: PartnerRow.Columns) throws -> [String] {
        try Partners(register).add(
            Partners.Terms(
                name: name,
                title: name,
                recipient: name,
                minimumAge: 18,
                columns: columns,
                deadlineDays: 3,
                configuration: "",
                certificate: [1],
                signer: [1]
            ),
            by: admin
        ).joinable
    }

    /// Members of these numbers with tickets.
    func join(
        _ numbers: [Int],
        consenting: [Int],
        also other: String? = nil,
        _ obstacle: Obstacle? = nil,
        _ change: (inout MemberDraft) -> Void = { _ in }
    ) throws {
        let today = clock.now().moscowDate
        let drafts = try numbers.map { number in
            try TestOffice.draft(number) { draft in
                draft.name = PersonName(last: "Орлова\(number)", first: "Анна", patronymic: nil)
                draft.consents = [
                    Consent(purpose: .register, isGiven: true),
                    Consent(purpose: .cardProduction, isGiven: true),
                ]
                if consenting.contains(number) {
                    let recipient = obstacle == .otherRecipient ? "nobody" : "profcards"
                    let later = CalendarDate(day: today.day + 30)
                    for name in [recipient] + (other.map { [$0] } ?? []) {
                        draft.consents.append(
                            Consent(
                                purpose: .bonusTransfer,
                                recipient: name,
                                isGiven: true,
                                date: obstacle == .laterConsent ? later : nil
                            )
                        )
                    }
                }
                if obstacle == .tooYoung {
                    draft.birthDate = CalendarDate(day: today.day - 16 * 365)
                }
                change(&draft)
            }
        }
        try office.take(drafts)
        if obstacle != .noTicket { try office.issue() }
        if obstacle == .suspendedMember {
            try MemberFile(register).setStatus("1001", to: .suspended, reason: "", by: admin)
        }
    }

    /// Another record of the same person in another organisation.
    func twin(
        of number: Int,
        as other: Int,
        in organisation: String = "27-001-0001"
    ) throws {
        let original = try TestOffice.draft(number)
        let twin = try TestOffice.draft(other, organisation: organisation) { draft in
            draft.name = PersonName(last: "Орлова\(number)", first: "Анна", patronymic: nil)
            draft.birthDate = original.birthDate
            draft.consents = [
                Consent(purpose: .register, isGiven: true),
                Consent(purpose: .cardProduction, isGiven: true),
                Consent(purpose: .bonusTransfer, recipient: "profcards", isGiven: true),
            ]
        }
        try office.take([twin])
        try office.issue(String(organisation.prefix(2)))
    }

    func consent(_ number: Int, _ isGiven: Bool) throws {
        try office.take([
            try TestOffice.draft(number) { draft in
                draft.name = PersonName(last: "Орлова\(number)", first: "Анна", patronymic: nil)
                draft.consents = [
                    Consent(purpose: .register, isGiven: true),
                    Consent(
                        purpose: .bonusTransfer,
                        recipient: "profcards",
                        isGiven: isGiven,
                        date: clock.now().moscowDate
                    ),
                ]
            }
        ])
    }

    func end(_ number: Int, _ ending: Ending) throws {
        clock.advance(86_400)
        let reference = "\(1000 + number)"
        switch ending {
        case .withdrawn: try consent(number, false)
        case .left:
            try MemberFile(register).setStatus(reference, to: .left, reason: "", by: admin)
        case .suspendedMember:
            try MemberFile(register).setStatus(reference, to: .suspended, reason: "", by: admin)
        case .blocked:
            _ = try CarrierFile(register).apply(
                .withdraw,
                to: try carrier(of: number),
                reason: "",
                by: admin
            )
        }
        clock.advance(86_400)
    }

    /// The ticket's number of a member.
    func carrier(of number: Int) throws -> String {
        let ticket = try register.read { session in
            let file = MemberFile(register)
            return try file.ticket(
                of: try file.find("\(1000 + number)", in: session),
                in: session
            )
        }
        return try #require(ticket).digits
    }

    /// Makes the next package and notes it as sent.
    func export(
        _ name: String = "profcards",
        kind: PartnerPackages.Kind? = nil
    ) throws -> (package: PartnerPackages.Package, rows: [PartnerRow]) {
        let packages = PartnerPackages(register)
        let package = try packages.prepare(name, kind: kind, by: admin)
        let rows = try rows(package)
        let manifest = SHA256Digest.of(Array("\(name) \(package.sequence)".utf8))
        try packages.sent(package, manifest: manifest, data: manifest, file: manifest, by: admin)
        return (try packages.package(package.sequence, of: name, by: admin), rows)
    }

    func rows(_ package: PartnerPackages.Package) throws -> [PartnerRow] {
        var rows: [PartnerRow] = []
        try PartnerPackages(register).rows(of: package, by: admin) { rows.append($0) }
        return rows
    }

    /// The partner applies every package up to this one.
    func apply(through package: PartnerPackages.Package) throws {
        for item in try PartnerPackages(register).list(package.partner, by: admin)
        where item.sequence <= package.sequence && item.state != .applied {
            let answer = try say(.applied, of: item)
            #expect(answer.fault == nil)
        }
    }

    func say(
        _ stage: PartnerAcknowledgements.Acknowledgement.Stage,
        of package: PartnerPackages.Package,
        bytes: String? = nil,
        _ change: (inout PartnerAcknowledgements.Acknowledgement) -> Void = { _ in }
    ) throws -> PartnerAcknowledgements.Answer {
        var said = PartnerAcknowledgements.Acknowledgement(
            sequence: package.sequence,
            stage: stage
        )
        said.manifest = package.manifest
        if stage == .applied { said.setHash = package.setHash }
        change(&said)
        let text = bytes ?? "\(said)"
        return try PartnerAcknowledgements(register).take(
            said,
            from: package.partner,
            bytes: Array(text.utf8),
            by: admin
        ).answer
    }

    static func hash(_ rows: some Sequence<PartnerRow>) -> [UInt8] {
        var set = SetHash()
        for row in rows {
            set.add(row.canonical([.validUntil, .carriers, .region, .changedAt]))
        }
        return set.value
    }

    func number(_ sql: String) throws -> Int64 { try office.number(sql) }
    func execute(_ sql: String) throws { try office.execute(sql) }

    func blobs(_ sql: String) throws -> [[UInt8]] {
        try register.read { try $0.all(sql) { $0.blob(0) } }
    }
}
