/// A regional organisation of the union, as far as samples need it.
public struct SampleRegion: Hashable, Sendable {
    /// Which kind of regional organisation it is.
    public enum Kind: String, Sendable, CaseIterable {
        /// Of a republic.
        case republican
        /// Of a krai.
        case krai
        /// Of an oblast.
        case oblast
        /// Of several subjects of the federation.
        case interregional
        /// Of a city, or one that bears no other kind's name.
        case city
    }

    /// The federal district, by its Russian abbreviation.
    public enum FederalDistrict: String, Sendable, CaseIterable {
        /// Центральный
        case central = "ЦФО"
        /// Северо-Западный
        case northWestern = "СЗФО"
        /// Южный
        case southern = "ЮФО"
        /// Северо-Кавказский
        case northCaucasian = "СКФО"
        /// Приволжский
        case volga = "ПФО"
        /// Уральский
        case ural = "УФО"
        /// Сибирский
        case siberian = "СФО"
        /// Дальневосточный
        case farEastern = "ДФО"
    }

    /// 1…98: the first two digits of the codes of its organisations.
    public let code: UInt8
    /// Full Russian name.
    public let name: String
    /// Which kind of regional organisation it is.
    public let kind: Kind
    /// Where it lies.
    public let district: FederalDistrict
    /// Members in 2020, partly derived or assumed.
    public let members: Int
    /// Primary organisations, estimated.
    public let primaries: Int
    /// Territorial organisations, estimated.
    public let territorials: Int

    init(
        _ code: UInt8,
        _ name: String,
        _ kind: Kind,
        _ district: FederalDistrict,
        _ members: Int,
        _ primaries: Int,
        _ territorials: Int
    ) {
        (self.code, self.kind, self.district) = (code, kind, district)
        (self.members, self.primaries, self.territorials) = (members, primaries, territorials)
        self.name = name.contains("Профсоюза") ? name : name + " Профсоюза"
    }
}
