/// The name pcscd gives a reader, unique while it is plugged in.
public struct ReaderName: Hashable, Sendable {
    /// As pcscd spells it: `ACS ACR122U PICC Interface 00 00`.
    public let text: String

    /// A reader of this name.
    public init(_ text: String) { self.text = text }
}
