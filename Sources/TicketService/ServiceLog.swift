import Glibc
import Logging

import UnionTicket

/// The log of the service: one JSON object a line on standard error.
///
/// What is logged is the route's template, never the path; no name, no number, no address, no key.
public enum ServiceLog {
    /// Sends the process's log to standard error; called once.
    ///
    /// - Parameter level: `debug`, `info`, `warning` or `error`; anything else is `info`.
    public static func start(level: String) {
        let level = Logger.Level(rawValue: level) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = JSONLog(label: label)
            handler.logLevel = level
            return handler
        }
    }
}

/// Writes each record as one line of JSON.
private struct JSONLog: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        var members: [JSON.Member] = [
            .init(name: "at", value: .text(Instant.system.rfc3339)),
            .init(name: "level", value: .text(event.level.rawValue)),
            .init(name: "part", value: .text(label)),
            .init(name: "event", value: .text("\(event.message)")),
        ]
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            members.append(.init(name: name, value: Int64(text).map(JSON.integer) ?? .text(text)))
        }
        StandardError.write(JSON.object(members).bytes + [0x0A])
    }
}

/// Whole lines to standard error; a full pipe loses a line and never stops the service.
private enum StandardError {
    static func write(_ line: [UInt8]) { _ = unsafe Glibc.write(2, line, line.count) }
}

extension Instant {
    /// The system's clock; only the log reads it.
    fileprivate static var system: Instant { Instant(seconds: Int64(time(nil))) }
}
