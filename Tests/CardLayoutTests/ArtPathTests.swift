import Testing

@testable import CardLayout

struct ArtPathTests {
    private static func drawn(_ text: String) -> String? {
        ArtPath(svg: text).map { path in
            var output: [UInt8] = []
            path.write(to: &output)
            return String(decoding: output, as: UTF8.self)
        }
    }

    private static func numbers(_ text: String) -> [Double?] {
        var scanner = PathScanner(text)
        var numbers: [Double?] = []
        while !scanner.isAtEnd {
            let number = scanner.number()
            numbers.append(number)
            if number == nil { break }
        }
        return numbers
    }

    private static let spelled: [(String, [Double])] = [
        ("-.64.02", [-0.64, 0.02]), ("1-2+3", [1, -2, 3]), ("1e2-3", [100, -3]),
        ("1e-2.5", [0.01, 0.5]), (" 1 ,2\n3\t", [1, 2, 3]), ("1.5.5.5", [1.5, 0.5, 0.5]),
        ("5E1", [50]), ("", []), ("007", [7]),
    ]

    @Test(arguments: spelled)
    func `numbers may stand without separators`(_ text: String, _ expected: [Double]) {
        #expect(Self.numbers(text) == expected.map { Optional($0) })
    }

    @Test(arguments: [".", "-", "+-1", "e5", "1e", "1e999", "x", "--1", "\u{661}"])
    func `what is no number gives none`(_ text: String) {
        var scanner = PathScanner(text)
        let number = scanner.number()
        #expect(number == nil)
    }

    @Test func `commands and flags are single letters`() {
        var scanner = PathScanner(" Mb01.5")
        let commands = [scanner.command(), scanner.command()]
        #expect(commands == ["M", nil])
        var flags = PathScanner("01.52")
        let read = [flags.flag(), flags.flag(), flags.flag()]
        #expect(read == [false, true, nil])
        let number = flags.number()
        #expect(number == 0.52)
        let isAtEnd = flags.isAtEnd
        #expect(isAtEnd)
    }

    private static let curves: [(String, String)] = [
        ("M1 2L3 4H5V6Z", "1 2 m\n3 4 l\n5 4 l\n5 6 l\nh\n"),
        ("m1 2 3 4h1v1z", "1 2 m\n4 6 l\n5 6 l\n5 7 l\nh\n"),
        ("M1 2 3 4 5 6", "1 2 m\n3 4 l\n5 6 l\n"),
        ("m1 1l1 0zl0 1", "1 1 m\n2 1 l\nh\n1 2 l\n"),
        ("M-.64.02l.5.5", "-0.64 0.02 m\n-0.14 0.52 l\n"),
        ("M0 0C1 2 3 4 5 6S9 10 11 12", "0 0 m\n1 2 3 4 5 6 c\n7 8 9 10 11 12 c\n"),
        ("M0 0S3 4 5 6", "0 0 m\n0 0 3 4 5 6 c\n"),
        ("M0 0C1 2 3 4 5 6L5 6S3 4 7 8", "0 0 m\n1 2 3 4 5 6 c\n5 6 l\n5 6 3 4 7 8 c\n"),
        ("m1 1c1 0 2 0 3 1s1 1 2 0", "1 1 m\n2 1 3 1 4 2 c\n5 3 5 3 6 2 c\n"),
        ("M0 0Q3 3 6 0T12 0", "0 0 m\n2 2 4 2 6 0 c\n8 -2 10 -2 12 0 c\n"),
        ("m1 1q3 3 6 0t6 0", "1 1 m\n3 3 5 3 7 1 c\n9 -1 11 -1 13 1 c\n"),
        ("M0 0T6 0", "0 0 m\n0 0 2 0 6 0 c\n"), ("M1 0A1 1 0 0 1 0 1", quarter),
        ("M1 0a1 1 0 01-1 1", quarter), ("M0 0A0 5 0 0 1 3 4", "0 0 m\n3 4 l\n"),
        ("M3 4A1 1 0 0 1 3 4", "3 4 m\n3 4 l\n"), ("", ""),
    ]

