import Synchronization

/// So many requests a second, and so many at once after a pause: a token bucket.
public struct Rate: Sendable, Equatable {
    /// How many a second in the long run.
    public var perSecond: Double
    /// How many at once.
    public var burst: Double

    /// A rate.
    public init(perSecond: Double, burst: Double) {
        self.perSecond = perSecond
        self.burst = burst
    }
}

/// Token buckets by name, in bounded memory, by a clock that no administrator moves.
///
/// Names are kept in two generations; when the young one is full, the old one is forgotten. Whoever is
/// forgotten begins with a full bucket: with more than `capacity` names at once limits soften, and
/// memory stays.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: Duration
    }

    private struct Table {
        var young: [String: Bucket] = [:]
        var old: [String: Bucket] = [:]
    }

    private let table = Mutex(Table())
    private let capacity: Int
    private let uptime: @Sendable () -> Duration

    /// A limiter.
    ///
    /// - Parameters:
    ///   - capacity: How many names one generation holds.
    ///   - uptime: Time since the start.
    init(capacity: Int = 65_536, uptime: @escaping @Sendable () -> Duration) {
        self.capacity = capacity
        self.uptime = uptime
    }

    /// Takes one request out of a name's bucket.
    ///
    /// - Returns: nil when it was there; else how many seconds to wait, at least 1.
    func take(_ name: String, _ rate: Rate) -> Int? {
        let now = uptime()
        return table.withLock { table in
            var bucket =
                table.young[name] ?? table.old[name] ?? Bucket(tokens: rate.burst, at: now)
            let passed = Double((now - bucket.at) / .milliseconds(1)) / 1000
            bucket.tokens = min(rate.burst, bucket.tokens + max(0, passed) * rate.perSecond)
            bucket.at = now
            defer {
                if table.young.count >= capacity, table.young[name] == nil {
                    table.old = table.young
                    table.young = [:]
                }
                table.young[name] = bucket
            }
            guard bucket.tokens < 1 else {
                bucket.tokens -= 1
                return nil
            }
            guard rate.perSecond > 0 else { return 3600 }
            return max(1, Int(((1 - bucket.tokens) / rate.perSecond).rounded(.up)))
        }
    }
}
