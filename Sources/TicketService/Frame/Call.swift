import HTTPTypes
import Registry
import UnionTicket

/// One request as its route gets it: matched, let in, read.
struct Call: Sendable {
    /// What all routes share.
    let service: ServiceContext
    /// Which route it is.
    let route: Route
    /// The template's parameters, percent-decoded.
    let parameters: [String: String]
    /// The query's parameters.
    let query: [String: String]
    /// The request's headers.
    let headers: HTTPFields
    /// Where it came from.
    let address: ClientAddress
    /// Whether the way here is encrypted: by our TLS, or by that of a proxy of ours, which says so.
    let isEncrypted: Bool
    /// Stands in the answer, in problems and in the log.
    let id: String
    /// The whole body, within the route's limit.
    let body: [UInt8]
    /// Who showed a key; nil on routes for everyone.
    let client: APIClient?

    /// The register.
    var register: Register { service.register }

    /// The language of texts in the answer.
    var language: Language { Language(accept: headers[.acceptLanguage]) }

    /// The client in a person's place, for operations of the register.
    ///
    /// - Throws: 401 on a route for everyone: nobody acts there.
    var user: SignedInUser {
        get throws(Problem) {
            guard let client else { throw .unauthorized }
            return client.acting(for: service.account)
        }
    }

    /// A parameter of the template.
    func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// A parameter that is a whole number.
    ///
    /// - Throws: 400 when it is none or out of range.
    func number(_ name: String, _ range: ClosedRange<Int64>) throws(Problem) -> Int64 {
        let text = parameter(name)
        guard text.utf8.count <= 19, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(text), range.contains(value)
        else {
            throw .badField(
                name,
                "В адресе нужно целое число от \(range.lowerBound) до \(range.upperBound).",
                "The address needs a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }

    /// A query parameter that is a whole number; `standard` when it is missing.
    func queryNumber(
        _ name: String,
        _ range: ClosedRange<Int64>,
        standard: Int64
    ) throws(Problem) -> Int64 {
        guard let text = query[name] else { return standard }
        guard text.utf8.count <= 19, let value = Int64(text), range.contains(value) else {
            throw .badField(
                "?\(name)",
                "Нужно целое число от \(range.lowerBound) до \(range.upperBound).",
                "A whole number from \(range.lowerBound) to \(range.upperBound) is needed."
            )
        }
        return value
    }

    /// The body as a JSON object: what is asked for comes out valid, anything else is refused.
    ///
    /// - Throws: 400 with the place as JSON pointer.
    func object<Value>(_ read: (inout JSONFields) throws -> Value) throws -> Value {
        try JSONFields.object(try json(), read)
    }

    /// The body as JSON.
    func json() throws(Problem) -> JSON {
        do {
            return try JSONReader.read(body)
        } catch {
            switch error {
            case .syntax(let offset):
                throw Problem(
                    400,
                    "bad_json",
                    "Это не JSON: ошибка в байте \(offset).",
                    "This is no JSON: byte \(offset) is wrong."
                )
            case .notUTF8(let offset):
                throw Problem(
                    400,
                    "bad_json",
                    "Строка с байта \(offset) — не UTF-8.",
                    "The text from byte \(offset) on is no UTF-8."
                )
            case .duplicate:
                throw Problem(
                    400,
                    "bad_json",
                    "Имя стоит в объекте дважды.",
                    "A name stands in an object twice."
                )
            case .tooDeep:
                throw Problem(
                    400,
                    "too_deep",
                    "Вложенность больше \(JSONReader.deepest).",
                    "Nested deeper than \(JSONReader.deepest)."
                )
            }
        }
    }
}

extension Call {
    /// Whose idempotency keys are compared with each other.
    enum Repeat: Sendable {
        /// The client's.
        case client
        /// One enrolment's, one station's: its kind and id.
        case other(String)
    }

    /// Runs `effect` once for the request's `Idempotency-Key`, in one transaction with the kept answer;
    /// without the header it just runs, in one transaction too.
    ///
    /// Routes that say `repeats: .answeredOnce` are wrapped in it by the frame. Throw a refusal that
    /// changed nothing; return a refusal that must stay (a spent code).
    ///
    /// - Parameters:
    ///   - scope: Whose keys are compared.
    ///   - comparing: What makes the body the same; nil: all its bytes. Leave random proofs out.
    ///   - effect: Calls the register's operations and makes the answer; no effects elsewhere.
    /// - Returns: The first answer.
    /// - Throws: 400 for a malformed key, 409 for a reused one, or what `effect` throws.
    func once(
        in scope: Repeat = .client,
        comparing: [UInt8]? = nil,
        _ effect: () throws -> Answer
    ) throws -> Answer {
        guard let key = try retryKey() else { return try register.together(effect) }
        return try given(
            Idempotency(register).once(
                scope: self.scope(of: scope),
                key: key,
                body: comparing ?? body
            ) { try effect().stored }
        )
    }

    /// Runs `effect` once for the request's `Idempotency-Key`, and keeps its answer right after it;
    /// for what cannot be one transaction.
    ///
    /// - Throws: 400 for a malformed key, 409 for a reused one, or what `effect` throws.
    func keptAfter(_ effect: () throws -> Answer) throws -> Answer {
        guard let key = try retryKey() else { return try effect() }
        return try given(
            Idempotency(register).after(scope: scope(of: .client), key: key, body: body) {
                try effect().stored
            }
        )
    }

    private func scope(of whose: Repeat) -> String {
        let owner =
            switch whose {
            case .client: "client/\(client?.id ?? 0)"
            case .other(let name): name
            }
        let path = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "\(owner) \(route.method.rawValue) \(route.template) \(path)"
    }

    private func given(_ outcome: Idempotency.Outcome) throws -> Answer {
        switch outcome {
        case .first(let stored), .again(let stored):
            guard var answer = Answer(stored: stored) else { throw Problem.internal }
            if case .again = outcome { answer.headers.append(("Idempotent-Replayed", "true")) }
            return answer
        case .anotherBody:
            throw Problem(
                409,
                "idempotency_key_reused",
                "Этот Idempotency-Key уже использован с другим телом запроса.",
                "This Idempotency-Key was used with another body."
            )
        }
    }
}

extension Call {
    /// The request's `Idempotency-Key`, for routes that keep answers themselves.
    ///
    /// - Throws: 400 when it is malformed.
    func retryKey() throws(Problem) -> String? {
        guard let key = headers[.idempotencyKey] else { return nil }
        guard (1...128).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .badField(
                "Idempotency-Key",
                "Idempotency-Key — от 1 до 128 печатных знаков ASCII.",
                "Idempotency-Key has 1 to 128 printable ASCII characters."
            )
        }
        return key
    }
}

extension HTTPField.Name {
    static let idempotencyKey = known("Idempotency-Key")
    static let requestID = known("X-Request-Id")
    static let forwardedFor = known("X-Forwarded-For")
    static let forwardedProto = known("X-Forwarded-Proto")
    static let deviceProof = known("Device-Proof")
    /// A second one: the first is the request's authority.
    static let host = known("Host")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("no header's name") }
        return name
    }
}
