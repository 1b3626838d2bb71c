import CHarfBuzz
import UnionTicket

/// One font file: shaping, metrics, outlines and subsets by HarfBuzz.
///
/// Fonts are loaded by file, never by name: a silent substitute ruins a run of cards.
/// `@unchecked Sendable` because the HarfBuzz objects are made immutable.
@safe
public final class FontFace: @unchecked Sendable {
    /// Where the file is.
    public let path: String
    /// The PostScript name, for PDF.
    let name: String
    /// Units of the em square.
    let unitsPerEm: Double
    /// Above and below the baseline, in em.
    let ascent: Double
    let descent: Double
    let capHeight: Double
    let boundingBox: [Int]
    let glyphCount: Int
    private let face: OpaquePointer
    private let font: OpaquePointer

    /// The font in `path`.
    ///
    /// - Throws: ``LayoutError`` when the file is missing or no font.
    public init(path: String) throws {
        self.path = path
        guard let blob = unsafe hb_blob_create_from_file_or_fail(path) else {
            throw LayoutError(
                path,
                nil,
                "Файл шрифта не читается. Установите пакет fonts-paratype или укажите верный путь.",
                "The font file cannot be read. Install the package fonts-paratype or mend the path."
            )
        }
        defer { unsafe hb_blob_destroy(blob) }
        guard let face = unsafe hb_face_create(blob, 0), unsafe hb_face_get_glyph_count(face) > 0,
            let font = unsafe hb_font_create(face)
        else {
            throw LayoutError(path, nil, "Это не шрифт TrueType.", "This is no TrueType font.")
        }
        unsafe hb_ot_font_set_funcs(font)
        unsafe (self.face, self.font) = (face, font)
        let em = Double(unsafe hb_face_get_upem(face))
        unitsPerEm = em
        glyphCount = Int(unsafe hb_face_get_glyph_count(face))
        name = unsafe Self.postScriptName(face) ?? "Font"
        var extents = hb_font_extents_t()
        unsafe hb_font_get_h_extents(font, &extents)
        ascent = Double(extents.ascender) / em
        descent = -Double(extents.descender) / em
        var cap: hb_position_t = 0
        let hasCap = unsafe hb_ot_metrics_get_position(font, HB_OT_METRICS_TAG_CAP_HEIGHT, &cap)
        capHeight = hasCap != 0 ? Double(cap) / em : 0.7
        boundingBox = unsafe Self.boundingBox(face)
        unsafe hb_font_make_immutable(font)
        unsafe hb_face_make_immutable(face)
    }

    deinit {
        unsafe hb_font_destroy(font)
        unsafe hb_face_destroy(face)
    }

    /// One glyph where it stands, in font units.
    struct Glyph: Sendable, Equatable {
        let id: UInt16
        /// Where the next one begins.
        let advance: Int32
        let xOffset: Int32
        let yOffset: Int32
        /// What shaping added to the glyph's own advance, kerning above all.
        let extra: Int32
    }

    /// Shaped text.
    struct Line: Sendable, Equatable {
        let glyphs: [Glyph]
        /// In em.
        let width: Double
        /// Characters without a glyph.
        let missing: [Unicode.Scalar]

        static let empty = Line(glyphs: [], width: 0, missing: [])

        /// Lines set side by side.
        init(joining lines: [Line]) {
            glyphs = lines.flatMap(\.glyphs)
            width = lines.reduce(0) { $0 + $1.width }
            missing = lines.flatMap(\.missing)
        }

        init(glyphs: [Glyph], width: Double, missing: [Unicode.Scalar]) {
            (self.glyphs, self.width, self.missing) = (glyphs, width, missing)
        }
    }

    /// The glyphs of a text that was composed before (NFC).
    ///
    /// `note` is told what each glyph stands for.
    func shape(_ text: String, note: (UInt16, String) -> Void = { _, _ in }) -> Line {
        guard let buffer = unsafe hb_buffer_create() else {
            return .empty
        }
        defer { unsafe hb_buffer_destroy(buffer) }
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { raw in
            let start = unsafe raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            unsafe hb_buffer_add_utf8(buffer, start, Int32(bytes.count), 0, Int32(bytes.count))
        }
        unsafe hb_buffer_set_direction(buffer, HB_DIRECTION_LTR)
        unsafe hb_buffer_guess_segment_properties(buffer)
        unsafe hb_shape(font, buffer, nil, 0)
        var count: UInt32 = 0
        let infos = unsafe hb_buffer_get_glyph_infos(buffer, &count)
        let positions = unsafe hb_buffer_get_glyph_positions(buffer, &count)
        guard let infos = unsafe infos, let positions = unsafe positions else {
            return .empty
        }
        var glyphs: [Glyph] = []
        glyphs.reserveCapacity(Int(count))
        var missing: [Unicode.Scalar] = []
        var width: Int64 = 0
        for index in 0..<Int(count) {
            let (info, position) = unsafe (infos[index], positions[index])
            let start = Int(info.cluster)
            let isFirst = unsafe index == 0 || infos[index - 1].cluster != info.cluster
            var end = bytes.count
            var next = index + 1
            while next < Int(count) {
                let cluster = unsafe Int(infos[next].cluster)
                if cluster != start {
                    end = cluster
                    break
                }
                next += 1
            }
            let piece = isFirst ? String(decoding: bytes[start..<end], as: UTF8.self) : ""
            if info.codepoint == 0 { missing += piece.unicodeScalars }
            width += Int64(position.x_advance)
            glyphs.append(
                Glyph(
                    id: UInt16(truncatingIfNeeded: info.codepoint),
                    advance: position.x_advance,
                    xOffset: position.x_offset,
                    yOffset: position.y_offset,
                    extra: position.x_advance
                        - Int32(advance(of: UInt16(truncatingIfNeeded: info.codepoint)))
                )
            )
            note(UInt16(truncatingIfNeeded: info.codepoint), piece)
        }
        return Line(
            glyphs: glyphs,
            width: Double(width) / unitsPerEm,
            missing: missing
        )
    }

