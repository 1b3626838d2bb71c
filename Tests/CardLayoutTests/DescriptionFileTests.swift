import Testing
import UnionTicket

@testable import CardLayout

struct DescriptionFileTests {
    private enum Colour: String, CaseIterable { case red, green }

    private static func read(
        _ text: String,
        _ body: (DescriptionFile, DescriptionFile.Entry?) -> Void
    ) -> [LayoutFinding] {
        let file = DescriptionFile(file: "x.yaml")
        body(file, file.root(text))
        return file.findings
    }

    @Test func `values are read with their kinds`() {
        let text = """
            text: слово
            number: 1.5
            whole: 7
            flag: true
            colour: green
            list: [1, 2]
            map: {a: 1, b: 2}
            """
        let findings = Self.read(text) { d, root in
            #expect(d.text(d.member(root, "text")) == "слово")
            #expect(d.number(d.member(root, "number"), 0...2) == 1.5)
            #expect(d.number(d.member(root, "whole"), 0...9) == 7)
            #expect(d.integer(d.member(root, "whole"), 0...9) == 7)
            #expect(d.flag(d.member(root, "flag")) == true)
            #expect(d.choice(d.member(root, "colour"), Colour.self) == .green)
            #expect(d.elements(d.member(root, "list")).map(\.path) == ["list[0]", "list[1]"])
            #expect(d.members(d.member(root, "map")).map { $0.key } == ["a", "b"])
            #expect(d.members(d.member(root, "map")).map { $0.value.path } == ["map.a", "map.b"])
            #expect(d.member(root, "none", isRequired: false)?.path == nil)
            #expect(d.text(nil) == nil)
        }
        #expect(findings == [])
    }

    @Test func `an unknown key is found at its line`() {
        let findings = Self.read("known: 1\n\nstrange: 2\n") { d, root in
            d.allow(root, ["known"])
        }
        #expect(findings.map(\.line) == [3])
        #expect(findings.first?.place == "x.yaml:3")
        #expect(findings.first?.message.english.contains("strange") == true)
    }

    @Test func `a wrong kind is found at its line, with its path`() {
        let text = """
            a:
              text: [1]
              number: much
              whole: 1.5
              far: 11
              flag: perhaps
              colour: blue
              list: 7
              map: 8
            """
        let findings = Self.read(text) { d, root in
            let a = d.member(root, "a")
            #expect(d.text(d.member(a, "text")) == nil)
            #expect(d.number(d.member(a, "number"), 0...10) == nil)
            #expect(d.integer(d.member(a, "whole"), 0...10) == nil)
            #expect(d.integer(d.member(a, "far"), 0...10) == nil)
            #expect(d.flag(d.member(a, "flag")) == nil)
            #expect(d.choice(d.member(a, "colour"), Colour.self) == nil)
            #expect(d.elements(d.member(a, "list")).isEmpty)
            #expect(d.members(d.member(a, "map")).isEmpty)
            #expect(d.member(d.member(a, "map"), "deeper")?.path == nil)
        }
        #expect(findings.map(\.line) == [2, 3, 4, 5, 6, 7, 8, 9, 9])
        #expect(findings.first?.message.english.hasPrefix("a.text: ") == true)
        #expect(findings[5].message.english.contains("red, green"))
    }

    @Test(arguments: [".nan", ".inf", "-1", "1e400"])
    func `a number outside of its range is refused`(_ text: String) {
        let findings = Self.read("a: \(text)") { d, root in
            #expect(d.number(d.member(root, "a"), 0...10) == nil)
        }
        #expect(findings.map(\.line) == [1])
    }

    @Test func `a missing key is told`() {
        let findings = Self.read("a: {b: 1}") { d, root in
            #expect(d.member(d.member(root, "a"), "c")?.path == nil)
        }
        #expect(findings.map(\.line) == [1])
        #expect(findings.first?.message.english == "a: the field c is missing.")
    }

    @Test func `what is no YAML is told with its line`() {
        let findings = Self.read("a: 1\nb: [1, 2\n") { _, root in #expect(root?.path == nil) }
        #expect(findings.count == 1)
        #expect((2...3).contains(findings.first?.line ?? 0))
        #expect(findings.first?.message.english.contains("This is no YAML") == true)
        let others = Self.read("a: 1\n  b: 2\nc: 3") { _, _ in }
        #expect(others.first?.line == 2)
    }

    @Test(arguments: ["", "# nothing\n", "- 1\n- 2\n", "word", "a: 1\na: 2\n", "\u{0}", "a: *b"])
    func `a file that is no mapping is refused`(_ text: String) {
        let findings = Self.read(text) { d, root in d.allow(root, ["a"]) }
        #expect(!findings.isEmpty)
    }
}
