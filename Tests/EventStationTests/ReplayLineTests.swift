import Testing
import UnionTicket

@testable import EventStation

/// What a line of a replay may be.
@Suite struct `Lines of a replay` {
    @Test func `a whole scan is read`() throws {
        let text = """
            {"at": 1800000000.25, "station": "Вход 1", "mode": "exit", "text": "177", \
            "source": "keyboard", "nonce": "n", "clockOffset": -3600.5, "force": true, \
            "checked": false, "reason": "паспорт"}
            """
        let line = try #require(try ReplayLine(text, number: 5))
        #expect(line.number == 5)
        #expect(line.at == 1_800_000_000_250)
        #expect(line.clockOffset == -3_600_500)
        #expect(line.station == "Вход 1")
        guard case .scan(let scan, let isForced, let hasChecked, let reason) = line.act else {
            Issue.record("a scan")
            return
        }
        #expect(scan == Scan(mode: .exit, showing: .text("177", .keyboard), nonce: "n"))
        #expect(isForced && !hasChecked)
        #expect(reason == "паспорт")
    }

    @Test func `without them the usual is meant`() throws {
        let line = try #require(try ReplayLine(#"{"at":0,"station":"A","text":"1"}"#, number: 1))
        guard case .scan(let scan, false, true, "") = line.act else {
            Issue.record("a scan that nobody forces")
            return
        }
        #expect(scan == Scan(mode: .entry, showing: .text("1", .scanner), nonce: ""))
        #expect(try ReplayLine(" \t", number: 2) == nil)
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let text: String
        let english: String
        var testDescription: String { String(text.prefix(60)) }

        init(_ text: String, _ english: String) {
            self.text = text
            self.english = english
        }
    }

