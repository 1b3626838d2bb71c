import Logging
import Registry
import ServiceLifecycle

/// What is due every hour: old answers are forgotten, the audit head is countersigned outside.
struct Housekeeper: Service {
    let context: ServiceContext

    /// Works again and again until the service ends.
    func run() async throws {
        await context.again("housekeeping", every: .seconds(3600)) { try work() }
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
        // Often, so that each time it is little: a commit waits for the disk behind it.
        await context.again("journal", every: .milliseconds(100), afterFailure: .seconds(5)) {
            try context.register.foldJournal()
        }
    }
}
