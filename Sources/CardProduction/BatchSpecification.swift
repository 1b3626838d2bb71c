public import CardLayout
import Foundation
public import Registry
import Roster
import TicketSeal
public import UnionTicket

/// What a batch is to be: `batches/*.yaml`, format `batch/1` (docs/production.md).
public struct BatchSpecification: Sendable {
    /// Title for people.
    public let title: String
    /// Which orders it takes.
    public let selection: BatchBook.Selection
    /// The layout's folder, as written.
    public let layout: String
    /// The manufacturer profile's file, as written.
    public let profile: String
    /// Under which agreement the manufacturer handles personal data.
    public let agreement: Agreement
    /// Last day on which the cards are valid.
    public let validUntil: CalendarDate
    /// In front of the QR's digits; upper case.
    public let url: String
    /// What chip the cards carry.
    public let chip: Chip
    /// The hotline's number and hours as printed.
    public let hotline: (number: String, hours: String)
    /// Kopecks a card, and the tier's name.
    public let price: (tier: String, kopecks: Int)
    /// Whom reissues are charged to where it is not the usual.
    public let charges: [OrderReason: CardCharge]
    /// When cards come into force.
    public let activation: Activation
    /// The smallest batch.
    public let minimum: Int
    /// Above so many cards two people approve.
    public let twoPeopleAbove: Int
    /// Whom the manufacturer may ask.
    public let contact: String

    /// The processing agreement of privacy.md L5.
    public struct Agreement: Sendable, Equatable {
        /// Its number.
        public let id: String
        /// With whom.
        public let manufacturer: String
        /// Its last day.
        public let until: CalendarDate
    }

    /// Chips of cards.
    public enum Chip: String, Sendable, CaseIterable {
        /// No chip.
        case none
        /// A tag that holds the payload.
        case ndef
        /// NTAG 424 DNA.
        case ntag424
    }

    /// When cards come into force.
    public typealias Activation = CardActivation

    /// Reads the text of a specification.
    ///
    /// - Throws: ``CardLayout/LayoutError`` with every fault, its line and field.
    public init(text: String, file: String) throws {
        let d = DescriptionFile(file: file)
        let root = d.root(text)
        d.allow(
            root,
            [
                "format", "title", "selection", "layout", "profile", "processing-agreement",
                "valid-until", "url", "chip", "hotline", "price", "activation", "minimum",
                "two-people-above", "contact",
            ]
        )
        if let format = d.text(d.member(root, "format")), format != "batch/1" {
            d.report(d.member(root, "format"), "нужно batch/1.", "batch/1 is needed.")
        }
        title = d.text(d.member(root, "title")) ?? ""
        selection = Self.selection(d, d.member(root, "selection"))
        layout = d.text(d.member(root, "layout")) ?? ""
        profile = d.text(d.member(root, "profile")) ?? ""
        let agreement = d.member(root, "processing-agreement")
        d.allow(agreement, ["id", "manufacturer", "until"])
        self.agreement = Agreement(
            id: d.text(d.member(agreement, "id")) ?? "",
            manufacturer: d.text(d.member(agreement, "manufacturer")) ?? "",
            until: Self.date(d, d.member(agreement, "until"))
        )
        validUntil = Self.date(d, d.member(root, "valid-until"))
        let url = d.member(root, "url")
        self.url = d.text(url) ?? ""
        if !self.url.isEmpty, !TicketText.isValidPrefix(self.url) {
            d.report(
                url,
                "нужны заглавные латинские буквы, до 45 знаков, не цифра в конце.",
                "upper case, up to 45 characters and no digit at the end are needed."
            )
        }
        chip = d.choice(d.member(root, "chip", isRequired: false)) ?? .none
        let hotline = d.member(root, "hotline")
        d.allow(hotline, ["number", "hours"])
        self.hotline = (
            d.text(d.member(hotline, "number")) ?? "", d.text(d.member(hotline, "hours")) ?? ""
        )
        let price = d.member(root, "price")
        d.allow(price, ["tier", "kopecks", "charges"])
        self.price = (
            d.text(d.member(price, "tier")) ?? "",
            d.integer(d.member(price, "kopecks"), 0...10_000_000) ?? 0
        )
        charges = Self.charges(d, d.member(price, "charges", isRequired: false))
        activation = d.choice(d.member(root, "activation", isRequired: false)) ?? .delivery
        minimum = d.integer(d.member(root, "minimum", isRequired: false), 1...10_000_000) ?? 1
        twoPeopleAbove =
            d.integer(d.member(root, "two-people-above", isRequired: false), 0...10_000_000)
            ?? 1_000
        contact = d.text(d.member(root, "contact")) ?? ""
        guard d.findings.isEmpty else { throw LayoutError(d.findings) }
    }

