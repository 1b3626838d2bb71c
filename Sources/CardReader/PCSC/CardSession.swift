import Foundation
import Synchronization

/// One conversation with one card: a context, a thread and a transaction of its own.
///
/// Blocking calls cannot be broken off, so the caller never waits for the thread itself: when a
/// phase takes longer than its limit, or the caller's task is cancelled, the caller gets its answer at
/// once, and the thread ends by itself as soon as pcscd lets it.
public enum CardSession {
    /// How long each phase may take.
    public struct Limits: Sendable {
        /// Until the card is ours: another process may hold a transaction.
        public var connect: Duration
        /// One command: a mute card.
        public var exchange: Duration

        /// Limits fit for a door: two seconds for either.
        public init(connect: Duration = .seconds(2), exchange: Duration = .seconds(2)) {
            self.connect = connect
            self.exchange = exchange
        }
    }

    /// After so many resets by another program in a row the card is given up.
    private static let mostResets = 10

    /// Runs `body` in a transaction on a thread of its own; the transaction always ends.
    ///
    /// When another program has reset the card, everything is done again from the start, because
    /// nothing the card said before can be relied on.
    ///
    /// - Parameters:
    ///   - reader: Where the card lies.
    ///   - limits: How long a phase may take.
    ///   - body: The conversation, synchronous; it may run up to ten times.
    /// - Returns: What `body` returned.
    /// - Throws: ``ReaderFailure``.
    public static func run<Value: Sendable>(
        on reader: ReaderName,
        limits: Limits = Limits(),
        _ body: @escaping @Sendable (any APDUExchange) throws(ReaderFailure) -> Value
    ) async throws(ReaderFailure) -> Value {
        let progress = SessionProgress<Value>(limits)
        let outcome = await withTaskCancellationHandler {
            await withTaskGroup(of: SessionProgress<Value>.Outcome?.self) { group in
                group.addTask {
                    await progress.outcome { converse(reader, progress, body) }
                }
                group.addTask {
                    await progress.watch()
                    return nil
                }
                var outcome: SessionProgress<Value>.Outcome?
                while outcome == nil, let next = await group.next() { outcome = next }
                group.cancelAll()
                return outcome
            }
        } onCancel: {
            progress.finish(.failure(.cancelled))
        }
        return try (outcome ?? .failure(.cancelled)).get()
    }

    /// On the session's thread.
    private static func converse<Value: Sendable>(
        _ reader: ReaderName,
        _ progress: SessionProgress<Value>,
        _ body: (any APDUExchange) throws(ReaderFailure) -> Value
    ) {
        do throws(ReaderFailure) {
            let context = try PCSCContext()
            for _ in 0..<mostResets {
                try progress.enter(.connect)
                let card = try connect(reader, context, progress)
                do throws(ReaderFailure) {
                    let value = try card.transaction { link throws(ReaderFailure) in
                        try progress.enter(.exchange)
                        return try body(SessionLink(link: link, progress: progress))
                    }
                    return progress.finish(.success(value))
                } catch {
                    guard error.isReset else { throw error }
                }
            }
            throw ReaderFailure(.cardReset)
        } catch {
            progress.finish(.failure(error))
        }
    }

    /// A card that is not awake yet, or that another program looks at, gets 300 ms.
    private static func connect<Value: Sendable>(
        _ reader: ReaderName,
        _ context: borrowing PCSCContext,
        _ progress: SessionProgress<Value>
    ) throws(ReaderFailure) -> PCSCCard {
        for _ in 0..<3 {
            do throws(ReaderFailure) {
                return try PCSCCard(reader, in: context)
            } catch {
                guard error.code == .mute || error.code == .readerBusy else { throw error }
                try progress.check()
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        return try PCSCCard(reader, in: context)
    }
}

extension ReaderFailure {
    /// Another program reset the card; in between it has no protocol, and pcscd says that instead.
    fileprivate var isReset: Bool { code == .cardReset || cause == 0x8010_000F }
}

/// A card's exchange that stops when nobody waits for it any more.
private struct SessionLink<Value: Sendable>: APDUExchange {
    let link: PCSCCard.Link
    let progress: SessionProgress<Value>

    func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        try progress.enter(.exchange)
        return try link.transmit(command)
    }
}

/// What the session's thread, its watchdog and its caller know of each other.
private final class SessionProgress<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, ReaderFailure>

    enum Phase {
        case connect
        case exchange
    }

    private struct State {
        var phase = Phase.connect
        var deadline: ContinuousClock.Instant
        var outcome: Outcome?
        var caller: CheckedContinuation<Outcome?, Never>?
    }

    private let limits: CardSession.Limits
    private let state: Mutex<State>

    init(_ limits: CardSession.Limits) {
        self.limits = limits
        state = Mutex(State(deadline: .now + limits.connect))
    }

    /// Starts the thread and waits for whatever ends the session first.
    func outcome(_ thread: @escaping @Sendable () -> Void) async -> Outcome? {
        await withCheckedContinuation { caller in
            let early = state.withLock { state in
                if state.outcome == nil { state.caller = caller }
                return state.outcome
            }
            if let early { return caller.resume(returning: early) }
            Thread.detachNewThread(thread)
        }
    }

    /// Ends the session; only the first end counts.
    func finish(_ outcome: Outcome) {
        let caller = state.withLock { state in
            guard state.outcome == nil else { return nil as CheckedContinuation<Outcome?, Never>? }
            state.outcome = outcome
            defer { state.caller = nil }
            return state.caller
        }
        caller?.resume(returning: outcome)
    }

    /// Begins a phase, or one more command of it.
    func enter(_ phase: Phase) throws(ReaderFailure) {
        let limit = phase == .connect ? limits.connect : limits.exchange
        let isOver = state.withLock { state in
            state.phase = phase
            state.deadline = .now + limit
            return state.outcome != nil
        }
        if isOver { throw .cancelled }
    }

    func check() throws(ReaderFailure) {
        if state.withLock({ $0.outcome != nil }) { throw .cancelled }
    }

    /// Sleeps until a phase is over its limit; cancelled when the session ends before.
    func watch() async {
        while !Task.isCancelled {
            let (phase, deadline) = state.withLock { ($0.phase, $0.deadline) }
            if ContinuousClock.now >= deadline {
                let code: ReaderFailure.Code = phase == .connect ? .transactionHeld : .mute
                return finish(.failure(ReaderFailure(code)))
            }
            try? await Task.sleep(until: deadline, clock: .continuous)
        }
    }
}
