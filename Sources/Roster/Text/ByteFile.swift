import UnionTicket

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is read once, from its beginning, in chunks.
final class ByteFile {
    private let descriptor: Int32

    /// Opens a regular file.
    init(path: String) throws(RosterError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable }
    }

    deinit { close(descriptor) }

    /// Up to `count` bytes; fewer only at the end.
    func read(_ count: Int) throws(RosterError) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = unsafe chunk.withUnsafeMutableBytes { target in
                unsafe Self.readInto(target, offset: filled, descriptor)
            }
            guard got >= 0 else { throw Self.unreadable }
            if got == 0 { break }
            filled += got
        }
        chunk.removeLast(count - filled)
        return chunk
    }

    private static func readInto(
        _ target: UnsafeMutableRawBufferPointer,
        offset: Int,
        _ descriptor: Int32
    ) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.read(
            descriptor,
            target.baseAddress?.advanced(by: offset),
            target.count - offset
        )
        #else
        unsafe Darwin.read(
            descriptor,
            target.baseAddress?.advanced(by: offset),
            target.count - offset
        )
        #endif
    }

    private static var unreadable: RosterError {
        RosterError(
            .fileUnreadable,
            Bilingual(
                "Файл не читается: проверьте путь и права.",
                "The file cannot be read: check its path and permissions."
            )
        )
    }
}
