import UnionTicket

/// What an admission rested on, as papers count it.
enum AdmissionBasis: Int, CaseIterable {
    case card
    case chip
    case phone
    case legacy
    case number
    case document
    case forced
    case unknown

    init(_ entry: JournalEntry) {
        if entry.isForced {
            self = .forced
        } else if entry.outcome == .legacyUnsigned || entry.outcome == .ambiguous {
            self = .legacy
        } else {
            self.init(entry.evidence?.level ?? .none)
        }
    }

    private init(_ level: EvidenceLevel) {
        self =
            switch level {
            case .none: .unknown
            case .typedNumber, .barcode, .uid: .number
            case .document: .document
            case .signedData: .card
            case .dynamicMAC, .mutualAuth, .asymmetric: .chip
            case .presentation: .phone
            }
    }

    /// In a column of the list.
    var short: String {
        switch self {
        case .card: "карта"
        case .chip: "карта, чип"
        case .phone: "телефон"
        case .legacy: "карта прежнего образца, документ"
        case .number: "номер билета, документ"
        case .document: "документ"
        case .forced: "решение старшего"
        case .unknown: "не записано"
        }
    }

    /// In the minutes.
    var long: String {
        switch self {
        case .card: "Электронный билет: карта, подпись проверена"
        case .chip: "Электронный билет: карта, чип доказал подлинность"
        case .phone: "Электронный билет на телефоне, подпись проверена"
        case .legacy: "Карта прежнего образца (без подписи) и документ"
        case .number: "Номер, штрихкод или UID билета и документ"
        case .document: "Документ, удостоверяющий личность (без билета)"
        case .forced: "Решение старшего вопреки отказу станции"
        case .unknown: "Основание не записано"
        }
    }

    /// Whether the person's own ticket did not prove the person by a signature.
    var isFlagged: Bool {
        switch self {
        case .card, .chip, .phone: false
        case .legacy, .number, .document, .forced, .unknown: true
        }
    }

    /// Whether somebody decided and had to say why.
    var isByHand: Bool { self == .document || self == .forced || self == .unknown }
}
