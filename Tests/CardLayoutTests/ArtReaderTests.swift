import Testing
import UnionTicket

@testable import CardLayout

struct ArtReaderTests {
    private static let page = Box(x: 0, y: 0, width: 10, height: 10)
    private static let palette = [
        "ink": CardLayout.Colour(svg: "#010203", cmyk: [0, 0, 0, 100]),
        "red": CardLayout.Colour(svg: "#ff0000", cmyk: [0, 100, 50, 0]),
    ]
    private static let head =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10 10\">\n"

    private static func operators(_ text: String) throws -> String {
        let bytes = try ArtReader.operators(
            of: Array(text.utf8),
            file: "art.svg",
            palette: palette,
            page: page
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The operators for elements inside of a proper `svg`.
    private static func inside(_ text: String) throws -> String {
        try operators(head + text + "\n</svg>\n")
    }

    private static func findings(_ text: String) throws -> [LayoutFinding] {
        try LayoutFolders.findings { _ = try operators(text) }
    }

    private static let forbidden: [(String, String)] = [
        ("<text x=\"1\">Б</text>", "The element text is not permitted"),
        ("<image width=\"1\"/>", "The element image is not permitted"),
        ("<style>rect {}</style>", "The element style is not permitted"),
        ("<use/>", "The element use is not permitted"),
        ("<rect style=\"fill:red\"/>", "The attribute style is not permitted"),
        ("<rect opacity=\"0.5\"/>", "The attribute opacity is not permitted"),
        ("<rect filter=\"none\"/>", "The attribute filter is not permitted"),
        ("<rect fill=\"#00ff00\"/>", "The colour #00ff00 is not in the palette"),
        ("<rect stroke=\"url(#a)\"/>", "The colour url(#a) is not in the palette"),
        ("<rect fill=\"red\"/>", "The colour red is not in the palette"),
        ("<rect width=\"ten\"/>", "width: a number is needed"),
        ("<rect width=\"1e9\"/>", "width: a number is needed"),
        ("<polygon points=\"1 2 3\"/>", "The points are not understood"),
        ("<polyline points=\"1 x\"/>", "The points are not understood"),
        ("<path d=\"L1 1\"/>", "The path d is not understood"),
        ("<g transform=\"spin(1)\"/>", "The transform is not understood"),
    ]

    @Test(arguments: forbidden)
    func `what art may not hold is found at its line`(_ element: String, _ says: String) throws {
        let fill = "<rect width=\"1\" height=\"1\" fill=\"#010203\"/>\n"
        let text = Self.head + fill + "<g>\n" + element + "\n</g>\n</svg>\n"
        let findings = try Self.findings(text)
        #expect(findings.count == 1)
        #expect(findings.first?.line == 4)
        #expect(findings.first?.file == "art.svg")
        #expect(findings.first?.message.english.contains(says) == true)
    }

    @Test func `every fault is told, not the first only`() throws {
        let text = Self.head + "<text/>\n<image/>\n<rect fill=\"#fff\"/>\n</svg>"
        #expect(try Self.findings(text).map(\.line) == [2, 3, 4])
    }

    @Test func `a DOCTYPE is refused at its line`() throws {
        let text =
            "<?xml version=\"1.0\"?>\n<!DOCTYPE svg [<!ENTITY a \"b\">]>\n" + Self.head + "</svg>"
        let finding = try #require(try Self.findings(text).first)
        #expect(finding.line == 2)
        #expect(finding.message.english.contains("DOCTYPE"))
    }

    @Test func `nesting has an end`() throws {
        func nested(_ depth: Int) -> String {
            Self.head + String(repeating: "<g>\n", count: depth)
                + String(repeating: "</g>\n", count: depth) + "</svg>"
        }
        #expect(try Self.findings(nested(60)) == [])
        let finding = try #require(try Self.findings(nested(70)).first)
        #expect(finding.line == 64)
        #expect(finding.message.english.contains("Nested too deeply"))
        #expect(try Self.findings(nested(5_000)).count == 50)
    }

    @Test func `broken XML is told with its line`() throws {
        let finding = try #require(try Self.findings(Self.head + "<g>\n</svg>").first)
        #expect(finding.line == 3)
        #expect(finding.message.english.contains("This is no XML"))
        for text in ["", "<", "плохо", "<svg viewBox=\"0 0 10 10\">"] {
            #expect(try !Self.findings(text).isEmpty)
        }
    }

    @Test(arguments: [
        ("<svg/>", "There is no viewBox"), ("<svg viewBox=\"0 0 10\"/>", "is not understood"),
        ("<svg viewBox=\"a\"/>", "viewBox"), ("<svg viewBox=\"0 0 10 11\"/>", "viewBox must be"),
        ("<g><svg viewBox=\"0 0 10 10\"/></g>", "There is no viewBox"),
    ])
    func `the view box must be the page with its bleed`(_ text: String, _ says: String) throws {
        let findings = try Self.findings(text)
        #expect(findings.contains { $0.message.english.contains(says) })
    }

    private static let shapes: [(String, String)] = [
        (
            "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" fill=\"#010203\"/>",
            "q 0 0 0 1 k\n1 2 m\n4 2 l\n4 6 l\n1 6 l\nh\nf Q\n"
        ),
        (
            "<line x1=\"0\" y1=\"1\" x2=\"2\" y2=\"3\" fill=\"none\" stroke=\"#FF0000\" "
                + "stroke-width=\"0.5\" stroke-linecap=\"round\" stroke-linejoin=\"bevel\"/>",
            "q 0 1 0.5 0 K\n0.5 w 1 J 2 j\n0 1 m\n2 3 l\nS Q\n"
        ),
        (
            "<g fill=\"#010203\" transform=\"translate(1 2)\">"
                + "<polygon points=\"0 0 1 0 1 1\" fill-rule=\"evenodd\"/></g>",
            "q 1 0 0 1 1 2 cm 0 0 0 1 k\n0 0 m\n1 0 l\n1 1 l\nh\nf* Q\n"
        ),
        (
            "<path d=\"M0 0h1\" fill=\"#010203\" stroke=\"#ff0000\"/>",
            "q 0 0 0 1 k\n0 1 0.5 0 K\n1 w 0 J 0 j\n0 0 m\n1 0 l\nB Q\n"
        ), ("<polyline points=\"0 0 1 1\" fill=\"none\"/>", ""),
        ("<title>Карта</title><metadata><g/></metadata>", ""),
    ]

    @Test(arguments: shapes)
    func `shapes become operators`(_ text: String, _ expected: String) throws {
        #expect(try Self.inside(text) == expected)
    }

    @Test func `round shapes close where they began`() throws {
        let circle = try Self.inside("<circle cx=\"5\" cy=\"5\" r=\"2\" fill=\"#010203\"/>")
        #expect(circle.hasPrefix("q 0 0 0 1 k\n7 5 m\n"))
        #expect(circle.hasSuffix(" 7 5 c\nh\nf Q\n"))
        let ellipse = try Self.inside(
            "<ellipse cx=\"5\" cy=\"5\" rx=\"2\" ry=\"1\" fill=\"#010203\"/>"
        )
        #expect(ellipse.hasSuffix(" 7 5 c\nh\nf Q\n"))
        let rect = try Self.inside(
            "<rect x=\"0\" y=\"0\" width=\"4\" height=\"4\" rx=\"1\" fill=\"#010203\"/>"
        )
        #expect(rect.hasPrefix("q 0 0 0 1 k\n1 0 m\n3 0 l\n"))
        #expect(rect.hasSuffix(" 1 0 c\nh\nf Q\n"))
    }

    /// Numbers within a path have no limit yet, and PDF's writer traps on what no Int holds.
    @Test(.disabled("traps in append(number:) until PathScanner or ArtPath limits numbers"))
    func `a number too large for a card is a finding, not a crash`() throws {
        #expect(try !Self.findings(Self.head + "<path d=\"M1e300 0\"/></svg>").isEmpty)
    }
}
