public import UnionTicket

/// Why the register does not do what a phone asks: stable codes, the same whether or not a number
/// exists.
public enum VirtualRefusal: String, Error, CaseIterable, Sendable {
    /// What was typed can be no ticket number: length, scheme or check digit.
    case numberMalformed = "number_malformed"
    /// What was typed can be no code: length or check digit. Nothing was spent.
    case codeMalformed = "code_malformed"
    /// The code is not this ticket's, or was used, spent or too old; enrolment and code are spent.
    case enrolmentRefused = "enrolment_refused"
    /// The enrolment does not exist, is another app's, is used, spent or too old.
    case enrolmentOver = "enrolment_over"
    /// The device key is no point of P-256 or stated in another form.
    case deviceKeyMalformed = "device_key_malformed"
    /// The proof is not the device key's over what was asked, or was used before.
    case proofRefused = "proof_refused"
    /// The code was right, but the person is no active member, has not consented, or the ticket is
    /// suspended.
    case notEntitled = "not_entitled"
    /// There is no such virtual card, or it is another app's.
    case cardUnknown = "virtual_card_unknown"
    /// The virtual card was blocked, deleted or replaced by another device's.
    case cardOver = "virtual_card_over"
    /// The virtual card is suspended for now.
    case cardSuspended = "virtual_card_suspended"
    /// Too many enrolments for this number or from this address.
    case tooMany = "too_many_enrolments"

    /// What happened and what to do.
    public var message: Bilingual {
        switch self {
        case .numberMalformed:
            Bilingual(
                "В номере билета ошибка: сверьте 15 цифр с картой.",
                "The ticket number is mistyped: compare its 15 digits with the card."
            )
        case .codeMalformed:
            Bilingual(
                "В коде ошибка: в нём 14 цифр, последняя контрольная. Сверьте и введите ещё раз.",
                "The code is mistyped: it has 14 digits, the last a check digit. Enter it again."
            )
        case .enrolmentRefused:
            Bilingual(
                "Номер и код не подошли друг к другу; код больше не действует. "
                    + "Получите новый код в профсоюзной организации.",
                "Number and code do not belong together; the code is spent. "
                    + "Get a new code from the union's office."
            )
        case .enrolmentOver:
            Bilingual(
                "Заявка на привязку недействительна. Начните привязку заново.",
                "The enrolment is not valid. Begin anew."
            )
        case .deviceKeyMalformed:
            Bilingual(
                "Ключ устройства: нужен ключ EC P-256 с координатами x и y.",
                "The device key must be an EC key on P-256 with x and y."
            )
        case .proofRefused:
            Bilingual(
                "Подпись устройства не подошла. Запросите новое число и подпишите заново.",
                "The device's proof does not fit. Ask for the present nonce and sign again."
            )
        case .notEntitled:
            Bilingual(
                "Виртуальный билет получает действующий член Профсоюза, давший на это согласие, "
                    + "и пока билет не приостановлен.",
                "A virtual ticket needs an active member who has consented to it, and a ticket that "
                    + "is not suspended."
            )
        case .cardUnknown:
            Bilingual("Такого виртуального билета нет.", "There is no such virtual card.")
        case .cardOver:
            Bilingual(
                "Виртуальный билет больше не действует. Привяжите устройство заново.",
                "The virtual card is no longer valid. Enrol the device anew."
            )
        case .cardSuspended:
            Bilingual(
                "Виртуальный билет приостановлен. Обратитесь в профсоюзную организацию.",
                "The virtual card is suspended. Ask the union's office."
            )
        case .tooMany:
            Bilingual(
                "Слишком много попыток привязки за час. Повторите позже.",
                "Too many enrolments within an hour. Repeat later."
            )
        }
    }
}

/// Where an activation code is in its life.
enum CodeState: String, CaseIterable {
    case open
    /// A phone was bound with it.
    case used
    /// A wrong code was tried for its ticket.
    case spent
    /// A newer code or a block took its place.
    case revoked

    var successors: Set<CodeState> { self == .open ? [.used, .spent, .revoked] : [] }
}

/// How a code reaches its member.
public enum CodeChannel: String, CaseIterable, Sendable {
    /// On paper, in a cabinet of the union.
    case printed
    /// By the sender of messages.
    case sent
}

/// Where an enrolment is.
enum EnrolmentState: String, CaseIterable {
    case open, done, spent
}
