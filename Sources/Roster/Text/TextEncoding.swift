/// How the characters of a text file are coded.
public enum TextEncoding: String, Sendable, CaseIterable {
    /// UTF-8, with or without a byte order mark.
    case utf8 = "utf-8"
    /// UTF-16, the low byte first: what spreadsheets call "Unicode text".
    case utf16LittleEndian = "utf-16le"
    /// UTF-16, the high byte first.
    case utf16BigEndian = "utf-16be"
    /// Windows-1251: what spreadsheets in Russia save by default.
    case windows1251 = "windows-1251"
    /// CP866: DOS.
    case cp866 = "cp866"
    /// KOI8-R: old Unix.
    case koi8r = "koi8-r"

    /// The encoding that people call `name`: `cp1251`, `UTF8`, `windows-1251` …, or nil.
    public init?(name: some StringProtocol) {
        let key = name.lowercased().filter { $0.isLetter || $0.isNumber }
        switch key {
        case "utf8", "utf8bom": self = .utf8
        case "utf16", "utf16le": self = .utf16LittleEndian
        case "utf16be": self = .utf16BigEndian
        case "windows1251", "cp1251", "win1251", "1251", "ansi": self = .windows1251
        case "cp866", "866", "ibm866", "dos": self = .cp866
        case "koi8r", "koi8": self = .koi8r
        default: return nil
        }
    }
}
