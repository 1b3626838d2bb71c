/// A chip with pages of four bytes (NFC Forum Type 2 Tag 1.2), read through the reader's own READ
/// BINARY (PC/SC part 3 § 3.2.2.1.8).
struct Type2Memory {
    let channel: APDUChannel

    /// Reads the message's bytes.
    ///
    /// - Returns: Nil when this is no Type 2 tag with an NDEF area; nothing for an empty message.
    /// - Throws: ``ReaderFailure``: `malformedAnswer` for an area that breaks the standard.
    func message() throws(ReaderFailure) -> [UInt8]? {
        guard let first = try block(3), first[0] == 0xE1, first[1] >> 4 == 1, first[3] >> 4 == 0
        else { return nil }
        // The container's third byte counts eights; a page number has one byte.
        let size = min(Int(first[2]) * 8, 251 * 4)
        guard size >= 8 else { throw .malformedAnswer }
        var area = Array(first[4...])
        while true {
            switch Type2Area(Array(area.prefix(size))) {
            case .message(let bytes): return bytes
            case .none: return []
            case .malformed: throw .malformedAnswer
            case .more:
                guard area.count < size, let more = try block(page(area.count, size)) else {
                    throw .malformedAnswer
                }
                area += more.suffix(min(16, size - area.count))
            }
        }
    }

    /// Where sixteen bytes begin that do not reach past the area, for a read beyond the end wedges some
    /// readers.
    private func page(_ offset: Int, _ size: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: 4 + min(offset, size - 16) / 4)
    }

    /// Sixteen bytes from a page on; nil when the reader or the chip has none.
    private func block(_ page: UInt8) throws(ReaderFailure) -> [UInt8]? {
        let answer = try channel.send(APDUCommand(0xFF, 0xB0, 0, page, expected: 16))
        return answer.isSuccess && answer.data.count == 16 ? answer.data : nil
    }
}

/// The blocks (TLV) of a Type 2 tag's data area (§ 2.3); total over any bytes.
enum Type2Area: Equatable {
    /// The NDEF message.
    case message([UInt8])
    /// Ended without one.
    case none
    /// More of the area is needed.
    case more
    /// A length that leads nowhere.
    case malformed

    /// Looks for the NDEF message in the beginning of an area.
    init(_ area: [UInt8]) {
        var place = 0
        while place < area.count {
            let tag = area[place]
            if tag == 0 {
                place += 1
                continue
            }
            guard tag != 0xFE else {
                self = .none
                return
            }
            guard let (start, length) = Self.length(area, place + 1) else { break }
            guard tag == 3 || tag == 1 || tag == 2 || tag == 0xFD else {
                self = .malformed
                return
            }
            if tag == 3 {
                let isWhole = start + length <= area.count
                self = isWhole ? .message(Array(area[start..<(start + length)])) : .more
                return
            }
            place = start + length
        }
        self = .more
    }

    private static func length(_ area: [UInt8], _ place: Int) -> (start: Int, length: Int)? {
        guard place < area.count else { return nil }
        guard area[place] == 0xFF else { return (place + 1, Int(area[place])) }
        guard place + 2 < area.count else { return nil }
        return (place + 3, Int(area[place + 1]) << 8 | Int(area[place + 2]))
    }
}
