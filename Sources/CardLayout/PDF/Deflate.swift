import CZlib

/// A zlib compressor that is set up once and used for every stream.
@safe
final class Deflate {
    private let stream: UnsafeMutablePointer<z_stream>
    private var buffer: [UInt8] = []

    /// - Parameter level: 1…9.
    init(level: Int32 = 6) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        let code = unsafe deflateInit_(stream, level, ZLIB_VERSION, size)
        precondition(code == Z_OK, "zlib cannot start")
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// The zlib stream of `bytes`.
    func compress(_ bytes: [UInt8]) -> [UInt8] {
        unsafe deflateReset(stream)
        let bound = Int(unsafe deflateBound(stream, UInt(bytes.count)))
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, initialised in
            unsafe bytes.withUnsafeBufferPointer { input in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(bound)
                let code = unsafe deflate(stream, Z_FINISH)
                precondition(code == Z_STREAM_END, "zlib's own bound is too small")
            }
            initialised = unsafe bound - Int(stream.pointee.avail_out)
        }
    }
}
