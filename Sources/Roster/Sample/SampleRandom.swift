/// The generator xoshiro256** with a seed spread by SplitMix64: the same numbers on every machine.
struct SampleRandom {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seed: UInt64) {
        var seed = seed
        state = (
            Self.spread(&seed), Self.spread(&seed), Self.spread(&seed), Self.spread(&seed)
        )
    }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        let product = state.1 &* 5
        let result = ((product << 7) | (product >> 57)) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
        return result
    }

    /// 0 ..< `bound`, which is at least 1.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Above 0, at most 1.
    mutating func unit() -> Double { (Double(next() >> 11) + 1) / 9_007_199_254_740_992 }

    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool { unit() <= probability }

    /// A step of SplitMix64; also serves to mix a number.
    static func spread(_ seed: inout UInt64) -> UInt64 {
        seed &+= 0x9E37_79B9_7F4A_7C15
        var mixed = seed
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A seeded order of 0 ..< `count`, every number once, computed instead of kept.
///
/// A Feistel network over the next power of four; results beyond `count` are fed in again.
struct SampleShuffle {
    let count: Int
    private let half: UInt64
    private let mask: UInt64
    private let key: UInt64

    init(count: Int, key: UInt64) {
        self.count = count
        self.key = key
        var half: UInt64 = 1
        while 1 << (2 * half) < count { half += 1 }
        self.half = half
        mask = (1 << half) - 1
    }

    /// The number at `place` of the order of this `round`.
    func number(at place: Int, round: Int) -> Int {
        var value = UInt64(place)
        repeat {
            var left = value >> half
            var right = value & mask
            for step: UInt64 in 0..<4 {
                var mixed = key ^ (UInt64(round) << 34) ^ (step << 32) ^ right
                (left, right) = (right, left ^ (SampleRandom.spread(&mixed) & mask))
            }
            value = left << half | right
        } while value >= UInt64(count)
        return Int(value)
    }
}
