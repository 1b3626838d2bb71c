/// One scanner through all its pluggings: opened when it is there, read while it is.
///
/// Used by one thread only.
struct ScannerLine {
    let port: ScannerPort
    private(set) var device: ScannerDevice?
    private var collector = ScanCollector()
    private var keys = KeyReading()
    /// Bytes of a record that is not whole yet.
    private var rest: [UInt8] = []
    private var known: ScannerFailure.Code?
    private var lastRead: Int64 = 0

    init(_ port: ScannerPort) { self.port = port }

    /// Whether a text has begun that only silence may end.
    var isOpen: Bool { device != nil && collector.isOpen }

    /// Opens the scanner where it is closed.
    ///
    /// - Returns: What changed; a failure is told once.
    mutating func plugIn() -> ScannerEvent? {
        guard device == nil else { return nil }
        do throws(ScannerFailure) {
            let opened = try ScannerDevice(port)
            (device, known, rest, keys) = (opened, nil, [], KeyReading())
            return .ready(port, name: opened.name)
        } catch {
            defer { known = error.code }
            return known == error.code ? nil : .away(port, error)
        }
    }

    /// Reads what has come at a moment.
    mutating func read(at now: Int64) -> [ScannerEvent] {
        guard let device else { return [] }
        guard let bytes = device.read() else { return unplug() }
        lastRead = now
        switch port {
        case .keyboard: return typed(bytes)
        case .serial: return bytes.compactMap { received($0, at: now) }.map(event)
        }
    }

    /// Ends a text that silence has ended by now.
    mutating func fallSilent(at now: Int64) -> [ScannerEvent] {
        guard isOpen, now - lastRead >= ScanCollector.silence else { return [] }
        return collector.end().map { [event($0)] } ?? []
    }

    private mutating func unplug() -> [ScannerEvent] {
        let isCut = collector.isOpen
        _ = collector.end()
        (device, known) = (nil, .absent)
        let away = ScannerEvent.away(port, ScannerFailure(.absent, port.path))
        return isCut ? [.broken(port), away] : [away]
    }

    private mutating func typed(_ bytes: [UInt8]) -> [ScannerEvent] {
        let (events, rest) = InputEvent.records(self.rest + bytes)
        self.rest = rest
        return events.compactMap { event -> ScanCollector.Result? in
            switch keys.take(event) {
            case .character(let byte): return collector.take(byte, at: event.time)
            case .end: return collector.end()
            case .lost: collector.breakOff(at: event.time)
            case nil: break
            }
            return nil
        }.map(event)
    }

    /// Line ends, tabs and the frame of STX and ETX part texts; nothing else of the line's control
    /// characters is anybody's text.
    private mutating func received(_ byte: UInt8, at now: Int64) -> ScanCollector.Result? {
        switch byte {
        case 0x02, 0x03, 0x09, 0x0A, 0x0D: collector.end()
        case 0x00...0x1F, 0x7F: nil
        default: collector.take(byte, at: now)
        }
    }

    private func event(_ result: ScanCollector.Result) -> ScannerEvent {
        switch result {
        case .text(let text): .scan(port, text)
        case .broken: .broken(port)
        }
    }
}
