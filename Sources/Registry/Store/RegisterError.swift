public import UnionTicket

/// The register refused or failed: what happened, and what to do.
///
/// Messages hold no name, no full number and no payload.
public struct RegisterError: Error, Equatable {
    /// What kind of refusal; the program turns it into an exit code.
    public enum Code: String, Sendable {
        /// The passphrase does not open the store.
        case wrongPassphrase
        /// The user does not exist, is disabled or locked, or the passphrase is wrong.
        case notSignedIn
        /// Role or organisation scope does not allow it.
        case forbidden
        /// Nothing of that name is there.
        case notFound
        /// The rules of the union or the state of the thing do not allow it.
        case refused
        /// A file or argument is unusable.
        case badInput
        /// Stored data do not fit their seal, hash or signature.
        case damaged
        /// A key is missing, expired or in the wrong state.
        case keyUnusable
        /// The register was restored and must be reclaimed first.
        case mustReclaim
        /// Another process works on it.
        case busy
        /// Disk, directory or server failed.
        case storage
    }

    /// What kind of refusal.
    public let code: Code
    /// What happened and what to do, in both languages.
    public let message: Bilingual

    /// A refusal with its sentence in Russian and in English.
    public init(_ code: Code, _ russian: String, _ english: String) {
        self.code = code
        message = Bilingual(russian, english)
    }
}

extension RegisterError {
    /// The same failure of the store in the user's words.
    public init(_ failure: DatabaseError) {
        switch failure.code {
        case .busy:
            self.init(
                .busy,
                "Реестр занят другим процессом. Дождитесь его окончания и повторите команду.",
                "Another process holds the register. Wait for it to end and repeat the command."
            )
        case .full:
            self.init(
                .storage,
                "На диске нет места, либо исчерпана квота или предел размера файла (ulimit -f); изменения "
                    + "отменены. Освободите место или поднимите предел и повторите команду.",
                "The disk is full, or a quota or the limit of a file's size (ulimit -f) is reached; "
                    + "nothing was changed. Free some space or raise the limit, and repeat the command."
            )
        case .readOnly:
            self.init(
                .storage,
                "Каталог данных недоступен для записи. Проверьте права и монтирование.",
                "The data directory cannot be written. Check its permissions and mount."
            )
        case .unavailable:
            self.init(
                .storage,
                "База данных недоступна (\(failure.reason)). Проверьте путь или сервер.",
                "The database cannot be reached (\(failure.reason)). Check the path or the server."
            )
        case .corrupt:
            self.init(
                .damaged,
                "Файл реестра повреждён. Восстановите его из резервной копии: profbilet restore.",
                "The register's file is damaged. Restore it from a backup: profbilet restore."
            )
        case .constraint:
            self.init(
                .refused,
                "База данных отклонила изменение: \(failure.constraint ?? failure.reason).",
                "The database refused the change: \(failure.constraint ?? failure.reason)."
            )
        case .misuse:
            self.init(
                .storage,
                "Внутренняя ошибка обращения к базе данных: \(failure.reason).",
                "Internal error in a database call: \(failure.reason)."
            )
        }
    }
}
