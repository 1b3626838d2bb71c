/// A whole number of a partner's file; anything else is refused with its place.
///
/// The decoder's own integers lose the place where a number has a fraction or is too large.
struct WholeNumber: Decodable {
    let value: Int64

    init(from decoder: any Decoder) throws {
        do {
            value = try decoder.singleValueContainer().decode(Int64.self)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no whole number")
            )
        }
    }
}
