import HTTPTypes
import Testing
import UnionTicket
import Yams

@testable import Registry
@testable import TicketService

/// What openapi.yaml says of one operation.
struct DescribedOperation {
    let method: HTTPRequest.Method
    let template: String
    let roles: Set<String>
    let hasExample: Bool
    let queries: Set<String>
    let statuses: Set<String>

    static func all() throws -> [DescribedOperation] {
        let text = String(decoding: DocumentRoutes.description, as: UTF8.self)
        let root = try #require(try Yams.load(yaml: text) as? [String: Any])
        let paths = try #require(root["paths"] as? [String: [String: Any]])
        let components = root["components"] as? [String: [String: Any]] ?? [:]
        return try paths.flatMap { template, item in
            try item.compactMap { name, value -> DescribedOperation? in
                guard let method = HTTPRequest.Method(name.uppercased()),
                    ["get", "put", "post", "delete", "patch"].contains(name)
                else { return nil }
                let operation = try #require(value as? [String: Any])
                let parameters = (operation["parameters"] as? [[String: Any]] ?? []).map { given in
                    guard let reference = given["$ref"] as? String,
                        let key = reference.split(separator: "/").last
                    else { return given }
                    return components["parameters"]?[String(key)] as? [String: Any] ?? [:]
                }
                let responses = operation["responses"] as? [String: Any] ?? [:]
                return DescribedOperation(
                    method: method,
                    template: template,
                    roles: Set(try #require(operation["x-roles"] as? [String], "\(template)")),
                    hasExample: "\(operation)".contains("example"),
                    queries: Set(
                        parameters.filter { $0["in"] as? String == "query" }
                            .compactMap { $0["name"] as? String }
                    ),
                    statuses: Set(responses.keys)
                )
            }
        }
    }

    var name: String { "\(method.rawValue) \(template)" }
}

@Suite struct DescriptionTests {
    /// Pages for people and the forms on them: no program calls them, so no description holds them.
    static let pages: Set<String> = [
        "GET /desk", "GET /desk/sign-in", "POST /desk/sign-in", "POST /desk/sign-out",
        "GET /desk/members", "POST /desk/members", "GET /desk/orders",
        "POST /desk/orders/{id}:cancel", "GET /desk/parcels", "GET /desk/parcels/{batch}/{number}",
        "POST /desk/parcels/{batch}/{number}:receive",
        "POST /desk/parcels/{batch}/{number}:handout",
        "GET /desk/parcels/{batch}/{number}/sheet", "GET /desk/handout", "POST /desk/handout",
    ]

