import NIOCore
import TicketSeal

/// What a route answers: status, headers and body.
struct Answer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: ByteBuffer

    init(status: Int, headers: [(name: String, value: String)] = [], body: ByteBuffer = .init()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON document.
    static func json(
        _ value: JSON,
        status: Int = 200,
        headers: [(name: String, value: String)] = []
    ) -> Answer {
        bytes(value.bytes, "application/json", status: status, headers: headers)
    }

    /// A body of another media type.
    static func bytes(
        _ bytes: [UInt8],
        _ type: String,
        status: Int = 200,
        headers: [(name: String, value: String)] = []
    ) -> Answer {
        Answer(
            status: status,
            headers: [("Content-Type", type)] + headers,
            body: ByteBuffer(bytes: bytes)
        )
    }

    /// Something was made; `location` is where it can be read.
    static func created(_ value: JSON, at location: String) -> Answer {
        json(value, status: 201, headers: [("Location", location)])
    }

    /// Done, nothing to say.
    static var noContent: Answer { Answer(status: 204) }
}

// As kept for an idempotency key: CBOR {1: status, 2: [name, value, …], 3: body}.
extension Answer {
    var stored: [UInt8] {
        CBOR.map([
            1: .integer(Int64(status)),
            2: .array(headers.flatMap { [CBOR.text($0.name), CBOR.text($0.value)] }),
            3: .bytes(Array(body.readableBytesView)),
        ]).encoded
    }

    init?(stored bytes: [UInt8]) {
        guard let map = try? CBOR(decoding: bytes), let status = map[1]?.integer,
            let texts = map[2]?.array?.map(\.text), texts.count.isMultiple(of: 2),
            let body = map[3]?.bytes
        else { return nil }
        self.init(status: Int(status), body: ByteBuffer(bytes: body))
        for place in stride(from: 0, to: texts.count, by: 2) {
            guard let name = texts[place], let value = texts[place + 1] else { return nil }
            headers.append((name, value))
        }
    }
}
