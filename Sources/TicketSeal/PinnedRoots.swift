public import UnionTicket

/// The roots a reader trusts and the newest bundle it has seen (ticket.md § 3).
///
/// A reader starts with the thumbprints of the present and the next root. Every bundle signed by one
/// of them names the roots to trust from then on, so a reader follows from root to root and takes a
/// new one from nobody else.
public struct PinnedRoots: Sendable, Equatable {
    /// Thumbprints of root keys, the present one first.
    public let thumbprints: [[UInt8]]
    /// Sequence of the newest bundle taken; 0 before the first.
    public let sequence: UInt64

    /// What a reader was given, or what it stored.
    public init(_ thumbprints: [[UInt8]], sequence: UInt64 = 0) {
        (self.thumbprints, self.sequence) = (thumbprints, sequence)
    }

    /// Takes a bundle, and pins the roots that it names.
    ///
    /// - Parameters:
    ///   - bytes: The newest bundle.
    ///   - changes: The bundles with which roots changed, for a reader that was away for more than
    ///     one of them; those already passed do no harm. Their own end is not judged.
    ///   - now: The moment to judge by.
    /// - Returns: The bundle and what is pinned from now on.
    /// - Throws: ``TrustBundle/Refusal``; then nothing changes for the reader.
    public func taking(
        _ bytes: [UInt8],
        after changes: [[UInt8]] = [],
        at now: Instant
    ) throws(TrustBundle.Refusal) -> (bundle: TrustBundle, pins: PinnedRoots) {
        var pins = self
        for change in changes {
            if let step = try? pins.takingChange(change, at: now) { pins = step.pins }
        }
        let bundle = try TrustBundle(
            opening: bytes,
            pinnedRoots: pins.thumbprints,
            heldSequence: pins.sequence,
            at: now
        )
        return (bundle, pins.following(bundle))
    }

    /// Takes a bundle with which roots changed; its own end is not judged.
    ///
    /// - Parameters:
    ///   - bytes: A bundle newer than what the reader holds.
    ///   - now: The moment to judge by.
    /// - Returns: The bundle and what is pinned from now on.
    /// - Throws: ``TrustBundle/Refusal``; then nothing changes for the reader.
    public func takingChange(
        _ bytes: [UInt8],
        at now: Instant
    ) throws(TrustBundle.Refusal) -> (bundle: TrustBundle, pins: PinnedRoots) {
        let bundle = try TrustBundle(
            opening: bytes,
            pinnedRoots: thumbprints,
            heldSequence: sequence + 1,
            at: now,
            mayBePast: true
        )
        return (bundle, following(bundle))
    }

    private func following(_ bundle: TrustBundle) -> PinnedRoots {
        let roots = bundle.roots.filter { $0.count == 32 }
        return PinnedRoots(roots.isEmpty ? thumbprints : roots, sequence: bundle.sequence)
    }
}
