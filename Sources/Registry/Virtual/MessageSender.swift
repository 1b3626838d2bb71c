import Foundation
public import UnionTicket

/// What a message is about.
public enum MessageKind: String, CaseIterable, Sendable {
    /// A phone was bound to the member's ticket.
    case newDevice
    /// The code a phone asked for.
    case activationCode

    func text(_ secret: String) -> Bilingual {
        switch self {
        case .newDevice:
            Bilingual(
                "К вашему профсоюзному билету привязано новое устройство. Если это не вы, "
                    + "обратитесь в профсоюзную организацию.",
                "A new device was bound to your union ticket. If it was not you, tell the union's "
                    + "office."
            )
        case .activationCode:
            Bilingual(
                "Код для виртуального профсоюзного билета: "
                    + "\(ActivationCode(typed: secret)?.printed ?? ""). Никому его не сообщайте.",
                "The code for your virtual union ticket: "
                    + "\(ActivationCode(typed: secret)?.printed ?? ""). Tell it to nobody."
            )
        }
    }
}

/// A message to one member, on all channels the register knows.
public struct OutgoingMessage: Sendable {
    /// One way to reach a person.
    public struct Channel: Sendable, Equatable {
        /// Phone or mail.
        public enum Kind: String, Sendable {
            /// A text message to a phone.
            case phone
            /// A mail.
            case mail
        }

        /// What kind of way.
        public let kind: Kind
        /// +7 and ten digits, or a mail address.
        public let address: String
    }

    /// The same for every attempt: by it a gateway knows a message it has sent already.
    public let id: Int64
    /// What it is about.
    public let kind: MessageKind
    /// Where it goes: all of them.
    public let channels: [Channel]
    /// What it says.
    public let text: Bilingual
}

extension OutgoingMessage: CustomStringConvertible {
    /// Neither address nor text: descriptions end in logs.
    public var description: String { "OutgoingMessage(\(id), \(kind.rawValue))" }
}

/// The plug for a union's own gateway of text messages and mail.
public protocol MessageSender: Sendable {
    /// Hands a message over on all its channels, or throws: then it is asked again later.
    func send(_ message: OutgoingMessage) throws
}

/// Writes messages as JSON lines into a file of mode 0600, for a gateway that reads it.
public struct FileMessageSender: MessageSender {
    private let path: String

    /// A sender into the file at `path`, made when missing.
    public init(path: String) { self.path = path }

    private struct Line: Encodable {
        let id: Int64
        let kind: String
        let channels: [[String: String]]
        let russian: String
        let english: String
    }

    /// Appends one line and flushes it to the disk.
    public func send(_ message: OutgoingMessage) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(
            Line(
                id: message.id,
                kind: message.kind.rawValue,
                channels: message.channels.map { ["kind": $0.kind.rawValue, "to": $0.address] },
                russian: message.text.russian,
                english: message.text.english
            )
        )
        try Files.append(Array(line) + [0x0A], to: path)
    }
}

/// Says in the log that a message would go out, without address and text.
public struct LogMessageSender: MessageSender {
    private let write: @Sendable (String) -> Void

    /// A sender into a log, by a function that writes one line.
    public init(write: @escaping @Sendable (String) -> Void) { self.write = write }

    /// Writes number, kind and channels.
    public func send(_ message: OutgoingMessage) throws {
        let channels = message.channels.map(\.kind.rawValue).joined(separator: ", ")
        write("message \(message.id) \(message.kind.rawValue): \(channels)")
    }
}
