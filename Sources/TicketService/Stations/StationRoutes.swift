import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// Stations at doors: enrolment by a one-time token, the time, the snapshot, the journals.
///
/// A station has no API key: it signs every request with the key its token enrolled
/// (`Authorization: Station …`). A revoked one is told so, and erases its snapshot.
struct StationRoutes: RouteGroup {
    let headquarters: any StationHeadquarters
    /// Milliseconds since 1970; what stations measure their clocks against.
    let clock: @Sendable () -> Int64

    /// How many bytes of a snapshot one ranged answer holds.
    static let piece: Int64 = 8 << 20
    /// How far a station's idea of the server's time may be off, milliseconds.
    static let tolerance: Int64 = 5 * 60 * 1000

    var routes: [Route] {
        [
            .write(
                .post,
                "/v1/stations:provision",
                .everyone,
                pace: .address,
                repeats: .harmless,
                provision
            ),
            station(.post, "/v1/events/{event}/contact", .none, contact),
            station(.get, "/v1/events/{event}/snapshot", .none, snapshot),
            station(
                .post,
                "/v1/events/{event}/journal",
                .bytes(["application/cbor"], atMost: 4 << 20),
                journal
            ),
        ]
    }

    /// A route that only a station's signature opens.
    private func station(
        _ method: HTTPRequest.Method,
        _ template: String,
        _ body: Route.BodyRule,
        _ work: @escaping @Sendable (Call, _ event: Int64, _ station: String) throws -> Answer
    ) -> Route {
        Route(
            method: method,
            template: template,
            access: .everyone,
            body: body,
            pace: .unlimited,
            work: .blocking { call in
                let event = try call.number("event", 1...Int64.max)
                return try work(call, event, try admit(call, event))
            }
        )
    }

    @Sendable private func provision(_ call: Call) throws -> Answer {
        let request = try call.object { try $0.text("request", 1...4_096) }
        guard let station = try headquarters.enrol(request) else {
            throw Problem.badField(
                "/request",
                "Это не запрос станции. Его печатает profbilet station provision.",
                "This is no station's request. profbilet station provision prints one."
            )
        }
        return .json(
            ["event": .int(station.event), "station": .text(station.station)],
            status: 201
        )
    }

    /// The time on both sides of the answer's making, what journals are wanted, which snapshot there is.
    private func contact(_ call: Call, _ event: Int64, _ station: String) throws -> Answer {
        let received = clock()
        let contact = try headquarters.contact(of: station, event: event)
        let wanted = contact.wanted.sorted { $0.key < $1.key }.map {
            JSON.Member(name: $0.key, value: .int($0.value))
        }
        return .json(
            [
                "event": .int(event), "station": .text(station),
                "receivedAt": .text(Instant.rfc3339(milliseconds: received)),
                "wanted": .object(wanted),
                "snapshot": contact.snapshot.map { snapshot in
                    [
                        "sequence": .int(snapshot.sequence), "etag": .text(Self.tag(snapshot)),
                        "bytes": .integer(snapshot.count),
                        "leaseEnd": .text(snapshot.leaseEnd.rfc3339),
                    ]
                } ?? .null,
                "sentAt": .text(Instant.rfc3339(milliseconds: clock())),
            ],
            headers: [("Cache-Control", "no-store")]
        )
    }

    private func journal(_ call: Call, _ event: Int64, _ station: String) throws -> Answer {
        guard let items = try headquarters.take(chunk: call.body, from: station, event: event)
        else {
            throw Problem(
                422,
                "bad_chunk",
                "Это не часть журнала станции.",
                "This is no part of a station's journal."
            )
        }
        return .json([
            "items": .array(
                items.map {
                    [
                        "station": .text($0.station), "sequence": .int($0.sequence),
                        "outcome": .text($0.outcome), "code": .optional($0.code),
                    ]
                }
            )
        ])
    }
}

