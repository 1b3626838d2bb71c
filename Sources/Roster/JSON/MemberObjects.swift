import UnionTicket

/// The members of a JSON document `roster/1`, or of lines with an object each.
final class MemberObjects: RowSource {
    /// ``FileFormat/json`` or ``FileFormat/ndjson``.
    let format: FileFormat

    private static let memberLimit = 1 << 18
    private var scanner: JSONScanner
    private let vocabulary: TableHeader.Vocabulary
    private var meanings: [[UInt8]: Int] = [:]
    private var values: [[UInt8]]
    private var isGiven: [Bool]
    /// Keys of members that no field answers to, the first of them.
    private(set) var unknownKeys: [String] = []
    private static let unknownLimit = 100
    private var isOpen = true
    private var count = 0
    private var sawSchema: Bool

    private init(
        _ scanner: JSONScanner,
        _ vocabulary: TableHeader.Vocabulary,
        _ format: FileFormat,
        sawSchema: Bool
    ) {
        self.scanner = scanner
        self.vocabulary = vocabulary
        self.format = format
        self.sawSchema = sawSchema
        values = [[UInt8]](repeating: [], count: vocabulary.columns.count)
        isGiven = [Bool](repeating: false, count: vocabulary.columns.count)
    }

    /// Reads up to the first member and tells the two forms apart.
    ///
    /// A document opens with `schema` or another key that is no field; a line opens with a field.
    static func open(
        _ stream: TextStream,
        _ vocabulary: TableHeader.Vocabulary
    ) throws(RosterError) -> MemberObjects {
        var scanner = JSONScanner(stream)
        guard try scanner.skipBlank() == 0x7B else { throw schemaMissing(scanner) }
        let start = scanner
        scanner.advance()
        if try scanner.take(0x7D) { throw schemaMissing(scanner) }
        var key: [UInt8] = []
        try scanner.string(into: &key)
        if vocabulary.meaning(of: String(decoding: key, as: UTF8.self)) != nil {
            return MemberObjects(start, vocabulary, .ndjson, sawSchema: true)
        }
        return try document(&scanner, key, vocabulary)
    }

    private static func document(
        _ scanner: inout JSONScanner,
        _ firstKey: [UInt8],
        _ vocabulary: TableHeader.Vocabulary
    ) throws(RosterError) -> MemberObjects {
        var key = firstKey
        var sawSchema = false
        while true {
            try scanner.expect(0x3A)
            switch String(decoding: key, as: UTF8.self) {
            case "schema":
                try checkSchema(&scanner)
                sawSchema = true
            case "members":
                try scanner.expect(0x5B)
                return MemberObjects(scanner, vocabulary, .json, sawSchema: sawSchema)
            default: try scanner.skipValue()
            }
            guard try scanner.take(0x2C) else {
                try scanner.expect(0x7D)
                throw schemaMissing(scanner)
            }
            key = []
            _ = try scanner.skipBlank()
            try scanner.string(into: &key)
        }
    }

    private static func checkSchema(_ scanner: inout JSONScanner) throws(RosterError) {
        _ = try scanner.skipBlank()
        let (line, column) = (scanner.line, scanner.column)
        var schema: [UInt8] = []
        try scanner.value(into: &schema)
        guard schema == Array("roster/1".utf8) else {
            throw RosterError(
                .schemaUnknown,
                Bilingual(
                    "Неизвестная схема: нужна \"schema\":\"roster/1\".",
                    "Unknown schema: \"schema\":\"roster/1\" is needed."
                ),
                line: line,
                column: column
            )
        }
    }

    func read(into rows: inout RawRows, maximum: Int) throws(RosterError) {
        var left = maximum
        while left > 0, isOpen, rows.bytes.count < RawRows.softLimit {
            guard try findMember() else { return }
            let line = scanner.line
            count += 1
            try readMember()
            let first = rows.cells.count
            for value in values { rows.appendCell(value) }
            rows.endRow(line: format == .ndjson ? line : count, firstCell: first)
            left -= 1
        }
    }

