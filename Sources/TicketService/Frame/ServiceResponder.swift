import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Registry
import UnionTicket

/// What Hummingbird hands along with a request: the connection and the request's number.
struct ServiceRequestContext: InitializableFromSource {
    let channel: any Channel
    let id: String

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        // Random, so that numbers of different starts do not meet in one log.
        id = Self.number()
    }

    /// A fresh number of a request.
    static func number() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// The way of every request: address, route, gate, body, work, answer; then measured and logged.
struct ServiceResponder: HTTPResponder {
    typealias Context = ServiceRequestContext

    let service: ServiceContext
    let table: RouteTable

    /// Answers a request, whatever it is.
    ///
    /// - Throws: ``HTTPParserError`` only: the framing broke, and the connection ends with 400.
    func respond(to request: Request, context: Context) async throws -> Response {
        let start = ContinuousClock.now
        service.metrics.begin()
        var course = Course(request, context)
        var answer: Answer
        do {
            answer = try await self.answer(request, context, &course)
        } catch let error as HTTPParserError {
            finish(course, 400, start)
            throw error
        } catch {
            answer = self.answer(to: error, request, context, course)
        }
        if course.isPublished { answer.headers += Self.readableAnywhere }
        // A body that was not asked for may come or not: what follows on the wire is not to be told.
        if course.holdsBody, !answer.headers.contains(where: { $0.name == "Connection" }) {
            answer.headers.append(("Connection", "close"))
        }
        finish(course, answer.status, start)
        return Self.response(answer, request, context)
    }

    /// What is known of a request so far, for log and metrics.
    private struct Course {
        var template = "unmatched"
        let method: HTTPRequest.Method
        let id: String
        var client: APIClient?
        /// The address is one of those that are published for everyone.
        var isPublished = false
        /// The client waits to be asked for the body.
        var holdsBody = false
        /// What people get instead of a problem document.
        var refusal: (@Sendable (Bilingual) -> Answer)?

        init(_ request: Request, _ context: Context) {
            method = request.method
            id = context.id
        }
    }

    private func answer(
        _ request: Request,
        _ context: Context,
        _ course: inout Course
    ) async throws -> Answer {
        try requireFraming(request)
        guard request.head.authority.map(Self.isHost) == true else { throw Problem.badFraming }
        course.holdsBody = try Expectation.holdsBody(request)
        let target = (request.head.path ?? "")[...]
        let mark = target.firstIndex(of: "?")
        let path = target[..<(mark ?? target.endIndex)]
        let found = table.match(request.method, path)
        if case .otherMethods = found, case .route(let read, _) = table.match(.get, path),
            read.isPublished
        {
            (course.template, course.isPublished) = (read.template, true)
            if request.method == .options { return Self.preflight }
        }
        let (route, parameters) = try matched(found, request.method, path, course)
        (course.template, course.isPublished) = (route.template, route.isPublished)
        course.refusal = route.refusal
        let peer = context.channel.remoteAddress
        let address = ClientAddress(
            peer: peer,
            forwarded: request.headers[.forwardedFor],
            proxies: service.settings.proxies
        )
        let gate = Gate(context: service)
        let client = try await gate.admit(route, request.headers, address, context.channel)
        course.client = client
        let asked = route.isPage ? nil : mark.map { target[target.index(after: $0)...] }
        let query = try Query.read(asked, route.query)
        // Asked for only here: earlier answers of the connection are written, and nothing else refuses it.
        let body = try await BodyReader(rule: route.body)
            .read(request, from: course.holdsBody ? context.channel : nil)
        course.holdsBody = false
        let call = Call(
            service: service,
            route: route,
            parameters: parameters,
            query: query,
            headers: request.headers,
            address: address,
            isEncrypted: service.settings.certificate != nil
                || ClientAddress.isProxy(peer, of: service.settings.proxies)
                    && request.headers[.forwardedProto] == "https",
            id: context.id,
            body: body,
            client: client
        )
        return try await run(route, call)
    }

    private func run(_ route: Route, _ call: Call) async throws -> Answer {
        switch route.work {
        case .immediate(let work): return try await work(call)
        case .blocking(let work):
            return try await service.pool.run {
                switch route.repeats {
                case .answeredOnce: try call.once { try work(call) }
                case .keptAfter: try call.keptAfter { try work(call) }
                case .harmless, .ownScope: try work(call)
                }
            }
        }
    }

