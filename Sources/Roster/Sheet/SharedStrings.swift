import UnionTicket

/// The shared strings of a workbook: one flat buffer in memory, bounded.
///
/// A spreadsheet has at most 1 048 576 rows; their distinct texts fit. What does not fit is refused.
final class SharedStrings: XMLEvents {
    /// How much XML is unpacked at most.
    static let xmlLimit: UInt64 = 1 << 30
    private static let byteLimit = 1 << 28
    private static let countLimit = 1 << 24

    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    private var isInText = false
    /// Where the present text began.
    private var textStart = 0
    private var phoneticDepth = 0

    /// The bytes of a string, or nil when there is none.
    func bytes(at index: Int) -> ArraySlice<UInt8>? {
        guard ends.indices.contains(index) else { return nil }
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return bytes[start..<Int(ends[index])]
    }

    func start(_ name: String, _ attributes: XMLAttributes) throws(RosterError) {
        switch name {
        case "t": (isInText, textStart) = (phoneticDepth == 0, bytes.count)
        case "rPh": phoneticDepth += 1
        default: break
        }
    }

    func end(_ name: String) throws(RosterError) {
        switch name {
        case "t":
            if isInText { SpreadsheetEscapes.decode(&bytes, from: textStart) }
            isInText = false
        case "rPh": phoneticDepth -= 1
        case "si":
            guard ends.count < Self.countLimit else { throw ZipArchive.tooLarge }
            ends.append(UInt32(bytes.count))
        default: break
        }
    }

    func text(_ piece: UnsafeBufferPointer<UInt8>) throws(RosterError) {
        guard isInText else { return }
        guard bytes.count + piece.count <= Self.byteLimit else { throw ZipArchive.tooLarge }
        unsafe bytes.append(contentsOf: piece)
    }
}
