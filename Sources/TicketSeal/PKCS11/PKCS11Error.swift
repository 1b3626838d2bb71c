public import UnionTicket

/// A key store behind PKCS#11 refused or failed.
public struct PKCS11Error: Error, Equatable, Sendable {
    /// What kind of failure.
    public enum Code: String, Sendable {
        /// The file is no PKCS#11 module, or is not there.
        case moduleNotFound
        /// No token of this label is connected.
        case tokenNotFound
        /// The PIN is wrong.
        case wrongPIN
        /// Too many wrong PINs.
        case pinLocked
        /// The token holds no private key of this identifier.
        case keyNotFound
        /// The connection to the token is gone and did not come back.
        case sessionLost
        /// The module refused a call.
        case refused
    }

    /// What kind of failure.
    public let code: Code
    /// The module's path or the token's label.
    public let place: String
    /// The module's own number (CKR_…), where there is one.
    public let cause: UInt?

    init(_ code: Code, _ place: String, cause: UInt? = nil) {
        (self.code, self.place, self.cause) = (code, place, cause)
    }

    /// What happened and what to do.
    public var message: Bilingual {
        switch code {
        case .moduleNotFound:
            Bilingual(
                "Модуль PKCS#11 \(place) не загружается. Проверьте путь и установлен ли драйвер.",
                "The PKCS#11 module \(place) cannot be loaded. Check the path and the driver."
            )
        case .tokenNotFound:
            Bilingual(
                "Токен «\(place)» не подключён. Подключите его или проверьте метку.",
                "The token \(place) is not connected. Connect it or check its label."
            )
        case .wrongPIN:
            Bilingual(
                "Неверный PIN токена «\(place)». После нескольких ошибок токен блокируется.",
                "Wrong PIN of the token \(place). It locks after a few of them."
            )
        case .pinLocked:
            Bilingual(
                "PIN токена «\(place)» заблокирован. Разблокируйте его средствами токена.",
                "The PIN of the token \(place) is locked. Unlock it with the token's own tools."
            )
        case .keyNotFound:
            Bilingual(
                "В токене «\(place)» нет нужного ключа. Подключите тот токен, где он создан, "
                    + "или смените ключ: profbilet keys rotate.",
                "The token \(place) does not hold the key. Connect the token it was made in, or "
                    + "replace the key: profbilet keys rotate."
            )
        case .sessionLost:
            Bilingual(
                "Связь с токеном «\(place)» потеряна (код \(number)). Подключите его снова и "
                    + "повторите команду.",
                "The connection to the token \(place) is lost (code \(number)). Connect it again "
                    + "and repeat the command."
            )
        case .refused:
            Bilingual(
                "Токен «\(place)» отказал (код \(number)). Посмотрите журнал его драйвера.",
                "The token \(place) refused (code \(number)). See the log of its driver."
            )
        }
    }

    private var number: String { "0x" + String(cause ?? 0, radix: 16) }
}
