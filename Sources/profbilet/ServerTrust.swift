import AsyncHTTPClient
import NIOCore
import NIOSSL
import UnionTicket

extension HTTPClient.Configuration {
    /// How the program's own clients reach a server: TLS 1.2 or newer, no redirections.
    ///
    /// - Parameter authority: A PEM file of the certificates to trust; nil takes the system's.
    /// - Throws: ``Failure`` when the file holds none.
    init(trusting authority: String?) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authority {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
            } catch {
                throw Failure(
                    "Файл сертификатов \(authority) не читается (нужен PEM).",
                    "The certificates \(authority) cannot be read (PEM is needed)."
                )
            }
        }
        self.init(tlsConfiguration: tls)
        redirectConfiguration = .disallow
        timeout.connect = .seconds(10)
    }
}

extension Failure {
    /// What is told of a server whose certificate is not trusted.
    ///
    /// - Parameters:
    ///   - error: What the client ended with.
    ///   - server: The server's address.
    ///   - option: The command's option for the certificates to trust.
    /// - Returns: The failure; nil for any other error.
    static func untrusted(_ error: any Error, _ server: String, option: String) -> Failure? {
        let isUntrusted =
            switch error {
            // Why a handshake failed BoringSSL tells in words only.
            case NIOSSLError.handshakeFailed(.sslError(let stack)):
                stack.contains { $0.description.contains("CERTIFICATE_VERIFY_FAILED") }
            case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate: true
            case let error as NIOSSLExtraError:
                error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
            default: false
            }
        guard isUntrusted else { return nil }
        return Failure(
            .storage,
            "Сертификату сервера \(server) верить нельзя: его не подписал известный центр, он "
                + "просрочен или выдан другому имени. Если сервер ваш, назовите его сертификат: "
                + "\(option) ФАЙЛ.pem",
            "The certificate of the server \(server) is not trusted: no known authority signed it, it "
                + "is past its date or names another host. If the server is yours, name its "
                + "certificate: \(option) FILE.pem"
        )
    }
}
