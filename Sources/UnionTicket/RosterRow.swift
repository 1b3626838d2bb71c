/// What is odd about one field of one row of an imported file.
public struct RowIssue: Hashable, Sendable {
    /// Whether the row can still be taken.
    public enum Severity: String, Sendable {
        /// The row is taken; somebody should look.
        case warning
        /// The row is not taken.
        case error
    }

    /// The glossary's name of the field: `last`, `birthDate`, `organisation` …; nil for the whole row.
    public let field: String?
    /// Column of the table counted from 1, where the format has columns.
    public let column: Int?
    /// Stable machine-readable code in snake_case.
    public let code: String
    /// Whether the row can still be taken.
    public let severity: Severity
    /// What is wrong and what to do; never the value itself.
    public let message: Bilingual

    /// A finding about one field.
    public init(
        field: String?,
        column: Int?,
        code: String,
        severity: Severity,
        message: Bilingual
    ) {
        self.field = field
        self.column = column
        self.code = code
        self.severity = severity
        self.message = message
    }
}

/// One row of a roster after reading: a member to be matched, or the reasons against it.
public struct RosterRow: Hashable, Sendable {
    /// Line of the file (text), row of the sheet (XLSX) or element of the array (JSON), from 1.
    public let line: Int
    /// The person, or nil when an error forbids it.
    public let draft: MemberDraft?
    /// Errors and warnings, in the order of the columns.
    public let issues: [RowIssue]
    /// The organisation the row names, also when the row is refused: the register checks it.
    public let organisation: OrganisationCode?
    /// The person of a row that is refused only because it answers «нет» to the keeping of the record.
    ///
    /// Of somebody the register knows this is a withdrawal.
    public let withdrawing: MemberDraft?
    /// Whom a refused row means, as far as it can be read.
    public let mention: Mention?

    /// Whom a refused row means: enough to know that a member stands in the file.
    public struct Mention: Hashable, Sendable {
        /// Identifier in АИС.
        public let aisId: String?
        /// The name.
        public let name: PersonName?
        /// The day of birth.
        public let birthDate: CalendarDate?

        /// What could be read; nil when that is nothing.
        public init?(aisId: String?, name: PersonName?, birthDate: CalendarDate?) {
            guard aisId != nil || (name != nil && birthDate != nil) else { return nil }
            (self.aisId, self.name, self.birthDate) = (aisId, name, birthDate)
        }
    }

    /// A row that was read.
    public init(
        line: Int,
        draft: MemberDraft?,
        issues: [RowIssue],
        organisation: OrganisationCode? = nil,
        withdrawing: MemberDraft? = nil,
        mention: Mention? = nil
    ) {
        self.mention = mention
        self.line = line
        self.draft = draft
        self.issues = issues
        self.organisation = organisation ?? draft?.organisation
        self.withdrawing = withdrawing
    }
}

/// How the import of one row ended; nothing is skipped silently.
public enum RowOutcome: String, Sendable, CaseIterable {
    /// A new member.
    case added
    /// A known member, changed.
    case updated
    /// A known member, nothing new.
    case unchanged
    /// The same person stood in the same file before.
    case duplicate
    /// A person must decide; the row waits in the conflict queue.
    case conflict
    /// The row was refused.
    case error
}
