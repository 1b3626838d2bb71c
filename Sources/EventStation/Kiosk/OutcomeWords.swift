import UnionTicket

/// What the operator reads about one outcome.
struct OutcomeWords: Equatable {
    /// The word read from three metres; no two outcomes share one.
    let headline: Bilingual
    /// What to do next.
    let action: Bilingual

    init(_ headline: (String, String), _ action: (String, String)) {
        self.headline = Bilingual(headline.0, headline.1)
        self.action = Bilingual(action.0, action.1)
    }
}

extension ScanOutcome {
    /// The words of this outcome.
    ///
    /// They name what to do, never what to think of the person: a colleague stands at the door.
    var words: OutcomeWords {
        switch self {
        case .ok, .okRepeatEntry, .okStatusStale, .okGuest, .okExit, .activated: wordsOfYes
        case .legacyUnsigned, .okStatusOnly, .ambiguous, .clockSuspect, .snapshotTooOld,
            .statusUnknown:
            wordsOfDoubt
        case .unreadable, .unknownFormat, .malformed, .unknownKey, .revokedKey, .forged,
            .clonedChip, .unboundVirtual, .staleVirtual, .replayedVirtual, .internal,
            .stationClosed:
            wordsOfEvidence
        case .unknown, .notYetValid, .expired, .lost, .replaced, .revoked, .notHandedOut,
            .suspended:
            wordsOfCarrier
        case .memberLeft, .notOnList, .mandateNotConfirmed, .alreadyInside, .reEntryForbidden,
            .duplicateOffline:
            wordsOfPerson
        }
    }

    private var wordsOfYes: OutcomeWords {
        switch self {
        case .okRepeatEntry:
            OutcomeWords(("СНОВА ВОШЁЛ", "IN AGAIN"), ("Пропустите.", "Let in."))
        case .okStatusStale:
            OutcomeWords(
                ("ПРОПУСТИТЬ, данные старые", "LET IN, old data"),
                (
                    "Пропустите. Список блокировок пора обновить.",
                    "Let in. The block list is due for an update."
                )
            )
        case .okGuest:
            OutcomeWords(
                ("ГОСТЬ", "GUEST"),
                (
                    "Пропустите: без решающего голоса, в кворум не входит.",
                    "Let in: no deciding vote, not in the quorum."
                )
            )
        case .okExit:
            OutcomeWords(("ВЫХОД", "WAY OUT"), ("Выход отмечен.", "The exit is noted."))
        case .activated:
            OutcomeWords(
                ("ВЫДАН", "HANDED OUT"),
                (
                    "Отдайте билет владельцу: он действует.",
                    "Give the ticket to its owner: it is valid now."
                )
            )
        default: OutcomeWords(("ПРОПУСТИТЬ", "LET IN"), ("Пропустите.", "Let in."))
        }
    }

    private var wordsOfDoubt: OutcomeWords {
        switch self {
        case .legacyUnsigned:
            OutcomeWords(
                ("СТАРЫЙ БИЛЕТ", "OLD CARD"),
                (
                    "Посмотрите документ. Имя совпало — допустите.",
                    "Look at a document. Admit when the name agrees."
                )
            )
        case .okStatusOnly:
            OutcomeWords(
                ("НУЖЕН ДОКУМЕНТ", "DOCUMENT NEEDED"),
                (
                    "Номер есть и не заблокирован. Сверьте с документом и допустите.",
                    "The number exists and is not blocked. Compare a document, then admit."
                )
            )
        case .ambiguous:
            OutcomeWords(
                ("НЕСКОЛЬКО ЛЮДЕЙ", "SEVERAL PEOPLE"),
                (
                    "Номер у нескольких людей. Выберите человека по документу.",
                    "Several people bear this number. Choose the person by a document."
                )
            )
        case .clockSuspect:
            OutcomeWords(
                ("ЧАСЫ НЕВЕРНЫ", "CLOCK IS WRONG"),
                (
                    "Позовите старшего: проверьте время станции.",
                    "Call a supervisor: check the station's time."
                )
            )
        case .snapshotTooOld:
            OutcomeWords(
                ("ДАННЫЕ УСТАРЕЛИ", "DATA ARE TOO OLD"),
                (
                    "Позовите старшего: загрузите новый снимок.",
                    "Call a supervisor: load a new snapshot."
                )
            )
        default:
            OutcomeWords(
                ("СТАТУС НЕИЗВЕСТЕН", "STATUS UNKNOWN"),
                (
                    "Позовите старшего: нет свежего списка блокировок.",
                    "Call a supervisor: there is no recent block list."
                )
            )
        }
    }

