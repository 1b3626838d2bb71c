public import UnionTicket

/// One thing wrong with a layout, with its place.
public struct LayoutFinding: Sendable, Equatable {
    /// The file, as the reader was given it.
    public let file: String
    /// The line, counted from 1; nil when the whole file is meant.
    public let line: Int?
    /// What is wrong and how to mend it.
    public let message: Bilingual

    /// A finding at a place.
    public init(file: String, line: Int?, message: Bilingual) {
        self.file = file
        self.line = line
        self.message = message
    }

    /// `file:line`, as editors take it.
    public var place: String { line.map { "\(file):\($0)" } ?? file }
}

/// A layout, font or colour profile that cannot be used; every fault at once.
public struct LayoutError: Error, Sendable {
    /// What was found, never empty.
    public let findings: [LayoutFinding]

    /// An error with these findings.
    public init(_ findings: [LayoutFinding]) { self.findings = findings }

    init(_ file: String, _ line: Int? = nil, _ russian: String, _ english: String) {
        findings = [
            LayoutFinding(file: file, line: line, message: Bilingual(russian, english))
        ]
    }
}
