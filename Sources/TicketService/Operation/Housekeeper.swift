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

/// Folds the register's journal into its file, so that no request waits for it.
struct JournalClerk: Service {
    let context: ServiceContext

    /// Works again and again until the service ends.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Often, so that each time it is little: a commit waits for the disk behind it.
                var pause = Duration.milliseconds(100)
                do { try await context.pool.run { try context.register.foldJournal() } } catch {
                    context.log.warning("journal", metadata: ["error": "\(type(of: error))"])
                    pause = .seconds(5)
                }
                try? await Task.sleep(for: pause)
            }
        }
    }
}
