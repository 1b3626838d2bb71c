import CInput

/// What key presses of a scanner mean: keys have places, not letters, so no keyboard layout of the
/// computer matters.
///
/// A scanner is set to a US keyboard, or to the mode that types a character's code on the number pad
/// while Alt is held.
struct KeyReading: Sendable {
    /// What one record gives.
    enum Piece: Equatable, Sendable {
        /// A character.
        case character(UInt8)
        /// Enter, Tab or a line end typed with Ctrl.
        case end
        /// The kernel lost records: what was typed is not whole.
        case lost
    }

    private var shifts: Set<UInt16> = []
    private var controls: Set<UInt16> = []
    private var alts: Set<UInt16> = []
    /// The code that is being typed on the number pad.
    private var altCode: Int?
    private var isSkipping = false

    private static let shiftKeys: Set = [UInt16(KEY_LEFTSHIFT), UInt16(KEY_RIGHTSHIFT)]
    private static let controlKeys: Set = [UInt16(KEY_LEFTCTRL), UInt16(KEY_RIGHTCTRL)]
    private static let altKeys: Set = [UInt16(KEY_LEFTALT), UInt16(KEY_RIGHTALT)]
    private static let ends: Set = [UInt16(KEY_ENTER), UInt16(KEY_KPENTER), UInt16(KEY_TAB)]

    /// Follows one record.
    mutating func take(_ event: InputEvent) -> Piece? {
        if event.type == UInt16(EV_SYN) {
            if event.code == UInt16(SYN_DROPPED) {
                self = KeyReading()
                isSkipping = true
                return .lost
            }
            isSkipping = false
            return nil
        }
        // Up to the next report the records belong to what was lost.
        guard event.type == UInt16(EV_KEY), !isSkipping else { return nil }
        if hold(event.code, event.value, Self.shiftKeys, \.shifts) { return nil }
        if hold(event.code, event.value, Self.controlKeys, \.controls) { return nil }
        if hold(event.code, event.value, Self.altKeys, \.alts) {
            return alts.isEmpty ? endOfCode() : nil
        }
        return event.value == 1 ? press(event.code) : nil
    }

    private mutating func hold(
        _ code: UInt16,
        _ value: Int32,
        _ keys: Set<UInt16>,
        _ held: WritableKeyPath<Self, Set<UInt16>>
    ) -> Bool {
        guard keys.contains(code) else { return false }
        if value == 0 { self[keyPath: held].remove(code) } else { self[keyPath: held].insert(code) }
        return true
    }

    private mutating func press(_ code: UInt16) -> Piece? {
        if Self.ends.contains(code) { return .end }
        guard let key = Self.keys[code] else { return nil }
        if !alts.isEmpty {
            if let digit = Self.digit(code) {
                altCode = min((altCode ?? 0) * 10 + digit, 0xFFFF)
            }
            return nil
        }
        if !controls.isEmpty {
            return [UInt8(ascii: "j"), UInt8(ascii: "m")].contains(key.plain) ? .end : nil
        }
        return .character(shifts.isEmpty ? key.plain : key.shifted)
    }

    private mutating func endOfCode() -> Piece? {
        guard let code = altCode else { return nil }
        altCode = nil
        switch code {
        case 9, 10, 13: return .end
        case 32...126: return .character(UInt8(code))
        default: return nil
        }
    }

    private static func digit(_ code: UInt16) -> Int? {
        guard keypad.contains(code), let key = keys[code] else { return nil }
        let digit = Int(key.plain) - 0x30
        return (0...9).contains(digit) ? digit : nil
    }

    private static let keypad = UInt16(KEY_KP7)...UInt16(KEY_KPDOT)

    /// Runs of keys that lie beside each other, with what they type on a US keyboard.
    private static let runs: [(first: Int32, plain: String, shifted: String)] = [
        (KEY_1, "1234567890-=", "!@#$%^&*()_+"), (KEY_Q, "qwertyuiop[]", "QWERTYUIOP{}"),
        (KEY_A, "asdfghjkl;'`", "ASDFGHJKL:\"~"), (KEY_BACKSLASH, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
        (KEY_SPACE, " ", " "), (KEY_KP7, "789-456+1230.", "789-456+1230."),
        (KEY_KPASTERISK, "*", "*"), (KEY_KPSLASH, "/", "/"), (KEY_102ND, "\\", "|"),
    ]

    private static let keys: [UInt16: (plain: UInt8, shifted: UInt8)] = {
        var keys: [UInt16: (plain: UInt8, shifted: UInt8)] = [:]
        for run in runs {
            for (place, key) in zip(run.plain.utf8, run.shifted.utf8).enumerated() {
                keys[UInt16(run.first) + UInt16(place)] = (key.0, key.1)
            }
        }
        return keys
    }()
}