    /// The glyph's own advance, in font units: what PDF's width table says.
    func advance(of glyph: UInt16) -> Int {
        Int(unsafe hb_font_get_glyph_h_advance(font, UInt32(glyph)))
    }

    /// The file with only these glyphs, under their old numbers.
    func subset(_ glyphs: [UInt16]) -> [UInt8]? {
        guard let input = unsafe hb_subset_input_create_or_fail() else { return nil }
        defer { unsafe hb_subset_input_destroy(input) }
        let set = unsafe hb_subset_input_glyph_set(input)
        for glyph in glyphs { unsafe hb_set_add(set, UInt32(glyph)) }
        // A PDF needs outlines and widths only: it says itself which glyph stands where.
        let dropped = unsafe hb_subset_input_set(input, HB_SUBSET_SETS_DROP_TABLE_TAG)
        for tag in ["GSUB", "GPOS", "GDEF", "kern", "cmap", "name", "post", "OS/2", "DSIG", "gasp"]
        {
            unsafe hb_set_add(dropped, tag.utf8.reduce(0) { $0 << 8 | UInt32($1) })
        }
        let flags =
            HB_SUBSET_FLAGS_RETAIN_GIDS.rawValue | HB_SUBSET_FLAGS_NO_HINTING.rawValue
            | HB_SUBSET_FLAGS_NOTDEF_OUTLINE.rawValue
        unsafe hb_subset_input_set_flags(input, flags)
        guard let made = unsafe hb_subset_or_fail(face, input) else { return nil }
        defer { unsafe hb_face_destroy(made) }
        let blob = unsafe hb_face_reference_blob(made)
        defer { unsafe hb_blob_destroy(blob) }
        var length: UInt32 = 0
        guard let start = unsafe hb_blob_get_data(blob, &length) else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: Int(length)))
    }

    /// The glyph's outline as PDF operators in font units, y up.
    func outline(of glyph: UInt16) -> [UInt8] {
        let pen = Pen()
        let context = unsafe Unmanaged.passUnretained(pen).toOpaque()
        unsafe hb_font_get_glyph_shape(font, UInt32(glyph), Self.pen, context)
        return pen.operators
    }

    /// Collects an outline.
    private final class Pen {
        var operators: [UInt8] = []

        func add(_ points: [Float], _ name: String) {
            for point in points { operators.append(number: Double(point)) }
            operators += Array((name + "\n").utf8)
        }

        static func of(_ context: UnsafeMutableRawPointer?) -> Pen? {
            unsafe context.map { unsafe Unmanaged<Pen>.fromOpaque($0).takeUnretainedValue() }
        }
    }

    nonisolated(unsafe) private static let pen: OpaquePointer? = {
        let functions = unsafe hb_draw_funcs_create()
        unsafe hb_draw_funcs_set_move_to_func(
            functions,
            { _, context, _, x, y, _ in unsafe Pen.of(context)?.add([x, y], "m") },
            nil,
            nil
        )
        unsafe hb_draw_funcs_set_line_to_func(
            functions,
            { _, context, _, x, y, _ in unsafe Pen.of(context)?.add([x, y], "l") },
            nil,
            nil
        )
        unsafe hb_draw_funcs_set_cubic_to_func(
            functions,
            { _, context, _, ax, ay, bx, by, x, y, _ in
                unsafe Pen.of(context)?.add([ax, ay, bx, by, x, y], "c")
            },
            nil,
            nil
        )
        unsafe hb_draw_funcs_set_close_path_func(
            functions,
            { _, context, _, _ in unsafe Pen.of(context)?.add([], "h") },
            nil,
            nil
        )
        unsafe hb_draw_funcs_make_immutable(functions)
        return unsafe functions
    }()

    private static func postScriptName(_ face: OpaquePointer) -> String? {
        var buffer = [CChar](repeating: 0, count: 128)
        var size = UInt32(buffer.count)
        let id = hb_ot_name_id_t(HB_OT_NAME_ID_POSTSCRIPT_NAME)
        _ = unsafe hb_ot_name_get_utf8(face, id, nil, &size, &buffer)
        let bytes = buffer.prefix(Int(size)).map { UInt8(bitPattern: $0) }
        let name = String(decoding: bytes, as: UTF8.self)
        return name.isEmpty
            ? nil : name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }

    /// The `head` table's box, thousandths of an em.
    private static func boundingBox(_ face: OpaquePointer) -> [Int] {
        let blob = unsafe hb_face_reference_table(face, 0x6865_6164)
        defer { unsafe hb_blob_destroy(blob) }
        var length: UInt32 = 0
        guard let start = unsafe hb_blob_get_data(blob, &length), length >= 54 else {
            return [0, -200, 1000, 800]
        }
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: 54))
        let em = Double(Int(bytes[18]) << 8 | Int(bytes[19]))
        return (0..<4).map { index in
            let place = 36 + 2 * index
            let value = Int16(bitPattern: UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]))
            return Int((Double(value) * 1000 / em).rounded())
        }
    }
}
