import COpenSSL
import Foundation

/// Encrypts a folder for certificates: a tar in a CMS EnvelopedData (RFC 5652 § 6), AES-256-CBC, in
/// DER, so that `openssl cms -decrypt -inform DER` opens it.
///
/// What is in it is proven by the manifest's signature inside, not by the envelope.
public enum PackageEnvelope {
    /// Why nothing was sealed.
    public enum Failure: Error, Equatable {
        /// The file holds no X.509 certificate.
        case notACertificate(path: String)
        /// The certificate's time is over or has not begun.
        case expired(path: String, until: String)
        /// A file could not be read or written; errno tells why.
        case file(path: String, code: Int32)
        /// OpenSSL refused the recipients' keys.
        case refused
    }

    /// A recipient's certificate, checked.
    @safe
    public final class Certificate: @unchecked Sendable {
        let handle: OpaquePointer
        /// Its subject, for people.
        public let subject: String

        /// The first certificate in a PEM or DER file.
        ///
        /// Its validity is judged by `now`, Unix seconds.
        public convenience init(path: String, now: Int64) throws(Failure) {
            guard let bytes = FileManager.default.contents(atPath: path).map(Array.init) else {
                throw .file(path: path, code: errno)
            }
            try self.init(bytes: bytes, path: path, now: now)
        }

        /// The first certificate in these bytes, PEM or DER; `path` is what errors name.
        public init(bytes: [UInt8], path: String, now: Int64) throws(Failure) {
            guard let handle = unsafe Self.read(bytes) else { throw .notACertificate(path: path) }
            unsafe self.handle = handle
            var moment = time_t(now)
            let after = unsafe X509_get0_notAfter(handle)
            let before = unsafe X509_get0_notBefore(handle)
            subject = unsafe Self.text {
                unsafe X509_NAME_print_ex($0, X509_get_subject_name(handle), 0, 0)
            }
            guard unsafe X509_cmp_time(after, &moment) > 0,
                unsafe X509_cmp_time(before, &moment) < 0
            else {
                let until = unsafe Self.text { unsafe ASN1_TIME_print($0, after) }
                throw .expired(path: path, until: until)
            }
        }

        deinit { unsafe X509_free(handle) }

        /// Whether `signature`, a detached CMS SignedData in DER (RFC 5652 § 5), was made over
        /// `content` by the key of this certificate and of no other.
        public func isSigned(_ content: [UInt8], signature: [UInt8]) -> Bool {
            guard signature.count <= 1 << 20, content.count <= 1 << 30 else { return false }
            let input = unsafe BIO_new_mem_buf(content, Int32(content.count))
            defer { unsafe BIO_free(input) }
            return unsafe copenssl_is_signed(signature, signature.count, handle, input) == 1
        }

        private static func read(_ bytes: [UInt8]) -> OpaquePointer? {
            let input = unsafe BIO_new_mem_buf(bytes, Int32(bytes.count))
            defer { unsafe BIO_free(input) }
            if let found = unsafe PEM_read_bio_X509(input, nil, nil, nil) { return unsafe found }
            let plain = unsafe BIO_new_mem_buf(bytes, Int32(bytes.count))
            defer { unsafe BIO_free(plain) }
            return unsafe d2i_X509_bio(plain, nil)
        }

        private static func text(_ print: (OpaquePointer?) -> Int32) -> String {
            let output = unsafe BIO_new(BIO_s_mem())
            defer { unsafe BIO_free(output) }
            _ = unsafe print(output)
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = Int(unsafe BIO_read(output, &buffer, Int32(buffer.count)))
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
    }

    /// Seals `files`, named as they are to appear, into a new file at `path`.
    public static func seal(
        _ files: [(name: String, path: String)],
        for certificates: [Certificate],
        to path: String
    ) throws(Failure) {
        let writer = try Writer(for: certificates, to: path)
        for (name, source) in files { try writer.add(name, file: source) }
        try writer.close()
    }

    /// An envelope in the making: entries are encrypted as they come, memory stays flat.
    ///
    /// One that is dropped before ``close()`` leaves an unusable file behind.
    @safe
    public final class Writer {
        private let path: String
        private let envelope: OpaquePointer
        /// The file behind a filter that hashes it.
        private let output: OpaquePointer
        private var stream: OpaquePointer?

        /// Begins an envelope for `certificates` in a new file at `path`.
        public init(for certificates: [Certificate], to path: String) throws(Failure) {
            let handles = unsafe certificates.map { unsafe Optional($0.handle) }
            var list = unsafe handles
            guard let envelope = unsafe copenssl_envelope(&list, Int32(handles.count)) else {
                throw .refused
            }
            guard let output = unsafe BIO_new_file(path, "wb") else {
                unsafe CMS_ContentInfo_free(envelope)
                throw .file(path: path, code: errno)
            }
            guard let hashing = unsafe copenssl_hashing(output) else {
                unsafe BIO_free(output)
                unsafe CMS_ContentInfo_free(envelope)
                throw .refused
            }
            guard let stream = unsafe BIO_new_CMS(hashing, envelope) else {
                unsafe BIO_free_all(hashing)
                unsafe CMS_ContentInfo_free(envelope)
                throw .refused
            }
            self.path = path
            unsafe self.envelope = envelope
            unsafe self.output = hashing
            unsafe self.stream = stream
        }

