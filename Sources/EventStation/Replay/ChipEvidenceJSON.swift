import Foundation
import TicketSeal
public import UnionTicket

/// The facts of a tap as JSON, bytes in hexadecimal (docs/replay.md).
extension ChipEvidence {
    /// Reads an object; nil where a member is unknown or of another type.
    public init?(json: [String: Any]) {
        let known: Set = [
            "level", "uid", "payload", "uri", "authentication", "counter", "live", "fault",
        ]
        guard json.keys.allSatisfy(known.contains) else { return nil }
        let json = json.filter { !($0.value is NSNull) }
        self.init(level: .uid)
        guard readBytes(json), readWords(json) else { return nil }
        if let counter = json["counter"] {
            guard let number = counter as? NSNumber, !number.isFlag,
                let value = UInt32(exactly: number)
            else {
                return nil
            }
            self.counter = value
        }
        if let live = json["live"] {
            guard let flag = live as? NSNumber, flag.isFlag else { return nil }
            isLive = flag.boolValue
        }
        guard json["level"] == nil else { return }
        level = derivedLevel
    }

    /// What the other facts amount to, where the level is not stated.
    private var derivedLevel: EvidenceLevel {
        switch authentication {
        case .passed: isLive ? .mutualAuth : .dynamicMAC
        case .none, .failed: payload == nil && uri == nil ? .uid : .signedData
        }
    }

    private mutating func readBytes(_ json: [String: Any]) -> Bool {
        if let text = json["uid"] {
            guard let bytes = (text as? String).flatMap(Hex.bytes), (4...10).contains(bytes.count)
            else { return false }
            uid = bytes
        }
        if let text = json["payload"] {
            guard let bytes = (text as? String).flatMap(Hex.bytes) else { return false }
            payload = bytes
        }
        return true
    }

    private mutating func readWords(_ json: [String: Any]) -> Bool {
        if let text = json["uri"] {
            guard let uri = text as? String else { return false }
            self.uri = uri
        }
        if let text = json["authentication"] {
            guard let value = (text as? String).flatMap(Authentication.init) else { return false }
            authentication = value
        }
        if let text = json["fault"] {
            guard let value = (text as? String).flatMap(Fault.init) else { return false }
            fault = value
        }
        if let text = json["level"] {
            guard let value = (text as? String).flatMap(EvidenceLevel.init) else { return false }
            level = value
        }
        return true
    }
}
