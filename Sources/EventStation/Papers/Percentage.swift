/// Shares in per cent with two decimals, by integers.
enum Percentage {
    /// `94,98 %`, rounded half up; a dash where there is nothing to be a share of.
    static func text(_ part: Int, of whole: Int) -> String {
        guard whole > 0, part >= 0 else { return "—" }
        let hundredths = (part * 20_000 + whole) / (2 * whole)
        let rest = hundredths % 100
        return "\(hundredths / 100),\(rest < 10 ? "0" : "")\(rest) %"
    }
}
