/// What a member does for a living, as statutory forms count members.
public enum MemberCategory: String, Sendable, CaseIterable {
    /// работающий
    case working
    /// обучающийся
    case studying
    /// неработающий пенсионер
    case retired
}

/// A person's standing in the union.
public enum MemberStatus: String, Sendable, CaseIterable {
    /// Applied, not admitted yet.
    case candidate
    /// A member in good standing.
    case active
    /// Membership is suspended.
    case suspended
    /// Left of their own will.
    case left
    /// Moved to another union.
    case transferred
    /// Expelled.
    case expelled
    /// Died.
    case deceased

    /// In the union or on the way into it.
    public var isInStanding: Bool {
        switch self {
        case .candidate, .active, .suspended: true
        case .left, .transferred, .expelled, .deceased: false
        }
    }

    /// Standings that may follow this one.
    public var successors: Set<MemberStatus> {
        switch self {
        case .candidate: [.active, .left, .deceased]
        case .active: [.suspended, .left, .transferred, .expelled, .deceased]
        case .suspended: [.active, .left, .transferred, .expelled, .deceased]
        case .left, .transferred: [.candidate, .active, .deceased]
        case .expelled: [.candidate, .active, .deceased]
        case .deceased: []
        }
    }
}

/// М or Ж, where the roster says.
public enum Sex: String, Sendable, CaseIterable {
    /// М
    case male
    /// Ж
    case female
}

/// What one consent to the processing of personal data is for; never two purposes by one answer.
public enum ConsentPurpose: String, Sendable, CaseIterable {
    /// Keeping the member's record in the register.
    case register
    /// Producing a plastic card, which hands the printed fields to a manufacturer.
    case cardProduction
    /// Issuing a virtual card to a phone.
    case virtualCard
    /// Handing a pseudonym to a discount partner; ``Consent/recipient`` names it.
    case bonusTransfer
    /// Printing a photo, which is biometric data.
    case photoOnCard
    /// Recording attendance of events by name.
    case eventAttendance
    /// Messages that are not about the membership itself.
    case marketing
}

/// One answer of a member about one purpose.
public struct Consent: Hashable, Sendable {
    /// What for.
    public let purpose: ConsentPurpose
    /// The partner for ``ConsentPurpose/bonusTransfer``, else empty.
    public let recipient: String
    /// Yes or no.
    public let isGiven: Bool
    /// The day of the answer, where the roster says.
    public let date: CalendarDate?

    /// An answer as a roster's cell gives it.
    public init(
        purpose: ConsentPurpose,
        recipient: String = "",
        isGiven: Bool,
        date: CalendarDate? = nil
    ) {
        self.purpose = purpose
        self.recipient = recipient
        self.isGiven = isGiven
        self.date = date
    }
}

/// One person as a cleaned roster row describes them; not yet matched with the register.
public struct MemberDraft: Hashable, Sendable {
    /// The person's identifier in АИС, the matching key when there.
    public var aisId: String?
    /// Name as it is to be printed.
    public var name: PersonName
    /// Day of birth.
    public var birthDate: CalendarDate
    /// Sex, where given.
    public var sex: Sex?
    /// Working, studying or retired.
    public var category: MemberCategory
    /// The primary organisation.
    public var organisation: OrganisationCode
    /// Day of admission to the union.
    public var joinDate: CalendarDate
    /// +7 and ten digits, where given.
    public var phone: String?
    /// ASCII address, where given.
    public var email: String?
    /// Number of a ticket of the old scheme, verbatim with leading zeros.
    public var legacyNumber: String?
    /// Standing; active where the roster says nothing, which then counts for new members only
    /// (``untold``).
    public var status: MemberStatus
    /// One answer per purpose column that the roster has.
    public var consents: [Consent]
    /// What the record says nothing of: a known member's stays, beyond what an empty cell leaves alone.
    public var untold: Fields = []
    /// What the record takes away: a known member's is forgotten.
    public var cleared: Fields = []

    /// Fields that a record may leave out, or take away.
    public struct Fields: OptionSet, Hashable, Sendable {
        /// A bit for each.
        public let rawValue: UInt8
        /// Fields by their bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// ``PersonName/patronymic``.
        public static let patronymic = Fields(rawValue: 1)
        /// ``MemberDraft/sex``.
        public static let sex = Fields(rawValue: 2)
        /// ``MemberDraft/phone``.
        public static let phone = Fields(rawValue: 4)
        /// ``MemberDraft/email``.
        public static let email = Fields(rawValue: 8)
        /// ``MemberDraft/legacyNumber``.
        public static let legacyNumber = Fields(rawValue: 16)
        /// ``MemberDraft/status``.
        public static let status = Fields(rawValue: 32)
    }

    /// A draft of a member.
    public init(
        aisId: String?,
        name: PersonName,
        birthDate: CalendarDate,
        sex: Sex?,
        category: MemberCategory,
        organisation: OrganisationCode,
        joinDate: CalendarDate,
        phone: String?,
        email: String?,
        legacyNumber: String?,
        status: MemberStatus,
        consents: [Consent]
    ) {
        self.aisId = aisId
        self.name = name
        self.birthDate = birthDate
        self.sex = sex
        self.category = category
        self.organisation = organisation
        self.joinDate = joinDate
        self.phone = phone
        self.email = email
        self.legacyNumber = legacyNumber
        self.status = status
        self.consents = consents
    }
}

extension MemberDraft {
    /// The known record `old` with this newer one over it: what this one leaves out stays.
    public func over(_ old: MemberDraft) -> MemberDraft {
        var new = self
        func pick(_ field: Fields, _ newer: String?, _ older: String?) -> String? {
            cleared.contains(field) ? nil : newer ?? older
        }
        new.aisId = aisId ?? old.aisId
        new.sex = cleared.contains(.sex) ? nil : sex ?? old.sex
        new.phone = pick(.phone, phone, old.phone)
        new.email = pick(.email, email, old.email)
        new.legacyNumber = pick(.legacyNumber, legacyNumber, old.legacyNumber)
        if untold.contains(.status) { new.status = old.status }
        if untold.contains(.patronymic), name.patronymic == nil {
            new.name = PersonName(
                last: name.last,
                first: name.first,
                patronymic: old.name.patronymic
            )
        }
        return new
    }
}

extension MemberDraft: CustomStringConvertible {
    /// Never personal data: descriptions end in logs.
    public var description: String { "MemberDraft(\(organisation))" }
}