    private static func selection(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> BatchBook.Selection {
        d.allow(entry, ["organisations", "categories", "reasons", "limit"])
        var selection = BatchBook.Selection()
        for element in d.elements(d.member(entry, "organisations", isRequired: false)) {
            guard let text = d.text(element) else { continue }
            if let code = OrganisationCode(text) {
                selection.organisations.append(code)
            } else {
                d.report(
                    element,
                    "нужен код RR, RR-TTT или RR-TTT-PPPP в кавычках.",
                    "a quoted code RR, RR-TTT or RR-TTT-PPPP is needed."
                )
            }
        }
        for element in d.elements(d.member(entry, "categories", isRequired: false)) {
            d.choice(element, MemberCategory.self).map { _ = selection.categories.insert($0) }
        }
        for element in d.elements(d.member(entry, "reasons", isRequired: false)) {
            d.choice(element, OrderReason.self).map { _ = selection.reasons.insert($0) }
        }
        if let limit = d.integer(d.member(entry, "limit", isRequired: false), 1...1_000_000) {
            selection.limit = limit
        }
        return selection
    }

    private static func charges(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> [OrderReason: CardCharge] {
        var found: [OrderReason: CardCharge] = [:]
        for (key, value) in d.members(entry) {
            guard let reason = OrderReason(rawValue: key) else {
                let all = OrderReason.allCases.map(\.rawValue).joined(separator: ", ")
                d.report(
                    value,
                    "нет причины «\(key)»; есть \(all).",
                    "no \(key); there are \(all)."
                )
                continue
            }
            found[reason] = d.choice(value)
        }
        return found
    }

    private static func date(
        _ d: DescriptionFile,
        _ entry: DescriptionFile.Entry?
    ) -> CalendarDate {
        guard let text = d.text(entry) else { return CalendarDate(day: 0) }
        if let date = CalendarDate(iso: text.prefix(10)) { return date }
        d.report(entry, "нужна дата гггг-мм-дд.", "a date yyyy-mm-dd is needed.")
        return CalendarDate(day: 0)
    }
}

/// A batch with everything its specification names, opened and checked.
public struct BatchTerms: Sendable {
    /// The specification.
    public let specification: BatchSpecification
    /// The manufacturer's profile.
    public let profile: ManufacturerProfile
    /// Its text.
    public let profileText: String
    /// The layout.
    public let layout: CardLayout

    /// Opens what the specification in `path` names; paths in it count from its folder.
    public static func read(
        _ path: String
    ) throws -> (terms: BatchTerms, text: String, folder: String) {
        let text = try file(path)
        let folder = URL(filePath: path).standardizedFileURL.deletingLastPathComponent().path
        let specification = try BatchSpecification(text: text, file: path)
        let profilePath = place(specification.profile, folder)
        let profileText = try file(profilePath)
        let profile = try ManufacturerProfile(text: profileText, file: profilePath)
        let layout = try CardLayout.read(folder: place(specification.layout, folder))
        let terms = BatchTerms(
            specification: specification,
            profile: profile,
            profileText: profileText,
            layout: layout
        )
        return (terms, text, folder)
    }

    /// The terms of a planned batch; the layout must be what was planned with.
    public static func of(_ batch: BatchBook.Batch) throws -> BatchTerms {
        let specification = try BatchSpecification(
            text: batch.specification,
            file: "batch \(batch.name)"
        )
        let layout = try CardLayout.read(folder: place(specification.layout, batch.folder))
        guard layout.hash == batch.layoutHash else {
            throw ProductionError(
                "Макет \(layout.folder) изменился после планирования партии \(batch.name). Верните "
                    + "прежний макет или отмените партию: profbilet batch cancel \(batch.id) --reason ПРИЧИНА.",
                "The layout \(layout.folder) changed since batch \(batch.name) was planned. Bring the "
                    + "old one back or cancel the batch: profbilet batch cancel \(batch.id) --reason REASON."
            )
        }
        return BatchTerms(
            specification: specification,
            profile: try ManufacturerProfile(text: batch.profile, file: "profile"),
            profileText: batch.profile,
            layout: layout
        )
    }

    private static func place(_ path: String, _ folder: String) -> String {
        path.hasPrefix("/") ? path : folder + "/" + path
    }

    private static func file(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw LayoutError(
                path,
                "Файл не найден или не читается.",
                "The file was not found or cannot be read."
            )
        }
        guard data.count <= 1 << 20, let text = String(data: data, encoding: .utf8) else {
            throw LayoutError(
                path,
                "Файл не в UTF-8 или больше 1 МиБ.",
                "The file is not UTF-8 or larger than 1 MiB."
            )
        }
        return text
    }

    /// Refuses when the processing agreement does not cover `day`.
    func requireAgreement(on day: CalendarDate) throws {
        let agreement = specification.agreement
        guard agreement.until >= day else {
            throw ProductionError(
                "Поручение на обработку \(agreement.id) истекло \(agreement.until.russian): данные "
                    + "изготовителю передавать нельзя. Заключите новое и укажите его в спецификации.",
                "The processing agreement \(agreement.id) ended on \(agreement.until.iso): no data "
                    + "may go to the manufacturer. Make a new one and name it in the specification."
            )
        }
    }

    /// What the card's fields show.
    func record(_ printed: PrintedRecord, carrier: CarrierNumber, payload: [UInt8]) -> CardRecord {
        let parts = specification.validUntil.parts
        return CardRecord(
            number: carrier.ticket.digits,
            carrier: carrier.digits,
            qrPrefix: specification.url,
            qrDigits: DigitText.encode(payload),
            texts: [
                "last": printed.name.last, "first": printed.name.first,
                "patronymic": printed.name.patronymic ?? "", "region": printed.region,
                "organisation": printed.organisation, "hotline": specification.hotline.number,
                "hours": specification.hotline.hours,
            ],
            issue: Int(carrier.issue),
            validMonth: parts.month,
            validYear: parts.year
        )
    }
}

/// Production cannot go on; what happened and what helps.
public struct ProductionError: Error, Sendable {
    /// The sentence in both languages.
    public let message: Bilingual
    /// Whether another process is at work on the same thing.
    public let isBusy: Bool
    /// Whether a file that came from outside is not what it should be.
    public let isUnusable: Bool

    init(_ russian: String, _ english: String, isBusy: Bool = false, isUnusable: Bool = false) {
        message = Bilingual(russian, english)
        (self.isBusy, self.isUnusable) = (isBusy, isUnusable)
    }
}

extension LayoutError {
    init(_ file: String, _ russian: String, _ english: String) {
        self.init([LayoutFinding(file: file, line: nil, message: Bilingual(russian, english))])
    }
}
