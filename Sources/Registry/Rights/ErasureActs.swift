import Foundation
import TicketSeal
public import UnionTicket

/// Acts of destruction with their extracts of the log: what proves for three years that a person's
/// data were destroyed (152-ФЗ, article 21, part 7; Roskomnadzor's order 179 of 28.10.2022).
public struct ErasureActs: Sendable {
    let register: Register

    /// The acts of this register.
    public init(_ register: Register) { self.register = register }

    /// For how many years acts are kept.
    public static let years = 3

    /// One act; names nobody: the person is the row whose data are gone.
    public struct Act: Sendable, Equatable {
        /// Row of the member.
        public let member: Int64
        /// When the data were destroyed.
        public let at: Instant
        /// The account that did it.
        public let user: String
        /// On what ground.
        public let reason: String
        /// Numbers that are tombstones.
        public let numbers: Int
        /// Carriers that belong to nobody.
        public let carriers: Int
        /// The register.
        public let register: String
        /// Folders that still held the person's print data, with what removes them.
        public let printFiles: [String]
        /// The log's rows about the person up to the destruction.
        public let log: [AuditLog.Entry]

        /// The act's number: the row and the day.
        public var name: String { "erasure-\(member)-\(at.moscowDate.iso)" }

        /// Categories of what was destroyed.
        public static let categories = Bilingual(
            "фамилия, имя, отчество; дата рождения; телефон; электронная почта; пол; ИД АИС; номер "
                + "прежнего билета; дата вступления; ключи поиска по имени и дате рождения; имя "
                + "представителя; данные, подготовленные в реестре для печати карты",
            "name; birth date; phone; e-mail; sex; АИС identifier; number of the old ticket; join date; "
                + "look-up keys of name and birth date; representative's name; data prepared in the register for a card"
        )
        /// How it was done.
        public static let means = Bilingual(
            "уничтожение ключа данных (хранилище с безвозвратным стиранием) и обнуление полей; "
                + "резервные копии без ключа не открываются",
            "destruction of the data key (a store that overwrites) and clearing of the fields; without "
                + "the key backups do not open"
        )
    }

    /// Acts that are noted and not yet written to files, as after a command that was killed.
    public func unwritten() throws -> [Act] {
        try register.read { session in
            try session.all(
                "SELECT member_id FROM erasure WHERE act_sha256 IS NULL ORDER BY member_id"
            ) { $0.integer(0) }.map { try act($0, in: session) }
        }
    }

    /// The act of one member's destruction.
    ///
    /// - Throws: ``RegisterError`` when there was none.
    public func act(of member: Int64) throws -> Act {
        try register.read { try act(member, in: $0) }
    }

    /// Writes an act as signed JSON, with its PDF beside it.
    ///
    /// - Parameters:
    ///   - act: The act.
    ///   - secrets: The key `package` signs.
    ///   - pdf: Draws the PDF at a path.
    /// - Returns: The files.
    /// - Throws: ``RegisterError``, or what `pdf` throws.
    public func write(
        _ act: Act,
        secrets: SigningSecrets,
        pdf: (String) throws -> Void
    ) throws -> [String] {
        try Files.makeDirectory(register.directory.acts)
        let base = register.directory.acts + "/" + act.name
        let key = try register.read {
            try KeyRing(register).active(.package, secrets: secrets, in: $0).key
        }
        let body = try act.json()
        try removeUnfinished(act)
        try pdf(base + ".pdf.part")
        try Files.write(try Files.read(base + ".pdf.part", atMost: 1 << 28), to: base + ".pdf")
        try? FileManager.default.removeItem(atPath: base + ".pdf.part")
        try Files.write(body, to: base + ".json")
        try Files.write(try Manifest.signature(of: body, with: key), to: base + ".json.cose")
        try register.write { session in
            try session.execute(
                "UPDATE erasure SET act_sha256 = $1 WHERE member_id = $2",
                [.blob(SHA256Digest.of(body)), .integer(act.member)]
            )
        }
        return ["json", "json.cose", "pdf"].map { "\(base).\($0)" }
    }

