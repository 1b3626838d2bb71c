import CZBar
import CardLayout
import Foundation
import TicketSeal
import UnionTicket

/// Reads the cards' backs as a receiver would.
///
/// Poppler draws them, zbar decodes them, and every module of the QR is looked at. Nothing here is
/// shared with what wrote them.
enum PageReader {
    /// What a back page shows.
    struct Page: Sendable {
        /// Page of the PDF, from 1.
        let page: Int
        /// Texts of its QR symbols.
        var texts: [String] = []
        /// Texts of its Code 128 symbols.
        var bars: [String] = []
        /// What is wrong with the symbols' modules.
        var faults: [String] = []
    }

    private static let resolution = 300

    /// The backs of `cards`, counted from 1 in this PDF; pages 2, 4, 6, ….
    static func read(_ path: String, cards: ClosedRange<Int>) throws -> [Page] {
        try Cores.map(cards.count) { _, range in
            try part(
                path,
                cards.lowerBound + range.lowerBound,
                cards.lowerBound + range.upperBound - 1
            )
        }
    }

    private static func part(_ path: String, _ first: Int, _ last: Int) throws -> [Page] {
        let pipe = Pipe()
        let process = try Poppler.start(
            "pdftoppm",
            [
                "-gray", "-r", "\(resolution)", "-e", "-f", "\(2 * first)", "-l", "\(2 * last)",
                path,
            ],
            output: pipe
        )
        let scanner = SymbolScanner()
        let stream = GreyStream(pipe.fileHandleForReading)
        var pages: [Page] = []
        while let image = try stream.next() {
            pages.append(scanner.scan(image, page: 2 * (first + pages.count)))
        }
        try Poppler.finish(process, "pdftoppm", path)
        return pages
    }
}

/// A picture of grey bytes, row by row.
struct GreyImage {
    let width: Int
    let height: Int
    let bytes: [UInt8]

    func isDark(_ x: Int, _ y: Int) -> Bool { bytes[y * width + x] < 128 }
}

/// The PGM pictures that pdftoppm writes one after the other.
private final class GreyStream {
    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var start = 0

    init(_ handle: FileHandle) { self.handle = handle }

    func next() throws -> GreyImage? {
        var numbers: [Int] = []
        guard let magic = try word() else { return nil }
        guard magic == "P5" else { throw damaged }
        while numbers.count < 3 {
            guard let text = try word(), let number = Int(text), number > 0, number < 1 << 16 else {
                throw damaged
            }
            numbers.append(number)
        }
        let count = numbers[0] * numbers[1]
        guard try fill(count) else { throw damaged }
        let bytes = Array(buffer[start..<start + count])
        start += count
        return GreyImage(width: numbers[0], height: numbers[1], bytes: bytes)
    }

    private var damaged: Poppler.Failure {
        Poppler.Failure(
            message: .init("pdftoppm прервался.", "pdftoppm broke off."),
            isMissing: false
        )
    }

    /// A word and the one white space behind it.
    private func word() throws -> String? {
        var end = start
        while true {
            if end == buffer.count {
                let length = end - start
                guard try fill(length + 1) else { return nil }
                end = start + length
            }
            if buffer[end] <= 0x20 { break }
            end += 1
        }
        let text = String(decoding: buffer[start..<end], as: UTF8.self)
        start = end + 1
        return text
    }

    /// Makes at least `count` bytes ready behind `start`.
    private func fill(_ count: Int) throws -> Bool {
        guard buffer.count - start < count else { return true }
        buffer.removeFirst(start)
        start = 0
        while buffer.count < count {
            let chunk = try handle.read(upToCount: 1 << 18) ?? Data()
            if chunk.isEmpty { return false }
            buffer += chunk
        }
        return true
    }
}

/// zbar's decoder with our look at the modules.
@safe
private final class SymbolScanner {
    private let scanner: OpaquePointer?

    init() {
        unsafe scanner = zbar_image_scanner_create()
        for (type, value) in [(ZBAR_NONE, 0), (ZBAR_QRCODE, 1), (ZBAR_CODE128, 1)] {
            unsafe zbar_image_scanner_set_config(scanner, type, ZBAR_CFG_ENABLE, Int32(value))
        }
    }

    deinit { unsafe zbar_image_scanner_destroy(scanner) }

    func scan(_ image: GreyImage, page: Int) -> PageReader.Page {
        var result = PageReader.Page(page: page)
        let picture = unsafe zbar_image_create()
        defer { unsafe zbar_image_destroy(picture) }
        // "Y800": grey bytes.
        unsafe zbar_image_set_format(picture, 0x3030_3859)
        unsafe zbar_image_set_size(picture, UInt32(image.width), UInt32(image.height))
        unsafe image.bytes.withUnsafeBufferPointer { bytes in
            unsafe zbar_image_set_data(picture, bytes.baseAddress, UInt(bytes.count), nil)
            unsafe zbar_scan_image(scanner, picture)
        }
        var grids: [Box] = []
        var bars: [(text: String, box: Box)] = []
        var symbol = unsafe zbar_image_first_symbol(picture)
        while let found = unsafe symbol {
            let length = Int(unsafe zbar_symbol_get_data_length(found))
            let start = unsafe UnsafeRawPointer(zbar_symbol_get_data(found))
            let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: length))
            let text = String(decoding: bytes, as: UTF8.self)
            if unsafe zbar_symbol_get_type(found) == ZBAR_QRCODE {
                result.texts.append(text)
                let corner = unsafe Self.box(of: found)
                grids.append(corner)
                switch SymbolGrid.read(image, near: corner) {
                case .success(let own):
                    if own != text { result.faults.append("modules spell another text") }
                case .failure(let fault): result.faults.append(fault.reason)
                }
            } else {
                bars.append((text, unsafe Self.box(of: found)))
            }
            unsafe symbol = zbar_symbol_next(found)
        }
        // A row of a QR's modules may spell a short Code 128 by chance: no bar code is printed there.
        result.bars = bars.filter { bar in !grids.contains { Self.holds($0, bar.box) } }.map(\.text)
        return result
    }

    private typealias Box = (x: Int, y: Int, right: Int, bottom: Int)

    private static func holds(_ outer: Box, _ inner: Box) -> Bool {
        outer.x <= inner.x && outer.y <= inner.y && inner.right <= outer.right
            && inner.bottom <= outer.bottom
    }

    private static func box(of symbol: OpaquePointer) -> Box {
        var (left, top, right, bottom) = (Int.max, Int.max, 0, 0)
        for index in 0..<(unsafe zbar_symbol_get_loc_size(symbol)) {
            let x = Int(unsafe zbar_symbol_get_loc_x(symbol, index))
            let y = Int(unsafe zbar_symbol_get_loc_y(symbol, index))
            (left, top) = (min(left, x), min(top, y))
            (right, bottom) = (max(right, x), max(bottom, y))
        }
        return (left, top, right, bottom)
    }
}
