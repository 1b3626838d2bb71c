import Dispatch
import Synchronization

/// Puts new members' data keys into their store on another core, in order.
///
/// The keys must be durable before the rows that need them: ``drain()`` comes before the commit.
/// `@unchecked Sendable` because only the caller's thread touches what waits.
final class KeyLine: @unchecked Sendable {
    typealias Key = (member: Int64, key: [UInt8])

    /// Keys stored in one transaction.
    private static let batch = 8192

    private let vault: MemberVault
    private let worker = DispatchQueue(label: "profbilet.keys")
    /// One batch under way and one behind it, so that memory stays flat.
    private let room = DispatchSemaphore(value: 2)
    private let failure = Mutex<(any Error)?>(nil)
    private var waiting: [Key] = []
    private let underWay = Mutex<[[Key]]>([])

    init(_ vault: MemberVault) { self.vault = vault }

    /// Takes new members' keys, in the order of their members.
    ///
    /// - Throws: Why earlier keys were not stored.
    func store(_ keys: [Key]) throws {
        waiting += keys
        if waiting.count >= Self.batch { try send() }
    }

    /// The key of a member whose key is not stored yet.
    func key(of member: Int64) -> [UInt8]? {
        let batches = underWay.withLock { $0 } + [waiting]
        for batch in batches where batch.first.map({ $0.member <= member }) == true {
            if let found = batch.first(where: { $0.member == member }) { return found.key }
        }
        return nil
    }

    /// Returns when every key is stored, or throws why one was not.
    func drain() throws {
        if !waiting.isEmpty { try send() }
        worker.sync {}
        try check()
    }

    /// Waits for what is under way; nothing of this line runs afterwards.
    func stop() { worker.sync {} }

    private func send() throws {
        let keys = waiting
        waiting.removeAll(keepingCapacity: true)
        room.wait()
        underWay.withLock { $0.append(keys) }
        worker.async { [self] in
            defer {
                underWay.withLock { _ = $0.removeFirst() }
                room.signal()
            }
            guard failure.withLock({ $0 == nil }) else { return }
            do { try vault.store(keys) } catch { failure.withLock { $0 = error } }
        }
        try check()
    }

    private func check() throws {
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