    /// Removes what a killed command left of an act's drawing and of files under way to their names.
    private func removeUnfinished(_ act: Act) throws {
        let folder = register.directory.acts
        let finished = ["pdf", "json", "json.cose"].map { "\(act.name).\($0)" }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasPrefix(act.name + ".") && !finished.contains(name) {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    /// Removes the files of acts that are older than the law asks.
    ///
    /// - Parameter isDry: Only counts.
    /// - Returns: How many acts.
    /// - Throws: The file system's error.
    func expire(isDry: Bool) throws -> Int {
        let folder = register.directory.acts
        guard Files.exists(folder) else { return 0 }
        let today = register.now().moscowDate
        var acts: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let stem = name.split(separator: ".")[0]
            guard stem.hasPrefix("erasure-"), let day = CalendarDate(iso: stem.suffix(10)),
                day.adding(years: Self.years) < today
            else { continue }
            acts.insert(String(stem))
            if !isDry { try FileManager.default.removeItem(atPath: folder + "/" + name) }
        }
        return acts.count
    }
}

extension ErasureActs {
    /// The audit action that names a folder with print data of an erased person.
    static let remnant = "member.printFiles"

    /// Notes a destruction; one that was noted before stays as it was.
    func note(
        _ member: Int64,
        at now: Instant,
        reason: String,
        numbers: Int,
        carriers: Int,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> (at: Instant, numbers: Int, carriers: Int) {
        try session.execute(
            """
            INSERT INTO erasure (member_id, at, user_id, reason, numbers, carriers, log_head)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (member_id) DO NOTHING
            """,
            [
                .integer(member), .integer(now.seconds), .integer(user.id), .text(reason),
                .int(numbers), .int(carriers), .integer(try Counter.audit.last(in: session)),
            ]
        )
        let noted = try session.first(
            "SELECT at, numbers, carriers FROM erasure WHERE member_id = $1",
            [.integer(member)]
        ) { (Instant(seconds: $0.integer(0)), Int($0.integer(1)), Int($0.integer(2))) }
        guard let noted else { throw DatabaseError(.corrupt, reason: "erasure") }
        return noted
    }

    private func act(_ member: Int64, in session: any DatabaseSession) throws -> Act {
        let row = try session.first(
            """
            SELECT e.at, u.name, e.reason, e.numbers, e.carriers, e.log_head FROM erasure e
            JOIN app_user u ON u.id = e.user_id WHERE e.member_id = $1
            """,
            [.integer(member)]
        ) {
            (
                at: $0.integer(0), user: $0.text(1), reason: $0.text(2),
                numbers: Int($0.integer(3)), carriers: Int($0.integer(4)), head: $0.integer(5)
            )
        }
        guard let row else {
            throw RegisterError(
                .notFound,
                "Данные участника #\(member) не уничтожались.",
                "The data of member #\(member) were not destroyed."
            )
        }
        let log = try AuditLog(register).about(["member/\(member)"], in: session)
            .filter { $0.sequence <= row.head }
        return Act(
            member: member,
            at: Instant(seconds: row.at),
            user: row.user,
            reason: row.reason,
            numbers: row.numbers,
            carriers: row.carriers,
            register: try Setting.registerId.value(in: session) ?? "",
            printFiles: log.filter { $0.action == Self.remnant }.map(\.detail),
            log: log
        )
    }
}

extension ErasureActs.Act {
    private struct Body: Encodable {
        struct Row: Encodable {
            let seq: Int64
            let at: String
            let user: String
            let action: String
            let subject: String
            let detail: String
        }
        let format: String
        let act: String
        let register: String
        let member: Int64
        let at: String
        let user: String
        let reason: String
        let categories: String
        let means: String
        let numbers: Int
        let carriers: Int
        let keepUntil: String
        let printFiles: [String]
        let log: [Row]
    }

    /// The last day on which the act must be kept.
    public var keptUntil: CalendarDate { at.moscowDate.adding(years: ErasureActs.years) }

    /// The act as stable bytes.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let body = Body(
            format: "profbilet-erasure-act/1",
            act: name,
            register: register,
            member: member,
            at: at.rfc3339,
            user: user,
            reason: reason,
            categories: Self.categories.russian,
            means: Self.means.russian,
            numbers: numbers,
            carriers: carriers,
            keepUntil: keptUntil.iso,
            printFiles: printFiles,
            log: log.map {
                Body.Row(
                    seq: $0.sequence,
                    at: $0.at.rfc3339,
                    user: $0.user,
                    action: $0.action,
                    subject: $0.subject,
                    detail: $0.detail
                )
            }
        )
        return Array(try encoder.encode(body)) + [0x0A]
    }
}
