public import UnionTicket

/// What the operator is shown about one scan.
///
/// Holds facts only; colour, shape, sound and words follow from them (``OutcomeFace``), so that no
/// station can show a refusal in green.
public struct DeskVerdict: Equatable, Sendable {
    /// What became of the scan after it was shown.
    public enum Standing: String, Sendable, CaseIterable, Codable {
        /// Nothing yet.
        case shown
        /// An operator admitted the person by hand.
        case admitted
        /// Taken back.
        case annulled
    }

    /// Whether the screen can name the person.
    public enum Name: Equatable, Sendable {
        /// There is nobody to name: an unknown or unreadable carrier.
        case none
        /// The evidence opened the sealed name.
        case opened(String)
        /// Somebody is known, but nothing at hand opens the name.
        case notAvailableOffline
    }

    /// Names the scan; the same for a verdict that is admitted or annulled later.
    public var nonce: String
    /// The verdict.
    public var outcome: ScanOutcome
    /// What it rests on.
    public var evidence: Evidence
    /// The gate's mode at the scan.
    public var mode: ScanMode
    /// The station's time of the scan.
    public var at: Instant
    /// What became of it.
    public var standing: Standing
    /// Masked: `177 •••• •••• 4216`; nil where no number is known.
    public var number: String?
    /// Whom the screen names.
    public var name: Name
    /// For `already_inside`, `re_entry_forbidden` and `duplicate_offline`.
    public var firstEntry: StationMemory.Entry?
    /// Further lines: mandate, organisation, age of the status list, reference of an internal error.
    public var detail: [Bilingual]
    /// For `ambiguous`: whom the operator may choose by a document.
    public var candidates: [DeskPerson]

    /// The verdict on one scan.
    ///
    /// - Parameters:
    ///   - nonce: The scan's.
    ///   - outcome: The verdict.
    ///   - evidence: What it rests on.
    ///   - mode: The gate's mode.
    ///   - at: The station's time.
    ///   - standing: What became of it.
    ///   - number: Masked.
    ///   - name: Whom the screen names.
    ///   - firstEntry: An earlier entry.
    ///   - detail: Further lines.
    ///   - candidates: Whom the operator may choose.
    public init(
        nonce: String,
        outcome: ScanOutcome,
        evidence: Evidence,
        mode: ScanMode,
        at: Instant,
        standing: Standing = .shown,
        number: String? = nil,
        name: Name = .none,
        firstEntry: StationMemory.Entry? = nil,
        detail: [Bilingual] = [],
        candidates: [DeskPerson] = []
    ) {
        self.nonce = nonce
        self.outcome = outcome
        self.evidence = evidence
        self.mode = mode
        self.at = at
        self.standing = standing
        self.number = number
        self.name = name
        self.firstEntry = firstEntry
        self.detail = detail
        self.candidates = candidates
    }
}

extension DeskVerdict {
    /// Whether a supervisor may admit in spite of the row: somebody is known, and the row allows it.
    var isForceable: Bool {
        standing == .shown && mode == .entry && name != .none && outcome.needsForce
            && outcome.canBeForced
    }
}

extension DeskVerdict: Encodable {
    private enum CodingKeys: String, CodingKey {
        case nonce, outcome, admission, counts, evidence, basis, mode, at, standing, number, name
        case nameKnown, firstEntry, detail, candidates, face, forceable
    }

    /// Writes the facts and, beside them, the face the page draws.
    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(nonce, forKey: .nonce)
        try keys.encode(outcome, forKey: .outcome)
        try keys.encode(outcome.admission, forKey: .admission)
        try keys.encode(isForceable, forKey: .forceable)
        try keys.encode(outcome.counts, forKey: .counts)
        try keys.encode(evidence, forKey: .evidence)
        try keys.encode(evidence.basis, forKey: .basis)
        try keys.encode(mode, forKey: .mode)
        try keys.encode(at, forKey: .at)
        try keys.encode(standing, forKey: .standing)
        try keys.encodeIfPresent(number, forKey: .number)
        if case .opened(let text) = name { try keys.encode(text, forKey: .name) }
        try keys.encode(name != .notAvailableOffline, forKey: .nameKnown)
        try keys.encodeIfPresent(firstEntry, forKey: .firstEntry)
        try keys.encode(detail, forKey: .detail)
        try keys.encode(candidates, forKey: .candidates)
        try keys.encode(OutcomeFace(outcome, standing), forKey: .face)
    }
}

extension Evidence {
    /// What this evidence proves, in an operator's words (ticket.md § 6).
    var basis: Bilingual {
        switch level {
        case .none: Bilingual("ничего не прочитано", "nothing was read")
        case .typedNumber: Bilingual("номер введён вручную", "a typed number")
        case .barcode: Bilingual("штрихкод: только статус", "a barcode: status only")
        case .uid: Bilingual("номер чипа: только статус", "a chip's UID: status only")
        case .document: Bilingual("документ, поиск по имени", "a document, found by name")
        case .signedData:
            Bilingual("подпись верна, копия возможна", "signed; may be a copy")
        case .dynamicMAC:
            fresh
                ? Bilingual("чип подлинный, ответ новый", "genuine chip, fresh answer")
                : Bilingual("чип подлинный, повтор возможен", "genuine chip; may be a replay")
        case .mutualAuth: Bilingual("чип ответил: подлинный", "the chip answered: genuine")
        case .asymmetric: Bilingual("чип подписал: подлинный", "the chip signed: genuine")
        case .presentation: Bilingual("подпись телефона, сейчас", "signed by the phone just now")
        }
    }
}
