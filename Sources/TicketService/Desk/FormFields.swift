/// What a browser sends of a form (`application/x-www-form-urlencoded`, WHATWG URL § 5.1): names, each
/// with one value or several.
struct FormFields: Sendable {
    /// How many values a form may have.
    static let most = 2_100

    private var values: [String: [String]] = [:]

    /// No form: what a page shows before anything was sent.
    init() {}

    /// Reads a body within the route's limit.
    ///
    /// - Returns: nil for a bad escape, what is no UTF-8, control characters, or too many values.
    init?(_ body: [UInt8]) {
        guard let text = String(validating: body, as: UTF8.self) else { return nil }
        let pairs = text.split(separator: "&", omittingEmptySubsequences: true)
        guard pairs.count <= Self.most else { return nil }
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]),
                let value = Self.decoded(parts.count > 1 ? parts[1] : "")
            else { return nil }
            values[name, default: []].append(value)
        }
    }

    /// The only value of a field, without spaces at its ends; "" where it is missing or there are several.
    subscript(_ name: String) -> String {
        guard let own = values[name], own.count == 1 else { return "" }
        return own[0].split(separator: " ").joined(separator: " ")
    }

    /// The only value as it was typed, for passphrases.
    func verbatim(_ name: String) -> String {
        guard let own = values[name], own.count == 1 else { return "" }
        return own[0]
    }

    /// All values of a field.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x2B: bytes.append(0x20)
            case 0x25:
                guard let high = rest.popFirst().flatMap(digit),
                    let low = rest.popFirst().flatMap(digit)
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self),
            // Lines of a text field are all that is allowed of control characters.
            decoded.unicodeScalars.allSatisfy({
                $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) || $0 == "\n" || $0 == "\r"
            })
        else { return nil }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        byte < 0x80
            ? Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init(truncatingIfNeeded:))
            : nil
    }
}
