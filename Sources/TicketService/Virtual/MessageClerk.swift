import Logging
import Registry
import ServiceLifecycle

/// Hands what members are to be told to the sender, and forgets enrolments that are over.
struct MessageClerk: Service {
    private let context: ServiceContext
    private let sender: any MessageSender

    /// A clerk with the union's sender; without one messages are only noted in the log.
    init(_ context: ServiceContext, sender: (any MessageSender)?) {
        self.context = context
        let log = context.log
        self.sender = sender ?? LogMessageSender { log.notice("\($0)") }
    }

    /// Looks again and again until the service ends.
    func run() async throws {
        await context.again("messages", every: .seconds(2)) { try work() }
    }

    /// One round.
    func work() throws {
        let report = try MessageOutbox(context.register)
            .deliver(by: sender, as: context.account)
        if report.failed > 0 {
            context.log.warning("messages not taken", metadata: ["count": "\(report.failed)"])
        }
        try VirtualEnrolments(context.register).forgetOld()
    }
}
