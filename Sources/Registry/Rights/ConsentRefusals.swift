import UnionTicket

// Why the desk takes no consent, or no withdrawal.
extension ConsentDesk {
    static func noText(_ purpose: ConsentPurpose) -> RegisterError {
        RegisterError(
            .notFound,
            "Нет одного такого текста согласия «\(purpose.rawValue)»: profbilet consent text list; "
                + "новый: profbilet consent text add.",
            "There is no single such consent text \(purpose.rawValue): profbilet consent text list; "
                + "a new one: profbilet consent text add."
        )
    }

    static func nothingStands(_ purpose: ConsentPurpose) -> RegisterError {
        RegisterError(
            .refused,
            "Действующего согласия «\(purpose.rawValue)» нет: отзывать нечего.",
            "No consent \(purpose.rawValue) stands: there is nothing to withdraw."
        )
    }

    static func beforeGiven(_ given: CalendarDate) -> RegisterError {
        RegisterError(
            .badInput,
            "Согласие дано \(given.russian): отзыв не может быть раньше. Проверьте дату.",
            "The consent was given on \(given.iso): no withdrawal comes before it. Check the date."
        )
    }

    static var isStopped: RegisterError {
        RegisterError(
            .refused,
            "Согласие на обработку персональных данных отозвано: других согласий не записывают. "
                + "Сначала новое (profbilet consent give --purpose register) или profbilet erase.",
            "The consent to the processing of personal data was withdrawn: no other consent is "
                + "recorded. A new one first (profbilet consent give --purpose register), or "
                + "profbilet erase."
        )
    }
}
