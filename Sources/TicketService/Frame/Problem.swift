import Registry
import TicketSeal
import UnionTicket

/// A request that is turned down, as a problem document (RFC 9457) in both languages.
///
/// `code` is stable and documented in openapi.yaml; messages hold no name, no full number, no payload,
/// no path of the server.
struct Problem: Error, Equatable, Sendable {
    /// The HTTP status.
    let status: Int
    /// Stable, snake_case.
    let code: String
    /// What happened and what to do.
    let message: Bilingual
    /// The place in the body (JSON pointer), the query or the path, where one is at fault.
    var field: String?
    /// Seconds to wait, for 429 and 503.
    var retryAfter: Int?
    /// More headers: `Allow`, `WWW-Authenticate`.
    var headers: [String: String] = [:]
    /// Everything that is wrong with a record, where there is more than one thing.
    var issues: [RowIssue] = []
    /// Whether the rest of the request is not worth reading: the connection ends with the answer.
    var closes = false

    init(
        _ status: Int,
        _ code: String,
        _ russian: String,
        _ english: String,
        field: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.code = code
        message = Bilingual(russian, english)
        self.field = field
        self.retryAfter = retryAfter
    }

    /// The document; the title is in the language the client prefers.
    func document(_ language: Language, request: String) -> JSON {
        var members: [JSON.Member] = [
            .init(name: "type", value: "about:blank"),
            .init(name: "title", value: .text(language.pick(message))),
            .init(name: "status", value: .int(status)),
            .init(name: "code", value: .text(code)),
            .init(
                name: "message",
                value: ["ru": .text(message.russian), "en": .text(message.english)]
            ),
            .init(name: "request", value: .text(request)),
        ]
        if let field { members.append(.init(name: "field", value: .text(field))) }
        if let retryAfter { members.append(.init(name: "retryAfter", value: .int(retryAfter))) }
        if !issues.isEmpty {
            members.append(.init(name: "issues", value: MemberFields.json(issues)))
        }
        return .object(members)
    }
}

extension Problem {
    /// The document as an answer: for refusals that are kept as such too.
    func answer(_ language: Language, _ request: String) -> Answer {
        var answer = Answer.bytes(
            document(language, request: request).bytes,
            "application/problem+json",
            status: status,
            headers: [("Content-Language", language.rawValue)]
        )
        answer.headers += ownHeaders
        return answer
    }

    /// The same for people: a page that says it.
    func answer(_ page: (Bilingual) -> Answer) -> Answer {
        var answer = page(message)
        answer.status = status
        answer.headers += ownHeaders
        return answer
    }

    private var ownHeaders: [(name: String, value: String)] {
        var all = headers.map { (name: $0.key, value: $0.value) }
        if let retryAfter { all.append(("Retry-After", "\(retryAfter)")) }
        if closes { all.append(("Connection", "close")) }
        return all
    }

    /// What the register refused or failed to do.
    ///
    /// Failures of the server keep their words to the log: a client gets no path and no table's name.
    init(_ error: RegisterError) {
        switch error.code {
        case .forbidden, .notSignedIn: self.init(403, "forbidden", error.message)
        case .notFound: self.init(404, "not_found", error.message)
        case .refused: self.init(409, "refused", error.message)
        case .badInput: self.init(422, "bad_input", error.message)
        case .busy: self = .busy
        case .storage: self = .storage
        case .keyUnusable, .mustReclaim: self = .unusableKeys
        case .wrongPassphrase, .damaged: self = .internal
        }
    }

