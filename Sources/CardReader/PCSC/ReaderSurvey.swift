/// A look at the readers of this moment.
public struct ReaderSurvey: Equatable, Sendable {
    /// The reader.
    public let reader: ReaderName
    /// The answer to reset of the card on it; nil without one.
    public let atr: [UInt8]?

    /// Looks once, without waiting for anything; blocks for as long as pcscd takes to answer.
    ///
    /// - Returns: All readers in pcscd's order.
    /// - Throws: ``ReaderFailure``.
    public static func now() throws(ReaderFailure) -> [Self] {
        let context = try PCSCContext()
        let readers = try context.readers()
        guard !readers.isEmpty else { return [] }
        let watches = readers.map { PCSCContext.Watch(name: $0.text, current: 0) }
        guard let states = try context.changes(watches, within: 0) else {
            return readers.map { Self(reader: $0, atr: nil) }
        }
        return zip(readers, states).map { reader, state in
            Self(reader: reader, atr: state.event & 0x20 != 0 ? state.atr : nil)
        }
    }
}
