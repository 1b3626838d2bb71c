public import Registry
import TicketSeal
import UnionTicket

/// An acknowledgement as JSON, format `partner-ack/1` (docs/partner.md).
public enum AcknowledgementFile {
    private struct Body: Decodable {
        var format: String
        var partner: String
        var package: WholeNumber
        var stage: String
        var manifest: String?
        var set: String?
        var fault: String?
        var expected: WholeNumber?
        var rows: [Row]?

        struct Row: Decodable {
            var id: String
            var code: String
        }
    }

    /// Faulty rows that one acknowledgement may name.
    static let rowLimit = 100_000

    /// Reads an acknowledgement of one partner.
    ///
    /// - Throws: ``ExchangeError`` with the place in the file.
    public static func read(
        _ file: PartnerFile,
        of partner: String
    ) throws(ExchangeError) -> PartnerAcknowledgements.Acknowledgement {
        let body = try file.decode(Body.self)
        func wrong(_ place: String, _ russian: String, _ english: String) -> ExchangeError {
            .format(file.name, place, Bilingual(russian, english))
        }
        guard body.format == "partner-ack/1" else {
            throw wrong("format", "нужно partner-ack/1.", "partner-ack/1 is needed.")
        }
        guard body.partner == partner else {
            throw .stranger(file.name, String(body.partner.prefix(32)), partner)
        }
        guard let stage = PartnerAcknowledgements.Acknowledgement.Stage(rawValue: body.stage)
        else {
            throw wrong(
                "stage",
                "нужно received, applied или rejected.",
                "received, applied or rejected."
            )
        }
        guard (1...10_000_000).contains(body.package.value) else {
            throw wrong("package", "нужен номер пакета.", "a package's number is needed.")
        }
        var said = PartnerAcknowledgements.Acknowledgement(
            sequence: Int(body.package.value),
            stage: stage
        )
        said.manifest = try hash(body.manifest, "manifest", isNeeded: stage != .rejected, file)
        said.setHash = try hash(body.set, "set", isNeeded: stage == .applied, file)
        if stage == .rejected {
            guard let fault = body.fault.flatMap(PartnerFault.init(rawValue:)) else {
                let all = PartnerFault.allCases.map(\.rawValue).joined(separator: ", ")
                throw wrong("fault", "нужно одно из: \(all).", "one of \(all) is needed.")
            }
            said.fault = fault
            said.expected = body.expected.map { Int($0.value) }
        }
        let rows = body.rows ?? []
        guard rows.count <= rowLimit else {
            throw wrong("rows", "не больше \(rowLimit) строк.", "no more than \(rowLimit) rows.")
        }
        said.rows = rows.map { ($0.id, $0.code) }
        return said
    }

    private static func hash(
        _ text: String?,
        _ field: String,
        isNeeded: Bool,
        _ file: PartnerFile
    ) throws(ExchangeError) -> [UInt8]? {
        guard let text else {
            guard !isNeeded else {
                throw .format(
                    file.name,
                    field,
                    Bilingual("поле нужно.", "the field is needed.")
                )
            }
            return nil
        }
        guard let bytes = Hex.bytes(text), bytes.count == 32 else {
            throw .format(
                file.name,
                field,
                Bilingual("нужно 64 шестнадцатеричных знака.", "64 hexadecimal digits are needed.")
            )
        }
        return bytes
    }
}
