import CInput
import Foundation
import Testing
import UnionTicket

@testable import CardReader

/// A scanner's keys as the kernel hands them over: places on a keyboard, not letters.
@Suite struct `Scanners that type` {
    private static let letters: [Character: UInt16] = {
        var codes: [Character: UInt16] = ["\n": UInt16(KEY_ENTER), "\t": UInt16(KEY_TAB)]
        let runs: [(Int32, String)] = [
            (KEY_1, "1234567890-="), (KEY_Q, "qwertyuiop[]"), (KEY_A, "asdfghjkl;'"),
            (KEY_Z, "zxcvbnm,./"), (KEY_SPACE, " "), (KEY_BACKSLASH, "\\"),
        ]
        for (first, keys) in runs {
            for (place, key) in keys.enumerated() { codes[key] = UInt16(first) + UInt16(place) }
        }
        return codes
    }()

    private static let shifted: [Character: Character] = [
        ":": ";", "_": "-", "?": "/", "+": "=", "}": "]",
    ]

    /// Presses and releases of a text, two milliseconds each.
    static func typing(_ text: String, at start: Int64 = 0) throws -> [InputEvent] {
        var (events, time) = ([InputEvent](), start)
        func add(_ code: UInt16, _ value: Int32) {
            events.append(InputEvent(time: time, type: UInt16(EV_KEY), code: code, value: value))
            events.append(InputEvent(time: time, type: UInt16(EV_SYN), code: 0, value: 0))
            time += 1
        }
        for character in text {
            let plain = shifted[character] ?? Character(character.lowercased())
            let code = try #require(letters[plain])
            let isShifted = plain != character
            if isShifted { add(UInt16(KEY_LEFTSHIFT), 1) }
            add(code, 1)
            add(code, 0)
            if isShifted { add(UInt16(KEY_LEFTSHIFT), 0) }
        }
        return events
    }