        deinit {
            if let stream = unsafe stream { _ = unsafe copenssl_finish(stream, output) }
            unsafe BIO_free_all(output)
            unsafe CMS_ContentInfo_free(envelope)
        }

        /// Adds an entry from memory.
        public func add(_ name: String, bytes: [UInt8]) throws(Failure) {
            try add(name, pieces: [bytes[...]])
        }

        /// Adds an entry that lies in memory in several pieces.
        public func add(_ name: String, pieces: [ArraySlice<UInt8>]) throws(Failure) {
            guard let stream = unsafe stream else { throw .refused }
            let count = pieces.reduce(0) { $0 + $1.count }
            unsafe try TarWriter.put(TarWriter.header(name, count)[...], to: stream, path)
            for piece in pieces { unsafe try TarWriter.put(piece, to: stream, path) }
            unsafe try TarWriter.pad(count, to: stream, path)
            startWriting()
        }

        /// Adds an entry from a file.
        public func add(_ name: String, file source: String) throws(Failure) {
            guard let stream = unsafe stream else { throw .refused }
            unsafe try TarWriter.write(name, source, to: stream)
            startWriting()
        }

        /// Sends what there is on its way to the disk, so that whoever makes the file durable waits for
        /// the rest only; a file system that cannot do it has more to do then.
        private func startWriting() { unsafe copenssl_start_writing(output) }

        /// Ends archive and envelope; the file is whole after it.
        ///
        /// - Returns: The file's size and its SHA-256.
        @discardableResult
        public func close() throws(Failure) -> (bytes: Int, sha256: [UInt8]) {
            guard let stream = unsafe stream else { throw .refused }
            unsafe self.stream = nil
            do throws(Failure) {
                unsafe try TarWriter.put([UInt8](repeating: 0, count: 1024)[...], to: stream, path)
            } catch {
                _ = unsafe copenssl_finish(stream, output)
                throw error
            }
            guard unsafe copenssl_finish(stream, output) == 1 else {
                throw .file(path: path, code: errno)
            }
            // the file's own buffer, which the stream's end does not reach
            guard unsafe copenssl_flush(output) == 1 else {
                throw .file(path: path, code: errno)
            }
            var digest = [UInt8](repeating: 0, count: 32)
            guard unsafe copenssl_hash(output, &digest) == 1 else { throw .refused }
            return (Int(unsafe BIO_number_written(output)), digest)
        }
    }
}

/// POSIX ustar, without clock or owner: the same files give the same bytes.
private enum TarWriter {
    static func write(
        _ name: String,
        _ path: String,
        to stream: OpaquePointer
    ) throws(PackageEnvelope.Failure) {
        guard let file = FileHandle(forReadingAtPath: path),
            let size = try? file.seekToEnd(), (try? file.seek(toOffset: 0)) != nil
        else { throw .file(path: path, code: errno) }
        unsafe try put(header(name, Int(size))[...], to: stream, path)
        var rest = Int(size)
        while rest > 0 {
            guard let chunk = try? file.read(upToCount: min(rest, 1 << 20)), !chunk.isEmpty else {
                throw .file(path: path, code: errno)
            }
            unsafe try put(Array(chunk)[...], to: stream, path)
            rest -= chunk.count
        }
        unsafe try pad(Int(size), to: stream, path)
    }

    /// Fills up to whole blocks.
    static func pad(
        _ size: Int,
        to stream: OpaquePointer,
        _ path: String
    ) throws(PackageEnvelope.Failure) {
        let padding = (512 - size % 512) % 512
        unsafe try put([UInt8](repeating: 0, count: padding)[...], to: stream, path)
    }

    static func put(
        _ bytes: ArraySlice<UInt8>,
        to stream: OpaquePointer,
        _ path: String
    ) throws(PackageEnvelope.Failure) {
        guard !bytes.isEmpty else { return }
        let written = unsafe bytes.withUnsafeBytes {
            unsafe BIO_write(stream, $0.baseAddress, Int32($0.count))
        }
        guard Int(written) == bytes.count else { throw .file(path: path, code: errno) }
    }

    static func header(_ name: String, _ size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            for (index, byte) in text.utf8.enumerated() { header[place + index] = byte }
        }
        func octal(_ value: Int, _ width: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        put(String(decoding: name.utf8.prefix(100), as: UTF8.self), at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, 6), at: 148)
        header[154] = 0
        return header
    }
}
