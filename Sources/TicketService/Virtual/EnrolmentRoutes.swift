import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// `/v1/enrolments`: an app binds a phone to a ticket.
struct EnrolmentRoutes: RouteGroup {
    var routes: [Route] {
        [
            .write(.post, "/v1/enrolments", .clients([.app]), Self.start),
            .write(
                .post,
                "/v1/enrolments/{id}/confirm",
                .clients([.app]),
                repeats: .ownScope,
                Self.confirm
            ),
        ]
    }

    @Sendable private static func start(_ call: Call) throws -> Answer {
        let asked = try call.object { fields in
            (
                ticket: try fields.text("ticket", 1...64),
                channel: try fields.optionalChoice("code", of: CodeChannel.self)
            )
        }
        let started: VirtualEnrolments.Started
        do {
            started = try VirtualEnrolments(call.register).start(
                number: asked.ticket,
                channel: asked.channel ?? .printed,
                address: call.address.text,
                app: call.client?.id ?? 0,
                as: try call.user
            )
        } catch let refusal as VirtualRefusal { throw Problem(refusal) } catch let limit
            as VirtualEnrolments.TooMany
        { throw Problem(.tooMany, wait: limit.wait) }
        return .json(
            [
                "id": .text(started.id), "nonce": .text(Base64URL.text(started.nonce)),
                "expiresAt": .text(started.expiresAt.rfc3339),
            ],
            status: 201
        )
    }

    @Sendable private static func confirm(_ call: Call) throws -> Answer {
        let id = call.parameter("id")
        let asked = try call.object { fields in
            (
                code: try fields.text("code", 1...64),
                key: try fields.object("deviceKey", Self.deviceKey),
                proof: try fields.bytes("proof", atMost: DeviceStatement.limit)
            )
        }
        guard let key = asked.key else { throw Problem(VirtualRefusal.deviceKeyMalformed) }
        let confirmation = VirtualEnrolments.Confirmation(
            enrolment: id,
            code: asked.code,
            deviceKey: key,
            proof: asked.proof
        )
        // Nobody but the phone gets what it was answered before.
        if try call.retryKey() != nil,
            try !VirtualEnrolments(call.register)
                .isProven(confirmation, app: call.client?.id ?? 0)
        {
            throw Problem(VirtualRefusal.proofRefused)
        }
        // Signatures are random: the same request is the same code by the same key.
        let same = Array(asked.code.utf8) + [0] + key.publicBytes
        return try call.once(in: .other("enrolment/\(id)"), comparing: same) {
            let outcome = try VirtualEnrolments(call.register).confirm(
                confirmation,
                app: call.client?.id ?? 0,
                as: try call.user,
                secrets: call.service.secrets
            )
            switch outcome {
            case .success(let card):
                return .created(VirtualCardRoutes.json(card), at: "/v1/virtual-cards/\(card.id)")
            // What was spent must stay spent: this refusal is an effect.
            case .failure(.enrolmentRefused):
                return Problem(VirtualRefusal.enrolmentRefused).answer(call.language, call.id)
            case .failure(let refusal): throw Problem(refusal)
            }
        }
    }

    /// A JWK (RFC 7517, RFC 7518 § 6.2) on P-256 with both coordinates; nil when it is no such key.
    private static func deviceKey(_ fields: inout JSONFields) throws -> VerificationKey? {
        let (type, curve) = (try fields.text("kty", 1...16), try fields.text("crv", 1...16))
        let x = try fields.bytes("x", atMost: 32)
        let y = try fields.bytes("y", atMost: 32)
        guard type == "EC", curve == "P-256", x.count == 32, y.count == 32 else { return nil }
        return VerificationKey(algorithm: .es256, publicBytes: x + y)
    }
}

extension Problem {
    /// Why a phone is turned down, with the refusal's own code.
    init(_ refusal: VirtualRefusal) { self.init(refusal, wait: nil) }

    /// The same with the seconds to wait; no default for them, or the initialiser of any error would win.
    init(_ refusal: VirtualRefusal, wait: Int?) {
        let status: Int
        var field: String?
        switch refusal {
        case .numberMalformed: (status, field) = (400, "/ticket")
        case .codeMalformed: (status, field) = (400, "/code")
        case .deviceKeyMalformed: (status, field) = (400, "/deviceKey")
        case .enrolmentRefused, .notEntitled, .proofRefused: status = 403
        case .enrolmentOver, .cardUnknown: status = 404
        case .cardSuspended: status = 409
        case .cardOver: status = 410
        case .tooMany: status = 429
        }
        let message = refusal.message
        self.init(
            status,
            refusal.rawValue,
            message.russian,
            message.english,
            field: field,
            retryAfter: wait
        )
    }
}
