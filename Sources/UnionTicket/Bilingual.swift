/// One message in the two languages of the product, Russian first.
///
/// Holds no name, no full number and no payload.
public struct Bilingual: Hashable, Sendable, Codable {
    /// The Russian sentence.
    public let russian: String
    /// The same in English.
    public let english: String

    /// A message in both languages.
    public init(_ russian: String, _ english: String) {
        self.russian = russian
        self.english = english
    }

    private enum CodingKeys: String, CodingKey {
        case russian = "ru"
        case english = "en"
    }
}

extension Bilingual: CustomStringConvertible {
    /// Both sentences, a line each.
    public var description: String { russian + "\n" + english }
}
