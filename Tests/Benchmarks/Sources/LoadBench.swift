import Foundation
import Glibc
import Synchronization
import TicketSeal

/// Requests at a fixed rate, whether answers come or not: each has its moment, and its time counts from that
/// moment, so that waiting behind others is part of it (coordinated omission).
///
/// One thread a connection, blocking sockets; a request whose moment comes while every connection is busy
/// is sent late and pays for it.
final class LoadBench: Sendable {
    /// What to ask; JSON of the script that measures.
    struct Plan: Decodable {
        let port: UInt16
        let connections: Int
        /// Requests a second; 0: as many as are answered.
        let rate: Double
        /// How long, seconds.
        let seconds: Double
        /// `get`, `post`, `renew`.
        let kind: String
        let path: String
        /// Lines of the head, with CRLF.
        let headers: String
        let body: String
        /// The phones of `renew`, one a connection.
        let phones: [Phone]
        /// Where phones are kept after the run, for the next.
        let keep: String?
    }

    /// A phone with its card; its nonce goes on with each renewal.
    struct Phone: Codable {
        let card: String
        var nonce: String
        /// The device key, base64url.
        let key: String
    }

    private let plan: Plan
    private let next = Atomic<Int>(0)
    private let times = Mutex<[Double]>([])
    private let failures = Mutex<[String]>([])
    private let phones: Mutex<[Phone]>

    init(plan path: String) throws {
        plan = try JSONDecoder().decode(
            Plan.self,
            from: Data(contentsOf: URL(fileURLWithPath: path))
        )
        phones = Mutex(plan.phones)
    }

    /// Runs the plan and prints one line of JSON.
    func run() throws {
        let start = Self.now() + 0.05
        let threads = (0..<plan.connections).map { number in
            let thread = Thread { self.work(number, from: start) }
            thread.stackSize = 1 << 20
            thread.start()
            return thread
        }
        while threads.contains(where: { !$0.isFinished }) { usleep(2_000) }
        let spent = max(Self.now() - start, 0.001)
        let sorted = times.withLock { $0.sorted() }
        func quantile(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        if let keep = plan.keep {
            try JSONEncoder().encode(phones.withLock { $0 }).write(to: URL(fileURLWithPath: keep))
        }
        let wrong = failures.withLock { $0 }
        print(
            "{\"count\": \(sorted.count), \"seconds\": \(spent), \"rate\": \(Double(sorted.count) / spent), "
                + "\"p50\": \(quantile(0.5)), \"p99\": \(quantile(0.99)), "
                + "\"longest\": \(sorted.last ?? 0), \"failures\": \(wrong.count), "
                + "\"failure\": \"\(wrong.first ?? "")\"}"
        )
    }

    private func work(_ number: Int, from start: Double) {
        var own: [Double] = []
        do {
            let wire = try Wire(port: plan.port)
            var phone = plan.kind == "renew" ? plan.phones[number] : nil
            let key = try phone.map { try Self.key($0) }
            while let due = moment(from: start) {
                let request = try request(phone, key)
                let answer = try wire.exchange(request)
                own.append(Self.now() - due)
                guard (200...304).contains(answer.status) else {
                    throw Fault(text: "status \(answer.status)")
                }
                if phone != nil {
                    guard let nonce = answer.text("nonce") else { throw Fault(text: "no nonce") }
                    phone?.nonce = nonce
                }
            }
            if let phone { phones.withLock { $0[number] = phone } }
        } catch {
            let text = (error as? Fault)?.text ?? "\(type(of: error))"
            failures.withLock { $0.append(text) }
        }
        times.withLock { $0 += own }
    }

    /// The moment of the next request, waited for; nil when the time is up.
    private func moment(from start: Double) -> Double? {
        guard plan.rate > 0 else {
            let now = Self.now()
            if now < start { usleep(UInt32((start - now) * 1e6)) }
            return now - start < plan.seconds ? max(now, start) : nil
        }
        let due = start + Double(next.add(1, ordering: .relaxed).oldValue) / plan.rate
        guard due - start < plan.seconds else { return nil }
        let wait = due - Self.now()
        if wait > 0 { usleep(UInt32(wait * 1e6)) }
        return due
    }

    private func request(_ phone: Phone?, _ key: SigningKey?) throws -> [UInt8] {
        var body = plan.body
        var path = plan.path
        if let phone, let key {
            guard let nonce = Base64URL.bytes(phone.nonce) else { throw Fault(text: "nonce") }
            let proof = try DeviceStatement.renewal(nonce: nonce, card: phone.card).prove(with: key)
            body = "{\"proof\":\"\(Base64URL.text(proof))\"}"
            path = "/v1/virtual-cards/\(phone.card)/renew"
        }
        let isGet = plan.kind == "get"
        let length =
            isGet ? "" : "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        let head = "\(isGet ? "GET" : "POST") \(path) HTTP/1.1\r\nHost: bench\r\n"
        return Array((head + plan.headers + length + "\r\n" + (isGet ? "" : body)).utf8)
    }

    private static func key(_ phone: Phone) throws -> SigningKey {
        guard let bytes = Base64URL.bytes(phone.key),
            let key = SigningKey(algorithm: .es256, privateBytes: bytes)
        else { throw Fault(text: "a phone's key cannot be used") }
        return key
    }

    static func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    struct Fault: Error {
        let text: String
    }
}

/// A connection to a port of this machine that asks and waits.
final class Wire {
    private let socket: Int32
    private var buffer: [UInt8] = []

    struct Answer {
        let status: Int
        let body: [UInt8]

        /// A text member of a flat JSON answer.
        func text(_ name: String) -> String? {
            let text = String(decoding: body, as: UTF8.self)
            guard let start = text.range(of: "\"\(name)\":\"")?.upperBound else { return nil }
            return String(text[start...].prefix { $0 != "\"" })
        }
    }

    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let socket = socket
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw LoadBench.Fault(text: "cannot connect") }
        var one: Int32 = 1
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    deinit { close(socket) }

    func exchange(_ request: [UInt8]) throws -> Answer {
        var sent = 0
        while sent < request.count {
            let count = unsafe request[sent...].withUnsafeBytes { bytes in
                unsafe send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw LoadBench.Fault(text: "the server hung up") }
            sent += count
        }
        var end = Self.end(buffer)
        while end == nil {
            try receive()
            end = Self.end(buffer)
        }
        let head = String(decoding: buffer[..<(end ?? 0)], as: UTF8.self)
        let status = Int(head.dropFirst(9).prefix(3)) ?? 0
        let length = head.lowercased().range(of: "content-length: ")
            .flatMap { Int(head.lowercased()[$0.upperBound...].prefix { $0.isNumber }) }
        let whole = (end ?? 0) + (status == 304 || status == 204 ? 0 : length ?? 0)
        while buffer.count < whole { try receive() }
        let body = Array(buffer[(end ?? 0)..<whole])
        buffer.removeFirst(whole)
        return Answer(status: status, body: body)
    }

    private func receive() throws {
        var piece = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe piece.withUnsafeMutableBytes { bytes in
            unsafe recv(socket, bytes.baseAddress, bytes.count, 0)
        }
        guard count > 0 else { throw LoadBench.Fault(text: "the server hung up") }
        buffer += piece[..<count]
    }

    /// Where the head ends.
    private static func end(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for place in 3..<bytes.count
        where bytes[place] == 10 && bytes[place - 1] == 13 && bytes[place - 2] == 10 {
            return place + 1
        }
        return nil
    }
}
