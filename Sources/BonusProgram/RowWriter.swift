import Registry
import Roster
import UnionTicket

/// Turns rows into the bytes of a data file as a contract wants them: RFC 4180 or JSON Lines.
///
/// Every value is ASCII without quotes; only the names of columns may need the contract's encoding.
struct RowWriter {
    private let contract: PartnerContract
    private let separator: [UInt8]
    private let names: [[UInt8]]

    init(_ contract: PartnerContract) {
        self.contract = contract
        separator = Array(String(contract.separator).utf8)
        names = contract.columns.map { column in
            var bytes: [UInt8] = []
            let text = contract.form == .jsonl ? Self.json(column.title) : column.title
            _ = contract.encoding.append(text, to: &bytes)
            return bytes
        }
    }

    /// What stands in front of the first row.
    func begin(_ output: inout [UInt8]) {
        guard contract.form == .csv else { return }
        output += contract.encoding.mark
        for (index, name) in names.enumerated() {
            if index > 0 { output += separator }
            let needsQuotes = name.contains(separator[0]) || name.contains(0x20)
            output += needsQuotes ? [0x22] + name + [0x22] : name
        }
        output += [0x0D, 0x0A]
    }

    /// Adds one row.
    func add(_ row: PartnerRow, to output: inout [UInt8]) {
        switch contract.form {
        case .csv: addCells(row, to: &output)
        case .jsonl: addObject(row, to: &output)
        }
    }

    private func addCells(_ row: PartnerRow, to output: inout [UInt8]) {
        for (index, column) in contract.columns.enumerated() {
            if index > 0 { output.append(contentsOf: separator) }
            output.append(contentsOf: Self.value(column.column, row).utf8)
        }
        output.append(0x0D)
        output.append(0x0A)
    }

    private func addObject(_ row: PartnerRow, to output: inout [UInt8]) {
        output.append(0x7B)
        for (index, column) in contract.columns.enumerated() {
            if index > 0 { output.append(0x2C) }
            output.append(contentsOf: names[index])
            output.append(contentsOf: [0x3A, 0x22])
            output.append(contentsOf: Self.value(column.column, row).utf8)
            output.append(0x22)
        }
        output.append(0x7D)
        output.append(0x0A)
    }

    private static func value(_ column: PartnerContract.Column, _ row: PartnerRow) -> String {
        switch column {
        case .id: return row.pseudonym.text
        case .status: return row.status.rawValue
        case .mergedInto: return row.mergedInto?.text ?? ""
        case .number, .validUntil, .carriers, .region, .changedAt: break
        }
        // of somebody who takes part no more nothing but the pseudonym is told
        guard row.status.isMember else { return "" }
        return switch column {
        case .number: row.number?.filed ?? ""
        case .validUntil: row.validUntil.iso
        case .carriers: row.carriersText
        case .region: row.regionText
        default: row.changedAt.rfc3339
        }
    }

    private static func json(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
