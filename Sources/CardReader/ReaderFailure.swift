public import UnionTicket

/// Why a reader or a card gave nothing.
public struct ReaderFailure: Error, Equatable, Sendable {
    /// What happened, by what can be done about it.
    public enum Code: String, Sendable, CaseIterable {
        /// pcscd is not running, or went away.
        case serviceAway = "service_away"
        /// The reader was unplugged, or is not there.
        case readerGone = "reader_gone"
        /// The card was pulled.
        case cardGone = "card_gone"
        /// Another program reset the card, and did so again.
        case cardReset = "card_reset"
        /// Another program holds the reader for itself.
        case readerBusy = "reader_busy"
        /// Another program holds a transaction and does not end it.
        case transactionHeld = "transaction_held"
        /// The card does not wake up, or does not answer.
        case mute
        /// The card's answers break their standard.
        case malformedAnswer = "malformed_answer"
        /// The caller gave up.
        case cancelled
        /// Anything else; the cause says what.
        case unexpected
    }

    /// What happened.
    public let code: Code
    /// PC/SC's own code, where there is one.
    public let cause: UInt32?

    /// A failure of this kind.
    public init(_ code: Code, cause: UInt32? = nil) {
        self.code = code
        self.cause = cause
    }

    /// pcscd took the connection and closed it without a word: it is dying, or polkit's rules refuse this
    /// user; PC/SC has one code for both.
    private static let turnedAway: UInt32 = 0x8010_006A

    static let malformedAnswer = Self(.malformedAnswer)
    static let cancelled = Self(.cancelled)

    /// A failure out of PC/SC's code, as pcsc-lite really gives them: a dead pcscd is an internal
    /// communications error, a pulled card an ended transaction.
    init(pcsc status: UInt32) {
        let code: Code =
            switch status {
            case 0x8010_0013, 0x8010_001D, 0x8010_001E, 0x8010_0018, Self.turnedAway: .serviceAway
            case 0x8010_0009, 0x8010_0017, 0x8010_002E: .readerGone
            case 0x8010_0016, 0x8010_0069, 0x8010_000C: .cardGone
            case 0x8010_0068: .cardReset
            case 0x8010_000B: .readerBusy
            case 0x8010_0066, 0x8010_0067, 0x8010_000F, 0x8010_0065: .mute
            case 0x8010_0002: .cancelled
            default: .unexpected
            }
        self.init(code, cause: status)
    }

    /// What happened and what to do, for the operator.
    public var reason: Bilingual {
        switch code {
        case .serviceAway where cause == Self.turnedAway:
            Bilingual(
                "Служба считывателей закрыла соединение: перезапустите pcscd; если не поможет, правила "
                    + "polkit не пускают этого пользователя к считывателям (access_pcsc, access_card).",
                "The reader service closed the connection: restart pcscd; if that does not help, polkit's "
                    + "rules keep this user from readers (access_pcsc, access_card)."
            )
        case .serviceAway:
            Bilingual(
                "Служба считывателей не работает: запустите pcscd.",
                "The reader service is not running: start pcscd."
            )
        case .readerGone:
            Bilingual(
                "Считыватель отключён: проверьте кабель.",
                "The reader is gone: check its cable."
            )
        case .cardGone:
            Bilingual(
                "Карту убрали слишком рано: приложите ещё раз.",
                "The card was pulled too early: tap again."
            )
        case .cardReset:
            Bilingual(
                "Другая программа сбрасывает карту: закройте её.",
                "Another program keeps resetting the card: close it."
            )
        case .readerBusy, .transactionHeld:
            Bilingual(
                "Считыватель занят другой программой: закройте её.",
                "The reader is in use by another program: close it."
            )
        case .mute:
            Bilingual(
                "Карта не отвечает: приложите ещё раз или возьмите другую.",
                "The card does not answer: tap again or take another."
            )
        case .malformedAnswer:
            Bilingual(
                "Ответы карты нарушают стандарт: это не наша карта или она испорчена.",
                "The card's answers break their standard: not ours, or damaged."
            )
        case .cancelled: Bilingual("Чтение прервано.", "Reading was cancelled.")
        case .unexpected:
            Bilingual(
                "Считыватель ответил ошибкой \(causeText).",
                "The reader answered with error \(causeText)."
            )
        }
    }

    /// The same as the fact that a verdict rests on.
    public var fault: ChipEvidence.Fault {
        switch code {
        case .cardGone: .pulled
        case .mute: .mute
        case .malformedAnswer: .malformedAnswer
        case .readerBusy, .transactionHeld, .cardReset: .readerBusy
        case .serviceAway, .readerGone, .cancelled, .unexpected: .readerFailed
        }
    }

    private var causeText: String { cause.map { "0x" + String($0, radix: 16) } ?? "?" }
}
