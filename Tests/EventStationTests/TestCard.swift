import TicketSeal
import UnionTicket

@testable import EventStation

/// A carrier with everything that can be shown of it.
struct TestCard: Sendable {
    let ticket: TicketNumber
    let number: CarrierNumber
    let coordinate: StatusCoordinate
    let uid: [UInt8]?
    /// The issuer's bytes.
    let payload: [UInt8]

    /// What the QR code holds.
    var text: String { "HTTPS://EPB.EXAMPLE.RU/C/" + DigitText.encode(payload) }

    /// The card's QR code under a scanner.
    func scan(_ mode: ScanMode = .entry, nonce: String = "") -> Scan {
        .text(text, mode, nonce: nonce)
    }

    /// The number of the ticket as an operator types it.
    func typed(_ mode: ScanMode = .entry) -> Scan {
        Scan(mode: mode, showing: .text(ticket.printed, .keyboard), nonce: "")
    }

    /// The phone's screen at a moment.
    func screen(
        at moment: Instant,
        _ mode: ScanMode = .entry,
        phone: TestKeys = .phone
    ) throws -> Scan {
        .text(
            DigitText.encode(
                try Presentation.seal(inner: payload, at: moment, with: phone.signing)
            ),
            mode
        )
    }

    /// A tap of the card's chip.
    func tap(
        uid shown: [UInt8]? = nil,
        _ authentication: ChipEvidence.Authentication = .none,
        counter: UInt32? = nil,
        _ mode: ScanMode = .entry
    ) -> Scan {
        Scan(
            mode: mode,
            showing: .chip(
                ChipEvidence(
                    level: authentication == .passed ? .dynamicMAC : .signedData,
                    uid: shown ?? uid,
                    payload: payload,
                    authentication: authentication,
                    counter: counter
                )
            ),
            nonce: ""
        )
    }
}

extension Scan {
    /// A text under a scanner.
    static func text(_ text: String, _ mode: ScanMode = .entry, nonce: String = "") -> Scan {
        Scan(mode: mode, showing: .text(text, .scanner), nonce: nonce)
    }

    /// A text typed by an operator.
    static func typed(_ text: String, _ mode: ScanMode = .entry) -> Scan {
        Scan(mode: mode, showing: .text(text, .keyboard), nonce: "")
    }
}
