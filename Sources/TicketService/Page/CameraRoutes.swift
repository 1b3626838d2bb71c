import TicketSeal
import UnionTicket

/// `/c/{digits}`: what a phone's camera opens; the QR code on plastic writes it in capitals.
///
/// Nothing is logged but the template, nothing is kept by the browser, and no database is asked.
struct CameraRoutes: RouteGroup {
    let context: ServiceContext
    let shelf: PublicationShelf
    let page = CameraPage()

    var routes: [Route] {
        ["/c/{digits}", "/C/{digits}"].map { template -> Route in
            var route = Route.immediate(template, pace: .address, show)
            route.refusal = { answer(CameraVerdict(refused: $0)) }
            return route
        }
    }

    @Sendable private func show(_ call: Call) async throws -> Answer {
        let digits = call.parameter("digits")
        guard (1...TicketText.limit).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return answer(CameraVerdict(kind: .notOurs)) }
        return answer(CameraVerdict(digits: digits, by: shelf.known, at: context.now))
    }

    private func answer(_ verdict: CameraVerdict) -> Answer {
        .bytes(
            Array(page.html(verdict, at: context.now).utf8),
            "text/html; charset=utf-8",
            headers: [
                ("Content-Security-Policy", page.policy), ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-store"), ("X-Frame-Options", "DENY"),
                ("X-Robots-Tag", "noindex, nofollow"), ("Content-Language", "ru, en"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ]
        )
    }
}
