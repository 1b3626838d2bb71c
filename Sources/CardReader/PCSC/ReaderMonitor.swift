import CPCSC
import Dispatch
import Foundation
import Synchronization

/// Watches all readers of this machine from one thread of its own.
///
/// One is enough for a process. It survives pcscd's absence and restarts, and ends when ``stop()`` is
/// called or when the consumer of ``events`` goes away.
public final class ReaderMonitor: Sendable {
    /// What happened, in its order; one consumer.
    public let events: AsyncStream<ReaderEvent>
    private let loop: MonitorLoop

    /// Starts watching.
    public init() {
        let (events, sink) = AsyncStream.makeStream(of: ReaderEvent.self)
        let loop = MonitorLoop(sink)
        self.events = events
        self.loop = loop
        sink.onTermination = { _ in loop.requestStop() }
        Thread.detachNewThread { loop.run() }
    }

    /// Stops watching and waits until the thread is gone.
    public func stop() async {
        loop.requestStop()
        await loop.ended()
    }
}

/// The monitor's thread.
private final class MonitorLoop: Sendable {
    /// How long one wait lasts when nothing happens, milliseconds.
    private static let round: UInt = 1000
    private static let shortestPause = 50
    private static let longestPause = 2000

    private struct State {
        var isStopping = false
        var isEnded = false
        var waiting: SCARDCONTEXT?
        var listeners: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let sink: AsyncStream<ReaderEvent>.Continuation
    private let wakeUp = DispatchSemaphore(value: 0)

    init(_ sink: AsyncStream<ReaderEvent>.Continuation) { self.sink = sink }

    // MARK: - From any thread

    /// A cancel only hits a wait that has begun: it is repeated until the thread is gone.
    func requestStop() {
        let isFirst = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping && !state.isEnded
        }
        guard isFirst else { return }
        wakeUp.signal()
        Thread.detachNewThread { [self] in
            while cancelWait() { Thread.sleep(forTimeInterval: 0.002) }
        }
    }

    func ended() async {
        await withCheckedContinuation { listener in
            let isEnded = state.withLock { state in
                if !state.isEnded { state.listeners.append(listener) }
                return state.isEnded
            }
            if isEnded { listener.resume() }
        }
    }

    /// Whether the thread is still there.
    private func cancelWait() -> Bool {
        let (waiting, isEnded) = state.withLock { ($0.waiting, $0.isEnded) }
        if let waiting { PCSCContext.cancel(waiting) }
        return !isEnded
    }

    // MARK: - On the monitor's thread

    func run() {
        var pause = Self.shortestPause
        var isLost = false
        while !isStopping {
            var states = ReaderStates()
            do throws(ReaderFailure) {
                let context = try PCSCContext()
                try begin(context, &states)
                if isLost { sink.yield(.serviceBack) }
                isLost = false
                pause = Self.shortestPause
                while !isStopping { try look(context, &states) }
            } catch {
                state.withLock { $0.waiting = nil }
                guard !isStopping else { break }
                emit(states.clear())
                if !isLost { sink.yield(.serviceLost(error)) }
                isLost = true
                _ = wakeUp.wait(timeout: .now() + .milliseconds(pause))
                pause = min(pause * 2, Self.longestPause)
            }
        }
        end()
    }

    /// Nothing counts as back before pcscd has named its readers.
    private func begin(
        _ context: borrowing PCSCContext,
        _ states: inout ReaderStates
    ) throws(ReaderFailure) {
        _ = try context.readers()
        state.withLock { $0.waiting = context.handle }
    }

    /// One round: list, compare, wait.
    private func look(
        _ context: borrowing PCSCContext,
        _ states: inout ReaderStates
    ) throws(ReaderFailure) {
        emit(states.list(try context.readers()))
        let count = states.known.count
        var watches = states.known.prefix(PCSCContext.mostWatches)
            .map { PCSCContext.Watch(name: $0.name.text, current: $0.current) }
        if watches.count < PCSCContext.mostWatches {
            let plugged = UInt(count) << 16
            watches.append(PCSCContext.Watch(name: PCSCContext.plugAndPlay, current: plugged))
        }
        do throws(ReaderFailure) {
            guard let changes = try context.changes(watches, within: Self.round) else { return }
            let now = ContinuousClock.now
            for (reader, change) in zip(states.known, changes) {
                let report = ReaderStates.Report(
                    name: reader.name,
                    event: change.event,
                    atr: change.atr
                )
                emit(states.take(report, at: now))
            }
        } catch {
            switch error.code {
            // A vanished reader fails the whole wait: the next list shows which one.
            case .readerGone: _ = wakeUp.wait(timeout: .now() + .milliseconds(10))
            case .cancelled: return
            default: throw error
            }
        }
    }

    private func emit(_ events: [ReaderEvent]) {
        for event in events { sink.yield(event) }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func end() {
        let listeners = state.withLock { state in
            state.isEnded = true
            state.waiting = nil
            defer { state.listeners = [] }
            return state.listeners
        }
        sink.finish()
        for listener in listeners { listener.resume() }
    }
}
