import CardLayout
import UnionTicket

/// An event as people write it down: YAML, format `event/1` (docs/events.md).
public struct EventSpecification: Sendable {
    /// What the event decided about itself; number 0 until the register gives one.
    public let rules: EventRules
    /// The stations it is to have.
    public let gates: [Gate]

    /// Reads the text of a specification.
    ///
    /// - Parameters:
    ///   - text: The YAML.
    ///   - file: The file as errors name it.
    ///   - id: The event's number.
    /// - Throws: ``CardLayout/LayoutError`` with every fault, its line and field.
    public init(text: String, file: String, id: Int64 = 0) throws {
        let d = DescriptionFile(file: file)
        let root = d.root(text)
        d.allow(
            root,
            [
                "format", "title", "kind", "place", "begins", "ends", "threshold",
                "organisation-share", "elected", "on-record", "re-entry", "status-limit-hours",
                "stations",
            ]
        )
        if let format = d.text(d.member(root, "format")), format != "event/1" {
            d.report(d.member(root, "format"), "нужно event/1.", "event/1 is needed.")
        }
        let kind: EventKind = d.choice(d.member(root, "kind")) ?? .conference
        let begins = Self.moment(d, d.member(root, "begins"))
        let ends = Self.moment(d, d.member(root, "ends"))
        if let begins, let ends, ends <= begins {
            d.report(d.member(root, "ends"), "конец раньше начала.", "it ends before it begins.")
        }
        let threshold = Self.threshold(d, d.member(root, "threshold", isRequired: false), kind)
        let share = Self.share(d, d.member(root, "organisation-share", isRequired: false))
        let people = 0...10_000_000
        let isOnRecord = threshold?.base == .onRecord
        rules = EventRules(
            id: id,
            title: d.text(d.member(root, "title")) ?? "",
            kind: kind,
            place: d.text(d.member(root, "place")) ?? "",
            beginsAt: begins ?? Instant(seconds: 0),
            endsAt: ends ?? Instant(seconds: 0),
            threshold: threshold ?? Self.fallback,
            organisationShare: share?.threshold,
            electedTotal: d.integer(
                d.member(root, "elected", isRequired: threshold?.base == .elected),
                people
            ) ?? 0,
            onRecordTotal: d.integer(d.member(root, "on-record", isRequired: isOnRecord), people)
                ?? 0,
            organisationsTotal: share?.total ?? 0,
            allowsReEntry: d.flag(d.member(root, "re-entry", isRequired: false)) ?? true,
            statusLimit: Int64(
                d.integer(d.member(root, "status-limit-hours", isRequired: false), 1...720) ?? 72
            ) * 3600
        )
        gates = Self.gates(d, d.member(root, "stations", isRequired: false))
        guard d.findings.isEmpty else { throw LayoutError(d.findings) }
    }

    private static var fallback: QuorumThreshold {
        guard let half = QuorumThreshold(1, 2, .moreThan, of: .elected) else {
            preconditionFailure("a half is a fraction")
        }
        return half
    }

    private static func threshold(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?,
        _ kind: EventKind
    ) -> QuorumThreshold? {
        let standard = kind.threshold
        guard let entry else {
            return QuorumThreshold(
                standard.numerator,
                standard.denominator,
                standard.mode,
                of: kind.base
            )
        }
        d.allow(entry, ["share", "mode", "base"])
        let mode: QuorumThreshold.Mode =
            d.choice(d.member(entry, "mode", isRequired: false)) ?? standard.mode
        let base: QuorumThreshold.Base =
            d.choice(d.member(entry, "base", isRequired: false)) ?? kind.base
        return fraction(d, d.member(entry, "share")).flatMap {
            QuorumThreshold($0, $1, mode, of: base)
        }
    }

    private static func share(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> (threshold: QuorumThreshold, total: Int)? {
        guard let entry else { return nil }
        d.allow(entry, ["share", "mode", "of"])
        let mode: QuorumThreshold.Mode =
            d.choice(d.member(entry, "mode", isRequired: false)) ?? .atLeast
        guard let fraction = fraction(d, d.member(entry, "share")),
            let total = d.integer(d.member(entry, "of"), 1...100_000),
            let threshold = QuorumThreshold(fraction.0, fraction.1, mode, of: .elected)
        else { return nil }
        return (threshold, total)
    }

    private static func fraction(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> (UInt32, UInt32)? {
        guard let text = d.text(entry) else { return nil }
        let parts = text.split(separator: "/").compactMap { UInt32($0) }
        if parts.count == 2, parts[0] > 0, parts[0] <= parts[1], parts[1] <= 1_000_000 {
            return (parts[0], parts[1])
        }
        d.report(
            entry,
            "нужна дробь вида 2/3, больше нуля и не больше единицы.",
            "a fraction like 2/3 is needed, above zero and at most one."
        )
        return nil
    }

    /// `yyyy-mm-dd hh:mm` in Moscow.
    private static func moment(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> Instant? {
        guard let text = d.text(entry) else { return nil }
        let parts = text.split(separator: " ")
        let clock = (parts.count == 2 ? parts[1] : "").split(separator: ":")
            .compactMap { Int64($0) }
        if let date = CalendarDate(iso: parts[0]), clock.count == 2, (0..<24).contains(clock[0]),
            (0..<60).contains(clock[1])
        {
            return Instant(startOf: date) + (clock[0] * 3600 + clock[1] * 60)
        }
        d.report(
            entry,
            "нужно московское время гггг-мм-дд чч:мм.",
            "Moscow time yyyy-mm-dd hh:mm is needed."
        )
        return nil
    }

    private static func gates(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> [Gate] {
        var names: Set<String> = []
        return d.elements(entry).map { element in
            d.allow(element, ["name", "profile", "in", "out", "organisations"])
            let name = d.text(d.member(element, "name")) ?? ""
            if name.utf8.count > 64 || !names.insert(name).inserted {
                d.report(
                    d.member(element, "name"),
                    "имена станций разные, до 64 байт.",
                    "station names differ and have up to 64 bytes."
                )
            }
            return Gate(
                name: name,
                profile: d.choice(d.member(element, "profile", isRequired: false)) ?? .gate,
                letsIn: d.flag(d.member(element, "in", isRequired: false)) ?? true,
                letsOut: d.flag(d.member(element, "out", isRequired: false)) ?? true,
                organisations: organisations(
                    d,
                    d.member(element, "organisations", isRequired: false)
                )
            )
        }
    }

    private static func organisations(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> [OrganisationCode] {
        d.elements(entry).compactMap { element in
            guard let text = d.text(element) else { return nil }
            if let code = OrganisationCode(text) { return code }
            d.report(
                element,
                "нужен код RR, RR-TTT или RR-TTT-PPPP в кавычках.",
                "a quoted code RR, RR-TTT or RR-TTT-PPPP is needed."
            )
            return nil
        }
    }
}
