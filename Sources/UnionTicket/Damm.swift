/// The Damm check digit: catches every single wrong digit and every swap of neighbours.
///
/// The quasigroup is the totally anti-symmetric one of order 10 from H. M. Damm's thesis (2004).
public enum Damm {
    private static let quasigroup: [[UInt8]] = [
        [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
        [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
        [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
        [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
        [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
        [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
        [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
        [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
        [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
        [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
    ]

    /// The digit that makes `digits` followed by it valid.
    ///
    /// - Parameter digits: Values 0…9, the most significant first.
    /// - Returns: The check digit, 0…9.
    public static func checkDigit(of digits: some Sequence<UInt8>) -> UInt8 {
        digits.reduce(0) { interim, digit in quasigroup[Int(interim)][Int(digit)] }
    }

    /// Whether the last of `digits` is the check digit of those before it.
    ///
    /// - Parameter digits: Values 0…9, the most significant first.
    /// - Returns: False also when one digit is wrong or two neighbours are swapped.
    public static func isValid(_ digits: some Sequence<UInt8>) -> Bool {
        checkDigit(of: digits) == 0
    }
}
