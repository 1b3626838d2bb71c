import CInput
import Glibc

/// An open scanner: had for itself alone, never blocking.
final class ScannerDevice {
    let descriptor: Int32
    /// What the device calls itself.
    let name: String

    /// Opens and takes the scanner.
    init(_ port: ScannerPort) throws(ScannerFailure) {
        let path = port.path
        let access = if case .serial = port { O_RDWR } else { O_RDONLY }
        let opened = unsafe open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard opened >= 0 else { throw ScannerFailure(path, errno: errno) }
        do throws(ScannerFailure) {
            switch port {
            case .keyboard: name = try Self.grab(opened, path)
            case .serial(_, let speed): name = try Self.prepare(opened, path, speed)
            }
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// Takes an input device for this program alone: no other program, no console and no desktop hears
    /// its keys.
    ///
    /// A FIFO with the same records stands for a device; there is nothing to take.
    private static func grab(_ descriptor: Int32, _ path: String) throws(ScannerFailure) -> String {
        guard ioctl(descriptor, input_grab_request(), 1) == 0 else {
            let cause = errno
            guard [ENOTTY, EINVAL].contains(cause), isFIFO(descriptor) else {
                throw ScannerFailure(path, errno: cause)
            }
            return path
        }
        var clock = CLOCK_MONOTONIC
        _ = unsafe ioctl(descriptor, input_clock_request(), &clock)
        var name = [UInt8](repeating: 0, count: 128)
        let length = unsafe name.withUnsafeMutableBytes {
            unsafe $0.baseAddress.map {
                unsafe ioctl(descriptor, input_name_request(127), $0)
            } ?? 0
        }
        guard length > 1 else { return path }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func isFIFO(_ descriptor: Int32) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }

    /// Makes a serial line raw and takes it for this program alone.
    private static func prepare(
        _ descriptor: Int32,
        _ path: String,
        _ speed: Int
    ) throws(ScannerFailure) -> String {
        var settings = termios()
        guard unsafe tcgetattr(descriptor, &settings) == 0 else {
            throw ScannerFailure(path, errno: errno)
        }
        unsafe cfmakeraw(&settings)
        settings.c_cflag |= tcflag_t(CLOCAL) | tcflag_t(CREAD)
        settings.c_iflag &= ~(tcflag_t(IXON) | tcflag_t(IXOFF))
        let code = Self.code(of: speed)
        guard unsafe cfsetspeed(&settings, code) == 0,
            unsafe tcsetattr(descriptor, TCSANOW, &settings) == 0,
            ioctl(descriptor, UInt(TIOCEXCL), 0) == 0
        else { throw ScannerFailure(path, errno: errno) }
        // What came before anybody listened belongs to nobody.
        tcflush(descriptor, TCIFLUSH)
        return path
    }

    private static func code(of speed: Int) -> speed_t {
        let codes: [Int: Int32] = [
            1200: B1200, 2400: B2400, 4800: B4800, 9600: B9600, 19_200: B19200, 38_400: B38400,
            57_600: B57600, 115_200: B115200, 230_400: B230400, 460_800: B460800,
            921_600: B921600,
        ]
        return speed_t(codes[speed] ?? B9600)
    }

    /// What has come.
    ///
    /// - Returns: Nil when the device is gone; empty when nothing has come.
    func read() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64 * InputEvent.size)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        if count > 0 { return Array(bytes.prefix(count)) }
        return count < 0 && [EAGAIN, EINTR].contains(errno) ? [] : nil
    }
}
