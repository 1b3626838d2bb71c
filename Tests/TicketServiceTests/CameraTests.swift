import HTTPTypes
import TicketSeal
import Testing
import UnionTicket

@testable import Registry
@testable import TicketService

@Suite struct CameraTests {
    private func digits(_ payload: IssuanceManifest.Payload) -> String {
        String(payload.text.split(separator: "/").last ?? "")
    }

    private func kind(_ service: TestService, _ path: String) async throws -> String? {
        let reply = try await service.send(.get, path)
        guard reply.status == 200, let start = reply.text.firstRange(of: "<body class=\"") else {
            return "\(reply.status)"
        }
        return String(reply.text[start.upperBound...].prefix { $0 != "\"" })
    }

    @Test func `every answer comes when it should`() async throws {
        try await TestService.with {
            $0.addressRate = Rate(perSecond: 1, burst: 1000)
        } _: { service in
            let payloads = try service.issue(2)
            let code = digits(payloads[0])
            #expect(try await kind(service, "/c/\(code)") == "unknown")
            service.server.clerk.work()
            #expect(try await kind(service, "/C/\(code)") == "blocked")
            let file = CarrierFile(service.register)
            _ = try file.apply(
                .unblock,
                to: payloads[0].carrier.digits,
                reason: "test",
                by: service.admin
            )
            service.server.clerk.work()
            #expect(try await kind(service, "/c/\(code)") == "valid")
            var wrong = Array(code)
            wrong[40] = wrong[40] == "1" ? "2" : "1"
            #expect(try await kind(service, "/c/\(String(wrong))") == "not_ours")
            // what stands behind it on a phone's screen is still the page
            for odd in ["/c/\(code)/", "/C/\(code)?x=1", "/c/\(code)?utm=a&b", "/c/\(code)//"] {
                #expect(try await kind(service, odd) == "valid", "\(odd.suffix(8))")
            }
            #expect(try await kind(service, "/c/\(payloads[0].carrier.digits)") == "number_only")
            #expect(
                try await kind(service, "/c/\(payloads[0].carrier.ticket.digits)") == "number_only"
            )
            #expect(try await kind(service, "/c/100000000000000") == "number_only")
            service.clock.advance(8 * 86_400)
            #expect(try await kind(service, "/c/\(code)") == "unknown")
            service.clock.advance(5 * 365 * 86_400)
            #expect(try await kind(service, "/c/\(code)") == "expired")
        }
    }

    @Test func `a known block holds however old its list is`() async throws {
        try await TestService.with { service in
            let payload = try service.issue(1)[0]
            _ = try CarrierFile(service.register)
                .apply(.withdraw, to: payload.carrier.digits, reason: "test", by: service.admin)
            service.server.clerk.work()
            service.clock.advance(30 * 86_400)
            #expect(try await kind(service, "/c/\(digits(payload))") == "blocked")
        }
    }

    @Test(arguments: [
        "/c/", "/c/..", "/c/%2e%2e", "/c/1/../../healthz", "/c/1%00", "/c/1%0d%0aSet-Cookie:x",
        "/c/%2e%2e%2fopenapi.yaml", "/c/<script>", "/c/%3Cscript%3E", "/c/1;drop", "/c/1'--",
        "/c/\u{661}\u{662}", "/c/%D9%A1", "/c/1?x=1", "/c/+1", "/c/0x1", "/c/1e5", "/c//1",
    ])
    func `no trick in the path says anything but "not ours" or "no such address"`(
        _ path: String
    ) async throws {
        try await TestService.with { service in
            let reply = try await service.send(.get, path)
            #expect([200, 400, 404].contains(reply.status))
            if reply.status == 200 { #expect(reply.text.contains("<body class=\"not_ours\">")) }
            #expect(!reply.text.contains("<script") && !reply.text.contains("drop"))
            #expect(reply.headers[.setCookie] == nil)
        }
    }

    @Test func `the page keeps to itself and shows a masked number only`() async throws {
        try await TestService.with { service in
            let payload = try service.issue(1)[0]
            service.server.clerk.work()
            let reply = try await service.send(.get, "/c/\(digits(payload))")
            #expect(reply.text.contains("\(payload.carrier.ticket)"))
            #expect(!reply.text.contains(payload.carrier.ticket.digits))
            #expect(!reply.text.contains(payload.carrier.ticket.printed))
            #expect(!reply.text.contains(digits(payload)))
            #expect(!reply.text.contains("Орлова"))
            for outside in ["http:", "https:", "//", "url(", "@import", "src=", "href=", "style="] {
                #expect(!reply.text.contains(outside), "\(outside)")
            }
            #expect(reply.headers[.cacheControl] == "no-store")
            #expect(reply.header("Referrer-Policy") == "no-referrer")
            let policy = reply.header("Content-Security-Policy") ?? ""
            #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
            #expect(!policy.contains("unsafe") && !policy.contains("script-src"))
        }
    }

    @Test func `the page says what was checked where it was`() async throws {
        try await TestService.with { service in
            let code = digits(try service.issue(1)[0])
            let checked = "Проверены подпись и список блокировок."
            #expect(try await service.send(.get, "/c/\(code)").text.contains(checked) == false)
            service.server.clerk.work()
            #expect(try await service.send(.get, "/c/\(code)").text.contains(checked))
            for odd in ["100000000000000", "1"] {
                let page = try await service.send(.get, "/c/\(odd)").text
                #expect(!page.contains(checked))
                #expect(page.contains("Персональных данных здесь нет."))
            }
        }
    }

    @Test func `looking is limited per address`() async throws {
        try await TestService.with {
            $0.addressRate = Rate(perSecond: 0.5, burst: 3)
        } _: { service in
            for expected in [200, 200, 200, 429] {
                let reply = try await service.send(.get, "/c/1")
                #expect(reply.status == expected)
                guard expected == 429 else { continue }
                // People get words on the page, not a document for programs.
                #expect(reply.headers[.retryAfter] == "2")
                #expect(reply.header("Content-Type") == "text/html; charset=utf-8")
                #expect(reply.text.contains("<body class=\"unknown\">"))
                #expect(reply.text.contains("Слишком много запросов. Подождите 2 с."))
                #expect(!reply.text.contains("Подпись подлинная"))
            }
            service.clock.advance(2)
            let later = try await service.send(.get, "/C/1")
            #expect(later.status == 200)
        }
    }
}
