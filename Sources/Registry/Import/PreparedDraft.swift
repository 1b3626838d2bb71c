import TicketSeal
import UnionTicket

/// A cleaned row with its keyed hashes, made on any core.
struct PreparedDraft: Sendable {
    let draft: MemberDraft
    let nameHash: Int64
    let birthHash: Int64
    let fingerprint: Int64

    init(_ draft: MemberDraft, _ secrets: RegisterSecrets) {
        self.draft = draft
        let fields = PersonalFields(draft)
        (nameHash, birthHash) = secrets.hashes(of: fields)
        var message = fields.encoded
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
        fingerprint = secrets.fingerprint.integer(message)
    }
}

/// Name and birth date as the register finds them.
struct PersonHash: Hashable {
    let name: Int64
    let birth: Int64
}
