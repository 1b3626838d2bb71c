import Foundation
import TicketSeal
import UnionTicket

// A waiting row holds personal data, so it is sealed like a member's record.
extension ConflictQueue {
    private struct Row: Codable {
        var aisId: String?
        var names: [String]
        var patronymic: String?
        var birth: Int
        var sex: String?
        var category: String
        var organisation: Int64
        var join: Int
        var phone: String?
        var email: String?
        var legacy: String?
        var status: String
        var consents: [Answer]
        /// Bits of ``MemberDraft/untold`` and ``MemberDraft/cleared``.
        var untold: UInt8?
        var cleared: UInt8?

        struct Answer: Codable {
            var purpose: String
            var recipient: String
            var given: Bool
            var day: Int?
        }
    }

    private static let binding = Array("conflict".utf8)

    func seal(_ draft: MemberDraft) throws -> [UInt8] {
        let row = Row(
            aisId: draft.aisId,
            names: [draft.name.last, draft.name.first],
            patronymic: draft.name.patronymic,
            birth: draft.birthDate.day,
            sex: draft.sex?.rawValue,
            category: draft.category.rawValue,
            organisation: draft.organisation.ordinal,
            join: draft.joinDate.day,
            phone: draft.phone,
            email: draft.email,
            legacy: draft.legacyNumber,
            status: draft.status.rawValue,
            consents: draft.consents.map {
                Row.Answer(
                    purpose: $0.purpose.rawValue,
                    recipient: $0.recipient,
                    given: $0.isGiven,
                    day: $0.date?.day
                )
            },
            untold: draft.untold.isEmpty ? nil : draft.untold.rawValue,
            cleared: draft.cleared.isEmpty ? nil : draft.cleared.rawValue
        )
        return try register.secrets.conflicts.seal(
            Array(try JSONEncoder().encode(row)),
            for: Self.binding
        )
    }

    func open(_ sealed: [UInt8]) throws -> MemberDraft {
        guard let bytes = try? register.secrets.conflicts.open(sealed, for: Self.binding),
            let row = try? JSONDecoder().decode(Row.self, from: Data(bytes)), row.names.count == 2,
            let category = MemberCategory(rawValue: row.category),
            let organisation = OrganisationCode(ordinal: row.organisation),
            let status = MemberStatus(rawValue: row.status)
        else {
            throw RegisterError(
                .damaged,
                "Строка очереди конфликтов повреждена. Загрузите файл ещё раз.",
                "The waiting row is damaged. Import the file again."
            )
        }
        var draft = MemberDraft(
            aisId: row.aisId,
            name: PersonName(last: row.names[0], first: row.names[1], patronymic: row.patronymic),
            birthDate: CalendarDate(day: row.birth),
            sex: row.sex.flatMap(Sex.init),
            category: category,
            organisation: organisation,
            joinDate: CalendarDate(day: row.join),
            phone: row.phone,
            email: row.email,
            legacyNumber: row.legacy,
            status: status,
            consents: row.consents.compactMap { answer in
                ConsentPurpose(rawValue: answer.purpose).map {
                    Consent(
                        purpose: $0,
                        recipient: answer.recipient,
                        isGiven: answer.given,
                        date: answer.day.map(CalendarDate.init(day:))
                    )
                }
            }
        )
        draft.untold = .init(rawValue: row.untold ?? 0)
        draft.cleared = .init(rawValue: row.cleared ?? 0)
        return draft
    }
}
