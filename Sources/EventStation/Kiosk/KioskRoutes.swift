import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import UnionTicket

/// Answers every request: gate first, then the page's files, the events and the desk's actions.
///
/// A plain switch instead of a router: an address called the wrong way is 405, not 404, and nothing is
/// served that does not stand here.
struct KioskRoutes: Sendable {
    let desk: any StationDesk
    let gate: KioskGate
    private let events: KioskEvents
    private let uptime: @Sendable () -> Duration
    private let pins = PINBrake()
    private let passphrases = PINBrake()

    init(
        desk: any StationDesk,
        gate: KioskGate,
        heartbeat: Duration,
        uptime: @escaping @Sendable () -> Duration
    ) {
        self.desk = desk
        self.gate = gate
        self.uptime = uptime
        events = KioskEvents(desk: desk, heartbeat: heartbeat)
    }

    /// Answers a request, whatever it is.
    ///
    /// - Parameter request: From the network: head and body are hostile.
    /// - Returns: An answer with all the page's protecting headers.
    func respond(to request: Request) async -> Response {
        var response: Response
        switch gate.judge(request.head) {
        case .enter: response = await enter(request)
        case .welcome:
            response = Response(
                status: .seeOther,
                headers: [.location: "/", .setCookie: gate.sessionCookie]
            )
        case .refuse(.noSession) where request.uri.path == "/" && request.method == .get:
            response = KioskAnswer.file(KioskPage.locked, status: .unauthorized)
        case .refuse(let problem): response = KioskAnswer.problem(problem)
        }
        for (name, value) in KioskPage.headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private func enter(_ request: Request) async -> Response {
        let path = request.uri.path
        do throws(KioskProblem) {
            if path.hasPrefix("/api/") {
                guard request.method == .post else { throw .wrongMethod }
                return try await act(path, Self.body(of: request))
            }
            guard request.method == .get else { throw .wrongMethod }
            if path == "/events" { return try events.stream() }
            guard let file = KioskPage.file(at: path) else { throw .notFound }
            return KioskAnswer.file(file)
        } catch {
            return KioskAnswer.problem(error)
        }
    }

    private static func body(of request: Request) async throws(KioskProblem) -> KioskBody {
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true
        else { throw .notJSON }
        let bytes: ByteBuffer
        do {
            bytes = try await request.body.collect(upTo: KioskBody.longest)
        } catch {
            // Too long, or the connection broke: then nobody reads the answer.
            throw .tooLarge
        }
        do {
            return try JSONDecoder().decode(KioskBody.self, from: Data(bytes.readableBytesView))
        } catch DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context), DecodingError.dataCorrupted(let context)
        {
            throw .badField(context.codingPath.first?.stringValue ?? "JSON")
        } catch {
            throw .badField("JSON")
        }
    }
}

extension KioskRoutes {
    private func act(_ path: String, _ body: KioskBody) async throws(KioskProblem) -> Response {
        switch path {
        case "/api/scan": KioskAnswer.json(await desk.scan(try body.scan()))
        case "/api/number":
            KioskAnswer.json(await NumberHelp(try body.line(body.text, "text", 0...64), at: desk))
        case "/api/status": KioskAnswer.json(await desk.status())
        case "/api/admit": try await admit(body)
        case "/api/annul": try await annul(body)
        case "/api/mode": try await turn(body)
        case "/api/shift": try await takeShift(body)
        case "/api/reopen": try await reopen(body)
        case "/api/quorum": try await freezeQuorum(body)
        case "/api/find": try await find(body)
        case "/api/person": try await admitPerson(body)
        default: throw .notFound
        }
    }

    private func admit(_ body: KioskBody) async throws(KioskProblem) -> Response {
        let admission = DeskAdmission(
            nonce: try body.scanNonce(),
            person: body.person == nil ? nil : try body.line(body.person, "person", 1...128),
            reason: try body.writtenReason(),
            pin: body.pin == nil ? nil : try body.typedPIN()
        )
        return try await braked(admission.pin == nil ? nil : pins) { () throws(DeskRefusal) in
            KioskAnswer.json(try await desk.admit(admission))
        }
    }

    private func annul(_ body: KioskBody) async throws(KioskProblem) -> Response {
        let annulment = DeskAnnulment(
            nonce: try body.scanNonce(),
            reason: try body.writtenReason(),
            pin: try body.typedPIN()
        )
        return try await braked(pins) { () throws(DeskRefusal) in
            KioskAnswer.json(try await desk.annul(annulment))
        }
    }

    private func turn(_ body: KioskBody) async throws(KioskProblem) -> Response {
        guard let mode = body.mode else { throw .badField("mode") }
        let pin = try body.typedPIN()
        return try await braked(pins) { () throws(DeskRefusal) in
            try await desk.turn(to: mode, pin: pin)
            return KioskAnswer.json(await desk.status())
        }
    }

    private func takeShift(_ body: KioskBody) async throws(KioskProblem) -> Response {
        let pin = body.pin == nil ? nil : try body.typedPIN()
        return try await braked(pin == nil ? nil : pins) { () throws(DeskRefusal) in
            try await desk.takeShift(pin: pin)
            return KioskAnswer.json(await desk.status())
        }
    }

    private func reopen(_ body: KioskBody) async throws(KioskProblem) -> Response {
        let pin = try body.typedPIN()
        return try await braked(pins) { () throws(DeskRefusal) in
            try await desk.reopen(pin: pin)
            return KioskAnswer.json(await desk.status())
        }
    }

    private func freezeQuorum(_ body: KioskBody) async throws(KioskProblem) -> Response {
        let pin = try body.typedPIN()
        return try await braked(pins) { () throws(DeskRefusal) in
            KioskAnswer.json(try await desk.freezeQuorum(pin: pin))
        }
    }

    private func find(_ body: KioskBody) async throws(KioskProblem) -> Response {
        let query = try body.line(body.text, "text", 2...64)
        let passphrase = try body.typedPassphrase()
        return try await braked(passphrases) { () throws(DeskRefusal) in
            KioskAnswer.json(try await desk.findByName(query, passphrase: passphrase))
        }
    }

    private func admitPerson(_ body: KioskBody) async throws(KioskProblem) -> Response {
        let admission = DeskPersonAdmission(
            person: try body.line(body.person, "person", 1...128),
            reason: try body.writtenReason(),
            nonce: try body.scanNonce(),
            pin: try body.typedPIN()
        )
        return try await braked(pins) { () throws(DeskRefusal) in
            KioskAnswer.json(try await desk.admitPerson(admission))
        }
    }

    /// Lets one try of a secret through the brake; whatever the desk refuses for another reason shows
    /// that the secret was right.
    private func braked(
        _ brake: PINBrake?,
        _ work: () async throws(DeskRefusal) -> Response
    ) async throws(KioskProblem) -> Response {
        if let wait = brake?.begin(at: uptime()) { throw .tooManyTries(wait) }
        do throws(DeskRefusal) {
            let response = try await work()
            brake?.succeeded()
            return response
        } catch {
            if error != .wrongPIN, error != .wrongPassphrase { brake?.succeeded() }
            throw KioskProblem(error)
        }
    }
}