    @Test func `every route is described or a page that is listed`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let served = Set(
                service.server.table.routes.map { "\($0.method.rawValue) \($0.template)" }
            )
            let described = Set(try DescribedOperation.all().map(\.name))
            #expect(served.subtracting(described) == Self.pages, "served, not described")
            #expect(described.subtracting(served).sorted() == [], "described, not served")
        }
    }

    @Test func `roles and query parameters stand in the description as they are enforced`()
        async throws
    {
        try await TestService.with(supply: TestSupplies.all) { service in
            let described = Dictionary(
                uniqueKeysWithValues: try DescribedOperation.all().map { ($0.name, $0) }
            )
            for route in service.server.table.routes {
                let name = "\(route.method.rawValue) \(route.template)"
                if Self.pages.contains(name) { continue }
                let operation = try #require(described[name])
                let roles: Set<String> =
                    switch route.access {
                    case .everyone: []
                    case .clients(let roles): Set(roles.map(\.rawValue))
                    }
                #expect(operation.roles == roles, "\(name)")
                // Known so that it can be answered with 501; nobody is invited to ask for it.
                #expect(operation.queries == route.query.subtracting(["time"]), "\(name)")
            }
        }
    }

    /// What the frame answers before a route's work runs, by what the route says of itself.
    private static func refusals(of route: Route) -> Set<String> {
        var refusals: Set<String> = ["400", "500"]
        if route.access != .everyone { refusals.formUnion(["401", "403", "503"]) }
        switch route.pace {
        case .client where route.access == .everyone: break
        case .client, .question, .address: refusals.insert("429")
        case .unlimited: break
        }
        if route.body != .none { refusals.formUnion(["408", "413", "415"]) }
        switch route.repeats {
        case .answeredOnce, .keptAfter: refusals.insert("409")
        case .harmless, .ownScope: break
        }
        if case .blocking = route.work { refusals.insert("503") }
        return refusals
    }

    @Test func `every refusal of the frame is described by its status`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let described = Dictionary(
                uniqueKeysWithValues: try DescribedOperation.all().map { ($0.name, $0) }
            )
            for route in service.server.table.routes {
                let name = "\(route.method.rawValue) \(route.template)"
                guard let operation = described[name] else { continue }
                let missing = Self.refusals(of: route).subtracting(operation.statuses)
                #expect(missing.isEmpty, "\(name) \(missing.sorted())")
                #expect(!operation.statuses.contains("default"), "\(name)")
                if !operation.roles.isEmpty { continue }
                // What needs no key gives none of the refusals that keys bring.
                let isSigned = route.template.hasPrefix("/v1/events/")
                #expect(operation.statuses.contains("401") == isSigned, "\(name)")
            }
        }
    }

    @Test func `whoever has to wait is told how long, and a kept answer is marked`() throws {
        let text = String(decoding: DocumentRoutes.description, as: UTF8.self)
        let root = try #require(try Yams.load(yaml: text) as? [String: Any])
        let components = try #require(root["components"] as? [String: [String: Any]])
        for (template, item) in try #require(root["paths"] as? [String: [String: Any]]) {
            for case let (method, operation as [String: Any]) in item {
                let name = "\(method) \(template)"
                let responses = try #require(operation["responses"] as? [String: [String: Any]])
                func headers(_ status: String) -> Set<String> {
                    var response = responses[status] ?? [:]
                    if let key = (response["$ref"] as? String)?.split(separator: "/").last {
                        response = components["responses"]?[String(key)] as? [String: Any] ?? [:]
                    }
                    return Set((response["headers"] as? [String: Any] ?? [:]).keys)
                }
                for status in ["429", "503"] where responses[status] != nil {
                    #expect(headers(status).contains("Retry-After"), "\(name) \(status)")
                }
                let parameters = "\(operation["parameters"] ?? "")"
                guard parameters.contains("IdempotencyKey"), !template.hasSuffix("/renew") else {
                    continue
                }
                for status in responses.keys where status.hasPrefix("2") {
                    #expect(headers(status).contains("Idempotent-Replayed"), "\(name) \(status)")
                }
            }
        }
    }

    @Test func `every number and code of an example is one that the program takes`() throws {
        let text = String(decoding: DocumentRoutes.description, as: UTF8.self)
        let numbers = /\b[19][0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4,5}\b(?![0-9])/
        let found = text.matches(of: numbers).map { String($0.output) }
        #expect(found.count > 10)
        for number in found {
            if case .refused(let why) = TypedNumber(number) { Issue.record("\(number) \(why)") }
        }
        let codes = text.matches(of: /\b([0-9]{4} ){3}[0-9]{2}\b/).map { String($0.output.0) }
        #expect(codes.count >= 3)
        for code in codes { #expect(ActivationCode(typed: code) != nil, "\(code)") }
    }

    @Test func `every described body has an example`() throws {
        let text = String(decoding: DocumentRoutes.description, as: UTF8.self)
        let root = try #require(try Yams.load(yaml: text) as? [String: Any])
        for (template, item) in try #require(root["paths"] as? [String: [String: Any]]) {
            for case let (method, operation as [String: Any]) in item {
                let replies = (operation["responses"] as? [String: Any] ?? [:]).values
                let bodies = [operation["requestBody"]].compactMap(\.self) + replies
                for case let body as [String: Any] in bodies {
                    for (type, content) in body["content"] as? [String: [String: Any]] ?? [:] {
                        #expect(content["example"] != nil, "\(method) \(template) \(type)")
                    }
                }
            }
        }
    }

    @Test func `no key is 401 and every other role 403, whatever the operation`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            var keys: [ClientRole: String] = [:]
            for role in ClientRole.allCases {
                keys[role] = try service.client("c-\(role.rawValue)", role)
            }
            for operation in try DescribedOperation.all() where !operation.roles.isEmpty {
                let path = Self.sample(operation.template)
                let bare = try await service.send(operation.method, path)
                #expect(bare.status == 401, "\(operation.name)")
                #expect(bare.headers[.wwwAuthenticate] != nil)
                for role in ClientRole.allCases where !operation.roles.contains(role.rawValue) {
                    let reply = try await service.send(operation.method, path, key: keys[role])
                    #expect(reply.status == 403, "\(operation.name) \(role.rawValue)")
                    #expect(reply.code == "forbidden")
                }
            }
        }
    }

    @Test func `an address called the wrong way is 405 and says how`() async throws {
        try await TestService.with(supply: TestSupplies.all) { service in
            let operations = try DescribedOperation.all()
            for template in Set(operations.map(\.template)) {
                let methods = Set(operations.filter { $0.template == template }.map(\.method))
                for method in [HTTPRequest.Method.post, .delete, .patch]
                where !methods.contains(method) {
                    let reply = try await service.send(method, Self.sample(template))
                    #expect(reply.status == 405, "\(method) \(template)")
                    let allow = reply.headers[.allow] ?? ""
                    #expect(methods.allSatisfy { allow.contains($0.rawValue) }, "\(template)")
                }
            }
        }
    }

    /// A path of the template with ones for its parameters.
    static func sample(_ template: String) -> String {
        template.split(separator: "/").map { segment in
            guard segment.hasPrefix("{"), let end = segment.firstIndex(of: "}") else {
                return "/\(segment)"
            }
            return "/1\(segment[segment.index(after: end)...])"
        }.joined()
    }
}
