/// Reed-Solomon codewords over GF(256) with the polynomial 0x11D.
enum Reed {
    static func generator(_ degree: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: degree)
        result[degree - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<degree {
            for index in 0..<degree {
                result[index] = product(result[index], root)
                if index + 1 < degree { result[index] ^= result[index + 1] }
            }
            root = product(root, 2)
        }
        return result
    }

    static func remainder(_ data: ArraySlice<UInt8>, _ generator: [UInt8]) -> [UInt8] {
        var rest = [UInt8](repeating: 0, count: generator.count)
        for byte in data {
            let factor = byte ^ rest[0]
            for index in 1..<rest.count { rest[index - 1] = rest[index] }
            rest[rest.count - 1] = 0
            guard factor != 0 else { continue }
            let logarithm = logs[Int(factor)]
            for index in rest.indices where generator[index] != 0 {
                rest[index] ^= powers[logarithm + logs[Int(generator[index])]]
            }
        }
        return rest
    }

    private static func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
        a == 0 || b == 0 ? 0 : powers[logs[Int(a)] + logs[Int(b)]]
    }

    /// Twice round, so that a sum of two logarithms needs no remainder.
    private static let powers: [UInt8] = {
        var value = 1
        let once = (0..<255).map { _ in
            defer {
                value <<= 1
                if value > 255 { value ^= 0x11D }
            }
            return UInt8(value)
        }
        return once + once
    }()

    private static let logs: [Int] = {
        var logs = [Int](repeating: 0, count: 256)
        for exponent in 0..<255 { logs[Int(powers[exponent])] = exponent }
        return logs
    }()
}

/// Bits one after the other, the highest first.
struct BitWriter {
    private var bytes: [UInt8] = []
    private var count = 0

    mutating func put(_ value: UInt32, _ width: Int) {
        for shift in (0..<width).reversed() {
            if count % 8 == 0 { bytes.append(0) }
            if value >> UInt32(shift) & 1 == 1 { bytes[count / 8] |= 0x80 >> UInt8(count % 8) }
            count += 1
        }
    }

    /// With terminator and padding; nil when there is more than fits.
    mutating func padded(to size: Int) -> [UInt8]? {
        guard count <= size * 8 else { return nil }
        put(0, min(4, size * 8 - count))
        var pad: UInt8 = 0xEC
        while bytes.count < size {
            bytes.append(pad)
            pad ^= 0xEC ^ 0x11
        }
        return bytes
    }
}
