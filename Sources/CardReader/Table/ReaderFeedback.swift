import Foundation
import Synchronization

/// Light and sound of the readers: best effort, after the verdict, never in its way.
///
/// Every signal goes out on a thread of its own; what a reader does not know or does not do is
/// ignored, and a reader that still works on its last signal is not given another one.
public final class ReaderFeedback: Sendable {
    private let table: ReaderTable
    private let busy = Mutex<Set<ReaderName>>([])

    /// Feedback by a table.
    public init(_ table: ReaderTable) { self.table = table }

    /// Shows a signal; returns at once.
    ///
    /// - Parameters:
    ///   - signal: What to show.
    ///   - reader: Where.
    public func show(_ signal: ReaderSignal, on reader: ReaderName) {
        send(on: reader) { $0.signals[signal] ?? [] }
    }

    /// Prepares a reader that just appeared; returns at once.
    public func prepare(_ reader: ReaderName) { send(on: reader) { $0.start } }

    /// Waits for signals on their way, before a program ends.
    ///
    /// - Parameter limit: No longer than this: a reader may never answer.
    public func finish(within limit: Duration) async {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end, !busy.withLock({ $0.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func send(on reader: ReaderName, _ choose: (ReaderTable.Row) -> [[UInt8]]) {
        guard let row = table.row(for: reader) else { return }
        let commands = choose(row)
        let control = row.control
        guard !commands.isEmpty, busy.withLock({ $0.insert(reader).inserted }) else { return }
        Thread.detachNewThread { [self] in
            try? Self.send(commands, control, reader)
            busy.withLock { _ = $0.remove(reader) }
        }
    }

    /// Together with a card's users where a card lies there, else to the bare reader.
    private static func send(
        _ commands: [[UInt8]],
        _ control: UInt,
        _ reader: ReaderName
    ) throws(ReaderFailure) {
        let context = try PCSCContext()
        let card = try connect(reader, context)
        for command in commands { try card.reader.control(command, code: control) }
    }

    private static func connect(
        _ reader: ReaderName,
        _ context: borrowing PCSCContext
    ) throws(ReaderFailure) -> PCSCCard {
        do throws(ReaderFailure) {
            return try PCSCCard(reader, in: context)
        } catch {
            return try PCSCCard(reader, in: context, .direct)
        }
    }
}
