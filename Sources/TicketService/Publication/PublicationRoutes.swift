import HTTPTypes

/// What verifies tickets, for everyone: keys, trust bundle, status lists; served from memory.
struct PublicationRoutes: RouteGroup {
    let shelf: PublicationShelf

    var routes: [Route] {
        documents.map {
            var route = $0
            route.isPublished = true
            return route
        }
    }

    private var documents: [Route] {
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
            .immediate("/v1/status-lists/{list}", query: ["time"]) { call in
                // Token Status List § 8.4: whoever keeps no lists of the past says so.
                guard call.query["time"] == nil else { throw Problem.noPast }
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

    /// The form a client asks for by `Accept` (RFC 9110 § 12.5.1); CWT when both are as welcome.
    ///
    /// Of the ranges that mean a form the most specific one counts: `;q=0` refuses it whatever `*/*` says.
    ///
    /// - Throws: 406 when it takes neither.
    init(accept: String?) throws(Problem) {
        // Most ask for whatever there is.
        guard let accept, accept != "*/*" else {
            self = .cwt
            return
        }
        var wishes: [StatusListForm: (specific: Int, weight: Double)] = [:]
        for part in accept.prefix(1024).split(separator: ",") {
            let pieces = part.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let range = pieces.first else { continue }
            let weight =
                pieces.dropFirst().first { $0.hasPrefix("q=") }
                .flatMap { Double($0.dropFirst(2)) } ?? 1
            for form in Self.allCases {
                let specific = [form.mediaType, "application/*", "*/*"].firstIndex(of: range)
                guard let specific, (0...1).contains(weight) else { continue }
                if let known = wishes[form], known.specific <= specific { continue }
                wishes[form] = (specific, weight)
            }
        }
        let best = Self.allCases.compactMap { form in wishes[form].map { (form, $0) } }
            .filter { $0.1.weight > 0 }
            .max { ($0.1.weight, -$0.1.specific) < ($1.1.weight, -$1.1.specific) }
        guard let form = best?.0 else {
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
