public import UnionTicket

extension Dossier {
    /// One mark of somebody at an event, as a station's journal tells it.
    public struct Mark: Sendable {
        /// The event's name for the person.
        public let person: [UInt8]
        /// When the station's clock read so, its known error taken off.
        public let at: Instant
        /// Which way the gate worked.
        public let direction: ScanMode
        /// Whether the person passed.
        public let passed: Bool
        /// The station.
        public let station: String

        /// A mark.
        public init(
            person: [UInt8],
            at: Instant,
            direction: ScanMode,
            passed: Bool,
            station: String
        ) {
            (self.person, self.at, self.direction) = (person, at, direction)
            (self.passed, self.station) = (passed, station)
        }
    }

    /// What only others can read of what the register keeps for them.
    public struct Readers: Sendable {
        let mark: @Sendable (_ entry: [UInt8]) -> Mark?
        let manufacturer: @Sendable (_ specification: String) -> String?

        /// Readers of journals' entries and of batch specifications.
        ///
        /// - Parameters:
        ///   - mark: The mark that an entry's bytes tell of, or nil.
        ///   - manufacturer: Whom a specification names as the plant, or nil.
        public init(
            mark: @escaping @Sendable (_ entry: [UInt8]) -> Mark? = { _ in nil },
            manufacturer: @escaping @Sendable (_ specification: String) -> String? = { _ in nil }
        ) {
            (self.mark, self.manufacturer) = (mark, manufacturer)
        }
    }
}

// What concerns the member beside the record and its cards.
extension DossierGatherer {
    /// Rows of rosters that waited for a decision, as far as their data are kept.
    ///
    /// A row that is, or may be, somebody else's is told without its data: they are the other's.
    func conflicts() throws -> Dossier.Section {
        let found = try session.all(
            """
            SELECT c.import_id, c.line, c.kind, c.resolution, c.resolved_at, c.resolved_member,
                c.sealed, f.at
            FROM conflict c JOIN file_import f ON f.id = c.import_id
            WHERE c.member_id = $1 OR c.resolved_member = $2 ORDER BY c.id
            """,
            [.integer(member), .integer(member)]
        ) { row in
            (
                cells: [
                    "import/\(row.integer(0))", "\(row.integer(1))", moment(row, 7), row.text(2),
                    row.text(3), moment(row, 4),
                ],
                isTheirs: row.text(2) == ConflictQueue.Kind.twoOrganisations.rawValue
                    || row.text(3) == ConflictQueue.Resolution.take.rawValue
                    || row.optionalInteger(5) == member,
                sealed: row.blob(6)
            )
        }
        return section(
            "rosterRows",
            "Строки списков, о которых принималось решение",
            "Roster rows that were decided upon",
            [
                ("import", "загрузка"), ("line", "строка"), ("at", "загружена"), ("kind", "что"),
                ("resolution", "решение"), ("resolvedAt", "решено"), ("data", "данные"),
            ],
            try found.map { entry in
                guard entry.isTheirs, !entry.sealed.isEmpty else { return entry.cells + [""] }
                return entry.cells + [Self.words(try ConflictQueue(register).open(entry.sealed))]
            }
        )
    }

    private static func words(_ draft: MemberDraft) -> String {
        let facts: [String?] = [
            draft.aisId, draft.name.full, draft.birthDate.russian, "\(draft.organisation)",
            draft.category.russian, draft.joinDate.russian, draft.phone, draft.email,
            draft.legacyNumber, draft.status.russian,
        ]
        return facts.compactMap(\.self).joined(separator: "; ")
    }

    /// Codes that were made for the member, never the codes themselves.
    func codes() throws -> Dossier.Section {
        let activation = try rows(
            """
            SELECT c.channel, c.state, c.created_at, c.expires_at, c.ended_at, u.name
            FROM activation_code c JOIN app_user u ON u.id = c.created_by
            WHERE c.member_id = $1 ORDER BY c.id
            """
        ) {
            [
                "activation", $0.text(0), $0.text(1), moment($0, 2), moment($0, 3), moment($0, 4),
                $0.text(5),
            ]
        }
        let partner = try rows(
            """
            SELECT p.title, c.state, c.created_at, c.expires_at, u.name FROM partner_code c
            JOIN partner p ON p.id = c.partner_id JOIN app_user u ON u.id = c.created_by
            WHERE c.member_id = $1 ORDER BY c.created_at
            """
        ) {
            ["partner", $0.text(0), $0.text(1), moment($0, 2), moment($0, 3), "", $0.text(4)]
        }
        return section(
            "codes",
            "Одноразовые коды",
            "One-time codes",
            [
                ("kind", "вид"), ("for", "для чего"), ("state", "состояние"), ("at", "создан"),
                ("expiresAt", "действует до"), ("endedAt", "закончился"), ("user", "кем"),
            ],
            activation + partner
        )
    }

    /// Messages that were written to the member; what stood in them is not kept after they left.
    func messages() throws -> Dossier.Section {
        section(
            "messages",
            "Сообщения",
            "Messages",
            [
                ("kind", "вид"), ("state", "состояние"), ("at", "создано"),
                ("attempts", "попыток"), ("endedAt", "закончено"),
            ],
            try rows(
                """
                SELECT kind, state, created_at, attempts, ended_at FROM outgoing_message
                WHERE member_id = $1 ORDER BY id
                """
            ) {
                [$0.text(0), $0.text(1), moment($0, 2), "\($0.integer(3))", moment($0, 4)]
            }
        )
    }

    /// Attempts to bind a phone.
    func enrolments() throws -> Dossier.Section {
        section(
            "enrolments",
            "Подключения телефона",
            "Enrolments of a phone",
            [
                ("channel", "канал"), ("state", "состояние"), ("at", "начато"),
                ("expiresAt", "действует до"), ("client", "через"),
            ],
            try rows(
                """
                SELECT e.channel, e.state, e.created_at, e.expires_at, c.name FROM enrolment e
                LEFT JOIN api_client c ON c.id = e.client
                WHERE e.member_id = $1 ORDER BY e.created_at, e.id
                """
            ) {
                [$0.text(0), $0.text(1), moment($0, 2), moment($0, 3), $0.text(4)]
            }
        )
    }

    /// Marks at events, as long as they are kept.
    func marks() throws -> Dossier.Section {
        let entries = try session.all(
            """
            SELECT e.event_id, e.bytes, p.pseudonym FROM event_person p
            JOIN event_entry e ON e.event_id = p.event_id
            WHERE p.member_id = $1 ORDER BY e.event_id, e.received_at, e.station, e.sequence
            """,
            [.integer(member)]
        ) { (event: $0.integer(0), mark: readers.mark($0.blob(1)), person: $0.blob(2)) }
        return section(
            "marks",
            "Отметки на мероприятиях",
            "Marks at events",
            [
                ("event", "№"), ("day", "день"), ("at", "когда"), ("direction", "куда"),
                ("passed", "проход"), ("station", "пункт"),
            ],
            entries.compactMap { entry in
                guard let mark = entry.mark, mark.person == entry.person else { return nil }
                return [
                    "\(entry.event)", mark.at.moscowDate.iso, mark.at.rfc3339,
                    mark.direction.rawValue, mark.passed ? "yes" : "no", mark.station,
                ]
            }
        )
    }

    private func moment(_ row: any DatabaseRow, _ column: Int) -> String {
        row.optionalInteger(column).map { Instant(seconds: $0).rfc3339 } ?? ""
    }
}