    /// Moves to the next member's brace; false at the end.
    private func findMember() throws(RosterError) -> Bool {
        if format == .ndjson {
            guard try scanner.skipBlank() != nil else {
                isOpen = false
                return false
            }
            return true
        }
        if try scanner.take(0x5D) {
            try finishDocument()
            return false
        }
        if count > 0 { try scanner.expect(0x2C) }
        return true
    }

    private func finishDocument() throws(RosterError) {
        isOpen = false
        while try scanner.take(0x2C) {
            var key: [UInt8] = []
            _ = try scanner.skipBlank()
            try scanner.string(into: &key)
            try scanner.expect(0x3A)
            if key == Array("schema".utf8) {
                try Self.checkSchema(&scanner)
                sawSchema = true
            } else if key == Array("members".utf8) {
                throw repeated()
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.expect(0x7D)
        guard sawSchema else { throw Self.schemaMissing(scanner) }
        guard try scanner.skipBlank() == nil else { throw scanner.syntax() }
    }

    private func readMember() throws(RosterError) {
        for index in values.indices {
            values[index].removeAll(keepingCapacity: true)
            isGiven[index] = false
        }
        guard try scanner.skipBlank() == 0x7B else { throw noObject() }
        scanner.advance()
        scanner.isLineBound = format == .ndjson
        defer { scanner.isLineBound = false }
        if try scanner.take(0x7D) { return }
        var size = 0
        var key: [UInt8] = []
        repeat {
            key.removeAll(keepingCapacity: true)
            _ = try scanner.skipBlank()
            try scanner.string(into: &key)
            try scanner.expect(0x3A)
            let place = meaning(of: key)
            if place >= 0 {
                guard !isGiven[place] else { throw repeated() }
                isGiven[place] = true
                try scanner.value(into: &values[place])
                size += values[place].count
            } else {
                try scanner.skipValue()
            }
            size += key.count
            guard size <= Self.memberLimit else { throw tooLong() }
        } while try scanner.take(0x2C)
        try scanner.expect(0x7D)
    }

    /// The field of a key, −1 for none; remembers a bounded number of keys.
    private func meaning(of key: [UInt8]) -> Int {
        if let known = meanings[key] { return known }
        let text = String(decoding: key, as: UTF8.self)
        let found = vocabulary.meaning(of: text) ?? -1
        if meanings.count < 256 { meanings[key] = found }
        let name = String(text.prefix(64))
        if found < 0, unknownKeys.count < Self.unknownLimit, !unknownKeys.contains(name) {
            unknownKeys.append(name)
        }
        return found
    }

    private func repeated() -> RosterError {
        RosterError(
            .jsonKey,
            Bilingual(
                "Это поле уже было: оставьте одно.",
                "This field was given already: leave one of them."
            ),
            line: scanner.line,
            column: scanner.column
        )
    }

    private func noObject() -> RosterError {
        RosterError(
            .jsonValue,
            Bilingual(
                "Здесь должна быть запись члена — объект {…}.",
                "A member's record belongs here, an object {…}."
            ),
            line: scanner.line,
            column: scanner.column
        )
    }

    private func tooLong() -> RosterError {
        RosterError(
            .rowTooLong,
            Bilingual("Запись длиннее 256 КиБ.", "A member is longer than 256 KiB."),
            line: scanner.line,
            column: scanner.column
        )
    }

    private static func schemaMissing(_ scanner: JSONScanner) -> RosterError {
        RosterError(
            .schemaMissing,
            Bilingual(
                "Нужен объект {\"schema\":\"roster/1\",\"members\":[…]}.",
                "An object {\"schema\":\"roster/1\",\"members\":[…]} is needed."
            ),
            line: scanner.line,
            column: scanner.column
        )
    }
}
