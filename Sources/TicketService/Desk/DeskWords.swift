import UnionTicket

/// The union's words for roles, states and reasons.
enum DeskWords {
    static func role(_ role: Role) -> Bilingual {
        switch role {
        case .cardOffice: Bilingual("бюро билетов", "card office")
        case .registrar: Bilingual("ответственный за АИС", "registrar")
        case .chair: Bilingual("председатель", "chair")
        case .hotline: Bilingual("горячая линия", "hotline")
        case .doorOperator: Bilingual("оператор на входе", "door operator")
        case .supervisor: Bilingual("старший на входе", "supervisor")
        case .auditor: Bilingual("ревизор", "auditor")
        case .administrator: Bilingual("администратор", "administrator")
        }
    }

    static func order(_ state: OrderState) -> Bilingual {
        switch state {
        case .draft: Bilingual("черновик", "draft")
        case .submitted: Bilingual("подана", "submitted")
        case .approved: Bilingual("одобрена", "approved")
        case .batched: Bilingual("в партии", "in a batch")
        case .produced: Bilingual("изготовлена", "produced")
        case .shipped: Bilingual("в пути", "on its way")
        case .delivered: Bilingual("в организации", "at the organisation")
        case .closed: Bilingual("закрыта", "closed")
        case .rejected: Bilingual("отклонена", "rejected")
        case .cancelled: Bilingual("отозвана", "cancelled")
        }
    }

    static func reason(_ reason: OrderReason) -> Bilingual {
        switch reason {
        case .first: Bilingual("первая карта", "first card")
        case .lost: Bilingual("утеряна", "lost")
        case .stolen: Bilingual("похищена", "stolen")
        case .damaged: Bilingual("испорчена", "damaged")
        case .defect: Bilingual("брак", "defect")
        case .renamed: Bilingual("смена фамилии или имени", "new name")
        }
    }

    static func parcel(_ state: ParcelState) -> Bilingual {
        switch state {
        case .packed: Bilingual("на заводе", "at the plant")
        case .shipped: Bilingual("в пути", "on its way")
        case .atRegion: Bilingual("в регионе", "at the region")
        case .atPrimary: Bilingual("в первичной организации", "at the primary organisation")
        case .lost: Bilingual("утрачена", "lost")
        }
    }

    /// A message of the register without what it says to the command line: `profbilet parcel list`, `--missing`.
    static func plain(_ text: String) -> String {
        text.replacing(/\s*\(--[^)]*\)/, with: "")
            .replacing(/: (?:--|profbilet )[^.;]*/, with: "")
    }

    /// The forms of a noun after a Russian number: 1 карта, 2 карты, 5 карт.
    static func count(_ number: Int, _ one: String, _ few: String, _ many: String) -> String {
        let (tens, ones) = (number / 10 % 10, number % 10)
        guard tens != 1 else { return "\(number) \(many)" }
        switch ones {
        case 1: return "\(number) \(one)"
        case 2...4: return "\(number) \(few)"
        default: return "\(number) \(many)"
        }
    }
}
