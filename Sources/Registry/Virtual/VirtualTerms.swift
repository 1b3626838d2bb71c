import UnionTicket

/// The union's settings for virtual cards; each may be changed without a restart.
public struct VirtualTerms: Sendable, Equatable {
    /// Devices of one member that may be in use at a time.
    public var devices = 1
    /// How long an issued payload lives, days.
    public var lifeDays = 7
    /// From which day of its life on an app renews it.
    public var renewFromDay = 5
    /// For how long after its end a payload may still be renewed, days; then the phone enrols anew.
    public var dormantDays = 90
    /// How long a printed code lives, hours.
    public var printedCodeHours = 7 * 24
    /// How long a sent code lives, minutes.
    public var sentCodeMinutes = 30
    /// How long an enrolment waits for its confirmation, minutes.
    public var enrolmentMinutes = 30
    /// New enrolments for one number in an hour.
    public var perNumber = 5
    /// New enrolments from one address in an hour.
    public var perAddress = 60

    /// The defaults.
    public init() {}

    private typealias Field = (
        name: String, path: any WritableKeyPath<Self, Int> & Sendable, least: Int
    )
    private static let fields: [Field] = [
        ("devices", \.devices, 1), ("lifeDays", \.lifeDays, 1),
        ("renewFromDay", \.renewFromDay, 0), ("dormantDays", \.dormantDays, 0),
        ("printedCodeHours", \.printedCodeHours, 1), ("sentCodeMinutes", \.sentCodeMinutes, 1),
        ("enrolmentMinutes", \.enrolmentMinutes, 1), ("perNumber", \.perNumber, 1),
        ("perAddress", \.perAddress, 1),
    ]

    /// The names of the settings and their values.
    public var values: [(name: String, value: Int)] {
        Self.fields.map { ($0.name, self[keyPath: $0.path]) }
    }

    /// The settings in force.
    public static func current(of register: Register) throws -> VirtualTerms {
        try register.read(VirtualTerms.init)
    }

    /// Changes settings, all of them or none: they are judged as they stand together.
    ///
    /// - Throws: ``RegisterError``: no such setting, a value out of its range, or no right to it.
    public static func set(
        _ changes: [(name: String, value: Int)],
        in register: Register,
        by user: SignedInUser
    ) throws {
        try user.requireEverywhere(.manageClients)
        let wanted = try changes.map { try (field: field($0.name, for: $0.value), value: $0.value) }
        try register.write { session in
            var terms = try VirtualTerms(session)
            for (field, value) in wanted { terms[keyPath: field.path] = value }
            guard terms.renewFromDay < terms.lifeDays else {
                throw RegisterError(
                    .badInput,
                    "Продление с \(terms.renewFromDay)-го дня при жизни \(terms.lifeDays) дн. не успеет: "
                        + "renewFromDay должен быть меньше lifeDays.",
                    "Renewal from day \(terms.renewFromDay) of a life of \(terms.lifeDays) days comes "
                        + "too late: renewFromDay must be below lifeDays."
                )
            }
            let text = terms.values.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
            try Setting.virtualTerms.set(text, in: session)
            for (field, value) in wanted {
                try AuditLog(register).record(
                    "virtual.setting",
                    "setting/\(field.name)",
                    "\(value)",
                    by: user,
                    in: session
                )
            }
        }
    }

    private static func field(_ name: String, for value: Int) throws -> Field {
        guard let field = fields.first(where: { $0.name == name }),
            (field.least...10_000).contains(value)
        else {
            let names = fields.map(\.name).joined(separator: ", ")
            throw RegisterError(
                .badInput,
                "Настройка виртуальных билетов «\(name)» = \(value) невозможна. Есть: \(names).",
                "The setting \(name) = \(value) of virtual cards is impossible. There are: \(names)."
            )
        }
        return field
    }

    init(_ session: any DatabaseSession) throws {
        let text = try Setting.virtualTerms.value(in: session) ?? ""
        for pair in text.split(separator: " ") {
            let parts = pair.split(separator: "=")
            guard parts.count == 2, let value = Int(parts[1]),
                let field = Self.fields.first(where: { $0.name == parts[0] })
            else { continue }
            self[keyPath: field.path] = value
        }
    }

    /// The life of a payload, seconds.
    var life: Int64 { Int64(lifeDays) * 86_400 }

    /// From when on a payload is renewed that was signed at `now`: as long before its end as always, also
    /// where its key's end cuts its life short; of a life shorter than that, when half of it is over, for
    /// until there is another key a renewal brings nothing.
    func renewAfter(at now: Instant, until expiresAt: Instant) -> Instant {
        let start = Int64(renewFromDay) * 86_400
        let usual = expiresAt + (start - life)
        guard usual > now else { return now + (expiresAt.seconds - now.seconds) / 2 }
        return min(now + start, usual)
    }

    /// How long a code of this channel lives, seconds.
    func codeLife(_ channel: CodeChannel) -> Int64 {
        channel == .printed ? Int64(printedCodeHours) * 3600 : Int64(sentCodeMinutes) * 60
    }
}
