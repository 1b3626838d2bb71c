/// A small repeatable source of pseudorandom numbers; for samples only, never for secrets.
///
/// - Note: G. Steele, D. Lea, C. Flood: Fast splittable pseudorandom number generators (2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A whole number from 0 to below `bound`.
    mutating func below(_ bound: Int) -> Int {
        Int((UInt64(bound).multipliedFullWidth(by: next())).high)
    }

    /// One of the elements; the array is not empty.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

    /// Between two bounds with a peak.
    mutating func triangular(_ low: Double, _ high: Double, _ mode: Double) -> Double {
        let place = fraction()
        let split = (mode - low) / (high - low)
        return place < split
            ? low + ((high - low) * (mode - low) * place).squareRoot()
            : high - ((high - low) * (high - mode) * (1 - place)).squareRoot()
    }
}
