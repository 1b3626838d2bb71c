/// What kind of regional organisation it is, by its territory.
public enum RegionalKind: String, Sendable, CaseIterable {
    /// областная
    case oblast
    /// краевая
    case krai
    /// республиканская
    case republican
    /// городская
    case city
    /// окружная
    case okrug
    /// региональная
    case regional
    /// межрегиональная
    case interregional
}
