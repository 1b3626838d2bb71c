import TicketSeal
import UnionTicket

/// A scan as far as it can be understood without judging anybody: total over any input.
struct Reading {
    /// What it turned out to be.
    enum Content {
        case fault
        case unknownFormat
        case malformed
        /// A payload or presentation, examined for everything but time.
        case payload(Judgement)
        /// A number that was read or typed, with the carriers of the snapshot that bear it.
        case number(String, carriers: [Int])
        /// A chip without a payload.
        case chip(carrier: Int?)
        /// A person found by name, by their place.
        case person(Int)
    }

    var content: Content
    var evidence: Evidence
    /// The facts of the tap, for a chip.
    var chip: ChipEvidence?
    /// What opens the name.
    var secret: [UInt8]?

    init(_ scan: Scan, _ snapshot: EventSnapshot) {
        switch scan.showing {
        case .text(let text, let source): self.init(text, source, snapshot)
        case .chip(let chip): self.init(chip, snapshot)
        case .broken: self.init(.fault, Evidence(.none))
        }
    }

    /// A person whom a document shows.
    init(person place: Int) { self.init(.person(place), Evidence(.document)) }

    private init(_ content: Content, _ evidence: Evidence) {
        self.content = content
        self.evidence = evidence
    }

    private init(_ text: String, _ source: ScanSource, _ snapshot: EventSnapshot) {
        switch TicketText(text) {
        case .payload(let bytes): self.init(bytes, snapshot)
        case .malformed: self.init(.malformed, Evidence(.none))
        case .number(let digits):
            self.init(number: digits, source, snapshot)
        case .unknownFormat: self.init(other: text, source, snapshot)
        }
    }

    /// A payload, or a presentation around one.
    private init(_ bytes: [UInt8], _ snapshot: EventSnapshot) {
        let judgement = snapshot.judge.examine(bytes: bytes)
        guard judgement.verdict != .malformed else {
            self.init(.malformed, Evidence(.none))
            return
        }
        let level: EvidenceLevel = judgement.isPresentation ? .presentation : .signedData
        self.init(.payload(judgement), Evidence(level, fresh: judgement.isPresentation))
        secret = CarrierSecret.of(judgement, of: bytes)
    }

    /// Neither a payload nor bare digits: a number with spaces, or one of the old scheme.
    private init(other text: String, _ source: ScanSource, _ snapshot: EventSnapshot) {
        let trimmed = String(text.prefix(64).filter { !$0.isNewline })
            .trimmingWhitespace
        if text.utf8.count <= 256, !snapshot.carrierPlaces(number: trimmed).isEmpty {
            self.init(number: trimmed, source, snapshot)
            return
        }
        switch TypedNumber(text.utf8.count <= 64 ? text : "") {
        case .ticket(let ticket): self.init(number: ticket.digits, source, snapshot)
        case .carrier(let carrier): self.init(number: carrier.digits, source, snapshot)
        case .refused(.length(let count)) where (4...24).contains(count):
            self.init(number: trimmed, source, snapshot)
        case .refused(.checkDigit), .refused(.scheme), .refused(.group):
            self.init(number: trimmed, source, snapshot)
        case .refused: self.init(.unknownFormat, Evidence(.none))
        }
    }

    private init(number digits: String, _ source: ScanSource, _ snapshot: EventSnapshot) {
        self.init(
            .number(digits, carriers: snapshot.carrierPlaces(number: digits)),
            Evidence(source == .keyboard ? .typedNumber : .barcode)
        )
    }

    private init(_ chip: ChipEvidence, _ snapshot: EventSnapshot) {
        if chip.fault != nil {
            self.init(.fault, Evidence(.none))
        } else if let bytes = chip.payload ?? Self.payload(in: chip.uri) {
            self.init(bytes, snapshot)
            if case .payload(let judgement) = content, !judgement.isPresentation {
                evidence.level = chip.authentication == .passed ? chip.level : .signedData
            }
        } else if let uid = chip.uid {
            self.init(
                .chip(carrier: snapshot.carrierPlace(uid: uid)),
                Evidence(chip.authentication == .passed ? chip.level : .uid)
            )
        } else {
            self.init(.unknownFormat, Evidence(.none))
        }
        self.chip = chip
    }

    private static func payload(in uri: String?) -> [UInt8]? {
        guard let uri, case .payload(let bytes) = TicketText(uri) else { return nil }
        return bytes
    }
}

extension String {
    var trimmingWhitespace: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
