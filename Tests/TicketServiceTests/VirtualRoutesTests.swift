import HTTPTypes
import Testing

@testable import Registry
@testable import TicketService

@Suite struct `Routes of virtual cards` {
    @Test func `a client with a part of the union learns of no card elsewhere`() async throws {
        try await TestService.with { service in
            let part = try service.client("part", .app, "26")
            let wide = try service.client("wide", .app)
            let path = "/v1/virtual-cards/" + String(repeating: "A", count: 22)
            let proof = "0oRYJaIBJhB4H2FwcGxpY2F0aW9uL3Byb2ZiaWxldC1yZW5ld2Fs"
            for (key, status, code) in [
                (part, 403, "forbidden"), (wide, 404, "virtual_card_unknown"),
            ] {
                let shown = try await service.send(.get, path, key: key)
                #expect(shown.status == status && shown.code == code, "\(shown.text)")
                let renewed = try await service.send(
                    .post,
                    path + "/renew",
                    key: key,
                    json: "{\"proof\": \"\(proof)\"}"
                )
                #expect(renewed.status == status && renewed.code == code, "\(renewed.text)")
                let deleted = try await service.send(
                    .delete,
                    path,
                    key: key,
                    headers: ["Device-Proof": proof]
                )
                #expect(deleted.status == status && deleted.code == code, "\(deleted.text)")
            }
        }
    }
}
