import Foundation

/// An affine map `[a b c d e f]` as SVG and PDF write it.
struct Matrix: Equatable {
    var a = 1.0
    var b = 0.0
    var c = 0.0
    var d = 1.0
    var e = 0.0
    var f = 0.0

    static let identity = Matrix()

    var values: [Double] { [a, b, c, d, e, f] }

    /// First `left`, then `right`.
    static func * (left: Matrix, right: Matrix) -> Matrix {
        Matrix(
            a: left.a * right.a + left.b * right.c,
            b: left.a * right.b + left.b * right.d,
            c: left.c * right.a + left.d * right.c,
            d: left.c * right.b + left.d * right.d,
            e: left.e * right.a + left.f * right.c + right.e,
            f: left.e * right.b + left.f * right.d + right.f
        )
    }
}

extension Matrix {
    /// The `transform` attribute; nil when it is not understood.
    init?(svg text: String) {
        self.init()
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "(") {
            guard let close = rest[open...].firstIndex(of: ")") else { return nil }
            let name = rest[..<open].trimmingCharacters(
                in: .whitespaces.union(["," as Unicode.Scalar])
            )
            guard let numbers = ArtReader.numbers(String(rest[rest.index(after: open)..<close])),
                let step = Self.step(name, numbers)
            else { return nil }
            self = step * self
            rest = rest[rest.index(after: close)...]
        }
        guard rest.allSatisfy(\.isWhitespace) else { return nil }
    }

    private static func step(_ name: String, _ n: [Double]) -> Matrix? {
        switch (name, n.count) {
        case ("translate", 1): return Matrix(e: n[0])
        case ("translate", 2): return Matrix(e: n[0], f: n[1])
        case ("scale", 1): return Matrix(a: n[0], d: n[0])
        case ("scale", 2): return Matrix(a: n[0], d: n[1])
        case ("matrix", 6): return Matrix(a: n[0], b: n[1], c: n[2], d: n[3], e: n[4], f: n[5])
        case ("skewX", 1): return Matrix(c: tan(n[0] * .pi / 180))
        case ("skewY", 1): return Matrix(b: tan(n[0] * .pi / 180))
        case ("rotate", 1), ("rotate", 3):
            let angle = n[0] * .pi / 180
            let turn = Matrix(a: cos(angle), b: sin(angle), c: -sin(angle), d: cos(angle))
            if n.count == 1 { return turn }
            return Matrix(e: -n[1], f: -n[2]) * turn * Matrix(e: n[1], f: n[2])
        default: return nil
        }
    }
}

/// Reads numbers and letters of SVG's path language.
struct PathScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool {
        mutating get {
            skip()
            return rest.isEmpty
        }
    }

    mutating func command() -> Character? {
        skip()
        guard let byte = rest.first else { return nil }
        let character = Character(Unicode.Scalar(byte))
        guard "MmLlHhVvCcSsQqTtAaZz".contains(character) else { return nil }
        rest.removeFirst()
        return character
    }

    mutating func number() -> Double? {
        skip()
        let start = rest.startIndex
        var end = start
        var hasPoint = false
        var hasExponent = false
        var hasDigit = false
        while end < rest.endIndex {
            let byte = rest[end]
            switch byte {
            case 0x30...0x39: hasDigit = true
            case 0x2B, 0x2D:
                let isFirst = end == start
                let before = isFirst ? 0 : rest[rest.index(before: end)]
                guard isFirst || before == 0x65 || before == 0x45 else { break }
                end = rest.index(after: end)
                continue
            case 0x2E where !hasPoint && !hasExponent: hasPoint = true
            case 0x65 where hasDigit && !hasExponent, 0x45 where hasDigit && !hasExponent:
                hasExponent = true
            default: break
            }
            let isPart =
                (0x30...0x39).contains(byte) || byte == 0x2E && hasPoint
                || (byte == 0x65 || byte == 0x45) && hasExponent
            guard isPart else { break }
            // A second point begins the next number.
            if byte == 0x2E, rest[start..<end].contains(0x2E) { break }
            if byte == 0x65 || byte == 0x45,
                rest[start..<end].contains(where: { $0 == 0x65 || $0 == 0x45 })
            {
                break
            }
            end = rest.index(after: end)
        }
        guard hasDigit, let value = Double(String(Substring(rest[start..<end]))),
            abs(value) < 10_000
        else { return nil }
        rest = rest[end...]
        return value
    }

    /// An arc's flag, which may stand without a separator.
    mutating func flag() -> Bool? {
        skip()
        guard let byte = rest.first, byte == 0x30 || byte == 0x31 else { return nil }
        rest.removeFirst()
        return byte == 0x31
    }

    private mutating func skip() {
        while let byte = rest.first, byte == 0x20 || byte == 0x2C || (0x09...0x0D).contains(byte) {
            rest.removeFirst()
        }
    }
}

