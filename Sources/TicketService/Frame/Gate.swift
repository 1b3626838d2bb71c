import Crypto
import HTTPTypes
import NIOCore
import NIOSSL
import Registry

/// Decides who may go on: limits of requests, the key, the role.
struct Gate: Sendable {
    let context: ServiceContext

    /// The client of a request, nil on routes for everyone.
    ///
    /// - Throws: ``Problem``: 401, 403, 429, or 503 when the register cannot be asked.
    func admit(
        _ route: Route,
        _ headers: HTTPFields,
        _ address: ClientAddress,
        _ channel: any Channel
    ) async throws -> APIClient? {
        let settings = context.settings
        if route.pace == .address {
            try take("lookup \(address.text)", settings.addressRate)
        }
        guard case .clients(let roles) = route.access else { return nil }
        guard let client = try await client(headers, address, channel) else {
            throw Problem.unauthorized
        }
        guard roles.contains(client.role) else { throw Problem.wrongRole }
        switch route.pace {
        case .client: try take("client \(client.id)", settings.clientRate)
        case .question: try take("question \(client.id)", settings.questionRate)
        case .unlimited, .address: break
        }
        return client
    }

    private func client(
        _ headers: HTTPFields,
        _ address: ClientAddress,
        _ channel: any Channel
    ) async throws -> APIClient? {
        guard let key = Self.key(headers) else { return nil }
        let certificate = try await certificate(channel)
        let found = try await context.clients.find(key: key, certificate: certificate)
        if found == nil { try take("wrong key \(address.text)", context.settings.wrongKeyRate) }
        return found
    }

    /// The key of `Authorization: Bearer KEY` (RFC 6750 § 2.1); two headers are none.
    private static func key(_ headers: HTTPFields) -> String? {
        let values = headers[values: .authorization]
        guard values.count == 1, values[0].utf8.count <= 256 else { return nil }
        let parts = values[0].split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    /// SHA-256 of the certificate the connection came with, where one is asked for.
    private func certificate(_ channel: any Channel) async throws -> [UInt8]? {
        guard context.settings.clientAuthorities != nil else { return nil }
        guard let certificate = try await channel.nioSSL_peerCertificate().get() else { return nil }
        return Array(SHA256.hash(data: try certificate.toDERBytes()))
    }

    private func take(_ name: String, _ rate: Rate) throws(Problem) {
        if let wait = context.limits.take(name, rate) { throw .tooMany(wait) }
    }
}
