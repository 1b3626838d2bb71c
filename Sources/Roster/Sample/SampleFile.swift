#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A sample file that could not be created or written.
public struct SampleFileError: Error, Equatable {
    /// What was tried.
    public enum Code: String, Sendable {
        /// The file could not be created.
        case create
        /// The disk or the pipe took no more.
        case write
    }

    /// What was tried.
    public let code: Code
    /// The number of the system's error.
    public let cause: Int32
}

/// A file that is written from its beginning to its end through a buffer of fixed size.
final class SampleFile {
    private static let limit = 1 << 18
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Creates the file, or empties the one that is there.
    init(_ path: String) throws(SampleFileError) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SampleFileError(code: .create, cause: errno) }
        buffer.reserveCapacity(Self.limit + 8_192)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Lets `body` append to the buffer, and writes it out when it is full.
    func append(_ body: (inout [UInt8]) -> Void) throws(SampleFileError) {
        body(&buffer)
        if buffer.count >= Self.limit { try flush() }
    }

    /// Writes out what is left.
    func flush() throws(SampleFileError) {
        var start = 0
        while start < buffer.count {
            let count = unsafe buffer.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
                return unsafe write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SampleFileError(code: .write, cause: errno) }
            start += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
