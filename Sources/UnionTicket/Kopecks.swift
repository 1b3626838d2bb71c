/// An amount of money: whole kopecks, never a fraction.
public struct Kopecks: Hashable, Sendable, Comparable {
    /// How many kopecks; negative where somebody is owed.
    public let value: Int64

    /// So many kopecks.
    public init(_ value: Int64) { self.value = value }

    /// Nothing.
    public static let zero = Kopecks(0)

    /// Why a text is no amount.
    public enum Refusal: Error, Equatable {
        /// Nothing was written.
        case empty
        /// Something else than digits, spaces and one comma or point.
        case notANumber
        /// Below zero.
        case negative
        /// Parts of a kopeck.
        case fraction
        /// Above ten milliards of roubles.
        case tooLarge
    }

    private static let largest: Int64 = 1_000_000_000_000

    /// Reads roubles as people write them: `12 345,67`, `12345.5`, `12345`.
    ///
    /// - Throws: ``Refusal``; a third decimal is never rounded away.
    public init(roubles text: some StringProtocol) throws(Refusal) {
        let spaces: Set<Character> = [" ", "\u{A0}", "\u{202F}", "\u{2009}"]
        var written = String(text.filter { !spaces.contains($0) })
        guard !written.isEmpty else { throw .empty }
        let isNegative = written.first == "-" || written.first == "−"
        if isNegative { written.removeFirst() }
        let parts = written.split(omittingEmptySubsequences: false) { $0 == "," || $0 == "." }
            .map(String.init)
        guard (1...2).contains(parts.count), !parts[0].isEmpty,
            parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } })
        else { throw .notANumber }
        let cents = parts.count == 2 ? parts[1] : "0"
        guard !cents.isEmpty else { throw .notANumber }
        guard cents.count <= 2 else { throw .fraction }
        guard parts[0].count <= 11, let roubles = Int64(parts[0]), let small = Int64(cents) else {
            throw .tooLarge
        }
        let value = roubles * 100 + (cents.count == 1 ? small * 10 : small)
        guard value <= Self.largest else { throw .tooLarge }
        guard !isNegative else { throw .negative }
        self.value = value
    }

    /// `12 345,67` with no-break spaces, as Russian papers write it.
    public var roubles: String {
        let whole = String(value.magnitude / 100)
        var grouped = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { grouped.append("\u{A0}") }
            grouped.append(digit)
        }
        return "\(value < 0 ? "−" : "")\(grouped),\(padded(Int(value.magnitude % 100), 2))"
    }

    /// `12345.67` for files that programs read.
    public var decimal: String {
        "\(value < 0 ? "-" : "")\(value.magnitude / 100).\(padded(Int(value.magnitude % 100), 2))"
    }

    /// The smaller amount first.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// The sum.
    public static func + (left: Self, right: Self) -> Self { Self(left.value + right.value) }

    /// The difference.
    public static func - (left: Self, right: Self) -> Self { Self(left.value - right.value) }

    /// The amount the other way round.
    public static prefix func - (amount: Self) -> Self { Self(-amount.value) }

    /// So many times the amount.
    public static func * (amount: Self, count: Int) -> Self { Self(amount.value * Int64(count)) }
}
