import CExpat
import UnionTicket

/// Reads an SVG of plain shapes and writes the PDF operators that draw it, in the SVG's own units.
///
/// Shapes only: text is converted to paths by the designer, so that the art looks the same
/// everywhere. Colours stand in the layout's palette, which says what ink they are.
@safe
final class ArtReader {
    private let file: String
    private let palette: [String: CardLayout.Colour]
    private let parser: XML_Parser
    private var findings: [LayoutFinding] = []
    private var output: [UInt8] = []
    private var styles: [Style] = [Style()]
    private(set) var viewBox: [Double]?

    /// What an element inherits.
    private struct Style {
        var matrix = Matrix.identity
        var fill: String? = "#000000"
        var stroke: String?
        var strokeWidth = 1.0
        var cap = 0
        var join = 0
        var isEvenOdd = false
        var isDrawn = true
    }

    /// The operators for the art in `bytes`.
    ///
    /// - Throws: ``LayoutError`` with every fault and its line.
    static func operators(
        of bytes: [UInt8],
        file: String,
        palette: [String: CardLayout.Colour],
        page: Box
    ) throws -> [UInt8] {
        let reader = try ArtReader(file, palette)
        reader.read(bytes)
        if let box = reader.viewBox {
            let wanted = [page.x, page.y, page.width, page.height]
            if zip(box, wanted).contains(where: { abs($0 - $1) > 0.001 }) {
                reader.report(
                    "viewBox должен быть «\(wanted.map { "\($0)" }.joined(separator: " "))».",
                    "viewBox must be \(wanted.map { "\($0)" }.joined(separator: " "))."
                )
            }
        } else if reader.findings.isEmpty {
            reader.report("Нет viewBox.", "There is no viewBox.")
        }
        guard reader.findings.isEmpty else { throw LayoutError(reader.findings) }
        return reader.output
    }

