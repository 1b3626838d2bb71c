import CardLayout
import Roster
import UnionTicket

/// One card's line of the manufacturer's data file.
enum DataLine {
    /// The cells in the profile's order.
    static func texts(
        of record: CardRecord,
        sequence: Int,
        parcel: Int,
        _ profile: ManufacturerProfile
    ) -> [String] {
        profile.columns.map { column, _ in
            switch column {
            case .sequence: "\(sequence)"
            case .name1: record.texts["last"] ?? ""
            case .name2:
                [record.texts["first"] ?? "", record.texts["patronymic"] ?? ""]
                    .filter { !$0.isEmpty }.joined(separator: " ")
            case .number: filed(record.number)
            case .carrier: record.carrier
            case .qr: record.qrPrefix + record.qrDigits
            case .organisation: record.texts["organisation"] ?? ""
            case .region: record.texts["region"] ?? ""
            case .valid: record.validity
            case .issue: record.issue > 1 ? "экз. \(record.issue)" : ""
            case .parcel: "\(parcel)"
            }
        }
    }

    /// `177-4815-1623-4216`, which no spreadsheet takes for a quantity.
    private static func filed(_ digits: String) -> String {
        UInt64(digits).flatMap { TicketNumber(value: $0) }?.filed ?? digits
    }

    /// Appends a line; cells with separators, quotes or line ends are quoted (RFC 4180).
    static func append(
        _ cells: [String],
        _ profile: ManufacturerProfile,
        to output: inout [UInt8]
    ) -> [Unicode.Scalar] {
        var missing: [Unicode.Scalar] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 {
                missing += profile.encoding.append(String(profile.separator), to: &output)
            }
            let isPlain = !cell.utf8.contains {
                $0 == 0x22 || $0 == 0x0A || $0 == 0x0D || $0 == profile.separator.asciiValue
            }
            let text = isPlain ? cell : "\"" + cell.replacing("\"", with: "\"\"") + "\""
            missing += profile.encoding.append(text, to: &output)
        }
        output += [0x0D, 0x0A]
        return missing
    }
}

/// The NDEF message of a chip: the camera page as a URI record and the signed bytes in a record of
/// an external type beside it (NFC Forum NDEF 1.0, RTD URI 1.0).
enum NDEFMessage {
    static let type = Array("profbilet.ru:epb".utf8)
    /// A signed payload takes so many bytes.
    private static let payloadSize = 110

    static func encode(url: String, carrier: CarrierNumber, payload: [UInt8]) -> [UInt8] {
        let uri = [UInt8(0)] + Array((url + carrier.digits).utf8)
        // 0x91: first, short, well known; 0x54: last, short, external.
        return [0x91, 1, UInt8(uri.count), 0x55] + uri
            + [0x54, UInt8(type.count), UInt8(payload.count)] + type + payload
    }

    /// Bytes of the message with its TLV and terminator on the chip.
    static func size(url: String) -> Int {
        let uri = 1 + url.utf8.count + 16
        return 4 + uri + 3 + type.count + payloadSize + 3
    }
}
