import UnionTicket

/// A text file as UTF-8, a bounded window at a time.
final class TextStream {
    /// The window: decoded bytes that are not consumed yet begin at ``position``.
    private(set) var buffer: [UInt8] = []
    /// Where the unread part of ``buffer`` begins.
    var position = 0
    /// Whether nothing will be added to ``buffer`` any more.
    private(set) var isFinished = false
    /// How the file is coded.
    let encoding: TextEncoding

    private static let chunkSize = 1 << 18
    private let file: ByteFile
    private var carried: [UInt8]
    private var lines = 1
    /// Characters of the last line in earlier chunks.
    private var characters = 0

    /// A stream over a file of which `head` was read already.
    init(file: ByteFile, head: [UInt8], encoding: TextEncoding) {
        self.file = file
        self.encoding = encoding
        let mark = EncodingDetector.byteOrderMark(head)
        carried = mark == encoding ? Array(head.dropFirst(mark == .utf8 ? 3 : 2)) : head
    }

    /// Drops what was consumed and decodes one more chunk.
    func refill() throws(RosterError) {
        guard !isFinished else { return }
        if position > 0 {
            buffer.removeSubrange(0..<position)
            position = 0
        }
        let chunk = try file.read(Self.chunkSize)
        isFinished = chunk.isEmpty
        let bytes = carried.isEmpty ? chunk : carried + chunk
        carried = []
        let start = buffer.count
        if let table = SingleByteTable.table(of: encoding) {
            decode(bytes, table.packed)
        } else if encoding == .utf8 {
            try take(bytes)
        } else {
            try decodeWide(bytes)
        }
        for byte in buffer[start...] where byte == 0x0A { lines += 1 }
        let lineStart = buffer[start...].lastIndex(of: 0x0A).map { $0 + 1 }
        if lineStart != nil { characters = 0 }
        characters += buffer[(lineStart ?? start)...].count { $0 & 0xC0 != 0x80 }
    }

    private func decode(_ bytes: [UInt8], _ packed: [UInt32]) {
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: bytes.count * 3))
        var end = start
        var target = buffer.mutableSpan
        let source = bytes.span
        let table = packed.span
        for index in source.indices {
            let byte = source[index]
            if byte < 0x80 {
                target[end] = byte
                end += 1
                continue
            }
            let value = table[Int(byte) - 0x80]
            target[end] = UInt8(truncatingIfNeeded: value)
            target[end + 1] = UInt8(truncatingIfNeeded: value >> 8)
            target[end + 2] = UInt8(truncatingIfNeeded: value >> 16)
            end += Int(value >> 24)
        }
        buffer.removeSubrange(end...)
    }

    private func take(_ bytes: [UInt8]) throws(RosterError) {
        var usable = bytes.count
        if !isFinished { usable -= Self.cutTail(bytes) }
        let span = bytes.span.extracting(0..<usable)
        do {
            _ = try UTF8Span(validating: span)
        } catch {
            throw invalid(bytes, at: error.byteOffsets.lowerBound)
        }
        buffer.append(contentsOf: bytes[..<usable])
        carried = Array(bytes[usable...])
    }

    /// How many bytes at the end begin a character without ending it.
    private static func cutTail(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back ? back : 0
        }
        return 0
    }

    private func decodeWide(_ bytes: [UInt8]) throws(RosterError) {
        let high = encoding == .utf16BigEndian ? 0 : 1
        var index = 0
        while index + 1 < bytes.count {
            let unit = UInt32(bytes[index + high]) << 8 | UInt32(bytes[index + 1 - high])
            var value = unit
            var length = 2
            if unit & 0xFC00 == 0xD800 {
                guard index + 3 < bytes.count else { break }
                let low = UInt32(bytes[index + 2 + high]) << 8 | UInt32(bytes[index + 3 - high])
                guard low & 0xFC00 == 0xDC00 else { throw invalid(bytes, at: index) }
                value = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
                length = 4
            }
            guard let scalar = Unicode.Scalar(value) else { throw invalid(bytes, at: index) }
            if value < 0x80 {
                buffer.append(UInt8(value))
            } else {
                buffer.append(contentsOf: UTF8.encode(scalar) ?? .init())
            }
            index += length
        }
        carried = Array(bytes[index...])
        if isFinished, !carried.isEmpty { throw invalid(bytes, at: index) }
    }

    private func invalid(_ bytes: [UInt8], at offset: Int) -> RosterError {
        let before = bytes[..<min(offset, bytes.count)]
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let newlines = before.count { $0 == 0x0A }
        return RosterError(
            .encodingInvalid,
            Bilingual(
                "Байты не подходят к кодировке \(encoding.rawValue): укажите другую ключом --encoding.",
                "Bytes do not fit the encoding \(encoding.rawValue): name another with --encoding."
            ),
            line: lines + newlines,
            column: (newlines == 0 ? characters : 0)
                + before[start...].count { $0 & 0xC0 != 0x80 } + 1
        )
    }
}
