/// Records of a contactless chip (NFC Forum NDEF 1.0); total and bounded.
public struct NDEFMessage: Equatable, Sendable {
    /// One record.
    public struct Record: Equatable, Sendable {
        /// How the type is named (§ 3.2.6).
        public enum TypeName: UInt8, Sendable {
            /// No type, no payload.
            case empty
            /// A type of the NFC Forum: `U` is a URI.
            case wellKnown
            /// A media type.
            case media
            /// An absolute URI.
            case absoluteURI
            /// `domain:name`.
            case external
            /// Of no known type.
            case unknown
        }

        /// How the type is named.
        public let typeName: TypeName
        /// The type.
        public let type: [UInt8]
        /// What it holds.
        public let payload: [UInt8]
    }

    /// Why bytes are no message.
    public enum Malformed: Error, Equatable, Sendable {
        /// Cut short, or a length beyond the end.
        case truncated
        /// The first record does not say so, or the last one, or bytes follow it.
        case wrongBounds
        /// A chunked record or a reserved type name.
        case unsupported
        /// More than ``NDEFMessage/mostRecords``.
        case tooManyRecords
    }

    /// More records are not looked at.
    public static let mostRecords = 16
    /// The type of our signed payload.
    public static let payloadType = "profbilet.ru:epb"

    /// The records in their order; at least one.
    public let records: [Record]

    /// Reads a message.
    ///
    /// - Parameter bytes: The message without the chip's TLV or length around it.
    /// - Throws: ``Malformed``.
    public init(decoding bytes: [UInt8]) throws(Malformed) {
        var rest = bytes[...]
        var records: [Record] = []
        var isEnd = false
        while !isEnd {
            guard records.count < Self.mostRecords else { throw .tooManyRecords }
            let flags = try Self.take(1, &rest)[0]
            guard (flags & 0x80 != 0) == records.isEmpty else { throw .wrongBounds }
            isEnd = flags & 0x40 != 0
            records.append(try Self.record(flags, &rest))
        }
        guard rest.isEmpty else { throw .wrongBounds }
        self.records = records
    }

    /// The signed payload's COSE bytes, where there is one; the type's case does not matter.
    public var signedPayload: [UInt8]? {
        records.first {
            $0.typeName == .external
                && String(decoding: $0.type, as: UTF8.self).lowercased() == Self.payloadType
        }?.payload
    }

    /// The first URI with its abbreviation written out (RTD URI 1.0 § 3.2.2).
    public var uri: String? {
        guard let record = records.first(where: { $0.typeName == .wellKnown && $0.type == [0x55] }),
            let code = record.payload.first, Int(code) < Self.prefixes.count
        else { return nil }
        return Self.prefixes[Int(code)]
            + String(decoding: record.payload.dropFirst(), as: UTF8.self)
    }

    private static func record(
        _ flags: UInt8,
        _ rest: inout ArraySlice<UInt8>
    ) throws(Malformed) -> Record {
        guard flags & 0x20 == 0, let name = Record.TypeName(rawValue: flags & 7) else {
            throw .unsupported
        }
        let typeLength = Int(try take(1, &rest)[0])
        let length = try take(flags & 0x10 != 0 ? 1 : 4, &rest).reduce(0) { $0 << 8 | Int($1) }
        let idLength = flags & 0x08 != 0 ? Int(try take(1, &rest)[0]) : 0
        let type = try take(typeLength, &rest)
        _ = try take(idLength, &rest)
        let payload = try take(length, &rest)
        let isEmptyRight = name != .empty || typeLength + idLength + length == 0
        guard isEmptyRight else { throw .unsupported }
        return Record(typeName: name, type: type, payload: payload)
    }

    private static func take(
        _ count: Int,
        _ rest: inout ArraySlice<UInt8>
    ) throws(Malformed) -> [UInt8] {
        guard count <= rest.count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    private static let prefixes = [
        "", "http://www.", "https://www.", "http://", "https://", "tel:", "mailto:",
        "ftp://anonymous:anonymous@", "ftp://ftp.", "ftps://", "sftp://", "smb://", "nfs://",
        "ftp://", "dav://", "news:", "telnet://", "imap:", "rtsp://", "urn:", "pop:", "sip:",
        "sips:", "tftp:", "btspp://", "btl2cap://", "btgoep://", "tcpobex://", "irdaobex://",
        "file://", "urn:epc:id:", "urn:epc:tag:", "urn:epc:pat:", "urn:epc:raw:", "urn:epc:",
        "urn:nfc:",
    ]
}