    private var wordsOfEvidence: OutcomeWords {
        switch self {
        case .unreadable:
            OutcomeWords(
                ("НЕ ПРОЧИТАНО", "NOT READ"),
                ("Поднесите билет ещё раз и подержите.", "Show the ticket again and hold it.")
            )
        case .unknownFormat:
            OutcomeWords(
                ("НЕ БИЛЕТ", "NOT A TICKET"),
                (
                    "Это не код профсоюзного билета. Попросите билет.",
                    "This is not a ticket's code. Ask for the ticket."
                )
            )
        case .malformed:
            OutcomeWords(
                ("КОД ПОВРЕЖДЁН", "DAMAGED CODE"),
                (
                    "Поднесите ещё раз. Не помогло — введите номер.",
                    "Show it again. If it fails, type the number."
                )
            )
        case .unknownKey:
            OutcomeWords(
                ("ЧУЖОЙ КЛЮЧ", "FOREIGN KEY"),
                ("Не пропускайте: подписан не нами.", "Do not let in: not signed by us.")
            )
        case .revokedKey:
            OutcomeWords(
                ("КЛЮЧ ОТОЗВАН", "KEY REVOKED"),
                (
                    "Не пропускайте. Билет нужно заменить.",
                    "Do not let in. The ticket must be replaced."
                )
            )
        case .forged:
            OutcomeWords(
                ("ПОДПИСЬ НЕВЕРНА", "WRONG SIGNATURE"),
                (
                    "Не пропускайте. Позовите старшего.",
                    "Do not let in. Call a supervisor."
                )
            )
        case .clonedChip:
            OutcomeWords(
                ("КОПИЯ ЧИПА", "COPIED CHIP"),
                (
                    "Не пропускайте. Позовите старшего.",
                    "Do not let in. Call a supervisor."
                )
            )
        case .unboundVirtual:
            OutcomeWords(
                ("НЕТ ПОДПИСИ ТЕЛЕФОНА", "NO PHONE SIGNATURE"),
                (
                    "Снимок экрана не годится: откройте билет в приложении.",
                    "A screenshot does not serve: open the ticket in the app."
                )
            )
        case .staleVirtual:
            OutcomeWords(
                ("КОД НА ЭКРАНЕ СТАРЫЙ", "OLD SCREEN"),
                (
                    "Обновите код в приложении, проверьте время телефона.",
                    "Refresh the code in the app; check the phone's clock."
                )
            )
        case .replayedVirtual:
            OutcomeWords(
                ("ЭКРАН УЖЕ ПОКАЗАН", "SCREEN SHOWN BEFORE"),
                (
                    "Не пропускайте. Пусть откроет билет в приложении заново.",
                    "Do not let in. Have the ticket opened in the app anew."
                )
            )
        case .stationClosed:
            OutcomeWords(
                ("СТАНЦИЯ ЗАКРЫТА", "STATION CLOSED"),
                (
                    "Не пропускайте: журнал сдан. Открыть снова — PIN оператора.",
                    "Let nobody through: the journal is handed in. A PIN opens it again."
                )
            )
        default:
            OutcomeWords(
                ("СБОЙ СТАНЦИИ", "STATION FAULT"),
                (
                    "Повторите. Если снова сбой — позовите старшего.",
                    "Try again. If it fails again, call a supervisor."
                )
            )
        }
    }

