import NIOCore

/// How the service is started; every value has a safe default.
public struct ServiceSettings: Sendable {
    /// Address to listen on.
    public var host = "127.0.0.1"
    /// Port to listen on; 0 takes a free one.
    public var port = 8080
    /// PEM file with the server's certificate and its chain; nil serves plain HTTP.
    public var certificate: String?
    /// PEM file with the certificate's private key.
    public var privateKey: String?
    /// PEM file with the authorities of client certificates: one that is shown must be theirs, and
    /// clients that are bound to theirs must show it.
    public var clientAuthorities: String?
    /// Folder that gets the published files; nil publishes from memory only.
    public var publication: String?
    /// How often to look for changed status lists.
    public var publishEvery: Duration = .seconds(5)
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    public var proxies: Set<String> = []
    /// How many blocking jobs run at the same time.
    public var threads = 8
    /// How many more may wait.
    public var queue = 512
    /// How many connections at the same time.
    public var connections = 4_096
    /// Requests of one client.
    public var clientRate = Rate(perSecond: 500, burst: 1_000)
    /// Questions about many people at once, per client: a partner's whole set in about a minute.
    public var questionRate = Rate(perSecond: 2, burst: 60)
    /// Look-ups without a key from one address.
    public var addressRate = Rate(perSecond: 2, burst: 60)
    /// Wrong keys from one address.
    public var wrongKeyRate = Rate(perSecond: 1, burst: 30)
    /// How long a request's body may take.
    public var bodySeconds = 30
    /// How long a connection may be silent between requests, or send a head.
    public var idleSeconds = 60
    /// How long a shutdown waits for accepted requests.
    public var shutdownSeconds = 30

    /// The defaults.
    public init() {}

    /// An IPv4 or IPv6 address as connections show it; nil for what is none.
    public static func address(_ text: String) -> String? {
        (try? SocketAddress(ipAddress: text, port: 0))?.ipAddress
    }
}
