import TicketSeal
import UnionTicket

/// One line of an issuance's `tickets.csv`.
struct IssuedRow {
    let carrier: CarrierNumber
    let coordinate: StatusCoordinate
    let expiresAt: Int64
    let kid: [UInt8]
    let order: Int64
    let member: Int64

    static func read(_ path: String) throws -> [IssuedRow] {
        let text = String(decoding: try Files.read(path, atMost: 1 << 30), as: UTF8.self)
        return try text.split(separator: "\n").dropFirst().enumerated().map { number, line in
            let cells = line.split(separator: ";", omittingEmptySubsequences: false)
            guard cells.count == 8, let value = UInt64(cells[0]),
                let carrier = CarrierNumber(value: value), let list = UInt32(cells[2]),
                let index = UInt32(cells[3]),
                let coordinate = StatusCoordinate(list: list, index: index),
                let expires = Int64(cells[4]), let kid = Hex.bytes(cells[5]),
                let order = Int64(cells[6]), let member = Int64(cells[7])
            else {
                throw RegisterError(
                    .badInput,
                    "\(path), строка \(number + 2): не строка списка билетов.",
                    "\(path), line \(number + 2): no line of a list of tickets."
                )
            }
            return IssuedRow(
                carrier: carrier,
                coordinate: coordinate,
                expiresAt: expires,
                kid: kid,
                order: order,
                member: member
            )
        }
    }
}
