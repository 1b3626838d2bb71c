import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// Rows of docs/privacy.md that are about bonus partners; each is shown to fail with its rule off.
@Suite struct `Privacy towards partners` {
    private static func partner(_ office: TestOffice) throws -> PartnerOffice {
        let partner = PartnerOffice(office: office)
        try partner.add("profcards", columns: [.validUntil, .carriers, .region, .changedAt])
        return partner
    }

    @Test(arguments: TestEngine.allCases)
    func `L2 a partner gets nobody without a consent to it`(_ engine: TestEngine) throws {
        try PrivacyRule.check(engine) { office in
            try Self.partner(office).join([1, 2], consenting: [1])
        } off: { office in
            // One person's consent is taken for everybody's.
            try office.execute(
                """
                INSERT INTO consent (member_id, text_id, import_id, region, given_on)
                SELECT 2, c.text_id, c.import_id, c.region, c.given_on FROM consent c
                JOIN consent_text t ON t.id = c.text_id
                WHERE t.purpose = 'bonusTransfer' AND c.member_id = 1
                """
            )
        } holds: { office in
            let (package, rows) = try PartnerOffice(office: office).export()
            return rows.count == 1 && package.setCount == 1
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L3 the next delta tells a withdrawal by the pseudonym alone`(
        _ engine: TestEngine
    ) throws {
        var isNoted = true
        var known: Set<PartnerPseudonym> = []
        try PrivacyRule.check(engine) { office in
            let partner = try Self.partner(office)
            try partner.join([1, 2], consenting: [1, 2])
            known = Set(try partner.export().rows.map(\.pseudonym))
        } off: { _ in
            isNoted = false
        } holds: { office in
            let partner = PartnerOffice(office: office)
            try partner.end(1, .withdrawn)
            if !isNoted {
                try office.execute("DELETE FROM partner_change")
                try office.execute("DELETE FROM partner_pending")
            }
            guard let row = try partner.export().rows.first else { return false }
            return row.status == .revoked && known.contains(row.pseudonym) && row.number == nil
                && row.region == 0 && row.carriers == 0
        }
    }

    @Test
    func `L5 a partner's row has no place for a name, a birth date, a phone or an organisation`()
        throws
    {
        try PrivacyRule.check { _ in
        } off: { office in
            try office.execute("ALTER TABLE partner_row ADD COLUMN birth_date INTEGER")
        } holds: { office in
            let own = try office.columns().filter { $0.hasPrefix("partner_row.") }
            let words = ["name", "birth", "phone", "mail", "organisation", "member", "ais"]
            return own.count > 8
                && !own.contains { column in words.contains { column.contains($0) } }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L6 two partners know one member by ids that cannot be joined`(
        _ engine: TestEngine
    ) throws {
        var other = "second"
        try PrivacyRule.check(engine) { office in
            let partner = try Self.partner(office)
            try partner.add("second", columns: [.region])
            try partner.join([1, 2, 3], consenting: [1, 2, 3], also: "second")
        } off: { _ in
            // Both know people by one key.
            other = "profcards"
        } holds: { office in
            let partner = PartnerOffice(office: office)
            let first = try partner.export("profcards", kind: .base).rows.map(\.pseudonym)
            let second = try partner.export(other, kind: .base).rows.map(\.pseudonym)
            let sealed = try partner.blobs("SELECT sealed_member FROM partner_link")
            return first.count == 3 && second.count == 3 && Set(first).isDisjoint(with: second)
                && Set(sealed).count == 6
        }
    }
}