    @Test(arguments: curves)
    func `a path becomes lines and curves`(_ text: String, _ expected: String) {
        #expect(Self.drawn(text) == expected)
    }

    private static let quarter = "1 0 m\n1 0.552 0.552 1 0 1 c\n"

    @Test func `a large arc goes the long way round`() throws {
        let drawn = try #require(Self.drawn("M1 0A1 1 0 1 1 0 -1"))
        #expect(drawn.contains(" 0 1 c\n"))
        #expect(drawn.contains(" -1 0 c\n"))
        #expect(drawn.hasSuffix(" 0 -1 c\n"))
    }

    @Test func `radii too small for an arc grow`() throws {
        let drawn = try #require(Self.drawn("M0 0A1 1 30 0 1 10 0"))
        #expect(drawn.hasSuffix(" 10 0 c\n"))
    }

    @Test(arguments: [
        "L1 1", "1 1", "hello", "M1", "M1 1L", "M1 1X2 2", "M1 1Z2 2", "M1 1C1 1 2 2 3",
        "M1 1S1 1 2", "M1 1Q1 1 2", "M1 1T1", "M1 1H", "M1 1Vx", "M1 1A1 1 0 2 0 3 3",
        "M1 1A1 1 0 0 0 3", "M1e999 1", "Z", "M1 1 2", "M1 1;L2 2",
    ])
    func `what is no path is refused`(_ text: String) {
        #expect(Self.drawn(text) == nil)
    }

    /// Where the map puts a point, in thousandths.
    private static func image(_ matrix: Matrix, _ x: Double, _ y: Double) -> [Int] {
        [
            matrix.a * x + matrix.c * y + matrix.e, matrix.b * x + matrix.d * y + matrix.f,
        ].map { Int(($0 * 1000).rounded()) }
    }

    private static let mapped: [(String, [Double])] = [
        ("", [1.0, 1, 1, 1]), ("translate(10 20)", [1, 1, 11, 21]),
        ("translate(10)", [1, 1, 11, 1]),
        ("scale(2)", [1, 3, 2, 6]), ("scale(2,-1)", [1, 3, 2, -3]),
        ("translate(10 20) scale(2)", [1, 1, 12, 22]),
        ("scale(2),translate(10 20)", [1, 1, 22, 42]), ("rotate(90)", [1, 0, 0, 1]),
        ("rotate(90 1 1)", [2, 1, 1, 2]), ("skewX(45)", [0, 1, 1, 1]),
        ("skewY(45)", [1, 0, 1, 1]), ("matrix(1 2 3 4 5 6)", [1, 1, 9, 12]),
    ]

    @Test(arguments: mapped)
    func `a transform maps points as SVG says`(_ text: String, _ points: [Double]) throws {
        let matrix = try #require(Matrix(svg: text))
        let wanted = points[2...].map { Int(($0 * 1000).rounded()) }
        #expect(Self.image(matrix, points[0], points[1]) == wanted)
    }

    @Test(arguments: [
        "spin(1)", "scale(1,2,3)", "translate(1", "translate(x)", "scale(2) junk", "matrix(1 2 3)",
        "rotate(1 2)", "translate()", "scale(10000)",
    ])
    func `what is no transform is refused`(_ text: String) {
        #expect(Matrix(svg: text) == nil)
    }

    @Test func `maps are joined from left to right`() {
        let shift = Matrix(e: 1, f: 2)
        let grow = Matrix(a: 3, d: 3)
        #expect((shift * grow).values == [3, 0, 0, 3, 3, 6])
        #expect((grow * shift).values == [3, 0, 0, 3, 1, 2])
        #expect(shift * .identity == shift)
    }
}
