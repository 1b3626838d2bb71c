import Foundation
import Glibc
import Synchronization

/// Reads scanners from their devices, on one thread of its own.
///
/// A scanner may be unplugged and come back, or come only later. The thread ends when ``stop()`` is
/// called or when the consumer of ``events`` goes away.
public final class ScannerMonitor: Sendable {
    /// What happened, in its order; one consumer.
    public let events: AsyncStream<ScannerEvent>
    private let loop: ScannerLoop

    /// Starts reading.
    public init(_ ports: [ScannerPort]) {
        let (events, sink) = AsyncStream.makeStream(of: ScannerEvent.self)
        let loop = ScannerLoop(sink)
        self.events = events
        self.loop = loop
        sink.onTermination = { _ in loop.requestStop() }
        Thread.detachNewThread { loop.run(ports) }
    }

    /// Stops reading and waits until the thread is gone and the scanners are free again.
    public func stop() async {
        loop.requestStop()
        await loop.ended()
    }
}

/// The thread of ``ScannerMonitor``.
private final class ScannerLoop: Sendable {
    /// How often a scanner that is away is looked for, milliseconds.
    private static let round: Int32 = 300

    private struct State {
        var isStopping = false
        var isEnded = false
        var listeners: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let sink: AsyncStream<ScannerEvent>.Continuation
    /// A pipe whose reading end can be read from the moment the loop is to end.
    private let bell: (reading: Int32, ringing: Int32)

    init(_ sink: AsyncStream<ScannerEvent>.Continuation) {
        self.sink = sink
        var ends: [Int32] = [-1, -1]
        unsafe pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        bell = (ends[0], ends[1])
    }

    deinit {
        close(bell.reading)
        close(bell.ringing)
    }

    // MARK: - From any thread

    func requestStop() {
        let isFirst = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        if isFirst { _ = unsafe write(bell.ringing, [1], 1) }
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

    // MARK: - On the loop's thread

    func run(_ ports: [ScannerPort]) {
        var lines = ports.map(ScannerLine.init)
        while !state.withLock({ $0.isStopping }) { look(&lines) }
        lines = []
        let listeners = state.withLock { state in
            state.isEnded = true
            defer { state.listeners = [] }
            return state.listeners
        }
        sink.finish()
        for listener in listeners { listener.resume() }
    }

    /// One round: plug in, wait, read.
    private func look(_ lines: inout [ScannerLine]) {
        for place in lines.indices {
            if let event = lines[place].plugIn() { sink.yield(event) }
        }
        // A millisecond more: a wait that ends early would find nobody silent for long enough.
        let silence = Int32(ScanCollector.silence) + 1
        let ready = poll(lines, lines.contains(where: \.isOpen) ? silence : Self.round)
        let now = Self.now
        for place in lines.indices {
            let events =
                ready.contains(place)
                ? lines[place].read(at: now) : lines[place].fallSilent(at: now)
            for event in events { sink.yield(event) }
        }
    }

    /// The lines that can be read, or are gone, within a time.
    private func poll(_ lines: [ScannerLine], _ timeout: Int32) -> Set<Int> {
        let open = lines.indices.filter { lines[$0].device != nil }
        var watches = [pollfd(fd: bell.reading, events: Int16(POLLIN), revents: 0)]
        watches += open.map {
            pollfd(fd: lines[$0].device?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
        }
        guard unsafe Glibc.poll(&watches, nfds_t(watches.count), timeout) > 0 else { return [] }
        return Set(zip(open, watches.dropFirst()).filter { $0.1.revents != 0 }.map(\.0))
    }

    private static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
