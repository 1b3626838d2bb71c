import TicketSeal
import UnionTicket

/// The members of a JSON object, asked for one by one: each comes out valid or as a problem that
/// names its place as JSON pointer (RFC 6901).
///
/// Made by ``Call/object(_:)``, which refuses what nobody asked for.
struct JSONFields {
    private var members: [String: JSON]
    private let path: String
    private var asked: Set<String> = []

    /// The members of an object; `path` is its JSON pointer, "" for the whole body.
    init(_ value: JSON, at path: String = "") throws(Problem) {
        guard case .object(let members) = value else {
            throw .badField(path, "Нужен объект JSON.", "A JSON object is needed.")
        }
        self.path = path
        self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
    }

    /// Refuses members that nobody asked for.
    func end() throws(Problem) {
        guard let stranger = members.keys.filter({ !asked.contains($0) }).min() else { return }
        throw .badField(
            pointer(String(stranger.prefix(64))),
            "Неизвестное поле.",
            "This field is unknown."
        )
    }

    /// The raw value; a null is a value like any other, which no typed reader takes.
    mutating func value(_ name: String) -> JSON? {
        asked.insert(name)
        return members[name]
    }

    /// Whether a member that may be null is; then it is as good as missing from now on.
    mutating func takeNull(_ name: String) -> Bool {
        guard value(name) == .null else { return false }
        members[name] = nil
        return true
    }

    /// A text of `length` Unicode scalars without control characters.
    mutating func text(_ name: String, _ length: ClosedRange<Int>) throws(Problem) -> String {
        guard let text = try optionalText(name, length) else { throw missing(name) }
        return text
    }

    mutating func optionalText(
        _ name: String,
        _ length: ClosedRange<Int>
    ) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        return try Self.text(value, length, at: pointer(name))
    }

    /// A reason, which stands in histories: a text of 1 to 200 Unicode scalars that says something.
    mutating func reason() throws(Problem) -> String {
        let text = try text("reason", 1...200)
        let isBlank = text.unicodeScalars.allSatisfy {
            $0.properties.isWhitespace || $0.properties.generalCategory == .format
        }
        guard !isBlank else {
            throw .badField(pointer("reason"), "Назовите причину.", "Say why.")
        }
        return text
    }

    /// A whole number within `range`.
    mutating func integer(_ name: String, _ range: ClosedRange<Int64>) throws(Problem) -> Int64 {
        guard let value = try optionalInteger(name, range) else { throw missing(name) }
        return value
    }

    mutating func optionalInteger(
        _ name: String,
        _ range: ClosedRange<Int64>
    ) throws(Problem) -> Int64? {
        guard let value = value(name) else { return nil }
        guard case .integer(let number) = value, range.contains(number) else {
            throw .badField(
                pointer(name),
                "Нужно целое число от \(range.lowerBound) до \(range.upperBound).",
                "A whole number from \(range.lowerBound) to \(range.upperBound) is needed."
            )
        }
        return number
    }

    mutating func optionalFlag(_ name: String) throws(Problem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .flag(let flag) = value else {
            throw .badField(pointer(name), "Нужно true или false.", "true or false is needed.")
        }
        return flag
    }

    mutating func flag(_ name: String) throws(Problem) -> Bool {
        guard let flag = try optionalFlag(name) else { throw missing(name) }
        return flag
    }

    /// One of an enumeration's raw values.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Choice.Type = Choice.self
    ) throws(Problem) -> Choice {
        guard let choice = try optionalChoice(name, of: type) else { throw missing(name) }
        return choice
    }

    mutating func optionalChoice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Choice.Type = Choice.self
    ) throws(Problem) -> Choice? {
        guard let value = value(name) else { return nil }
        guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badField(
                pointer(name),
                "Нужно одно из: \(known).",
                "Needed is one of: \(known)."
            )
        }
        return choice
    }

    /// A value that reads itself from a text: an organisation's code, a date.
    mutating func parsed<Value>(
        _ name: String,
        _ form: String,
        _ parse: (String) -> Value?
    ) throws(Problem) -> Value {
        guard let value = try optionalParsed(name, form, parse) else { throw missing(name) }
        return value
    }

    mutating func optionalParsed<Value>(
        _ name: String,
        _ form: String,
        _ parse: (String) -> Value?
    ) throws(Problem) -> Value? {
        guard let value = value(name) else { return nil }
        guard case .text(let text) = value, text.utf8.count <= 256, let parsed = parse(text) else {
            throw .badField(pointer(name), "Нужна форма \(form).", "The form \(form) is needed.")
        }
        return parsed
    }

    /// Bytes as base64url without padding, at most `limit` of them.
    mutating func bytes(_ name: String, atMost limit: Int) throws(Problem) -> [UInt8] {
        guard let value = value(name) else { throw missing(name) }
        guard case .text(let text) = value, text.utf8.count <= limit * 4 / 3 + 4,
            let bytes = Base64URL.bytes(text), bytes.count <= limit
        else {
            throw .badField(
                pointer(name),
                "Нужны байты в base64url без дополнения, не более \(limit).",
                "Bytes in base64url without padding are needed, at most \(limit)."
            )
        }
        return bytes
    }

    /// An object inside.
    mutating func object<Value>(
        _ name: String,
        _ read: (inout JSONFields) throws -> Value
    ) throws -> Value {
        guard let value = value(name) else { throw missing(name) }
        return try Self.object(value, at: pointer(name), read)
    }

    mutating func optionalObject<Value>(
        _ name: String,
        _ read: (inout JSONFields) throws -> Value
    ) throws -> Value? {
        guard let value = value(name) else { return nil }
        return try Self.object(value, at: pointer(name), read)
    }

    /// An array of `count` values, each read with its own place.
    mutating func array<Value>(
        _ name: String,
        _ count: ClosedRange<Int>,
        _ read: (JSON, _ path: String) throws -> Value
    ) throws -> [Value] {
        guard let value = value(name) else { throw missing(name) }
        guard case .array(let values) = value, count.contains(values.count) else {
            throw Problem.badField(
                pointer(name),
                "Нужен список длиной от \(count.lowerBound) до \(count.upperBound).",
                "A list of \(count.lowerBound) to \(count.upperBound) entries is needed."
            )
        }
        let start = pointer(name)
        return try values.enumerated().map { try read($1, "\(start)/\($0)") }
    }

    /// Reads a whole object and refuses what was not asked for.
    static func object<Value>(
        _ value: JSON,
        at path: String = "",
        _ read: (inout JSONFields) throws -> Value
    ) throws -> Value {
        var fields = try JSONFields(value, at: path)
        let result = try read(&fields)
        try fields.end()
        return result
    }

    /// A text of `length` Unicode scalars without control characters, such as a list holds.
    static func text(
        _ value: JSON,
        _ length: ClosedRange<Int>,
        at path: String
    ) throws(Problem) -> String {
        guard case .text(let text) = value, length.contains(text.unicodeScalars.count),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
            )
        else {
            throw .badField(
                path,
                "Нужна строка от \(length.lowerBound) до \(length.upperBound) знаков без "
                    + "управляющих символов.",
                "A text of \(length.lowerBound) to \(length.upperBound) characters without "
                    + "control characters is needed."
            )
        }
        return text
    }

    private func missing(_ name: String) -> Problem {
        .badField(pointer(name), "Поле обязательно.", "The field is required.")
    }

    /// The place of a member as JSON pointer.
    func pointer(_ name: String) -> String {
        let escaped = name.split(separator: "~", omittingEmptySubsequences: false)
            .joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        return "\(path)/\(escaped)"
    }
}
