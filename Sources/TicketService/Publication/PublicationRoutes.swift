import HTTPTypes

/// What verifies tickets, for everyone: keys, trust bundle, status lists; served from memory.
struct PublicationRoutes: RouteGroup {
    let shelf: PublicationShelf

    var routes: [Route] {
        [
            .immediate("/.well-known/jwks.json") { call in try shelf.answer("jwks.json", call) },
            .immediate("/.well-known/cose-keyset") { call in
                try shelf.answer("cose-keyset", call)
            },
            .immediate("/v1/trust-bundle") { call in try shelf.answer("trust-bundle", call) },
            .immediate("/v1/root-changes") { call in try shelf.answer("root-changes", call) },
            .immediate("/v1/root-changes/{sequence}") { call in
                let sequence = try call.number("sequence", 1...9_999_999_999)
                return try shelf.answer("root-changes/\(sequence)", call)
            },
            .immediate("/v1/status-lists") { call in try shelf.answer("status-lists", call) },
            .immediate("/v1/status-lists/{list}") { call in
                let list = try call.number("list", 1...4_294_967_295)
                let form = try StatusListForm(accept: call.headers[.accept])
                return try shelf.answer("status-lists/\(list).\(form.rawValue)", call)
            },
        ]
    }
}

/// The two forms of a status list (Token Status List § 8.1).
enum StatusListForm: String, Sendable, CaseIterable {
    case cwt
    case jwt

    var mediaType: String { "application/statuslist+\(rawValue)" }

    /// The form a client asks for by `Accept` (RFC 9110 § 12.5.1); CWT when it takes anything.
    ///
    /// - Throws: 406 when it takes neither.
    init(accept: String?) throws(Problem) {
        var best = (form: StatusListForm?.none, weight: 0.0)
        for part in (accept ?? "*/*").prefix(1024).split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            let weight =
                pieces.dropFirst().first { $0.hasPrefix("q=") }
                .flatMap { Double($0.dropFirst(2)) } ?? 1
            guard let range = pieces.first, weight > best.weight else { continue }
            if range == "*/*" || range == "application/*" { best = (.cwt, weight) }
            if let form = Self.allCases.first(where: { $0.mediaType == range }) {
                best = (form, weight)
            }
        }
        guard let form = best.form else {
            throw Problem(
                406,
                "not_acceptable",
                "Список есть как application/statuslist+cwt и application/statuslist+jwt.",
                "The list is there as application/statuslist+cwt and application/statuslist+jwt."
            )
        }
        self = form
    }
}
