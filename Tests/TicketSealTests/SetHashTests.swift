import Foundation
import TicketSeal
import Testing

@Suite struct SetHashTests {
    @Test func `the order of lines does not matter and a line taken away is gone`() {
        var (left, right) = (SetHash(), SetHash())
        let lines = (0..<50).map { Array("line \($0)".utf8) }
        for line in lines { left.add(line) }
        for line in lines.reversed() { right.add(line) }
        #expect(left == right && left.value == right.value)
        right.add([1, 2, 3])
        #expect(left.value != right.value)
        right.remove([1, 2, 3])
        #expect(left == right)
        for line in lines { right.remove(line) }
        #expect(right == SetHash())
    }

    @Test func `a state survives being kept`() throws {
        var set = SetHash()
        set.add(Array("m0123\t\tactive\t2035-12-31\tplastic\t26\t2026-11-29T02:40:57Z".utf8))
        #expect(SetHash(state: set.state) == set)
        #expect(SetHash(state: [1]) == nil)
    }

    /// By Python's hashlib: `sha256(shake_256(b"a\tb").digest(256))`.
    @Test func `one line is its SHAKE256, and the hash its SHA-256`() {
        var set = SetHash()
        set.add(Array("a\tb".utf8))
        #expect(Hex.text(set.value) == Self.known)
        // twice the same line is twice the number
        set.add(Array("a\tb".utf8))
        #expect(Hex.text(set.value) == Self.knownTwice)
    }

    static let known = "a778ed2c23f6d24d23be879862c379fc0a428f7737c4effdca529a4998efabc3"
    static let knownTwice = "5195df58c3e55de6f35b6fa1af57dc54ca138ce0c764fa396d015d1a3e1b1da2"
}
