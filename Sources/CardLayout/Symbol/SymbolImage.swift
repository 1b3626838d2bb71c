// A symbol on a screen: as a picture, or as characters in a terminal.
extension SymbolBits {
    /// Light modules around a QR symbol (ISO/IEC 18004 § 9.1).
    public static let quietZone = 4

    /// A PNG picture (ISO/IEC 15948), one bit a pixel, dark on light.
    ///
    /// - Parameters:
    ///   - scale: Pixels a module, 1…64.
    ///   - quiet: Light modules on each side.
    /// - Returns: The file's bytes.
    public func png(scale: Int = 6, quiet: Int = quietZone) -> [UInt8] {
        let scale = min(max(1, scale), 64)
        let (columns, rows) = ((width + 2 * quiet) * scale, (height + 2 * quiet) * scale)
        let rowLength = (columns + 7) / 8
        var pixels: [UInt8] = []
        pixels.reserveCapacity((rowLength + 1) * rows)
        for y in -quiet..<height + quiet {
            // In greyscale of one bit 1 is white; each row begins with its filter, none.
            var row = [UInt8](repeating: 0xFF, count: rowLength)
            for x in 0..<width where isInside(x, y) && isDark(x, y) {
                for pixel in (x + quiet) * scale..<(x + quiet + 1) * scale {
                    row[pixel / 8] &= ~(0x80 >> UInt8(pixel % 8))
                }
            }
            for _ in 0..<scale { pixels += [0] + row }
        }
        var header = Self.bigEndian(UInt32(columns)) + Self.bigEndian(UInt32(rows))
        header += [1, 0, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.chunk("IHDR", header)
            + Self.chunk("IDAT", Deflate().compress(pixels)) + Self.chunk("IEND", [])
    }

    /// Lines of half blocks, two modules a character: light is drawn, so that a dark terminal shows the
    /// symbol as it is printed.
    public func terminalLines(quiet: Int = quietZone) -> [String] {
        stride(from: -quiet, to: height + quiet, by: 2).map { y in
            (-quiet..<width + quiet).map { x in
                switch (isLight(x, y), isLight(x, y + 1)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }.joined()
        }
    }

    private func isInside(_ x: Int, _ y: Int) -> Bool {
        (0..<width).contains(x) && (0..<height).contains(y)
    }

    private func isLight(_ x: Int, _ y: Int) -> Bool { !isInside(x, y) || !isDark(x, y) }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// CRC-32 (ISO/IEC 15948 annex D).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { register, byte in
            var register = register ^ UInt32(byte)
            for _ in 0..<8 {
                register = register & 1 == 1 ? register >> 1 ^ 0xEDB8_8320 : register >> 1
            }
            return register
        }
    }
}

extension QRSymbol {
    /// The smallest symbol of a level that holds `prefix` and `digits`, or nil when none up to version
    /// 20 does.
    public static func smallest(prefix: String = "", digits: String, level: String) -> SymbolBits? {
        for version in 1...20 {
            // Numeric mode takes ten bits for three digits: smaller versions need not be tried.
            let modules = (17 + 4 * version) * (17 + 4 * version)
            guard modules > digits.utf8.count * 10 / 3,
                let maker = QRSymbol(version: version, level: level),
                let symbol = maker.encode(prefix: prefix, digits: digits)
            else { continue }
            return symbol
        }
        return nil
    }
}
