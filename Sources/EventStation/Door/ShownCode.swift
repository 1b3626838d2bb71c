import TicketSeal
import UnionTicket

/// What makes two scans the same code: what was shown, never how a scanner dressed it up.
enum ShownCode: Hashable {
    /// The bytes of a payload or presentation.
    case payload([UInt8])
    /// A ticket's or carrier's number, digits only.
    case number(String)
    /// Any other text, without the space around it.
    case text(String)
    /// The facts of a tap.
    case chip(String)

    /// Nil where nothing was read.
    init?(_ showing: Scan.Showing) {
        switch showing {
        case .text(let text, _): self.init(text)
        case .chip(let chip) where chip.fault == nil: self = .chip("\(chip)")
        case .chip, .broken: return nil
        }
    }

    private init(_ text: String) {
        switch TicketText(text) {
        case .payload(let bytes): self = .payload(bytes)
        case .number(let digits): self = .number(digits)
        case .malformed, .unknownFormat:
            switch TypedNumber(text.utf8.count <= 64 ? text : "") {
            case .ticket(let ticket): self = .number(ticket.digits)
            case .carrier(let carrier): self = .number(carrier.digits)
            case .refused: self = .text(text.trimmingWhitespace)
            }
        }
    }
}