// Who asks.
extension StationRoutes {
    /// The station whose signature the request bears.
    ///
    /// A contact tells the time, so it is answered whatever time the station believes; everything else
    /// must be made within five minutes by the server's time as the station knows it.
    private func admit(_ call: Call, _ event: Int64) throws -> String {
        let values = call.headers[values: .authorization]
        guard values.count == 1, values[0].utf8.count <= 4_096 else { throw try refused(call) }
        let signed = SignedCall(
            authorization: values[0],
            method: call.route.method.rawValue,
            target: call.route.template.replacing("{event}", with: "\(event)"),
            body: call.body
        )
        switch try headquarters.caller(signed, event: event) {
        case .unknown: throw try refused(call)
        case .revoked: throw Self.revoked
        case .station(let name, let at):
            let isContact = call.route.template.hasSuffix("/contact")
            guard isContact || abs(clock() - at) <= Self.tolerance else { throw Self.stale }
            let rate = call.service.settings.clientRate
            if let wait = call.service.limits.take("station \(event)/\(name)", rate) {
                throw Problem.tooMany(wait)
            }
            return name
        }
    }

    private func refused(_ call: Call) throws(Problem) -> Problem {
        let rate = call.service.settings.wrongKeyRate
        if let wait = call.service.limits.take("wrong key \(call.address.text)", rate) {
            throw .tooMany(wait)
        }
        var problem = Problem(
            401,
            "unauthorized",
            "Нужна подпись станции этого мероприятия.",
            "The signature of a station of this event is needed."
        )
        problem.headers = ["WWW-Authenticate": "Station realm=\"profbilet\""]
        return problem
    }

    private static let revoked = Problem(
        403,
        "station_revoked",
        "Станция отозвана: сотрите снимок, передайте журнал в штаб файлом.",
        "The station is revoked: erase the snapshot, hand the journal over as a file."
    )
    private static let stale = Problem(
        401,
        "stale_request",
        "Запрос подписан не по времени сервера. Сначала измерьте часы.",
        "The request is not signed by the server's time. Measure the clock first."
    )
}

// The snapshot.
extension StationRoutes {
    private func snapshot(_ call: Call, _ event: Int64, _ station: String) throws -> Answer {
        guard let snapshot = try headquarters.contact(of: station, event: event).snapshot else {
            throw Problem(
                404,
                "no_snapshot",
                "Снимок этого мероприятия ещё не сделан.",
                "No snapshot of this event was made yet."
            )
        }
        let tag = Self.tag(snapshot)
        let headers = [
            ("ETag", tag), ("Accept-Ranges", "bytes"), ("Cache-Control", "private, no-store"),
        ]
        if EntityTags.named(in: call.headers[.ifNoneMatch], tag, isWeak: true) {
            return Answer(status: 304, headers: headers)
        }
        let isSame = call.headers[.ifRange].map { $0 == tag } ?? true
        guard isSame, let start = ByteRange.start(call.headers[.range]) else {
            let bytes = try StoredPiece.read(snapshot.path, from: 0, count: snapshot.count)
            return .bytes(bytes, Self.mediaType, headers: headers)
        }
        guard start < snapshot.count else { throw ByteRange.outside(snapshot.count) }
        let count = min(Self.piece, snapshot.count - start)
        let bytes = try StoredPiece.read(snapshot.path, from: start, count: count)
        let range = "bytes \(start)-\(start + count - 1)/\(snapshot.count)"
        return .bytes(
            bytes,
            Self.mediaType,
            status: 206,
            headers: headers + [("Content-Range", range)]
        )
    }

    private static let mediaType = "application/cose"

    private static func tag(_ snapshot: StationContact.Snapshot) -> String {
        "\"\(Hex.text(snapshot.sha256))\""
    }
}

/// `Range: bytes=N-` (RFC 9110 § 14.1.2): the one form a resumed download needs; any other asks for the
/// whole.
enum ByteRange {
    /// The first byte asked for; nil when the whole is.
    static func start(_ header: String?) -> Int64? {
        guard let header, header.hasPrefix("bytes="), header.hasSuffix("-") else { return nil }
        let digits = header.dropFirst(6).dropLast()
        guard (1...18).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int64(digits)
    }

    /// The refusal of a first byte behind the last one (RFC 9110 § 15.5.17).
    static func outside(_ count: Int64) -> Problem {
        var problem = Problem(
            416,
            "no_such_range",
            "В файле столько байт нет.",
            "The file does not have so many bytes."
        )
        problem.headers = ["Content-Range": "bytes */\(count)"]
        return problem
    }
}
