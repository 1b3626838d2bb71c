import Glibc
public import UnionTicket

/// Why a scanner cannot be read.
public struct ScannerFailure: Error, Equatable, Sendable {
    /// What kind of failure.
    public enum Code: String, Sendable, CaseIterable {
        /// Not plugged in.
        case absent
        /// The station's user may not open the device.
        case forbidden
        /// No input device, or no serial line.
        case wrongDevice = "wrong_device"
        /// Another program has it for itself.
        case busy
        /// Anything else, with the system's own code.
        case unexpected
    }

    /// What kind of failure.
    public let code: Code
    /// The device.
    public let path: String
    /// The system's error number.
    public let cause: Int32

    init(_ code: Code, _ path: String, cause: Int32 = 0) {
        (self.code, self.path, self.cause) = (code, path, cause)
    }

    /// A call failed.
    init(_ path: String, errno cause: Int32) {
        let code: Code =
            switch cause {
            case ENOENT, ENODEV, ENXIO, EIO: .absent
            case EACCES, EPERM: .forbidden
            case EBUSY: .busy
            case ENOTTY, EINVAL, EISDIR: .wrongDevice
            default: .unexpected
            }
        self.init(code, path, cause: cause)
    }

    /// What happened and what to do.
    public var reason: Bilingual {
        switch code {
        case .absent:
            Bilingual(
                "Сканер \(path) не подключён. Проверьте кабель и имя в /dev.",
                "The scanner \(path) is not plugged in. Check the cable and its name in /dev."
            )
        case .forbidden:
            Bilingual(
                "Сканер \(path): нет прав. Установите hardware/udev/70-profbilet-readers.rules.",
                "The scanner \(path): no right to it. Install hardware/udev/70-profbilet-readers.rules."
            )
        case .wrongDevice:
            Bilingual(
                "\(path) — не устройство ввода (--scanner) и не последовательный порт (--serial).",
                "\(path) is no input device (--scanner) or no serial line (--serial)."
            )
        case .busy:
            Bilingual(
                "Сканер \(path) занят другой программой: закройте её.",
                "Another program holds the scanner \(path): close it."
            )
        case .unexpected:
            Bilingual(
                "Сканер \(path) не читается (код \(cause)). Отключите и подключите его.",
                "The scanner \(path) fails (code \(cause)). Unplug it and plug it in again."
            )
        }
    }
}
