import HTTPTypes
public import Registry

/// A route of a measurement or a test, answered by the same frame as the service's own; the program has none.
public struct ProbeRoute: Sendable {
    /// Its path: `/probe/constant`.
    public let path: String
    /// Which client may call it; nil: everyone.
    public let role: ClientRole?
    /// Bytes of the answer, sent as JSON; nil answers at once with a constant and takes GET.
    public let work: (@Sendable (_ body: [UInt8], _ user: SignedInUser?) throws -> [UInt8])?

    /// A route that takes POST with JSON and runs `work` where blocking work runs; without `work` a
    /// constant that takes GET.
    public init(
        _ path: String,
        role: ClientRole? = nil,
        work: (@Sendable (_ body: [UInt8], _ user: SignedInUser?) throws -> [UInt8])? = nil
    ) {
        (self.path, self.role, self.work) = (path, role, work)
    }
}

/// The probes that whoever starts the server brings along.
struct ProbeRoutes: RouteGroup {
    let probes: [ProbeRoute]

    var routes: [Route] {
        probes.map { probe in
            guard let work = probe.work else {
                return .immediate(probe.path) { _ in .json(["status": "ok"]) }
            }
            return .write(
                .post,
                probe.path,
                probe.role.map { .clients([$0]) } ?? .everyone,
                repeats: .harmless
            ) { call in
                let user = call.client == nil ? nil : try call.user
                return .bytes(try work(call.body, user), "application/json")
            }
        }
    }
}
