import HTTPTypes
import Registry
import TicketSeal
import UnionTicket

/// `/v1/virtual-cards/{id}`: the phone's own card, renewed and deleted by the phone's key.
struct VirtualCardRoutes: RouteGroup {
    private let cards: VirtualCards

    init(_ context: ServiceContext) { cards = VirtualCards(context.register) }

    var routes: [Route] {
        [
            .get("/v1/virtual-cards/{id}", .clients([.app]), show),
            // Waits in a line of its own, with those that come at the same time.
            Route(
                method: .post,
                template: "/v1/virtual-cards/{id}/renew",
                access: .clients([.app]),
                body: .json,
                repeats: .ownScope,
                work: .immediate(renew)
            ),
            .write(
                .delete,
                "/v1/virtual-cards/{id}",
                .clients([.app]),
                body: .none,
                repeats: .harmless,
                delete
            ),
        ]
    }

    private var show: @Sendable (Call) throws -> Answer {
        { [cards] call in
            let user = try call.user
            let shown = try cards.show(
                call.parameter("id"),
                app: call.client?.id ?? 0,
                scope: user.scope
            )
            switch shown {
            case .failure(let refusal): throw Self.problem(refusal, to: user)
            case .success(let standing):
                return .json(
                    [
                        "id": .text(standing.id), "state": .text(standing.state),
                        "expiresAt": .text(standing.expiresAt.rfc3339),
                        "renewAfter": .text(standing.renewAfter.rfc3339),
                        "nonce": .text(Base64URL.text(standing.nonce)),
                    ],
                    headers: [("Cache-Control", "no-store")]
                )
            }
        }
    }

    private var renew: @Sendable (Call) async throws -> Answer {
        { [cards] call in
            let proof = try call.object { try $0.bytes("proof", atMost: DeviceStatement.limit) }
            let user = try call.user
            let renewed = try await cards.renew(
                call.parameter("id"),
                proof: proof,
                app: call.client?.id ?? 0,
                scope: user.scope,
                retry: try call.retryKey(),
                secrets: call.service.secrets
            )
            switch renewed {
            case .failure(let refusal): throw Self.problem(refusal, to: user)
            case .success(let card):
                return .json(Self.json(card), headers: [("Cache-Control", "no-store")])
            }
        }
    }

    private var delete: @Sendable (Call) throws -> Answer {
        { [cards] call in
            guard let text = call.headers[.deviceProof], let proof = Base64URL.bytes(text) else {
                throw Problem.badField(
                    "Device-Proof",
                    "Нужен заголовок Device-Proof: подпись устройства в base64url.",
                    "The header Device-Proof is needed: the device's proof in base64url."
                )
            }
            let user = try call.user
            let refusal = try cards.delete(
                call.parameter("id"),
                proof: proof,
                app: call.client?.id ?? 0,
                as: user
            )
            if let refusal { throw Self.problem(refusal, to: user) }
            return .noContent
        }
    }

    /// One refusal for the unknown and for cards of members elsewhere, for whoever has a part of the
    /// union only.
    private static func problem(_ refusal: VirtualRefusal, to user: SignedInUser) -> Problem {
        guard refusal == .cardUnknown, user.scope != .centralCouncil else {
            return Problem(refusal)
        }
        return Problem(
            403,
            "forbidden",
            "В вашей области такого виртуального билета нет.",
            "Within your scope there is no such virtual card."
        )
    }

    /// What a phone keeps of its card.
    static func json(_ card: VirtualCard) -> JSON {
        [
            "id": .text(card.id), "payload": .text(Base64URL.text(card.payload)),
            "expiresAt": .text(card.expiresAt.rfc3339),
            "renewAfter": .text(card.renewAfter.rfc3339),
            "nonce": .text(Base64URL.text(card.nonce)),
        ]
    }
}
