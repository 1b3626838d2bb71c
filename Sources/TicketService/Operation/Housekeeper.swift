import Logging
import Registry
import ServiceLifecycle

/// What is due every hour: old answers are forgotten, the audit head is countersigned outside.
struct Housekeeper: Service {
    let context: ServiceContext

    /// Works again and again until the service ends.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await context.pool.run { try work() } } catch {
                    context.log.warning("housekeeping", metadata: ["error": "\(type(of: error))"])
                }
                try? await Task.sleep(for: .seconds(3600))
            }
        }
        try? await context.pool.run { try AuditLog(context.register).countersignHead() }
    }

    private func work() throws {
        try Idempotency(context.register).forgetOld()
        try AuditLog(context.register).countersignHead()
    }
}
