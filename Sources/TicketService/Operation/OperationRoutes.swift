import Registry
import Synchronization
import UnionTicket

/// `/healthz`, `/readyz`, `/metrics`: for the administrator's machines.
struct OperationRoutes: RouteGroup {
    private let context: ServiceContext
    private let checks: [HealthCheck]

    init(_ context: ServiceContext, checks: [HealthCheck]) {
        self.context = context
        self.checks = Self.own(context) + checks
    }

    var routes: [Route] {
        [
            .immediate("/healthz") { _ in .json(["status": "ok"]) },
            .immediate("/readyz", pace: .unlimited, ready),
            .immediate("/metrics") { [context] _ in
                .bytes(
                    Array(context.metrics.exposition(load: context.pool.load).utf8),
                    "text/plain; version=0.0.4; charset=utf-8"
                )
            },
        ]
    }

    /// Every check; 503 when one of them is bad.
    @Sendable private func ready(_ call: Call) async throws -> Answer {
        let checks = checks
        let findings = try await context.pool.run { checks.map { ($0.name, $0.result) } }
        let isReady = findings.allSatisfy { if case .bad = $0.1 { false } else { true } }
        let list = findings.map { name, finding in
            JSON.Member(name: name, value: Self.words(finding))
        }
        return .json(
            ["status": isReady ? "ok" : "unavailable", "checks": .object(list)],
            status: isReady ? 200 : 503,
            headers: isReady ? [] : [("Retry-After", "10")]
        )
    }

    private static func words(_ finding: HealthCheck.Finding) -> JSON {
        let (state, message): (String, Bilingual?) =
            switch finding {
            case .good: ("ok", nil)
            case .warning(let message): ("warning", message)
            case .bad(let message): ("bad", message)
            }
        guard let message else { return ["status": .text(state)] }
        return [
            "status": .text(state),
            "message": ["ru": .text(message.russian), "en": .text(message.english)],
        ]
    }

    private static func own(_ context: ServiceContext) -> [HealthCheck] {
        [
            HealthCheck("database") {
                try ServiceProbe(context.register).writes()
                return .good
            },
            HealthCheck("keys") {
                try ServiceProbe(context.register).signs(context.secrets)
                let ending = try KeyRing(context.register).endingSoon().first
                return ending.map { .warning($0) } ?? .good
            },
        ]
    }
}

extension HealthCheck {
    /// What a look found, also when it failed; failures of the register keep their words.
    var result: Finding {
        do { return try look() } catch {
            let problem = Problem(error)
            return .bad(problem.message)
        }
    }
}
