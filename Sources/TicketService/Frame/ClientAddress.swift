import Glibc
import HTTPTypes
import NIOCore

/// Where a request came from, as far as limits go by it: an IPv4 address or an IPv6 /64.
///
/// It is never logged.
struct ClientAddress: Hashable, Sendable {
    let text: String

    /// The address of a connection; behind a proxy of ours, the last one the proxy added.
    init(peer: SocketAddress?, forwarded: String?, proxies: Set<String>) {
        let direct = Self.direct(peer)
        if proxies.contains(direct), let last = forwarded?.split(separator: ",").last {
            let candidate = String(last.filter { $0 != " " }.prefix(64))
            if let address = try? SocketAddress(ipAddress: candidate, port: 0) {
                text = Self.network(address.ipAddress ?? candidate)
                return
            }
        }
        text = Self.network(direct)
    }

    /// Whether a connection comes from a proxy of ours, whose headers are believed.
    static func isProxy(_ peer: SocketAddress?, of proxies: Set<String>) -> Bool {
        proxies.contains(direct(peer))
    }

    private static func direct(_ peer: SocketAddress?) -> String { peer?.ipAddress ?? "local" }

    /// An IPv6 address cut to its first 64 bits.
    private static func network(_ address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard address.contains(":"), unsafe inet_pton(AF_INET6, address, &bytes) == 1 else {
            return address
        }
        // An IPv4 address mapped into IPv6 is that address.
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }
}