    private init(_ file: String, _ palette: [String: CardLayout.Colour]) throws {
        self.file = file
        self.palette = Dictionary(
            palette.values.map { ($0.svg, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        guard let parser = unsafe XML_ParserCreate(nil) else {
            throw LayoutError(file, nil, "Не хватает памяти.", "There is no memory.")
        }
        unsafe self.parser = parser
    }

    deinit { unsafe XML_ParserFree(parser) }

    private func read(_ bytes: [UInt8]) {
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        unsafe XML_SetElementHandler(
            parser,
            { unsafe ArtReader.of($0)?.start($1, $2) },
            { context, _ in unsafe ArtReader.of(context)?.end() }
        )
        unsafe XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
            unsafe ArtReader.of(context)?.report(
                "Объявление DOCTYPE не допускается.",
                "A DOCTYPE is not permitted."
            )
        }
        let status = unsafe bytes.withUnsafeBytes { raw in
            let start = unsafe raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe XML_Parse(parser, start, Int32(bytes.count), 1)
        }
        guard status != XML_STATUS_OK, findings.isEmpty else { return }
        let reason = unsafe String(cString: XML_ErrorString(XML_GetErrorCode(parser)))
        report("Это не XML: \(reason).", "This is no XML: \(reason).")
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> ArtReader? {
        unsafe context.map { unsafe Unmanaged<ArtReader>.fromOpaque($0).takeUnretainedValue() }
    }

    private func report(_ russian: String, _ english: String) {
        guard findings.count < 50 else { return }
        let line = Int(unsafe XML_GetCurrentLineNumber(parser))
        findings.append(
            LayoutFinding(file: file, line: line, message: Bilingual(russian, english))
        )
    }

    private func start(
        _ name: UnsafePointer<CChar>?,
        _ pairs: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    ) {
        guard let name = unsafe name else { return }
        var attributes: [String: String] = [:]
        if var pair = unsafe pairs {
            while let key = unsafe pair[0], let value = unsafe pair[1] {
                attributes[unsafe String(cString: key)] = unsafe String(cString: value)
                unsafe pair += 2
            }
        }
        guard styles.count < 64 else {
            return report("Слишком глубокая вложенность.", "Nested too deeply.")
        }
        element(unsafe String(cString: name), attributes)
    }

    private func end() { if styles.count > 1 { styles.removeLast() } }

    private func element(_ name: String, _ attributes: [String: String]) {
        var style = styles[styles.count - 1]
        apply(attributes, to: &style)
        defer { styles.append(style) }
        let number = { (key: String) -> Double in self.number(attributes[key], key) }
        switch name {
        case "svg":
            if styles.count == 1, let text = attributes["viewBox"] {
                viewBox = Self.numbers(text)
                if viewBox?.count != 4 {
                    report("viewBox не понят.", "The viewBox is not understood.")
                }
            }
        case "g": break
        case "title", "desc", "metadata": style.isDrawn = false
        case "rect":
            let rounded = max(number("rx"), number("ry"))
            draw(
                .rectangle(
                    number("x"),
                    number("y"),
                    number("width"),
                    number("height"),
                    attributes["rx"] == nil ? rounded : number("rx"),
                    attributes["ry"] == nil ? rounded : number("ry")
                ),
                style
            )
        case "circle":
            draw(.ellipse(number("cx"), number("cy"), number("r"), number("r")), style)
        case "ellipse":
            draw(.ellipse(number("cx"), number("cy"), number("rx"), number("ry")), style)
        case "line":
            draw(.line([number("x1"), number("y1"), number("x2"), number("y2")], false), style)
        case "polygon", "polyline":
            guard let points = Self.numbers(attributes["points"] ?? ""), points.count >= 4,
                points.count.isMultiple(of: 2)
            else { return report("points не поняты.", "The points are not understood.") }
            draw(.line(points, name == "polygon"), style)
        case "path":
            guard let path = ArtPath(svg: attributes["d"] ?? "") else {
                return report("Контур d не понят.", "The path d is not understood.")
            }
            draw(path, style)
        default:
            report(
                "Элемент «\(name)» не допускается: только фигуры; текст переведите в кривые.",
                "The element \(name) is not permitted: shapes only; convert text to paths."
            )
        }
    }

    private static let ignored: Set<String> = [
        "id", "class", "xmlns", "width", "height", "viewBox", "version", "x", "y", "rx", "ry", "cx",
        "cy", "r", "x1", "y1", "x2", "y2", "points", "d", "stroke-miterlimit",
    ]

    private func apply(_ attributes: [String: String], to style: inout Style) {
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "transform":
                guard let matrix = Matrix(svg: value) else {
                    report("transform не понят.", "The transform is not understood.")
                    continue
                }
                style.matrix = matrix * style.matrix
            case "fill": style.fill = colour(value)
            case "stroke": style.stroke = colour(value)
            case "stroke-width": style.strokeWidth = number(value, key)
            case "stroke-linecap":
                style.cap = ["butt", "round", "square"].firstIndex(of: value) ?? 0
            case "stroke-linejoin":
                style.join = ["miter", "round", "bevel"].firstIndex(of: value) ?? 0
            case "fill-rule": style.isEvenOdd = value == "evenodd"
            default:
                if Self.ignored.contains(key) || key.contains(":") { continue }
                report(
                    "Атрибут «\(key)» не допускается.",
                    "The attribute \(key) is not permitted."
                )
            }
        }
    }

    private func colour(_ text: String) -> String? {
        let text = text.lowercased()
        if text == "none" { return nil }
        if palette[text] == nil {
            report(
                "Цвета «\(text)» нет в палитре.",
                "The colour \(text) is not in the palette."
            )
        }
        return text
    }

    private func number(_ text: String?, _ key: String) -> Double {
        guard let text else { return 0 }
        let plain = text.hasSuffix("mm") ? String(text.dropLast(2)) : text
        if let value = Double(plain), value.isFinite, abs(value) < 10_000 { return value }
        report("\(key): нужно число.", "\(key): a number is needed.")
        return 0
    }

    static func numbers(_ text: String) -> [Double]? {
        var scanner = PathScanner(text)
        var numbers: [Double] = []
        while !scanner.isAtEnd {
            guard let number = scanner.number(), abs(number) < 10_000 else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    private func draw(_ path: ArtPath, _ style: Style) {
        guard style.isDrawn, style.fill != nil || style.stroke != nil else { return }
        // SVG fills with black where nothing is said.
        if let fill = style.fill, palette[fill] == nil, findings.isEmpty { _ = colour(fill) }
        output.append("q ")
        if style.matrix != .identity {
            for value in style.matrix.values { output.append(number: value) }
            output.append("cm ")
        }
        if let fill = style.fill.flatMap({ palette[$0] }) { output.append(ink: fill) }
        if let stroke = style.stroke.flatMap({ palette[$0] }) {
            output.append(ink: stroke, stroke: true)
            output.append(number: style.strokeWidth)
            output.append("w ")
            output.append(decimal: style.cap)
            output.append(" J ")
            output.append(decimal: style.join)
            output.append(" j\n")
        }
        path.write(to: &output)
        switch (style.fill != nil, style.stroke != nil, style.isEvenOdd) {
        case (true, true, true): output.append("B* Q\n")
        case (true, true, false): output.append("B Q\n")
        case (true, false, true): output.append("f* Q\n")
        case (true, false, false): output.append("f Q\n")
        default: output.append("S Q\n")
        }
    }
}