    /// Refuses what a proxy in front could read otherwise (RFC 9112 § 3.2, § 6.1).
    private func requireFraming(_ request: Request) throws(Problem) {
        let codings = request.headers[values: .transferEncoding]
        guard codings.isEmpty || codings == ["chunked"], request.head.authority != nil,
            request.headers[.host] == nil
        else { throw .badFraming }
    }

    private func matched(
        _ found: RouteTable.Match,
        _ method: HTTPRequest.Method,
        _ path: Substring,
        _ course: Course
    ) throws(Problem) -> (Route, [String: String]) {
        switch found {
        case .route(let route, let parameters): return (route, parameters)
        case .otherMethods(let methods):
            let more = course.isPublished ? [HTTPRequest.Method.options] : []
            throw .wrongMethod(allow: (methods + more).map(\.rawValue))
        case .nothing, .malformed:
            if method == .get || method == .head, let page = table.page(for: path) { return page }
            if case .malformed = found { throw .badTarget }
            throw .notFound
        }
    }

    /// The signs of a host and its port (RFC 9112 § 3.2); an empty one is allowed.
    private static func isHost(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._~%!$&'()*+,;=:[]".utf8.contains($0)
            }
        }
    }

    /// What lets a page of another origin read an answer, with its tag.
    private static let readableAnywhere = [
        (name: "Access-Control-Allow-Origin", value: "*"),
        (name: "Access-Control-Expose-Headers", value: "ETag, Retry-After, X-Request-Id"),
    ]

    /// A browser asks before a request with headers of its own (Fetch Standard § 4.8).
    private static let preflight = Answer(
        status: 204,
        headers: [
            ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
            ("Access-Control-Allow-Headers", "Accept, Accept-Language, If-None-Match"),
            ("Access-Control-Max-Age", "86400"), ("Allow", "GET, HEAD, OPTIONS"),
            ("Cache-Control", "public, max-age=86400"),
        ]
    )

    private func answer(
        to error: any Error,
        _ request: Request,
        _ context: Context,
        _ course: Course
    ) -> Answer {
        let problem = Problem(error)
        if problem.status >= 500, problem.status != 501 {
            // Our own errors hold no name, number or payload; of others only the kind is told.
            let words = (error as? RegisterError)?.message.english ?? "\(type(of: error))"
            service.log.error(
                "failed",
                metadata: [
                    "request": .string(context.id), "route": .string(course.template),
                    "code": .string(problem.code), "reason": .string(words),
                ]
            )
        }
        if let refusal = course.refusal { return problem.answer(refusal) }
        return problem.answer(Language(accept: request.headers[.acceptLanguage]), context.id)
    }

    private func finish(_ course: Course, _ status: Int, _ start: ContinuousClock.Instant) {
        let time = ContinuousClock.now - start
        service.metrics.end(
            route: course.template,
            method: Self.known.contains(course.method) ? course.method.rawValue : "OTHER",
            status: status,
            after: time
        )
        guard service.log.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "request": .string(course.id), "method": .string(course.method.rawValue),
            "route": .string(course.template), "status": .stringConvertible(status),
            "ms": .stringConvertible(Int(time / .milliseconds(1))),
        ]
        if let client = course.client { metadata["client"] = .string(client.name) }
        service.log.info("answered", metadata: metadata)
    }

    private static let known: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .delete, .patch, .options,
    ]

    /// Names that many answers have: judging one letter by letter costs as much as sending it.
    private static let names = Dictionary(
        uniqueKeysWithValues: [
            "Content-Type", "ETag", "Cache-Control", "Vary", "Location", "Content-Language",
            "Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
        ].compactMap { text in HTTPField.Name(text).map { (text, $0) } }
    )

    private static func response(
        _ answer: Answer,
        _ request: Request,
        _ context: Context
    ) -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            guard let name = names[name] ?? HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: name, value: value))
        }
        headers[.xContentTypeOptions] = "nosniff"
        headers[.requestID] = context.id
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        guard answer.status != 204, answer.status != 304 else {
            return Response(status: .init(code: answer.status), headers: headers)
        }
        // HEAD tells the length and sends no body (RFC 9110 § 9.3.2).
        if request.method == .head {
            headers[.contentLength] = "\(answer.body.readableBytes)"
            return Response(
                status: .init(code: answer.status),
                headers: headers,
                body: ResponseBody(contentLength: answer.body.readableBytes) { writer in
                    try await writer.finish(nil)
                }
            )
        }
        return Response(
            status: .init(code: answer.status),
            headers: headers,
            body: ResponseBody(byteBuffer: answer.body)
        )
    }
}
