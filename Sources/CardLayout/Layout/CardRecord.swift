import Foundation
import UnionTicket

/// What is printed on one card: a value for each of the layout's fields.
public struct CardRecord: Sendable, Equatable {
    /// 15 digits, without grouping.
    public var number: String
    /// The ticket number and the issue, 16 digits.
    public var carrier: String
    /// In front of the QR's digits.
    public var qrPrefix: String
    /// The signed payload as digits.
    public var qrDigits: String
    /// Free texts by field name, composed (NFC).
    public var texts: [String: String]
    /// Which plastic card of the member this is, from 1.
    public var issue: Int
    /// Month and year of the end of validity.
    public var validMonth: Int
    /// The year.
    public var validYear: Int

    /// A record; texts are composed here.
    public init(
        number: String,
        carrier: String,
        qrPrefix: String,
        qrDigits: String,
        texts: [String: String],
        issue: Int,
        validMonth: Int,
        validYear: Int
    ) {
        self.number = number
        self.carrier = carrier
        self.qrPrefix = qrPrefix
        self.qrDigits = qrDigits
        self.texts = texts.mapValues(Self.composed)
        self.issue = issue
        self.validMonth = validMonth
        self.validYear = validYear
    }

    /// NFC; most texts are, and hold nothing that could combine.
    private static func composed(_ text: String) -> String {
        let mayCombine = text.unicodeScalars.contains {
            $0.value >= 0x300 && !(0x400...0x482).contains($0.value)
                && !(0x48A...0x52F).contains($0.value)
        }
        return mayCombine ? text.precomposedStringWithCanonicalMapping : text
    }

    /// The end of validity as `MM/yyyy`.
    public var validity: String { padded(validMonth, 2) + "/" + String(validYear) }

    /// Kinds of sample records for previews.
    public enum Sample: String, Sendable, CaseIterable {
        /// The values of the layout's `lint.longest`.
        case longest
        /// A name as most are.
        case typical
        /// Letters of the peoples of the Volga and of Yakutia.
        case minority
    }

    /// A record that shows what a layout looks like; its payload is signed by nobody.
    public static func sample(_ sample: Sample, for layout: CardLayout) -> CardRecord {
        var texts: [String: String] = [
            "last": "Кузнецова", "first": "Мария", "patronymic": "Ивановна",
            "region": "Московская областная организация Общероссийского Профсоюза образования",
            "organisation": "Первичная профсоюзная организация школы № 12",
            "hotline": "8 800 555-35-35", "hours": "ежедневно с 9 до 21 часа",
        ]
        switch sample {
        case .typical: break
        case .longest: texts.merge(layout.lint.longest) { $1 }
        case .minority:
            texts["last"] = "Ҡотлобаева"
            texts["first"] = "Гөлнәзирә"
            texts["patronymic"] = "Мөхәмәтғәлим ҡыҙы"
            texts["region"] = "Саха Сирин Үөрэҕириитин профсоюһа"
        }
        let digits = (0..<268).map { "\(($0 * 7 + $0 / 5 + 3) % 10)" }.joined()
        return CardRecord(
            number: "977000000000005",
            carrier: "9770000000000052",
            qrPrefix: "HTTPS://EPB.EXAMPLE.RU/C/",
            qrDigits: digits,
            texts: texts,
            issue: 2,
            validMonth: 12,
            validYear: 2035
        )
    }
}

extension CardLayout {
    /// A field's text as it is shown.
    func shown(_ name: String, _ record: CardRecord) -> String {
        guard let field = fields[name] else { return "" }
        switch field.type {
        case .cardNumber: return Self.fill(field.show ?? "### #### #### ####", record.number)
        case .carrierNumber: return record.carrier
        case .qrPayload: return record.qrPrefix + record.qrDigits
        case .name, .text: return record.texts[name] ?? ""
        case .month:
            guard let show = field.show, show != "MM/yyyy" else { return record.validity }
            return show.replacing("MM", with: padded(record.validMonth, 2))
                .replacing("yyyy", with: String(record.validYear))
        case .issueMark:
            guard record.issue >= field.from ?? 2 else { return "" }
            return (field.show ?? "{n}").replacing("{n}", with: "\(record.issue)")
        }
    }

    private static func fill(_ pattern: String, _ digits: String) -> String {
        var rest = digits.utf8[...]
        let bytes = pattern.utf8.map { $0 == 0x23 ? rest.popFirst() ?? 0x20 : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
