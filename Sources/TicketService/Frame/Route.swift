import HTTPTypes
import Registry
import UnionTicket

/// One operation of the API: where it is, who may call it, what it takes, what it does.
///
/// Everything the frame enforces before ``work`` runs is said here, and the tests hold it against
/// openapi.yaml (`x-roles` for ``access``).
struct Route: Sendable {
    let method: HTTPRequest.Method
    /// `/v1/orders/{id}`, `/v1/carriers/{number}:block`: segments, each a literal or one parameter with
    /// perhaps a verb behind a colon.
    let template: String
    let access: Access
    var body: BodyRule = .none
    /// The query parameters it knows; any other is refused.
    var query: Set<String> = []
    var pace: Pace = .client
    var repeats: Repeats = .harmless
    /// Pages of any origin may read it (Fetch Standard § 3.2): what is published for everyone.
    var isPublished = false
    /// Opened by people: the page that says what was turned down, where programs get a problem document;
    /// what has another form gets the page, too.
    var refusal: (@Sendable (Bilingual) -> Answer)?
    let work: Work

    /// Whether people open it.
    var isPage: Bool { refusal != nil }

    /// Who may call it.
    enum Access: Sendable, Equatable {
        case everyone
        case clients(Set<ClientRole>)
    }

    /// What body it takes.
    enum BodyRule: Sendable, Equatable {
        case none
        /// One JSON text of at most so many bytes.
        case json(atMost: Int)
        /// Bytes of one of these media types.
        case bytes(Set<String>, atMost: Int)

        /// 64 KiB of JSON: plenty for one record.
        static let json = BodyRule.json(atMost: 1 << 16)
    }

    /// Which limit of requests it falls under.
    enum Pace: Sendable {
        /// Cacheable: no limit of ours.
        case unlimited
        /// Per client.
        case client
        /// Per client, and fewer by far: one request asks about up to a thousand people.
        case question
        /// Look-ups without a key: per address.
        case address
    }

    /// What the same request means when it comes twice.
    enum Repeats: Sendable {
        /// Reading, or writing what is already so: no Idempotency-Key is looked at.
        case harmless
        /// The frame keeps the first answer for an Idempotency-Key, per client and route.
        case answeredOnce
        /// The frame keeps the first answer once the effect has happened, for effects outside the
        /// register or with counts that no refusal takes back.
        case keptAfter
        /// The route calls ``Call/once(in:comparing:_:)`` itself: another scope, or a body with a proof.
        case ownScope
    }

    /// What it does: blocking work on the frame's threads, or something that never blocks.
    enum Work: Sendable {
        case blocking(@Sendable (Call) throws -> Answer)
        case immediate(@Sendable (Call) async throws -> Answer)
    }

    /// A reading route whose work may block: it calls the register.
    static func get(
        _ template: String,
        _ access: Access,
        query: Set<String> = [],
        pace: Pace = .client,
        _ work: @escaping @Sendable (Call) throws -> Answer
    ) -> Route {
        Route(
            method: .get,
            template: template,
            access: access,
            query: query,
            pace: pace,
            work: .blocking(work)
        )
    }

    /// A writing route whose work calls the register; takes an Idempotency-Key unless said otherwise.
    static func write(
        _ method: HTTPRequest.Method,
        _ template: String,
        _ access: Access,
        body: BodyRule = .json,
        query: Set<String> = [],
        pace: Pace = .client,
        repeats: Repeats = .answeredOnce,
        _ work: @escaping @Sendable (Call) throws -> Answer
    ) -> Route {
        Route(
            method: method,
            template: template,
            access: access,
            body: body,
            query: query,
            pace: pace,
            repeats: repeats,
            work: .blocking(work)
        )
    }

    /// A reading route that answers from memory.
    static func immediate(
        _ template: String,
        _ access: Access = .everyone,
        query: Set<String> = [],
        pace: Pace = .unlimited,
        _ work: @escaping @Sendable (Call) async throws -> Answer
    ) -> Route {
        Route(
            method: .get,
            template: template,
            access: access,
            query: query,
            pace: pace,
            work: .immediate(work)
        )
    }
}

/// Routes of one kind of caller, in a folder of their own; listed in ``RouteGroups``.
protocol RouteGroup: Sendable {
    /// What the group answers.
    var routes: [Route] { get }
}