    @Test(arguments: [
        Wrong("[]", "not a JSON object"),
        Wrong("x", "not a JSON object"),
        Wrong("{", "not a JSON object"),
        Wrong("1", "not a JSON object"),
        Wrong("\"at\"", "not a JSON object"),
        Wrong("null", "not a JSON object"),
        Wrong(String(repeating: "[", count: 100_000), "not a JSON object"),
        Wrong(
            "{\"at\":1,\"station\":\"A\",\"text\":\"" + String(repeating: "1", count: 1 << 17)
                + "\"}",
            "the line is longer than 128 KiB"
        ),
        Wrong(#"{"at":1,"station":"A","text":"1","text":"2"}"#, "the member text stands twice"),
        Wrong(
            #"{"at":1,"station":"A","text":"1","te\u0078t":"2"}"#,
            "the member text stands twice"
        ),
        Wrong(
            #"{"at":1,"station":"A","chip":{"uid":"01020304","uid":"01020305"}}"#,
            "the member uid stands twice"
        ),
        Wrong("{}", "at is missing"),
        Wrong(#"{"station":"A","text":"1"}"#, "at is missing"),
        Wrong(#"{"at":"1","station":"A","text":"1"}"#, "at: Unix seconds"),
        Wrong(#"{"at":true,"station":"A","text":"1"}"#, "at: Unix seconds"),
        Wrong(#"{"at":null,"station":"A","text":"1"}"#, "at: Unix seconds"),
        Wrong(#"{"at":1e11,"station":"A","text":"1"}"#, "at: Unix seconds"),
        Wrong(#"{"at":-1e300,"station":"A","text":"1"}"#, "at: Unix seconds"),
        Wrong(#"{"at":1,"text":"1"}"#, "station: a string is needed"),
        Wrong(#"{"at":1,"station":1,"text":"1"}"#, "station: a string is needed"),
        Wrong(#"{"at":1,"station":"","text":"1"}"#, "station: 1 to 64 bytes"),
        Wrong(#"{"at":1,"station":"A"}"#, "one of text, chip, annul, sync is needed"),
        Wrong(#"{"at":1,"station":"A","text":5}"#, "text: a string is needed"),
        Wrong(#"{"at":1,"station":"A","text":null}"#, "text: a string is needed"),
        Wrong(#"{"at":1,"station":"A","text":"1","mode":"in"}"#, "mode: entry, exit or handout"),
        Wrong(#"{"at":1,"station":"A","text":"1","mode":1}"#, "mode: a string is needed"),
        Wrong(
            #"{"at":1,"station":"A","text":"1","source":"nose"}"#,
            "source: scanner, keyboard or camera"
        ),
        Wrong(#"{"at":1,"station":"A","text":"1","force":"yes"}"#, "force: true or false"),
        Wrong(#"{"at":1,"station":"A","text":"1","force":2}"#, "force: true or false"),
        Wrong(#"{"at":1,"station":"A","text":"1","force":1}"#, "force: true or false"),
        Wrong(#"{"at":1,"station":"A","text":"1","checked":null}"#, "checked: true or false"),
        Wrong(#"{"at":1,"station":"A","text":"1","clockOffset":"5"}"#, "clockOffset: Unix seconds"),
        Wrong(#"{"at":1,"station":"A","text":"1","Mode":"exit"}"#, "unknown member Mode"),
        Wrong(#"{"at":1,"station":"A","text":"1","chip":{}}"#, "either text or chip"),
        Wrong(#"{"at":1,"station":"A","chip":7}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"UID":"00"}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"uid":"0102030"}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"uid":"0102"}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"counter":-1}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"counter":1.5}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"live":"no"}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"level":"strong"}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","chip":{"fault":"gone"}}"#, "chip: see docs/replay.md"),
        Wrong(#"{"at":1,"station":"A","annul":5,"reason":"x"}"#, "annul: a string is needed"),
        Wrong(#"{"at":1,"station":"A","annul":"n","text":"1"}"#, "unknown member text"),
        Wrong(#"{"at":1,"sync":"A"}"#, "sync: two different stations at least"),
        Wrong(#"{"at":1,"sync":["A"]}"#, "sync: two different stations at least"),
        Wrong(#"{"at":1,"sync":["A","A"]}"#, "sync: two different stations at least"),
        Wrong(#"{"at":1,"sync":["A",2]}"#, "sync: two different stations at least"),
        Wrong(#"{"at":1,"sync":["A",""]}"#, "sync: two different stations at least"),
        Wrong(#"{"at":1,"sync":["A","B"],"station":"A"}"#, "unknown member station"),
    ])
    func `a wrong line is refused with its number`(_ wrong: Wrong) {
        let fault = #expect(throws: ReplayLine.Fault.self) {
            _ = try ReplayLine(wrong.text, number: 42)
        }
        #expect(fault?.line == 42)
        #expect(fault?.message.english == wrong.english)
        #expect(fault?.message.russian.isEmpty == false)
    }

    @Test(arguments: [
        (#"x\ud800"#, "x\u{FFFD}"), (#"\udc00\ud800y"#, "\u{FFFD}\u{FFFD}y"),
        (#"\ud83d\ude00"#, "\u{1F600}"), (#"\\ud800\""#, "\\ud800\""), (#"{\u0000,"#, "{\0,"),
    ])
    func `half a surrogate pair is a text like any other`(_ written: String, _ read: String) throws
    {
        let text = "{\"at\":1,\"station\":\"A\",\"text\":\"\(written)\"}"
        let line = try #require(try ReplayLine(text, number: 1))
        guard case .scan(let scan, _, _, _) = line.act else {
            Issue.record("a scan")
            return
        }
        #expect(scan.showing == .text(read, .scanner))
    }

    @Test func `bytes changed at random are read or refused, never trapped on`() throws {
        let lines = [
            #"{"at":1800000000,"station":"A","mode":"entry","text":"177 4815","nonce":"n"}"#,
            #"{"at":1,"station":"A","chip":{"uid":"01020304","counter":3,"live":true}}"#,
            #"{"at":1,"station":"A","annul":"n","reason":"x"}"#, #"{"at":1,"sync":["A","B"]}"#,
        ]
        var random = SplitMix(state: 3)
        var read = 0
        for line in lines {
            for _ in 0..<500 {
                var bytes = Array(line.utf8)
                for _ in 0...random.below(3) {
                    bytes[random.below(bytes.count)] = UInt8(random.below(256))
                }
                let text = String(decoding: bytes, as: UTF8.self)
                if (try? ReplayLine(text, number: 1)) != nil { read += 1 }
            }
        }
        #expect(read > 0 && read < 2_000)
    }
}
