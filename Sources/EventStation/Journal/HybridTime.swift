/// A hybrid logical clock: physical time that never runs backwards along what was seen.
///
/// - Note: Kulkarni et al., "Logical Physical Clocks", 2014.
public struct HybridTime: Hashable, Sendable, Comparable {
    /// Offset-corrected UTC milliseconds.
    public let milliseconds: Int64
    /// Counts events of the same millisecond.
    public let counter: UInt32

    /// A moment.
    public init(milliseconds: Int64, counter: UInt32 = 0) {
        self.milliseconds = milliseconds
        self.counter = counter
    }

    /// How far ahead of a station's own clock another's may be and still be adopted: five minutes.
    public static let leap: Int64 = 5 * 60 * 1000

    /// The moment of the next event of a station whose clock reads `clock`.
    public func next(at clock: Int64) -> HybridTime {
        clock > milliseconds
            ? HybridTime(milliseconds: clock)
            : HybridTime(milliseconds: milliseconds, counter: counter &+ 1)
    }

    /// This moment or the other, whichever is later; one too far ahead of `clock` is not adopted.
    public func adopting(_ other: HybridTime, at clock: Int64) -> HybridTime {
        other.milliseconds > clock.addingReportingOverflow(Self.leap).partialValue
            ? self : max(self, other)
    }

    /// By time, then by counter.
    public static func < (left: Self, right: Self) -> Bool {
        (left.milliseconds, left.counter) < (right.milliseconds, right.counter)
    }
}