/// A path of lines and cubic curves.
struct ArtPath {
    private enum Step {
        case move(Double, Double)
        case line(Double, Double)
        case curve(Double, Double, Double, Double, Double, Double)
        case close
    }

    private var steps: [Step] = []
    private var x = 0.0
    private var y = 0.0
    private var startX = 0.0
    private var startY = 0.0

    func write(to output: inout [UInt8]) {
        for step in steps {
            switch step {
            case .move(let x, let y):
                output.append(number: x)
                output.append(number: y)
                output.append("m\n")
            case .line(let x, let y):
                output.append(number: x)
                output.append(number: y)
                output.append("l\n")
            case .curve(let ax, let ay, let bx, let by, let x, let y):
                for value in [ax, ay, bx, by, x, y] { output.append(number: value) }
                output.append("c\n")
            case .close: output.append("h\n")
            }
        }
    }

    private mutating func move(_ toX: Double, _ toY: Double) {
        steps.append(.move(toX, toY))
        (x, y, startX, startY) = (toX, toY, toX, toY)
    }

    private mutating func line(_ toX: Double, _ toY: Double) {
        steps.append(.line(toX, toY))
        (x, y) = (toX, toY)
    }

    private mutating func curve(
        _ ax: Double,
        _ ay: Double,
        _ bx: Double,
        _ by: Double,
        _ toX: Double,
        _ toY: Double
    ) {
        steps.append(.curve(ax, ay, bx, by, toX, toY))
        (x, y) = (toX, toY)
    }

    private mutating func close() {
        steps.append(.close)
        (x, y) = (startX, startY)
    }

    static func line(_ points: [Double], _ isClosed: Bool) -> ArtPath {
        var path = ArtPath()
        path.move(points[0], points[1])
        for index in stride(from: 2, to: points.count, by: 2) {
            path.line(points[index], points[index + 1])
        }
        if isClosed { path.close() }
        return path
    }

    static func rectangle(
        _ x: Double,
        _ y: Double,
        _ width: Double,
        _ height: Double,
        _ rx: Double,
        _ ry: Double
    ) -> ArtPath {
        let (rx, ry) = (min(rx, width / 2), min(ry, height / 2))
        if rx <= 0 || ry <= 0 {
            return line([x, y, x + width, y, x + width, y + height, x, y + height], true)
        }
        var path = ArtPath()
        path.move(x + rx, y)
        path.line(x + width - rx, y)
        path.arc(rx, ry, 0, false, true, x + width, y + ry)
        path.line(x + width, y + height - ry)
        path.arc(rx, ry, 0, false, true, x + width - rx, y + height)
        path.line(x + rx, y + height)
        path.arc(rx, ry, 0, false, true, x, y + height - ry)
        path.line(x, y + ry)
        path.arc(rx, ry, 0, false, true, x + rx, y)
        path.close()
        return path
    }

    static func ellipse(_ cx: Double, _ cy: Double, _ rx: Double, _ ry: Double) -> ArtPath {
        var path = ArtPath()
        path.move(cx + rx, cy)
        path.arc(rx, ry, 0, false, true, cx - rx, cy)
        path.arc(rx, ry, 0, false, true, cx + rx, cy)
        path.close()
        return path
    }
}

