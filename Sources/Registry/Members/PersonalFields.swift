import TicketSeal
import UnionTicket

/// The fields that are sealed at rest under the member's own data key.
struct PersonalFields: Equatable, Sendable {
    var name: PersonName
    var birthDate: CalendarDate
    var phone: String?
    var email: String?

    init(_ draft: MemberDraft) {
        name = draft.name
        birthDate = draft.birthDate
        phone = draft.phone
        email = draft.email
    }

    /// Version 1: the birth day as eight bytes, then five texts, each after its length in two bytes.
    var encoded: [UInt8] {
        var bytes: [UInt8] = [1]
        bytes.reserveCapacity(128)
        bytes.append(bigEndian: Int64(birthDate.day))
        for text in [name.last, name.first, name.patronymic ?? "", phone ?? "", email ?? ""] {
            bytes.append(UInt8(truncatingIfNeeded: text.utf8.count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    /// The birth date in ``encoded`` alone.
    static func birthDay(encoded bytes: [UInt8]) -> CalendarDate? {
        guard bytes.count >= 9, bytes[0] == 1 else { return nil }
        return CalendarDate(day: Int(bytes[1..<9].reduce(Int64(0)) { $0 << 8 | Int64($1) }))
    }

    /// Reads what ``encoded`` wrote; nil for anything else.
    init?(encoded bytes: [UInt8]) {
        guard bytes.count >= 9, bytes[0] == 1 else { return nil }
        let day = bytes[1..<9].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        var texts: [String] = []
        var position = 9
        while position + 2 <= bytes.count {
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            position += 2
            guard position + length <= bytes.count else { return nil }
            texts.append(String(decoding: bytes[position..<position + length], as: UTF8.self))
            position += length
        }
        guard texts.count == 5, position == bytes.count else { return nil }
        let optional = texts.map { $0.isEmpty ? nil : $0 }
        name = PersonName(last: texts[0], first: texts[1], patronymic: optional[2])
        birthDate = CalendarDate(day: Int(day))
        phone = optional[3]
        email = optional[4]
    }
}

/// Seals and opens personal fields: a random data key per member, kept wrapped in the key store.
///
/// To destroy a member's key is to destroy the fields, in every copy of the register.
struct MemberVault: Sendable {
    let register: Register
    /// New members' keys that are still on their way to the store.
    var unsaved: KeyLine?

    /// One member's sealed fields and the key that opens them.
    struct Sealed: Sendable {
        let fields: [UInt8]
        let key: [UInt8]
    }

    /// Random bytes that one sealing takes: the data key and the nonce.
    static let randomLength = 32 + FieldSeal.nonceLength

    /// Seals under a new key; who the fields belong to is bound when ``store(_:)`` wraps the key.
    static func seal(_ encoded: [UInt8], random: ArraySlice<UInt8>) throws -> Sealed {
        let key = Array(random.prefix(32))
        return Sealed(
            fields: try FieldSeal(key: key).seal(
                encoded,
                for: fieldsBinding,
                nonce: random.suffix(FieldSeal.nonceLength)
            ),
            key: key
        )
    }

    static func seal(_ encoded: [UInt8]) throws -> Sealed {
        try seal(encoded, random: SecureRandom.bytes(randomLength)[...])
    }

    /// Opens the fields of one member.
    func open(_ sealed: [UInt8], member: Int64) throws -> PersonalFields {
        let key = try dataKey(of: member)
        guard let bytes = try? FieldSeal(key: key).open(sealed, for: Self.fieldsBinding),
            let fields = PersonalFields(encoded: bytes)
        else { throw damaged(member) }
        return fields
    }

    /// The birth days of many members, their keys fetched together; whose key was destroyed is left out.
    func birthDays(of rows: [(member: Int64, fields: [UInt8])]) throws -> [(Int64, CalendarDate)] {
        try opened(rows) { PersonalFields.birthDay(encoded: $0) }
    }

    /// The fields of many members, in the same way.
    func open(all rows: [(member: Int64, fields: [UInt8])]) throws -> [(Int64, PersonalFields)] {
        try opened(rows) { PersonalFields(encoded: $0) }
    }

    private func opened<Value>(
        _ rows: [(member: Int64, fields: [UInt8])],
        _ read: ([UInt8]) -> Value?
    ) throws -> [(Int64, Value)] {
        var keys: [Int64: [UInt8]] = [:]
        do {
            try register.keyStore.read { session in
                for part in rows.map({ SQLValue.integer($0.member) }).parts(of: 256) {
                    try session.query(
                        """
                        SELECT member_id, wrapped FROM member_key
                        WHERE member_id IN (\(part.placeholders))
                        """,
                        part.padded
                    ) { keys[$0.integer(0)] = $0.blob(1) }
                }
            }
        } catch let failure as DatabaseError { throw RegisterError(failure) }
        return try rows.compactMap { row in
            guard let wrapped = keys[row.member] else { return nil }
            guard
                let key = try? register.secrets.memberKeys.open(
                    wrapped,
                    for: Self.binding(row.member)
                ),
                let bytes = try? FieldSeal(key: key).open(row.fields, for: Self.fieldsBinding),
                let value = read(bytes)
            else { throw damaged(row.member) }
            return (row.member, value)
        }
    }

    /// Whether a register with members has any of their keys; asked of a store apart from it.
    func fits() throws -> Bool {
        guard register.keyStore !== register.database else { return true }
        func any(_ store: any Database, _ sql: String) throws -> Bool {
            try store.read { try $0.first(sql, []) { $0.integer(0) } != nil }
        }
        if try any(register.keyStore, "SELECT 1 FROM member_key LIMIT 1") { return true }
        return try !any(register.database, "SELECT 1 FROM member WHERE length(sealed) > 0 LIMIT 1")
    }

    /// Members whose fields are sealed under keys that the store lacks.
    func keyless() throws -> [Int64] {
        var keys: [Int64] = []
        try register.keyStore.read { session in
            try session.query("SELECT member_id FROM member_key ORDER BY member_id", []) {
                keys.append($0.integer(0))
            }
        }
        var (next, missing) = (0, [Int64]())
        try register.read { session in
            try session.query("SELECT id FROM member WHERE length(sealed) > 0 ORDER BY id", []) {
                let id = $0.integer(0)
                while next < keys.count, keys[next] < id { next += 1 }
                if next == keys.count || keys[next] != id { missing.append(id) }
            }
        }
        return missing
    }

    /// Seals changed fields under the member's existing key.
    func reseal(_ fields: PersonalFields, member: Int64) throws -> [UInt8] {
        try FieldSeal(key: dataKey(of: member)).seal(fields.encoded, for: Self.fieldsBinding)
    }

    /// Seals a word about a member, as a representative's name, under the member's key.
    func seal(note: String, member: Int64) throws -> [UInt8] {
        try FieldSeal(key: dataKey(of: member)).seal(Array(note.utf8), for: Self.noteBinding)
    }

    /// Opens what ``seal(note:member:)`` sealed.
    func open(note sealed: [UInt8], member: Int64) throws -> String {
        let key = try dataKey(of: member)
        guard let bytes = try? FieldSeal(key: key).open(sealed, for: Self.noteBinding) else {
            throw damaged(member)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Wraps and stores new members' keys durably, before their rows are committed; keys left by an
    /// import that was killed are overwritten.
    func store(_ keys: [(member: Int64, key: [UInt8])]) throws {
        guard let first = keys.first?.member else { return }
        let nonces = SecureRandom.bytes(keys.count * FieldSeal.nonceLength)
        let wrapped = try keys.enumerated().map { index, entry in
            let start = index * FieldSeal.nonceLength
            return try register.secrets.memberKeys.seal(
                entry.key,
                for: Self.binding(entry.member),
                nonce: nonces[start..<start + FieldSeal.nonceLength]
            )
        }
        do {
            try register.keyStore.write { session in
                try session.execute(
                    "DELETE FROM member_key WHERE member_id >= $1",
                    [.integer(first)]
                )
                try session.load("member_key", ["member_id", "wrapped"], count: keys.count) {
                    $1.put(keys[$0].member)
                    $1.put(wrapped[$0])
                }
            }
        } catch let failure as DatabaseError { throw RegisterError(failure) }
    }

    private func dataKey(of member: Int64) throws -> [UInt8] {
        if let key = unsaved?.key(of: member) { return key }
        let wrapped: [UInt8]?
        do {
            wrapped = try register.keyStore.read { session in
                try session.first(
                    "SELECT wrapped FROM member_key WHERE member_id = $1",
                    [.integer(member)]
                ) { $0.blob(0) }
            }
        } catch let failure as DatabaseError { throw RegisterError(failure) }
        guard let wrapped else {
            throw RegisterError(
                .notFound,
                "Ключ данных участника \(member) уничтожен или отсутствует.",
                "The data key of member \(member) was destroyed or is missing."
            )
        }
        guard let key = try? register.secrets.memberKeys.open(wrapped, for: Self.binding(member))
        else { throw damaged(member) }
        return key
    }

    private static let fieldsBinding = Array("fields".utf8)
    private static let noteBinding = Array("note".utf8)

    /// Binds a wrapped key to its member, and with it whatever it sealed.
    private static func binding(_ member: Int64) -> [UInt8] {
        var bytes = Array("member/".utf8)
        bytes.append(bigEndian: member)
        return bytes
    }

    private func damaged(_ member: Int64) -> RegisterError {
        RegisterError(
            .damaged,
            "Запись участника \(member) изменена в обход программы: печать не сходится. "
                + "Восстановите реестр из копии: profbilet restore.",
            "The record of member \(member) was changed behind the program's back: its seal does not "
                + "fit. Restore the register from a backup: profbilet restore."
        )
    }
}
