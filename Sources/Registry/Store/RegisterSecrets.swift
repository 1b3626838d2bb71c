import TicketSeal
import UnionTicket

/// The working keys that HKDF makes of the master key, one per use.
final class RegisterSecrets: Sendable {
    /// Keyed hash of family and first name, for look-ups.
    let name: BlindIndex
    /// Keyed hash of the birth date.
    let birth: BlindIndex
    /// Keyed hash of a whole cleaned row: equal means nothing new.
    let fingerprint: BlindIndex
    /// Wraps the members' data keys.
    let memberKeys: FieldSeal
    /// Seals issued payloads.
    let payloads: FieldSeal
    /// Seals rows waiting in the conflict queue.
    let conflicts: FieldSeal
    /// Seals what a batch prints.
    let batches: FieldSeal
    /// Seals the names of guests who are no members.
    let events: FieldSeal
    /// Seals the partners' own keys.
    let partners: FieldSeal
    /// Keyed hashes of the codes that join a partner's participant to a ticket.
    let partnerCodes: BlindIndex
    /// The audit chain.
    let audit: BlindIndex
    /// Keyed hash of activation codes.
    let activation: BlindIndex
    /// Keyed hash of numbers and addresses that enrolments are counted by.
    let visits: BlindIndex
    /// Seals the traces of virtual cards.
    let traces: FieldSeal
    /// Seals codes on their way to members.
    let messages: FieldSeal
    /// Keyed hash of an API client's secret, of idempotency keys and of cursors.
    let service: BlindIndex
    /// Seals the answers kept for idempotency keys.
    let answers: FieldSeal

    /// The keys of a 32-byte master key.
    init(master: [UInt8]) {
        func key(_ use: String) -> [UInt8] {
            KeyDerivation.hkdf(master, info: "profbilet/register/\(use)/1")
        }
        name = BlindIndex(key: key("name"))
        birth = BlindIndex(key: key("birth"))
        fingerprint = BlindIndex(key: key("fingerprint"))
        memberKeys = FieldSeal(key: key("member-keys"))
        payloads = FieldSeal(key: key("payloads"))
        conflicts = FieldSeal(key: key("conflicts"))
        batches = FieldSeal(key: key("batches"))
        events = FieldSeal(key: key("events"))
        partners = FieldSeal(key: key("partners"))
        partnerCodes = BlindIndex(key: key("partner-codes"))
        audit = BlindIndex(key: key("audit"))
        activation = BlindIndex(key: key("activation"))
        visits = BlindIndex(key: key("visits"))
        traces = FieldSeal(key: key("traces"))
        messages = FieldSeal(key: key("messages"))
        service = BlindIndex(key: key("service"))
        answers = FieldSeal(key: key("answers"))
    }

    /// Keyed hashes by which a person is found.
    func hash(of person: PersonalFields) -> PersonHash {
        PersonHash(
            name: nameHash(last: person.name.last, first: person.name.first),
            birth: birthHash(person.birthDate)
        )
    }

    /// The keyed hash of a birth date.
    func birthHash(_ date: CalendarDate) -> Int64 { birth.integer(Array(date.iso.utf8)) }

    /// The keyed hash of a family and first name; case and ё/е do not matter.
    func nameHash(last: String, first: String) -> Int64 {
        var key: [UInt8] = []
        key.reserveCapacity(64)
        PersonName.appendFolded(last, to: &key)
        key.append(0)
        PersonName.appendFolded(first, to: &key)
        return name.integer(key)
    }
}
