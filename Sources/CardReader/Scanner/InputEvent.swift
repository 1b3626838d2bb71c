import CInput

/// One record of a Linux input device (`struct input_event`, linux/input.h).
struct InputEvent: Equatable, Sendable {
    /// Milliseconds of the device's clock.
    var time: Int64
    /// `EV_KEY`, `EV_SYN` and others.
    var type: UInt16
    /// The key, for `EV_KEY`.
    var code: UInt16
    /// 1 pressed, 0 released, 2 repeated, for `EV_KEY`.
    var value: Int32

    /// How many bytes a record has on a 64-bit machine: two of time, then type, code, value.
    static let size = 24

    init(time: Int64, type: UInt16, code: UInt16, value: Int32) {
        (self.time, self.type, self.code, self.value) = (time, type, code, value)
    }

    /// The record at the beginning of `bytes`; nil when there are fewer than a record's.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= Self.size else { return nil }
        let seconds = Int64(bitPattern: Self.number(bytes, 0, 8))
        let microseconds = Int64(bitPattern: Self.number(bytes, 8, 8))
        // A clock that nobody could have is no reason to fail: records are told apart by less.
        time = (seconds &* 1000) &+ microseconds / 1000
        type = UInt16(Self.number(bytes, 16, 2))
        code = UInt16(Self.number(bytes, 18, 2))
        value = Int32(bitPattern: UInt32(Self.number(bytes, 20, 4)))
    }

    private static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reversed().reduce(0) { number, place in
            number << 8 | UInt64(bytes[bytes.startIndex + offset + place])
        }
    }

    /// The records of a read, and the bytes of one that is not whole yet.
    static func records(_ bytes: [UInt8]) -> (events: [InputEvent], rest: [UInt8]) {
        var (events, rest) = ([InputEvent](), bytes[...])
        while let event = InputEvent(rest) {
            events.append(event)
            rest = rest.dropFirst(size)
        }
        return (events, Array(rest))
    }
}
