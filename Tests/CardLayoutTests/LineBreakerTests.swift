import Testing

@testable import CardLayout

@Suite("Breaking lines")
struct LineBreakerTests {
    private static func breaker() throws -> LineBreaker {
        let path = FontPlaces.find("PTS55F.ttf", near: LayoutFolders.real)
        return LineBreaker(Shaper(["regular": try FontFace(path: path)], [:]))
    }

    @Test func `words go to the next line where they do not fit`() throws {
        let breaker = try Self.breaker()
        let lines = breaker.broken("Первичная организация школы", "regular", 10, to: 40)
        #expect(lines == ["Первичная организация", "школы"])
        #expect(lines.allSatisfy { breaker.width($0, "regular", 10) <= 40 })
    }

    @Test func `a word wider than its room is cut and nothing of it is lost`() throws {
        let breaker = try Self.breaker()
        let word = String(repeating: "Ы", count: 100)
        let lines = breaker.broken("Имя \(word) конец", "regular", 10, to: 30)
        #expect(lines.joined().filter { $0 == "Ы" }.count == 100)
        #expect(lines.count > 5)
        #expect(lines.allSatisfy { breaker.width($0, "regular", 10) <= 30 })
    }

    @Test func `a room narrower than a letter takes one letter a line`() throws {
        let lines = try Self.breaker().broken("Мир", "regular", 10, to: 0.1)
        #expect(lines == ["М", "и", "р"])
    }

    @Test func `lines of the text stay lines and an empty one stays empty`() throws {
        let lines = try Self.breaker().broken("а\n\nб", "regular", 10, to: 40)
        #expect(lines == ["а", "", "б"])
    }

    @Test(arguments: [
        (TextDocument.Alignment.left, 0.0), (.centre, 0.5), (.right, 1.0),
    ])
    func `a line stands where its alignment says`(
        alignment: TextDocument.Alignment,
        share: Double
    ) throws {
        let breaker = try Self.breaker()
        let rest = 40 - breaker.width("Итого", "regular", 10)
        let indent = breaker.indent("Итого", "regular", 10, 40, alignment)
        #expect(abs(indent - rest * share) < 0.001)
    }
}
