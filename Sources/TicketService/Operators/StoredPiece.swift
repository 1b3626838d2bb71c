import Glibc
import UnionTicket

/// A part of a file on its way to a client.
enum StoredPiece {
    /// Reads so many bytes from a place on.
    ///
    /// - Throws: ``Problem/storage`` when the file has gone or is shorter.
    static func read(_ path: String, from start: Int64, count: Int64) throws(Problem) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .storage }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        var place = 0
        while place < bytes.count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: place),
                    buffer.count - place,
                    off_t(start) + off_t(place)
                )
            }
            guard got > 0 else { throw .storage }
            place += got
        }
        return bytes
    }
}
