import TicketSeal

/// What an NTAG 424 DNA mirrors into its URI at each tap (AN12196 § 3, "secure unique NFC").
package struct SUNMessage: Equatable, Sendable {
    /// The UID and read counter, as plain text or under the meta-read key.
    package enum Identity: Equatable, Sendable {
        /// One encrypted block: tag, UID, counter, random bytes.
        case encrypted([UInt8])
        /// Seven bytes and the counter.
        case plain(uid: [UInt8], counter: UInt32)
    }

    /// Whose message it is.
    package let identity: Identity
    /// The eight bytes at its end.
    package let mac: [UInt8]
    /// What the MAC covers beside UID and counter: nothing, or text of the URI itself.
    package let covered: [UInt8]

    /// A message of these parts.
    package init(identity: Identity, mac: [UInt8], covered: [UInt8] = []) {
        self.identity = identity
        self.mac = mac
        self.covered = covered
    }

    /// Finds a message in a URI by the profile's parameters: `e` encrypted UID and counter, or `u` and
    /// `n` in plain text, then `c`, the MAC over nothing else (hardware/chips/ntag424.yaml).
    ///
    /// - Returns: Nil when the URI has none or breaks the form.
    package init?(uri: String) {
        guard let query = uri.split(separator: "?", maxSplits: 1).dropFirst().first else {
            return nil
        }
        var values: [Substring: [UInt8]] = [:]
        for part in query.split(separator: "&").prefix(8) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let bytes = Hex.bytes(pair[1]) else { continue }
            guard values.updateValue(bytes, forKey: pair[0]) == nil else { return nil }
        }
        guard let mac = values["c"], mac.count == 8 else { return nil }
        if let block = values["e"], block.count == 16 {
            self.init(identity: .encrypted(block), mac: mac)
        } else if let uid = values["u"], uid.count == 7, let n = values["n"], n.count == 3 {
            // The mirror prints the counter's most significant byte first.
            let counter = n.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            self.init(identity: .plain(uid: uid, counter: counter), mac: mac)
        } else {
            return nil
        }
    }
}

/// The keys of one chip as far as SUN needs them, and what a tap says under them.
package struct SUNProof: Equatable, Sendable {
    /// The chip's UID: seven bytes.
    package let uid: [UInt8]
    /// How often the chip was read.
    package let counter: UInt32

    /// What the tap says.
    package init(uid: [UInt8], counter: UInt32) {
        self.uid = uid
        self.counter = counter
    }

    /// Opens the encrypted block.
    ///
    /// - Parameters:
    ///   - block: Sixteen bytes.
    ///   - key: The meta-read key.
    /// - Returns: Nil when the block was not made with this key: the tag must name a UID of seven bytes
    ///   and a counter.
    /// - Throws: ``ReaderFailure``.
    package static func open(_ block: [UInt8], _ key: ChipKey) throws(ReaderFailure) -> Self? {
        let plain = try key.decrypt(block)
        guard plain.count == 16, plain[0] == 0xC7 else { return nil }
        let counter = UInt32(plain[8]) | UInt32(plain[9]) << 8 | UInt32(plain[10]) << 16
        return Self(uid: Array(plain[1...7]), counter: counter)
    }

    /// The counter's three bytes, least significant first.
    package var counterBytes: [UInt8] {
        (0..<3).map { UInt8(truncatingIfNeeded: counter >> ($0 * 8)) }
    }

    /// The key of this tap's MAC.
    package func macKey(_ fileKey: ChipKey) throws(ReaderFailure) -> ChipKey {
        try fileKey.derived([0x3C, 0xC3, 0, 1, 0, 0x80] + uid + counterBytes)
    }

    /// The key of this tap's encrypted part of the file.
    package func fileKey(_ fileKey: ChipKey) throws(ReaderFailure) -> ChipKey {
        try fileKey.derived([0xC3, 0x3C, 0, 1, 0, 0x80] + uid + counterBytes)
    }

    /// The MAC over `covered`.
    package func mac(_ fileKey: ChipKey, _ covered: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        ShortMAC.cut(try macKey(fileKey).cmac(covered))
    }
}
