import UnionTicket

/// One line of an issuance's `tickets.csv`.
struct IssuedLine {
    let ticket: TicketNumber
    let issue: Int64
    let list: Int64
    let index: Int64
    let expiresAt: Int64
    /// Hexadecimal digits.
    let kid: [UInt8]
    let order: Int64
    let member: Int64

    /// The names of the columns.
    static let header = Array("carrier;number;list;index;expires;kid;order;member\n".utf8)

    /// Appends the line and its end.
    func append(to text: inout [UInt8]) {
        text.append(decimal: Int64(ticket.value))
        text.append(decimal: issue)
        text.append(0x3B)
        text += ticket.filed.utf8
        for number in [list, index, expiresAt] {
            text.append(0x3B)
            text.append(decimal: number)
        }
        text.append(0x3B)
        text += kid
        for number in [order, member] {
            text.append(0x3B)
            text.append(decimal: number)
        }
        text.append(0x0A)
    }
}

extension [UInt8] {
    /// Appends a number in decimal digits.
    fileprivate mutating func append(decimal number: Int64) {
        append(contentsOf: String(number).utf8)
    }
}
