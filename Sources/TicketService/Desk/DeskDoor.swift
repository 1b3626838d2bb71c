import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// Who comes in at the desk: sessions in cookies, keys in forms, roles, and errors as pages.
///
/// A page is only shown over TLS or on this machine. Cookies are HttpOnly and SameSite=Strict; a form is
/// taken when it carries its session's key and the browser does not say that another site sent it.
struct DeskDoor: Sendable {
    let context: ServiceContext
    let frame = DeskFrame()

    private static let formType = "application/x-www-form-urlencoded"

    /// A page for whoever may do one of these things.
    func page(
        _ template: String,
        _ permissions: [Permission],
        query: Set<String> = [],
        _ work: @escaping @Sendable (DeskVisit) throws -> Answer
    ) -> Route {
        .get(template, .everyone, query: query.union(["language"]), pace: .unlimited) { call in
            try visited(call, permissions, work)
        }
    }

    /// What a form does.
    func action(
        _ template: String,
        _ permissions: [Permission],
        atMost limit: Int = 1 << 16,
        _ work: @escaping @Sendable (DeskVisit) throws -> Answer
    ) -> Route {
        form(template, atMost: limit) { call in
            try visited(call, permissions) { visit in
                var visit = visit
                guard let form = FormFields(call.body) else { throw Self.badForm }
                try Self.requireKey(form, visit.formKey, call)
                visit.form = form
                return try work(visit)
            }
        }
    }

    /// A form that needs no session: signing in.
    func form(
        _ template: String,
        atMost limit: Int = 1 << 12,
        _ work: @escaping @Sendable (Call) throws -> Answer
    ) -> Route {
        .write(
            .post,
            template,
            .everyone,
            body: .bytes([Self.formType], atMost: limit),
            pace: .unlimited,
            repeats: .harmless,
            work
        )
    }

    private func visited(
        _ call: Call,
        _ permissions: [Permission],
        _ work: (DeskVisit) throws -> Answer
    ) throws -> Answer {
        let cookies = DeskCookies(call)
        guard cookies.isPrivate else { return frame.plain(Self.insecure, call) }
        guard let token = cookies.token,
            let user = try DeskSessions(call.register).find(token)
        else { return cookies.signIn(again: cookies.token != nil) }
        let visit = DeskVisit(
            call: call,
            user: user,
            formKey: cookies.formKey(token),
            language: cookies.language
        )
        var answer: Answer
        do {
            if let wait = context.limits.take(
                "desk \(user.name)",
                Rate(perSecond: 5, burst: 100)
            ) {
                throw Problem.tooMany(wait)
            }
            guard permissions.isEmpty || permissions.contains(where: user.permits) else {
                throw Self.wrongRole(user)
            }
            answer = try work(visit)
        } catch { answer = try refused(error, visit) }
        answer.headers += cookies.remembered
        return answer
    }

    /// An error as a page; failures of the server go on to the frame, which logs them.
    private func refused(_ error: any Error, _ visit: DeskVisit) throws -> Answer {
        let problem = (error as? FieldFault).map { Self.badField($0) } ?? Problem(error)
        guard problem.status < 500 || problem.retryAfter != nil else { throw error }
        return frame.refusal(problem, visit)
    }

    private static func requireKey(
        _ form: FormFields,
        _ key: String,
        _ call: Call
    ) throws(Problem) {
        guard isOwnSite(call), form["key"] == key else { throw staleForm }
    }

    /// By Fetch Metadata (W3C), which every browser of today sends.
    static func isOwnSite(_ call: Call) -> Bool {
        let site = call.headers[.secFetchSite]
        return site == nil || site == "same-origin" || site == "none"
    }

    private static let badForm = Problem(
        400,
        "bad_form",
        "Форма пришла испорченной. Вернитесь на страницу и отправьте её снова.",
        "The form came damaged. Go back and send it again."
    )
    static let staleForm = Problem(
        403,
        "stale_form",
        "Форма устарела или пришла с чужой страницы. Ничего не записано: откройте раздел заново.",
        "The form is stale or came from another site. Nothing was recorded: open the page anew."
    )
    private static let insecure = Problem(
        403,
        "insecure",
        "Кабинет открывается только по защищённому соединению: адрес начинается с https.",
        "The desk is open over a protected connection only: its address begins with https."
    )

    static func wrongRole(_ user: SignedInUser) -> Problem {
        Problem(
            403,
            "forbidden",
            "Ваша роль (\(DeskWords.role(user.role).russian)) не открывает этот раздел. Нужный доступ "
                + "даёт администратор.",
            "Your role (\(DeskWords.role(user.role).english)) does not open this page. An administrator "
                + "gives access."
        )
    }

    private static func badField(_ fault: FieldFault) -> Problem {
        Problem(422, "bad_input", fault.message.russian, fault.message.english)
    }
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
}
