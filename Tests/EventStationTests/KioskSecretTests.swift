import HTTPTypes
import Synchronization
import Testing
import UnionTicket

@testable import EventStation

@Suite("PINs and numbers at the kiosk")
struct KioskSecretTests {
    static let nonce = KioskVisit.nonce
    static let scan = #"{"text":"177481516234216","source":"scanner","nonce":"\#(nonce)"}"#

    static func annulment(_ pin: String, gap: Double = 140) -> String {
        #"{"nonce":"\#(nonce)","reason":"ошибка","pin":{"text":"\#(pin)","gap":\#(gap)}}"#
    }

    @Test(arguments: [0, 1, 10, 34.9, 35])
    func `a PIN typed at a scanner's pace never reaches the desk`(_ gap: Double) async throws {
        let desk = SmallDesk()
        let answer = try await KioskVisit(desk).send("/api/annul", Self.annulment("1357", gap: gap))
        #expect(answer.status == 422)
        #expect(answer["code"] == "typed_by_machine")
        #expect(desk.pinsTried == 0)
    }

    @Test(arguments: ["", "135", "1234567890123", "13a7", "１３５７"])
    func `a PIN is four to twelve digits`(_ pin: String) async throws {
        let answer = try await KioskVisit().send("/api/annul", Self.annulment(pin))
        #expect(answer.status == 400)
    }

    @Test func `a scan is annulled with the right PIN and a reason only`() async throws {
        let visit = try await KioskVisit()
        _ = try await visit.send("/api/scan", Self.scan)
        #expect(try await visit.send("/api/annul", Self.annulment("0000"))["code"] == "wrong_pin")
        let silent = Self.annulment("1357").replacing("ошибка", with: "")
        #expect(try await visit.send("/api/annul", silent).status == 400)
        let done = try await visit.send("/api/annul", Self.annulment("1357"))
        #expect(done["standing"] == "annulled")
    }

    @Test func `five wrong PINs close the way, and each further one for longer`() async throws {
        let desk = SmallDesk()
        let clock = Mutex(Duration.zero)
        let visit = try await KioskVisit(desk, uptime: { clock.withLock { $0 } })
        _ = try await visit.send("/api/scan", Self.scan)
        for _ in 0..<5 { _ = try await visit.send("/api/annul", Self.annulment("0000")) }
        let closed = try await visit.send("/api/annul", Self.annulment("1357"))
        #expect(closed.status == 429)
        #expect(closed.headers[.retryAfter] == "31")
        #expect(desk.pinsTried == 5)
        clock.withLock { $0 = .seconds(31) }
        #expect(try await visit.send("/api/annul", Self.annulment("0000")).status == 403)
        clock.withLock { $0 = .seconds(80) }
        #expect(try await visit.send("/api/annul", Self.annulment("1357")).status == 429)
        clock.withLock { $0 = .seconds(92) }
        #expect(try await visit.send("/api/annul", Self.annulment("1357")).status == 200)
        #expect(try await visit.send("/api/annul", Self.annulment("0000")).status == 403)
    }

    @Test func `a hundred PINs at once are five tries`() async throws {
        let desk = SmallDesk()
        let visit = try await KioskVisit(desk)
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask {
                    _ = try? await visit.send("/api/annul", Self.annulment("\(2000 + number)"))
                }
            }
        }
        #expect(desk.pinsTried == 5)
    }

    @Test(arguments: DeskRefusal.allCases)
    func `what the desk refuses the page is told, and it is no wrong PIN`(
        _ refusal: DeskRefusal
    ) async throws {
        let visit = try await KioskVisit(SmallDesk(refusing: refusal))
        let answer = try await visit.send("/api/annul", Self.annulment("1357"))
        #expect(answer["code"] == refusal.rawValue)
        #expect((400...503).contains(answer.status))
        #expect(answer.headers[.contentType]?.hasPrefix("application/problem+json") == true)
    }

    @Test func `one key press admits in a shift only`() async throws {
        let visit = try await KioskVisit()
        _ = try await visit.send("/api/scan", Self.scan)
        let press = #"{"nonce":"\#(Self.nonce)","reason":"документ"}"#
        #expect(try await visit.send("/api/admit", press)["code"] == "pin_needed")
        let shift = #"{"pin":{"text":"1357","gap":90}}"#
        #expect(try await visit.send("/api/shift", shift).status == 200)
        #expect(try await visit.send("/api/admit", press)["standing"] == "admitted")
        #expect(try await visit.send("/api/shift").status == 200)
        #expect(try await visit.send("/api/admit", press)["code"] == "pin_needed")
    }

    @Test func `mode, quorum and the name index each need their secret`() async throws {
        let visit = try await KioskVisit()
        let pin = #""pin":{"text":"1357","gap":90}"#
        #expect(try await visit.send("/api/mode", "{\"mode\":\"exit\",\(pin)}")["mode"] == "exit")
        #expect(try await visit.send("/api/mode", #"{"mode":"exit"}"#).status == 400)
        #expect(try await visit.send("/api/quorum", "{\(pin)}")["verdict"] == "holds")
        #expect(try await visit.send("/api/quorum").status == 400)
        let phrase = #""passphrase":{"text":"of the index","gap":90}"#
        let found = try await visit.send("/api/find", "{\"text\":\"Орл\",\(phrase)}")
        #expect(found.text.contains("Орлова"))
        let wrong = try await visit.send(
            "/api/find",
            "{\"text\":\"Орл\",\(phrase.replacing("index", with: "door"))}"
        )
        #expect(wrong["code"] == "wrong_passphrase")
        #expect(try await visit.send("/api/find", "{\"text\":\"О\",\(phrase)}").status == 400)
        let person = "{\"person\":\"a\",\"reason\":\"паспорт\",\"nonce\":\"\(Self.nonce)\",\(pin)}"
        #expect(try await visit.send("/api/person", person).status == 200)
    }

    @Test(arguments: [
        ("", "incomplete", "[]"), ("177481516", "incomplete", "[]"),
        ("177 4815 1623 4216", "complete", "[]"), ("177-4815-1623-4216", "complete", "[]"),
        ("1774815162342160", "complete", "[]"), ("177 4815 1623 4217", "wrong", "[4]"),
        ("177 4815 1632 4216", "wrong", "[3]"), ("177 8415 1623 4216", "wrong", "[2]"),
        ("117 4815 1623 4216", "wrong", "[1]"), ("277481516234216", "wrong", "[1]"),
        ("17748151623421612", "wrong", "[]"), ("1774815x", "wrong", "[]"),
        ("1,77E+14", "wrong", "[]"), ("177481516555555", "wrong", "[]"),
    ])
    func `a typed number is helped along`(
        _ text: String,
        _ state: String,
        _ groups: String
    ) async throws {
        let answer = try await KioskVisit().send("/api/number", "{\"text\":\"\(text)\"}")
        #expect(answer["state"] == state)
        #expect(answer.text.contains("\"groups\":\(groups)"))
        #expect(!answer.text.contains("4216"))
    }
}
