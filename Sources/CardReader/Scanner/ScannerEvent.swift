/// What happened at a scanner.
public enum ScannerEvent: Equatable, Sendable {
    /// It was plugged in and taken; the name is the device's own.
    case ready(ScannerPort, name: String)
    /// It is not there, or cannot be had.
    case away(ScannerPort, ScannerFailure)
    /// A code, without its line end; at most one character more than any of ours has.
    case scan(ScannerPort, String)
    /// A code that did not arrive whole: it is to be shown again.
    case broken(ScannerPort)
}
