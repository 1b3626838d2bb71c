/// Reads every card that is put on any reader, several readers at once.
///
/// A card left lying is one tap; a swapped card is another one.
public struct TapReader: Sendable {
    /// What comes out.
    public enum Event: Equatable, Sendable {
        /// Something happened at the readers.
        case reader(ReaderEvent)
        /// A card was read, or could not be.
        case tap(CardTap)
    }

    private let keys: ChipKeyring
    private let counters: any CounterStore
    private let table: ReaderTable
    private let limits: CardSession.Limits

    /// A reader of taps.
    ///
    /// - Parameters:
    ///   - keys: Keys of specimen chips.
    ///   - counters: Remembers the chips' read counters.
    ///   - table: What is known of readers by their names.
    ///   - limits: How long a card may take.
    public init(
        keys: ChipKeyring = ChipKeyring([]),
        counters: any CounterStore,
        table: ReaderTable,
        limits: CardSession.Limits = CardSession.Limits()
    ) {
        self.keys = keys
        self.counters = counters
        self.table = table
        self.limits = limits
    }

    /// Follows a monitor and reads what it reports.
    ///
    /// - Parameters:
    ///   - monitor: Whose events are taken; it is stopped when the stream's consumer goes away.
    ///   - isWanted: Which readers' cards are read.
    /// - Returns: The monitor's events and the taps; a tap comes after its card's insertion.
    public func events(
        of monitor: ReaderMonitor,
        where isWanted: @escaping @Sendable (ReaderName) -> Bool = { _ in true }
    ) -> AsyncStream<Event> {
        AsyncStream { sink in
            let work = Task {
                await withDiscardingTaskGroup { group in
                    for await event in monitor.events {
                        sink.yield(.reader(event))
                        guard case .cardInserted(let presence) = event, isWanted(presence.reader)
                        else { continue }
                        group.addTask { sink.yield(.tap(await read(presence))) }
                    }
                }
                await monitor.stop()
                sink.finish()
            }
            sink.onTermination = { _ in work.cancel() }
        }
    }

    /// Reads one card that was just put down.
    public func read(_ presence: CardPresence) async -> CardTap {
        let examiner = ChipExaminer(
            keys: keys,
            atr: presence.atr,
            isExtendedAllowed: table.row(for: presence.reader)?.isExtended ?? false
        )
        do throws(ReaderFailure) {
            let reading = try await CardSession.run(on: presence.reader, limits: limits) {
                exchange throws(ReaderFailure) in
                try examiner.examine(exchange)
            }
            return CardTap(presence, reading, counters)
        } catch {
            return CardTap(presence, error)
        }
    }
}
