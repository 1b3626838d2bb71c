import AsyncHTTPClient
import NIOCore
import NIOSSL

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
