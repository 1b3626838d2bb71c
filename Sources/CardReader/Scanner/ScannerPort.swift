/// Where a 2D scanner is plugged in.
public enum ScannerPort: Hashable, Sendable {
    /// An input device: `/dev/input/by-id/…-event-kbd`. It is grabbed, so that what it types reaches
    /// nobody else.
    case keyboard(String)
    /// A serial line (CDC or RS-232) and its speed in baud.
    case serial(String, speed: Int)

    /// The speeds that a serial line may have.
    public static let speeds = [
        1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600,
    ]

    /// A serial line as it is written: `PATH` or `PATH:SPEED`; 9600 baud unless said.
    public init(serial text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 1, let speed = parts.last.flatMap({ Int($0) }), Self.speeds.contains(speed)
        {
            self = .serial(parts.dropLast().joined(separator: ":"), speed: speed)
        } else {
            self = .serial(text, speed: 9600)
        }
    }

    /// The device's path.
    public var path: String {
        switch self {
        case .keyboard(let path), .serial(let path, _): path
        }
    }

    /// Looks whether the scanner can be had, and lets it go.
    ///
    /// - Returns: What the device calls itself; of a serial line its path.
    /// - Throws: Why not.
    public func probe() throws(ScannerFailure) -> String { try ScannerDevice(self).name }
}
