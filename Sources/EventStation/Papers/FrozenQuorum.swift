import UnionTicket

/// What a `freeze` entry says: the quorum as it was fixed before a vote.
struct FrozenQuorum: Equatable {
    /// Bounds of the mandates inside.
    let interval: PresenceInterval
    /// Of how many.
    let total: Int
    /// How many were needed.
    let needed: Int
    /// What was said.
    let verdict: QuorumVerdict
    /// The last entry of each journal that it rests on: `A:12`.
    let heads: [String]

    /// Reads what ``Post/freeze(unheard:_:)`` wrote; nil for anything else.
    init?(_ reason: String) {
        guard let mark = reason.firstRange(of: "journals=") else { return nil }
        var values: [Substring: Substring] = [:]
        for word in reason[..<mark.lowerBound].split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        func number(_ key: Substring) -> Int? { values[key].flatMap { Int($0) } }
        guard let least = number("min"), let most = number("max"), let total = number("total"),
            let needed = number("needed"),
            let verdict = values["verdict"].flatMap({ QuorumVerdict(rawValue: String($0)) })
        else { return nil }
        guard [least, most, total, needed].allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
            return nil
        }
        interval = PresenceInterval(min: least, max: most)
        (self.total, self.needed, self.verdict) = (total, needed, verdict)
        heads = Self.heads(reason[mark.upperBound...])
    }

    /// Names of stations may hold commas; a head ends in a colon and a number.
    private static func heads(_ text: Substring) -> [String] {
        var heads: [String] = []
        var open = ""
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            open += open.isEmpty ? String(piece) : "," + piece
            let number = piece.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
            guard piece.contains(":"), UInt64(number) != nil else { continue }
            heads.append(open)
            open = ""
        }
        return open.isEmpty ? heads : heads + [open]
    }
}
