import TicketSeal
import UnionTicket

/// A cleaned row with its keyed hashes; a class, for it goes from hand to hand.
final class PreparedDraft: Sendable {
    let draft: MemberDraft
    let hash: PersonHash
    let fingerprint: Int64
    let traces: MetFilter.Traces
    /// The personal fields as they are sealed.
    let encoded: [UInt8]

    convenience init(_ draft: MemberDraft, _ secrets: RegisterSecrets) {
        let birth = secrets.birthHash(draft.birthDate)
        self.init(draft, secrets, birthHash: birth)
    }

    /// With the birth date's hash from a table: a million rows have few dates.
    init(_ draft: MemberDraft, _ secrets: RegisterSecrets, birthHash: Int64) {
        self.draft = draft
        encoded = PersonalFields(draft).encoded
        hash = PersonHash(
            name: secrets.nameHash(last: draft.name.last, first: draft.name.first),
            birth: birthHash
        )
        traces = MetFilter.Traces(hash, aisId: draft.aisId)
        var message = encoded
        message.reserveCapacity(encoded.count + 192)
        message.append(bigEndian: draft.organisation.ordinal)
        message.append(bigEndian: Int64(draft.joinDate.day))
        for text in [
            draft.aisId ?? "", draft.sex?.rawValue ?? "", draft.category.rawValue,
            draft.legacyNumber ?? "", draft.status.rawValue,
        ] {
            message.append(contentsOf: text.utf8)
            message.append(0)
        }
        for consent in draft.consents {
            message.append(contentsOf: consent.purpose.rawValue.utf8)
            message.append(consent.isGiven ? 1 : 2)
            message.append(contentsOf: consent.recipient.utf8)
            message.append(bigEndian: Int64(consent.date?.day ?? 0))
        }
        // Rows of rosters leave out the standing at most, and keep the fingerprints that they had.
        if !draft.untold.subtracting(.status).union(draft.cleared).isEmpty {
            message.append(contentsOf: [draft.untold.rawValue, draft.cleared.rawValue])
        }
        fingerprint = secrets.fingerprint.integer(message)
    }
}

/// Name and birth date as the register finds them.
struct PersonHash: Hashable, Sendable {
    let name: Int64
    let birth: Int64
}
