import Testing

@testable import CardLayout

struct TemplateTests {
    @Test func `literals, fields and what may be left out are told apart`() throws {
        #expect(Template("билет")?.parts == [.literal("билет")])
        #expect(Template("{last}")?.parts == [.field("last")])
        #expect(Template("a{b}c")?.parts == [.literal("a"), .field("b"), .literal("c")])
        #expect(
            Template("{first}[ {patronymic}]")?.parts
                == [.field("first"), .optional([.literal(" "), .field("patronymic")])]
        )
        #expect(Template("")?.parts == [])
        #expect(Template("{a}[{b}-{c}]{d}")?.fields == ["a", "b", "c", "d"])
    }

    @Test(arguments: [
        "{", "}", "{}", "{a", "a}", "{a}}", "[", "]", "a[b", "a]b", "[[a]]", "[a[b]c]", "[{a]",
        "[a}",
    ])
    func `brackets that do not match are refused`(_ text: String) {
        #expect(Template(text) == nil)
    }

    @Test func `an optional part stands only when all its fields are filled`() throws {
        let template = try #require(Template("{a}[ ({b}, {c})]!"))
        let all = ["a": "1", "b": "2", "c": "3"]
        #expect(template.fill { all[$0] ?? "" } == "1 (2, 3)!")
        #expect(template.fill { $0 == "c" ? "" : all[$0] ?? "" } == "1!")
        #expect(template.fill { _ in "" } == "!")
    }

    @Test func `an optional part without fields always stands`() {
        #expect(Template("a[b]c")?.fill { _ in "" } == "abc")
    }
}
