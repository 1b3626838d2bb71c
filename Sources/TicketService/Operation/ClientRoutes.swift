import Registry
import UnionTicket

/// `/v1/client`: what a key is good for; the first thing a developer calls.
struct ClientRoutes: RouteGroup {
    var routes: [Route] {
        [
            .get("/v1/client", .clients(Set(ClientRole.allCases))) { call in
                guard let client = call.client else { throw Problem.unauthorized }
                return .json([
                    "name": .text(client.name), "role": .text(client.role.rawValue),
                    "scope": .text("\(client.scope)"), "now": .text(call.service.now.rfc3339),
                ])
            }
        ]
    }
}