    /// Whatever was thrown.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as RegisterError: self.init(error)
        case let error as DatabaseError: self.init(RegisterError(error))
        case is PKCS11Error: self = .unusableKeys
        default: self = .internal
        }
    }

    private init(_ status: Int, _ code: String, _ message: Bilingual) {
        self.init(status, code, message.russian, message.english)
    }

    static let busy = Problem(
        503,
        "busy",
        "Реестр занят. Повторите запрос позже.",
        "The register is busy. Repeat the request later.",
        retryAfter: 2
    )
    static let storage = Problem(
        503,
        "storage",
        "Хранилище недоступно. Повторите запрос позже.",
        "The store is not available. Repeat the request later.",
        retryAfter: 10
    )
    static let unusableKeys = Problem(
        503,
        "key_unusable",
        "Ключи подписи сейчас недоступны. Повторите запрос позже.",
        "The signing keys are not usable now. Repeat the request later.",
        retryAfter: 60
    )
    static let `internal` = Problem(
        500,
        "internal",
        "Внутренняя ошибка. Сообщите администратору номер запроса.",
        "Internal error. Tell the administrator the request's number."
    )
    static let overloaded = Problem(
        503,
        "overloaded",
        "Сервис перегружен. Повторите запрос позже.",
        "The service is overloaded. Repeat the request later.",
        retryAfter: 1
    )
    static let notFound = Problem(404, "not_found", "Здесь ничего нет.", "There is nothing here.")
    /// What two readers could take for different requests; the connection ends with it.
    static let badFraming: Problem = {
        var problem = Problem(
            400,
            "bad_framing",
            "Запрос оформлен не по правилам HTTP или слишком велик его заголовок.",
            "The request breaks the rules of HTTP, or its header is too large."
        )
        problem.closes = true
        return problem
    }()
    /// A method that HTTP does not know; the connection ends with it.
    static let unknownMethod: Problem = {
        var problem = Problem(
            501,
            "unknown_method",
            "Такого метода HTTP нет.",
            "HTTP has no such method."
        )
        problem.closes = true
        return problem
    }()
    static let noPast = Problem(
        501,
        "no_past_lists",
        "Прежние списки не хранятся: запросите без time.",
        "Lists of the past are not kept: ask without time.",
        field: "?time"
    )
    static let badTarget = Problem(
        400,
        "bad_target",
        "Адрес запроса записан неверно.",
        "The request's address is malformed."
    )
    static let unauthorized: Problem = {
        var problem = Problem(
            401,
            "unauthorized",
            "Нужен действующий ключ: Authorization: Bearer.",
            "A valid key is needed: Authorization: Bearer."
        )
        problem.headers = ["WWW-Authenticate": "Bearer realm=\"profbilet\""]
        return problem
    }()
    static let wrongRole = Problem(
        403,
        "forbidden",
        "Роль этого клиента не разрешает запрос.",
        "This client's role does not permit the request."
    )

    /// One part of the request is missing or wrong.
    static func badField(_ place: String, _ russian: String, _ english: String) -> Problem {
        Problem(400, "bad_request", russian, english, field: place)
    }

    /// The address does not take this method.
    static func wrongMethod(allow: [String]) -> Problem {
        var problem = Problem(
            405,
            "wrong_method",
            "Этот адрес так не вызывают.",
            "This address is not called this way."
        )
        problem.headers = ["Allow": allow.joined(separator: ", ")]
        return problem
    }

    /// Too many requests.
    static func tooMany(_ seconds: Int) -> Problem {
        Problem(
            429,
            "too_many_requests",
            "Слишком много запросов. Подождите \(seconds) с.",
            "Too many requests. Wait \(seconds) s.",
            retryAfter: seconds
        )
    }
}

/// The language a client prefers; Russian unless it says otherwise.
enum Language: String, Sendable {
    case russian = "ru"
    case english = "en"

    /// By `Accept-Language` (RFC 9110 § 12.5.4): the first of ours with the highest weight; `*` is any
    /// that is not named, and what is refused (`;q=0`) comes after what is not spoken of.
    init(accept: String?) {
        var named: [(language: Language, weight: Double)] = []
        var others = Self.unspoken
        for part in (accept ?? "").prefix(256).split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            let weight =
                pieces.dropFirst().first { $0.hasPrefix("q=") }
                .flatMap { Double($0.dropFirst(2)) } ?? 1
            guard let tag = pieces.first, (0...1).contains(weight) else { continue }
            if tag == "*" { others = weight }
            if let language = Language(rawValue: String(tag.prefix { $0 != "-" })) {
                named.append((language, weight))
            }
        }
        let rest = [Language.russian, .english]
            .filter { language in !named.contains { $0.language == language } }
            .map { (language: $0, weight: others) }
        var best = (language: Language.russian, weight: 0.0)
        for wish in named + rest where wish.weight > best.weight { best = wish }
        self = best.language
    }

    /// Below the smallest weight that can be said, 0.001.
    private static let unspoken = 0.000_5

    func pick(_ message: Bilingual) -> String {
        self == .russian ? message.russian : message.english
    }
}