extension ArtPath {
    /// SVG's path data; nil when it is not understood.
    init?(svg text: String) {
        var scanner = PathScanner(text)
        var command: Character = " "
        // The last control points, for the smooth commands.
        var cubic: (Double, Double)?
        var quadratic: (Double, Double)?
        while !scanner.isAtEnd {
            if let next = scanner.command() {
                command = next
            } else if command == " " || command == "Z" || command == "z" {
                return nil
            } else if command == "M" {
                command = "L"
            } else if command == "m" {
                command = "l"
            }
            let isRelative = command.isLowercase
            let (baseX, baseY) = isRelative ? (x, y) : (0, 0)
            func point() -> (Double, Double)? {
                guard let px = scanner.number(), let py = scanner.number() else { return nil }
                return (baseX + px, baseY + py)
            }
            var nextCubic: (Double, Double)?
            var nextQuadratic: (Double, Double)?
            if steps.isEmpty, command != "M", command != "m" { return nil }
            switch command.uppercased() {
            case "M":
                guard let to = point() else { return nil }
                move(to.0, to.1)
            case "L":
                guard let to = point() else { return nil }
                line(to.0, to.1)
            case "H":
                guard let to = scanner.number() else { return nil }
                line(baseX + to, y)
            case "V":
                guard let to = scanner.number() else { return nil }
                line(x, baseY + to)
            case "C":
                guard let a = point(), let b = point(), let to = point() else { return nil }
                curve(a.0, a.1, b.0, b.1, to.0, to.1)
                nextCubic = b
            case "S":
                guard let b = point(), let to = point() else { return nil }
                let a = cubic.map { (2 * x - $0.0, 2 * y - $0.1) } ?? (x, y)
                curve(a.0, a.1, b.0, b.1, to.0, to.1)
                nextCubic = b
            case "Q":
                guard let control = point(), let to = point() else { return nil }
                quadraticCurve(control, to)
                nextQuadratic = control
            case "T":
                guard let to = point() else { return nil }
                let control = quadratic.map { (2 * x - $0.0, 2 * y - $0.1) } ?? (x, y)
                quadraticCurve(control, to)
                nextQuadratic = control
            case "A":
                guard let rx = scanner.number(), let ry = scanner.number(),
                    let angle = scanner.number(), let large = scanner.flag(),
                    let sweep = scanner.flag(), let to = point()
                else { return nil }
                arc(abs(rx), abs(ry), angle, large, sweep, to.0, to.1)
            default: close()
            }
            (cubic, quadratic) = (nextCubic, nextQuadratic)
        }
    }

    private mutating func quadraticCurve(_ c: (Double, Double), _ to: (Double, Double)) {
        let ax = x + 2 / 3 * (c.0 - x)
        let ay = y + 2 / 3 * (c.1 - y)
        let bx = to.0 + 2 / 3 * (c.0 - to.0)
        let by = to.1 + 2 / 3 * (c.1 - to.1)
        curve(ax, ay, bx, by, to.0, to.1)
    }

    /// An elliptical arc as cubic curves (SVG 1.1 appendix F.6).
    private mutating func arc(
        _ rx: Double,
        _ ry: Double,
        _ degrees: Double,
        _ isLarge: Bool,
        _ isSweep: Bool,
        _ toX: Double,
        _ toY: Double
    ) {
        guard rx > 0, ry > 0, toX != x || toY != y else { return line(toX, toY) }
        let phi = degrees * .pi / 180
        let (cosPhi, sinPhi) = (cos(phi), sin(phi))
        let dx = (x - toX) / 2
        let dy = (y - toY) / 2
        let px = cosPhi * dx + sinPhi * dy
        let py = -sinPhi * dx + cosPhi * dy
        let scale = max(1, (px * px / (rx * rx) + py * py / (ry * ry)).squareRoot())
        let (rx, ry) = (rx * scale, ry * scale)
        let top = rx * rx * ry * ry - rx * rx * py * py - ry * ry * px * px
        let bottom = rx * rx * py * py + ry * ry * px * px
        let root = (isLarge == isSweep ? -1 : 1) * max(0, top / bottom).squareRoot()
        let cx = root * rx * py / ry
        let cy = -root * ry * px / rx
        let centreX = cosPhi * cx - sinPhi * cy + (x + toX) / 2
        let centreY = sinPhi * cx + cosPhi * cy + (y + toY) / 2
        let start = atan2((py - cy) / ry, (px - cx) / rx)
        var sweep = atan2((-py - cy) / ry, (-px - cx) / rx) - start
        if isSweep, sweep < 0 { sweep += 2 * .pi }
        if !isSweep, sweep > 0 { sweep -= 2 * .pi }
        let pieces = max(1, Int((abs(sweep) / (.pi / 2)).rounded(.up)))
        let step = sweep / Double(pieces)
        let handle = 4 / 3 * tan(step / 4)
        func at(_ u: Double, _ v: Double) -> (Double, Double) {
            (
                centreX + rx * cosPhi * u - ry * sinPhi * v,
                centreY + rx * sinPhi * u + ry * cosPhi * v
            )
        }
        for piece in 0..<pieces {
            let from = start + Double(piece) * step
            let to = from + step
            let a = at(cos(from) - handle * sin(from), sin(from) + handle * cos(from))
            let b = at(cos(to) + handle * sin(to), sin(to) - handle * cos(to))
            let end = piece == pieces - 1 ? (toX, toY) : at(cos(to), sin(to))
            curve(a.0, a.1, b.0, b.1, end.0, end.1)
        }
    }
}
