import Dispatch
import Foundation
import Roster
import Synchronization
import UnionTicket

/// Reads and judges the next chunk on another core while the register stores the last one.
///
/// One chunk is read ahead, so memory stays flat. The reader is touched by one thread at a time: the
/// worker owns it between `signal` and `wait`.
final class ReadAhead: @unchecked Sendable {
    private static let chunk = 4_096

    private let reader: RosterReader
    private let worker = DispatchQueue(label: "profbilet.roster")
    private let ready = DispatchSemaphore(value: 0)
    private let slot = Mutex<Result<[RosterRow], any Error>?>(nil)
    private var isOver = false

    init(_ reader: RosterReader) {
        self.reader = reader
        start()
    }

    /// The next rows, or nil at the end.
    func next() throws -> [RosterRow]? {
        if isOver { return nil }
        ready.wait()
        let result = slot.withLock { $0 }
        guard let rows = try result?.get(), !rows.isEmpty else {
            isOver = true
            return nil
        }
        start()
        return rows
    }

    private func start() {
        worker.async { [self] in
            let result = Result<[RosterRow], any Error> { try reader.next(Self.chunk) }
            slot.withLock { $0 = result }
            ready.signal()
        }
    }
}