    private static func read(_ events: [InputEvent]) -> String {
        var keys = KeyReading()
        var bytes: [UInt8] = []
        for event in events {
            switch keys.take(event) {
            case .character(let byte): bytes.append(byte)
            case .end: bytes.append(0x0A)
            case .lost, nil: break
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: ["HTTPS://EPB.EXAMPLE.RU/C/012345\n", "]Q1177481516234216", "a-b_c?d=e+f}\t"])
    func `keys give the characters of a US keyboard, whatever the layout`(_ text: String) throws {
        let expected = text.replacingOccurrences(of: "\t", with: "\n")
        #expect(try Self.read(Self.typing(text)) == expected)
    }

    @Test func `a number pad types digits, and Alt with a code a character`() {
        func press(_ codes: [Int32]) -> [InputEvent] {
            codes.flatMap { code in
                [1, 0].map {
                    InputEvent(time: 0, type: UInt16(EV_KEY), code: UInt16(code), value: $0)
                }
            }
        }
        #expect(Self.read(press([KEY_KP1, KEY_KP7, KEY_KP0, KEY_KPENTER])) == "170\n")
        let alt = InputEvent(time: 0, type: UInt16(EV_KEY), code: UInt16(KEY_LEFTALT), value: 1)
        var released = alt
        released.value = 0
        let seven = [alt] + press([KEY_KP0, KEY_KP5, KEY_KP5]) + [released]
        #expect(Self.read(seven + seven) == "77")
        let end = [alt] + press([KEY_KP1, KEY_KP3]) + [released]
        #expect(Self.read(end) == "\n")
        let huge = [alt] + press(Array(repeating: KEY_KP9, count: 40)) + [released]
        #expect(Self.read(huge) == "")
    }

    @Test func `held keys, function keys and Ctrl press nothing`() throws {
        var events = try Self.typing("12")
        events[0].value = 2
        #expect(Self.read(events) == "2")
        let keys = [KEY_F4, KEY_ESC, KEY_DELETE].map {
            InputEvent(time: 0, type: UInt16(EV_KEY), code: UInt16($0), value: 1)
        }
        #expect(Self.read(keys) == "")
        let control = InputEvent(
            time: 0,
            type: UInt16(EV_KEY),
            code: UInt16(KEY_LEFTCTRL),
            value: 1
        )
        #expect(try Self.read([control] + Self.typing("wq")) == "")
        #expect(try Self.read([control] + Self.typing("j")) == "\n")
    }

    @Test func `what the kernel lost makes the code broken, not shorter`() throws {
        let lost = InputEvent(time: 40, type: UInt16(EV_SYN), code: UInt16(SYN_DROPPED), value: 0)
        var keys = KeyReading()
        var pieces: [KeyReading.Piece] = []
        let events = try Self.typing("1774") + [lost] + Self.typing("81516234216\n", at: 41)
        for event in events { if let piece = keys.take(event) { pieces.append(piece) } }
        #expect(pieces.contains(.lost))
        #expect(pieces.last == .end)
    }

    @Test func `records are read across cuts, and any bytes are survived`() throws {
        let events = try Self.typing("177481516234216\n")
        let bytes = events.flatMap(Self.bytes)
        for cut in stride(from: 1, to: bytes.count, by: 7) {
            let (first, rest) = InputEvent.records(Array(bytes[..<cut]))
            let (second, left) = InputEvent.records(rest + bytes[cut...])
            #expect(first + second == events)
            #expect(left.isEmpty)
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let noise = (0..<240).map { _ in UInt8.random(in: 0...255, using: &random) }
            var (keys, collector) = (KeyReading(), ScanCollector())
            for event in InputEvent.records(noise).events {
                if case .character(let byte) = keys.take(event) {
                    _ = collector.take(byte, at: event.time)
                }
            }
        }
    }

    static func bytes(_ event: InputEvent) -> [UInt8] {
        func number(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
        }
        return number(UInt64(event.time / 1000), 8) + number(UInt64(event.time % 1000) * 1000, 8)
            + number(UInt64(event.type), 2) + number(UInt64(event.code), 2)
            + number(UInt64(UInt32(bitPattern: event.value)), 4)
    }

    @Test func `silence parts codes of a scanner that sends no Enter`() {
        var collector = ScanCollector()
        var found: [ScanCollector.Result] = []
        func type(_ text: String, at start: Int64) {
            for (place, byte) in text.utf8.enumerated() {
                collector.take(byte, at: start + Int64(place)).map { found.append($0) }
            }
        }
        type("177481516234216", at: 0)
        type("101000000000013", at: 200)
        #expect(found == [.text("177481516234216")])
        #expect(collector.end() == .text("101000000000013"))
        #expect(collector.end() == nil)
        type("12", at: 1_000)
        #expect(collector.end() == nil)
    }

    @Test func `a code without end is bounded, and a clock that jumps only parts`() {
        var collector = ScanCollector()
        for place in 0..<100_000 { #expect(collector.take(0x31, at: Int64(place)) == nil) }
        guard case .text(let text) = collector.end() else {
            Issue.record("no text")
            return
        }
        #expect(text.utf8.count == ScanCollector.most)
        _ = collector.take(0x31, at: .max)
        _ = collector.take(0x31, at: .min)
        collector.breakOff(at: 0)
        #expect(collector.end() == .broken)
    }
}

/// Devices that come and go: a FIFO with records of an input device, a pty with a line's settings.
@Suite struct `Scanners that are plugged in` {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "scanner-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) {
        #expect(unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    @Test func `a keyboard's records become codes; cut off in the middle it is a broken one`()
        async throws
    {
        let path = folder + "/event"
        #expect(unsafe mkfifo(path, 0o600) == 0)
        let port = ScannerPort.keyboard(path)
        let monitor = ScannerMonitor([port])
        var events = monitor.events.makeAsyncIterator()
        #expect(await events.next() == .ready(port, name: path))
        let writer = unsafe open(path, O_WRONLY)
        let typed = try `Scanners that type`.typing("HTTPS://HOST/C/177481516234216\n2222")
        write(typed.flatMap(`Scanners that type`.bytes), to: writer)
        #expect(await events.next() == .scan(port, "HTTPS://HOST/C/177481516234216"))
        #expect(await events.next() == .scan(port, "2222"))
        write(
            try `Scanners that type`.typing("3333").flatMap(`Scanners that type`.bytes),
            to: writer
        )
        close(writer)
        #expect(await events.next() == .broken(port))
        guard case .away(port, let failure) = await events.next() else {
            Issue.record("a scanner that is gone is told of")
            return
        }
        #expect(failure.code == .absent)
        #expect(await events.next() == .ready(port, name: path))
        await monitor.stop()
        #expect(await events.next() == nil)
    }

    @Test func `a serial line is made raw, parted by line ends and silence, and comes back`()
        async throws
    {
        let path = folder + "/line"
        let port = ScannerPort(serial: path + ":115200")
        #expect(port == .serial(path, speed: 115_200))
        let monitor = ScannerMonitor([port])
        var events = monitor.events.makeAsyncIterator()
        guard case .away(port, _) = await events.next() else {
            Issue.record("a scanner that is not there is told of")
            return
        }
        for round in 0..<2 {
            let master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
            // TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h.
            var (lock, number): (Int32, Int32) = (0, 0)
            #expect(unsafe ioctl(master, 0x4004_5431, &lock) == 0)
            #expect(unsafe ioctl(master, 0x8004_5430, &number) == 0)
            let name = "/dev/pts/\(number)"
            _ = unsafe unlink(path)
            #expect(unsafe symlink(name, path) == 0)
            #expect(await events.next() == .ready(port, name: path))
            var settings = termios()
            #expect(unsafe tcgetattr(master, &settings) == 0)
            #expect(settings.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0)
            #expect(unsafe cfgetispeed(&settings) == speed_t(B115200))
            write(Array("\u{2}17748151623421\(round)\u{3}\r\nHTTPS://A/1\r22222".utf8), to: master)
            #expect(await events.next() == .scan(port, "17748151623421\(round)"))
            #expect(await events.next() == .scan(port, "HTTPS://A/1"))
            #expect(await events.next() == .scan(port, "22222"))
            close(master)
            guard case .away(port, _) = await events.next() else {
                Issue.record("an unplugged line is told of")
                return
            }
        }
        await monitor.stop()
    }

    @Test func `what is no scanner is refused with a reason`() throws {
        let file = folder + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        for (port, code) in [
            (ScannerPort.keyboard("/dev/null"), ScannerFailure.Code.wrongDevice),
            (.keyboard(file), .wrongDevice), (.serial(file, speed: 9600), .wrongDevice),
            (.serial("/dev/null", speed: 9600), .wrongDevice),
            (.keyboard(folder + "/none"), .absent),
            (.serial(folder + "/none", speed: 9600), .absent),
        ] {
            let failure = try #require(throws: ScannerFailure.self) { try port.probe() }
            #expect(failure.code == code, "\(port)")
            #expect(!failure.reason.russian.isEmpty && !failure.reason.english.isEmpty)
        }
    }
}
