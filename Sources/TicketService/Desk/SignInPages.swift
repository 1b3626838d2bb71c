import Registry
import UnionTicket

/// Signing in and out.
struct SignInPages: Sendable {
    let door: DeskDoor

    /// Attempts from one address: a person mistypes, a program guesses.
    private static let rate = Rate(perSecond: 0.2, burst: 20)
    /// Attempts for one name, wherever they come from.
    private static let nameRate = Rate(perSecond: 0.1, burst: 10)
    /// All attempts: each costs a tenth of a second of work.
    private static let wholeRate = Rate(perSecond: 4, burst: 40)

    var routes: [Route] {
        [
            .get(
                "/desk/sign-in",
                .everyone,
                query: ["again", "language"],
                pace: .unlimited,
                show
            ),
            door.form("/desk/sign-in", enter),
            door.action("/desk/sign-out", []) { visit in
                let cookies = DeskCookies(visit.call)
                if let token = cookies.token { try DeskSessions(visit.register).close(token) }
                return DeskCookies.elsewhere("/desk/sign-in", more: [cookies.keep(token: nil)])
            },
        ]
    }

    @Sendable private func show(_ call: Call) -> Answer {
        let cookies = DeskCookies(call)
        guard cookies.isPrivate else { return door.frame.plain(Self.insecure, call) }
        let again = Bilingual(
            "Сеанс закончился. Войдите снова; незаконченное не записано.",
            "The session is over. Sign in again; what was not finished is not recorded."
        )
        return form(call, call.query["again"] == nil ? nil : again, status: 200)
    }

    @Sendable private func enter(_ call: Call) throws -> Answer {
        let cookies = DeskCookies(call)
        guard cookies.isPrivate else { return door.frame.plain(Self.insecure, call) }
        guard let form = FormFields(call.body), DeskDoor.isOwnSite(call),
            let visitor = cookies.visitor, form["key"] == cookies.formKey(visitor)
        else { return self.form(call, DeskDoor.staleForm.message, status: 403) }
        let (name, phrase) = (form["name"], form.verbatim("passphrase"))
        if let wait = wait(call, name) {
            var answer = self.form(call, Problem.tooMany(wait).message, status: 429)
            answer.headers.append(("Retry-After", "\(wait)"))
            return answer
        }
        guard (1...64).contains(name.unicodeScalars.count), !phrase.isEmpty,
            let token = try DeskSessions(call.register).open(name, passphrase: phrase)
        else { return self.form(call, Self.wrong, status: 403, name: name) }
        return DeskCookies.elsewhere(
            "/desk",
            more: [cookies.keep(token: token), cookies.keep(visitor: "")]
        )
    }

    private func wait(_ call: Call, _ name: String) -> Int? {
        let limits = call.service.limits
        return limits.take("sign-in \(call.address.text)", Self.rate)
            ?? limits.take("sign-in name \(name.prefix(64))", Self.nameRate)
            ?? limits.take("sign-in", Self.wholeRate)
    }

    private static let wrong = Bilingual(
        "Войти не удалось: имя или парольная фраза неверны, либо учётная запись отключена или "
            + "заблокирована после неверных попыток. Блокировку снимает администратор.",
        "Not signed in: name or passphrase is wrong, or the account is disabled or locked after wrong "
            + "attempts. An administrator unlocks it."
    )
    private static let insecure = Problem(
        403,
        "insecure",
        "Вход возможен только по защищённому соединению: адрес начинается с https.",
        "Signing in takes a protected connection: the address begins with https."
    )

    private func form(
        _ call: Call,
        _ message: Bilingual?,
        status: Int,
        name: String = ""
    ) -> Answer {
        let cookies = DeskCookies(call)
        let visitor = cookies.visitor ?? DeskCookies.newVisitor()
        let language = cookies.language
        func say(_ russian: String, _ english: String) -> String {
            language.pick(Bilingual(russian, english))
        }
        let note: HTML =
            if let message {
                "<p class=\"note bad\" role=\"alert\">\(language.pick(message))</p>"
            } else {
                .none
            }
        let person = DeskField(
            name: "name",
            label: say("Имя пользователя", "User name"),
            value: name,
            more: """
                required maxlength="64" autocomplete="username" autocapitalize="none" \
                spellcheck="false" \("autofocus", if: name.isEmpty)
                """
        )
        let phrase = DeskField(
            name: "passphrase",
            label: say("Парольная фраза", "Passphrase"),
            type: "password",
            more:
                "required maxlength=\"512\" autocomplete=\"current-password\" \("autofocus", if: !name.isEmpty)"
        )
        return door.frame.page(
            say("Вход", "Sign in"),
            call,
            language,
            status: status,
            headers: cookies.remembered + [cookies.keep(visitor: visitor)],
            """
            <form class="card narrow" method="post" action="/desk/sign-in">
            <h1>\(say("Вход в кабинет", "Sign in at the desk"))</h1>
            <p class="words">\(say(
                "Для председателей и ответственных за учёт. Имя и фразу выдаёт администратор.",
                "For chairs and registrars. An administrator gives name and passphrase."
            ))</p>
            \(note)
            <input type="hidden" name="key" value="\(cookies.formKey(visitor))">
            \(person.html(language))
            \(phrase.html(language))
            <button>\(say("Войти", "Sign in"))</button>
            </form>
            """
        )
    }
}