    private var wordsOfCarrier: OutcomeWords {
        switch self {
        case .unknown:
            OutcomeWords(
                ("НОМЕРА НЕТ", "NO SUCH NUMBER"),
                (
                    "Сверьте номер с билетом и введите снова.",
                    "Compare the number with the ticket and type it again."
                )
            )
        case .notYetValid:
            OutcomeWords(
                ("ЕЩЁ НЕ ДЕЙСТВУЕТ", "NOT VALID YET"),
                (
                    "Не пропускайте: срок билета не начался.",
                    "Do not let in: the ticket begins later."
                )
            )
        case .expired:
            OutcomeWords(
                ("СРОК ИСТЁК", "EXPIRED"),
                (
                    "Не пропускайте. Билет нужно заменить.",
                    "Do not let in. The ticket must be replaced."
                )
            )
        case .lost:
            OutcomeWords(
                ("ЗАЯВЛЕН УТЕРЯННЫМ", "REPORTED LOST"),
                (
                    "Не пропускайте. Попросите документ, позовите старшего.",
                    "Do not let in. Ask for a document, call a supervisor."
                )
            )
        case .replaced:
            OutcomeWords(
                ("ЗАМЕНЁН НОВЫМ", "REPLACED"),
                (
                    "Попросите новый билет: этот больше не действует.",
                    "Ask for the new ticket: this one is no longer valid."
                )
            )
        case .revoked:
            OutcomeWords(
                ("ЗАБЛОКИРОВАН", "BLOCKED"),
                ("Не пропускайте. К столу мандатной комиссии.", "Do not let in. To the desk.")
            )
        case .notHandedOut:
            OutcomeWords(
                ("НЕ ВЫДАН", "NOT HANDED OUT"),
                (
                    "Не пропускайте: билет не был вручён. Позовите старшего.",
                    "Do not let in: it was never given out. Call a supervisor."
                )
            )
        default:
            OutcomeWords(
                ("ПРИОСТАНОВЛЕН", "SUSPENDED"),
                ("Не пропускайте. К столу мандатной комиссии.", "Do not let in. To the desk.")
            )
        }
    }

    private var wordsOfPerson: OutcomeWords {
        switch self {
        case .memberLeft:
            OutcomeWords(
                ("НЕ СОСТОИТ НА УЧЁТЕ", "NOT ON THE REGISTER"),
                ("Не пропускайте. К столу мандатной комиссии.", "Do not let in. To the desk.")
            )
        case .notOnList:
            OutcomeWords(
                ("НЕТ В СПИСКЕ", "NOT ON THE LIST"),
                (
                    "Билет настоящий, но не на это мероприятие. К столу регистрации.",
                    "A good ticket, but not for this event. To the registration desk."
                )
            )
        case .mandateNotConfirmed:
            OutcomeWords(
                ("МАНДАТ НЕ ПОДТВЕРЖДЁН", "MANDATE NOT CONFIRMED"),
                ("К столу мандатной комиссии.", "To the mandate desk.")
            )
        case .alreadyInside:
            OutcomeWords(
                ("УЖЕ ВНУТРИ", "ALREADY INSIDE"),
                (
                    "Не пропускайте. Сравните время и место первого входа.",
                    "Do not let in. Compare the first entry's time and place."
                )
            )
        case .reEntryForbidden:
            OutcomeWords(
                ("ПОВТОРНЫЙ ВХОД ЗАКРЫТ", "NO RE-ENTRY"),
                (
                    "Не пропускайте: на этом мероприятии второй раз не входят.",
                    "Do not let in: this event admits each person once."
                )
            )
        default:
            OutcomeWords(
                ("ВХОД НА ДРУГОЙ СТАНЦИИ", "ENTERED ELSEWHERE"),
                (
                    "Не пропускайте. Позовите старшего: два входа одного человека.",
                    "Do not let in. Call a supervisor: one person entered twice."
                )
            )
        }
    }
}
