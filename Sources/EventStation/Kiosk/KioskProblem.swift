import Hummingbird
import UnionTicket

/// A request the server itself turns down (RFC 9457), in both languages.
struct KioskProblem: Error, Equatable {
    /// The HTTP status.
    let status: Int
    /// Stable, for the page and for tests.
    let code: String
    /// What happened and what to do.
    let message: Bilingual
    /// For 429: seconds to wait.
    let retryAfter: Int?

    init(
        _ status: Int,
        _ code: String,
        _ russian: String,
        _ english: String,
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.code = code
        message = Bilingual(russian, english)
        self.retryAfter = retryAfter
    }

    /// What the desk refused.
    init(_ refusal: DeskRefusal) {
        status =
            switch refusal {
            case .wrongPIN, .wrongPassphrase, .pinNeeded, .notAllowed: 403
            case .unknownScan: 404
            case .reasonNeeded: 422
            case .journalFailed: 503
            case .notAdmissible, .alreadyDone, .tooLate, .unavailable, .stationClosed: 409
            }
        code = refusal.rawValue
        message = refusal.message
        retryAfter = nil
    }

    static let foreignHost = KioskProblem(
        421,
        "foreign_host",
        "Откройте адрес, который напечатала станция.",
        "Open the address the station printed."
    )
    static let foreignPage = KioskProblem(
        403,
        "foreign_page",
        "Запрос пришёл с чужой страницы.",
        "The request came from a foreign page."
    )
    static let noSession = KioskProblem(
        401,
        "no_session",
        "Станция перезапущена. Откройте адрес, который она напечатала.",
        "The station was restarted. Open the address it printed."
    )
    static let notFound = KioskProblem(404, "not_found", "Такой страницы нет.", "No such page.")
    static let wrongMethod = KioskProblem(
        405,
        "wrong_method",
        "Этот адрес так не вызывают.",
        "This address is not called this way."
    )
    static let notJSON = KioskProblem(
        415,
        "not_json",
        "Нужен JSON (application/json).",
        "JSON is needed (application/json)."
    )
    static let tooLarge = KioskProblem(
        413,
        "too_large",
        "Запрос слишком велик.",
        "The request is too large."
    )
    static let tooManyPages = KioskProblem(
        503,
        "too_many_pages",
        "Открыто слишком много страниц станции: закройте лишние.",
        "Too many pages of this station are open: close some."
    )
    static let burst = KioskProblem(
        422,
        "typed_by_machine",
        "PIN вводят руками: так быстро набирает только сканер.",
        "A PIN is typed by hand: only a scanner types this fast."
    )

    static func badField(_ name: String) -> KioskProblem {
        KioskProblem(
            400,
            "bad_request",
            "Поле \(name) отсутствует или неверно.",
            "The field \(name) is missing or wrong."
        )
    }

    static func tooManyTries(_ wait: Duration) -> KioskProblem {
        let seconds = Int(wait.components.seconds) + 1
        return KioskProblem(
            429,
            "too_many_tries",
            "Слишком много неверных попыток. Подождите \(seconds) с.",
            "Too many wrong tries. Wait \(seconds) s.",
            retryAfter: seconds
        )
    }
}

extension KioskProblem: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, title, status, code, message, retryAfter
    }

    func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode("about:blank", forKey: .type)
        try keys.encode(message.russian, forKey: .title)
        try keys.encode(status, forKey: .status)
        try keys.encode(code, forKey: .code)
        try keys.encode(message, forKey: .message)
        try keys.encodeIfPresent(retryAfter, forKey: .retryAfter)
    }
}
