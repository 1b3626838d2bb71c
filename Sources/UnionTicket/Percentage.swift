/// Shares in per cent with two decimals, by integers: one rounding rule for all papers.
public enum Percentage {
    /// A share in hundredths of a per cent, rounded half away from zero; nil when there is nothing to
    /// be a share of.
    public static func hundredths(_ part: Int, of whole: Int) -> Int? {
        guard whole > 0, part >= 0 else { return nil }
        return (part * 20_000 + whole) / (2 * whole)
    }

    /// `94,98 %`, or a dash where there is nothing to be a share of.
    public static func text(_ part: Int, of whole: Int) -> String {
        guard let hundredths = hundredths(part, of: whole) else { return "—" }
        let rest = hundredths % 100
        return "\(hundredths / 100),\(rest < 10 ? "0" : "")\(rest) %"
    }
}
