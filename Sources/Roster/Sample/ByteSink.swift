import UnionTicket

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is written once, through a buffer; readable by its owner only.
final class ByteSink {
    private static let bufferSize = 1 << 18
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Creates or empties the file.
    init(path: String) throws(RosterError) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failed }
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(RosterError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Writes out what is buffered.
    func finish() throws(RosterError) { try flush() }

    private func flush() throws(RosterError) {
        var start = 0
        while start < buffer.count {
            let written = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Self.put(
                    descriptor,
                    bytes.baseAddress?.advanced(by: start),
                    bytes.count - start
                )
            }
            guard written > 0 else { throw Self.failed }
            start += written
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func put(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        guard let bytes = unsafe bytes else { return 0 }
        #if canImport(Glibc)
        return unsafe Glibc.write(descriptor, bytes, count)
        #else
        return unsafe Darwin.write(descriptor, bytes, count)
        #endif
    }

    static var failed: RosterError {
        RosterError(
            .notWritten,
            Bilingual(
                "Файл не записывается: проверьте путь, права и место.",
                "The file cannot be written: check path, permissions and space."
            )
        )
    }
}
