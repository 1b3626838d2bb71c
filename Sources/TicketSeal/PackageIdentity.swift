import COpenSSL
import Foundation

/// The certificate under which the union signs packages in CMS, for receivers who check with
/// `openssl cms -verify`; the manifest's COSE signature says the same to our own programs.
///
/// ECDSA on P-256, for OpenSSL 3.0 signs no CMS with Ed25519.
public struct PackageIdentity: Sendable {
    /// OpenSSL could not make or use the key.
    public struct Failure: Error {}

    /// The private key, DER.
    public let key: [UInt8]
    /// The certificate, DER.
    public let certificate: [UInt8]

    /// What was stored before.
    public init(key: [UInt8], certificate: [UInt8]) {
        (self.key, self.certificate) = (key, certificate)
    }

    /// A new key with a certificate signed by itself, good for `years`.
    public init(name: String, now: Int64, years: Int64 = 15) throws {
        guard let pair = unsafe copenssl_p256() else { throw Failure() }
        defer { unsafe EVP_PKEY_free(pair) }
        let until = now + years * 31_557_600
        guard let made = unsafe copenssl_self_signed(pair, name, Int(now - 86_400), Int(until))
        else {
            throw Failure()
        }
        defer { unsafe X509_free(made) }
        key = unsafe Self.bytes { unsafe i2d_PrivateKey(pair, $0) }
        certificate = unsafe Self.bytes { unsafe i2d_X509(made, $0) }
        guard !key.isEmpty, !certificate.isEmpty else { throw Failure() }
    }

    /// The certificate as PEM, for receivers.
    public var pem: String {
        let body = Data(certificate).base64EncodedString(options: .lineLength64Characters)
            .replacing("\r\n", with: "\n")
        return "-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n"
    }

    /// A detached CMS SignedData over `content` (RFC 5652 § 5), DER.
    public func sign(_ content: [UInt8]) throws -> [UInt8] {
        let pair = unsafe key.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_AutoPrivateKey(nil, &start, bytes.count)
        }
        let signer = unsafe certificate.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_X509(nil, &start, bytes.count)
        }
        let input = unsafe BIO_new_mem_buf(content, Int32(content.count))
        defer {
            unsafe EVP_PKEY_free(pair)
            unsafe X509_free(signer)
            unsafe BIO_free(input)
        }
        let flags = UInt32(CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP)
        guard let signed = unsafe CMS_sign(signer, pair, nil, input, flags) else { throw Failure() }
        defer { unsafe CMS_ContentInfo_free(signed) }
        let bytes = unsafe Self.bytes { unsafe i2d_CMS_ContentInfo(signed, $0) }
        guard !bytes.isEmpty else { throw Failure() }
        return bytes
    }

    /// What an `i2d` function writes.
    private static func bytes(
        _ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
    ) -> [UInt8] {
        let count = Int(write(nil))
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            var place = buffer.baseAddress
            initialised = Int(unsafe write(&place))
        }
    }
}
