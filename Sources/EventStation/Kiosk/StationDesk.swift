public import UnionTicket

/// Everything the kiosk page asks of the station behind it.
///
/// The server only carries: what a scan means, whose PIN it is, and what is written to the journal the
/// desk decides. Answers must be durable before they are returned: the light turns green by them.
public protocol StationDesk: Sendable {
    /// Judges one scan and journals it.
    ///
    /// A nonce that was judged before gives the same verdict again and no second entry.
    ///
    /// - Parameter input: What was read or typed, as it came.
    /// - Returns: What the operator sees.
    func scan(_ input: DeskScan) async -> DeskVerdict

    /// Admits by hand the person of a verdict whose admission asks for it.
    ///
    /// - Parameter admission: Which verdict, on what ground, by whom.
    /// - Returns: The same verdict with the standing ``DeskVerdict/Standing/admitted``.
    /// - Throws: Why it was not done.
    func admit(_ admission: DeskAdmission) async throws(DeskRefusal) -> DeskVerdict

    /// Takes a journalled scan back.
    ///
    /// - Parameter annulment: Which scan, why, by whom.
    /// - Returns: The same verdict with the standing ``DeskVerdict/Standing/annulled``.
    /// - Throws: Why it was not done.
    func annul(_ annulment: DeskAnnulment) async throws(DeskRefusal) -> DeskVerdict

    /// Turns the gate to entry, exit or hand-out.
    ///
    /// - Parameters:
    ///   - mode: The way the gate works from now on.
    ///   - pin: The operator's.
    /// - Throws: Why it was not done.
    func turn(to mode: ScanMode, pin: DeskSecret) async throws(DeskRefusal)

    /// Begins an operator's shift, so that one key press admits after a look at a document; or ends it.
    ///
    /// - Parameter pin: The operator's; nil ends the shift.
    /// - Throws: Why it was not done.
    func takeShift(pin: DeskSecret?) async throws(DeskRefusal)

    /// Opens the closed station again.
    ///
    /// - Parameter pin: The operator's.
    /// - Throws: Why it was not done.
    func reopen(pin: DeskSecret) async throws(DeskRefusal)

    /// Fixes the quorum before a vote ("зафиксировать кворум").
    ///
    /// - Parameter pin: The operator's.
    /// - Returns: What was fixed.
    /// - Throws: Why it was not done.
    func freezeQuorum(pin: DeskSecret) async throws(DeskRefusal) -> DeskQuorum

    /// Searches the supervisor's name index; every search is journalled.
    ///
    /// - Parameters:
    ///   - query: The beginning of a surname, then of a name; two letters at least.
    ///   - passphrase: What unlocks the index.
    /// - Returns: At most twenty people.
    /// - Throws: Why it was not done.
    func findByName(
        _ query: String,
        passphrase: DeskSecret
    ) async throws(DeskRefusal) -> [DeskPerson]

    /// Admits a person found by name, after a look at a document.
    ///
    /// - Parameter admission: Who, why, by whom.
    /// - Returns: The verdict on this person, with the evidence level `document`.
    /// - Throws: Why it was not done.
    func admitPerson(_ admission: DeskPersonAdmission) async throws(DeskRefusal) -> DeskVerdict

    /// Whether this station's snapshot holds a ticket, so that a slip in a typed number can be located.
    ///
    /// - Parameter ticket: A well-formed number one slip away from the typed one.
    /// - Returns: False also where there is no snapshot.
    func knows(_ ticket: TicketNumber) async -> Bool

    /// What the page's panels show now.
    ///
    /// - Returns: The state of the station.
    func status() async -> DeskStatus

    /// What changes from now on, whoever caused it: a page, a chip on a reader, a merge, the clock.
    ///
    /// - Returns: A stream of its own for each caller; it ends when the station stops. Verdicts of
    ///   readers that the desk itself drives arrive only here. An implementation keeps the newest
    ///   events where a slow page falls behind.
    func changes() async -> AsyncStream<DeskEvent>
}

/// One message to every open page.
public enum DeskEvent: Sendable {
    /// The panels changed.
    case status(DeskStatus)
    /// Something was scanned, admitted or annulled.
    case verdict(DeskVerdict)
}

/// What the desk will not do, and why; the raw values are the codes of problem answers.
public enum DeskRefusal: String, Error, Equatable, Sendable, CaseIterable, Codable {
    /// Nobody's PIN.
    case wrongPIN = "wrong_pin"
    /// The passphrase does not open the name index.
    case wrongPassphrase = "wrong_passphrase"
    /// No operator has a shift, and no PIN came with the request.
    case pinNeeded = "pin_needed"
    /// The role behind the PIN may not do this.
    case notAllowed = "not_allowed"
    /// No such scan at this station.
    case unknownScan = "unknown_scan"
    /// The verdict lets nobody in, whatever the reason.
    case notAdmissible = "not_admissible"
    /// Already admitted or annulled.
    case alreadyDone = "already_done"
    /// More than fifteen minutes after the scan; a supervisor still may.
    case tooLate = "too_late"
    /// A reason is needed and there is none.
    case reasonNeeded = "reason_needed"
    /// The station has no such thing: card-only mode, no quorum, no name index.
    case unavailable
    /// The station is closed.
    case stationClosed = "station_closed"
    /// The journal cannot be written: nothing was done.
    case journalFailed = "journal_failed"

    /// What happened and what to do.
    public var message: Bilingual {
        switch self {
        case .wrongPIN: Bilingual("Неверный PIN.", "Wrong PIN.")
        case .wrongPassphrase:
            Bilingual("Парольная фраза не подходит.", "The passphrase does not fit.")
        case .pinNeeded:
            Bilingual("Нужен PIN: смена не начата.", "A PIN is needed: no shift has begun.")
        case .notAllowed:
            Bilingual("Нужны права старшего смены.", "This takes a supervisor.")
        case .unknownScan:
            Bilingual("На этой станции нет такой отметки.", "This station has no such scan.")
        case .notAdmissible:
            Bilingual(
                "По этому результату вход вручную невозможен.",
                "This verdict admits nobody, not even by hand."
            )
        case .alreadyDone:
            Bilingual("Уже сделано раньше.", "This was done before.")
        case .tooLate:
            Bilingual(
                "Прошло больше 15 минут: отменяет только старший смены.",
                "More than 15 minutes ago: only a supervisor can annul it."
            )
        case .reasonNeeded: Bilingual("Укажите причину.", "Give a reason.")
        case .unavailable:
            Bilingual("На этой станции недоступно.", "Not available at this station.")
        case .stationClosed:
            Bilingual(
                "Станция закрыта. Откройте её снова: нужен PIN оператора.",
                "The station is closed. Open it again: this takes an operator's PIN."
            )
        case .journalFailed:
            Bilingual(
                "Журнал не записывается: ничего не сделано. Проверьте диск.",
                "The journal cannot be written: nothing was done. Check the disk."
            )
        }
    }
}
