/// `/openapi.yaml` and `/docs`: the description of every route, for programs and for people.
struct DocumentRoutes: RouteGroup {
    /// The bytes of Pages/openapi.yaml, which the tests hold routes against.
    static let description = PackageResources.openapi_yaml

    private let page = DescriptionPage(DocumentRoutes.description)

    var routes: [Route] {
        let cache = ("Cache-Control", "public, max-age=300")
        return [
            .immediate("/openapi.yaml") { _ in
                .bytes(Self.description, "application/yaml", headers: [cache])
            },
            .immediate("/docs") { [page] _ in
                guard let page else { throw Problem.internal }
                return .bytes(
                    Array(page.html.utf8),
                    "text/html; charset=utf-8",
                    headers: [
                        cache, ("Content-Security-Policy", page.policy),
                        ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
                    ]
                )
            },
        ]
    }
}
