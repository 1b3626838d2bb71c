import Foundation
import TicketSeal

/// Writes the bytes of a file from memory through the call that seals packages, and prints seconds.
enum EnvelopeBench {
    static func run(_ arguments: [String]) throws {
        guard arguments.count == 3, let plain = FileManager.default.contents(atPath: arguments[0])
        else { throw CocoaError(.fileNoSuchFile) }
        let now = Int64(Date().timeIntervalSince1970)
        let certificate = try PackageEnvelope.Certificate(path: arguments[1], now: now)
        let bytes = Array(plain)
        let started = ContinuousClock.now
        let writer = try PackageEnvelope.Writer(for: [certificate], to: arguments[2])
        // parts as an export hands them over
        for start in stride(from: 0, to: bytes.count, by: 8 << 20) {
            try writer.add("part", bytes: Array(bytes[start..<min(start + 8 << 20, bytes.count)]))
        }
        try writer.close()
        let file = FileHandle(forReadingAtPath: arguments[2])
        try file?.synchronize()
        let time = ContinuousClock.now - started
        print(Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds))
    }
}
