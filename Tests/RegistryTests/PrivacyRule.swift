import Testing
import UnionTicket

@testable import Registry

/// One rule of docs/privacy.md.
///
/// It is seen to hold, then switched off in a register of its own, where the same look must find it
/// broken: a look that cannot fail proves nothing.
enum PrivacyRule {
    /// Looks at a register that keeps the rule (`holds`) and at one where it was taken away (`off`).
    static func check(
        _ engine: TestEngine = .sqlite,
        _ prepare: (TestOffice) throws -> Void = { _ in },
        off: (TestOffice) throws -> Void,
        holds: (TestOffice) throws -> Bool
    ) throws {
        try TestOffice.with(engine) { office in
            try prepare(office)
            #expect(try holds(office), "the rule is not kept")
        }
        // The second register shows what the look can see, on whichever engine: one is enough.
        guard engine == .sqlite else { return }
        try TestOffice.with(engine) { office in
            try prepare(office)
            try off(office)
            #expect(try !holds(office), "the look does not see that the rule is off")
        }
    }
}

extension TestOffice {
    /// Makes a trigger that undoes what a rule does; on SQLite.
    func sabotage(_ trigger: String) throws {
        try register.database.write { try $0.script(trigger) }
    }

    func addText(_ purpose: ConsentPurpose, years: Int? = nil) throws {
        var draft = ConsentTexts.Draft(purpose, body: Array("Согласие \(purpose)".utf8))
        draft.years = years
        _ = try ConsentTexts(register).add(draft, by: admin)
    }

    /// All text that the audit log holds.
    func auditText() throws -> String {
        try AuditLog(register).entries(limit: 100_000, by: admin)
            .map { "\($0.action) \($0.subject) \($0.detail)" }.joined(separator: "\n")
    }

    /// Every column of every table.
    func columns() throws -> Set<String> {
        let sql =
            register.database.engine == .sqlite
            ? """
            SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
            WHERE m.type = 'table'
            """
            : """
            SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = 'public'
            """
        return try register.read { Set(try $0.all(sql) { $0.text(0) }) }
    }
}
