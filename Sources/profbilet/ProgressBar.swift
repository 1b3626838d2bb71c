import Foundation

/// A bar with rate and time left on a terminal, JSON lines with `--json`, else nothing.
final class ProgressBar {
    private let unit: String
    private let isJSON: Bool
    private let isTerminal = isatty(2) == 1
    private let started = Date()
    private var last = Date.distantPast

    init(_ unit: String, json: Bool) { (self.unit, isJSON) = (unit, json) }

    func show(_ done: Int, of total: Int) {
        guard isJSON || isTerminal, total > 0 else { return }
        let now = Date()
        guard done == total || now.timeIntervalSince(last) > 0.2 else { return }
        last = now
        let seconds = max(now.timeIntervalSince(started), 0.001)
        let rate = Double(done) / seconds
        let left = Int(Double(total - done) / max(rate, 0.001))
        if isJSON {
            return say([
                "done": .int(done), "total": .int(total), "rate": .int(Int(rate)),
                "secondsLeft": .int(left),
            ])
        }
        let filled = 30 * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        let line = "\r\(bar) \(done)/\(total) \(unit), \(Int(rate))/с, \(left) с  "
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// Shows how much is done where nobody knows how much there is.
    func show(_ done: Int) {
        guard isTerminal, !isJSON else { return }
        let now = Date()
        guard now.timeIntervalSince(last) > 0.2 else { return }
        last = now
        let rate = Double(done) / max(now.timeIntervalSince(started), 0.001)
        FileHandle.standardError.write(Data("\r\(done) \(unit), \(Int(rate))/с  ".utf8))
    }

    func end() {
        if isTerminal, !isJSON, last != .distantPast {
            FileHandle.standardError.write(Data("\n".utf8))
        }
    }
}
