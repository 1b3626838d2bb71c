public import UnionTicket

/// What a payload alone amounts to; the names of JSON, files and the command line.
public enum PayloadVerdict: String, Sendable, CaseIterable {
    /// Genuine and in time.
    case valid
    /// now ≥ exp.
    case expired
    /// now < nbf.
    case notYetValid = "not_yet_valid"
    /// The signature is not the key's.
    case badSignature = "bad_signature"
    /// The key is unknown, not in use yet, or does not sign such payloads.
    case unknownKey = "unknown_key"
    /// The key was revoked or retired.
    case revokedKey = "revoked_key"
    /// Looks like a payload; strict reading refuses it.
    case malformed
    /// Nothing of ours.
    case unknownFormat = "unknown_format"
    /// A presentation whose time is more than a minute off.
    case staleVirtual = "stale_virtual"
}

/// A ticket that only a judge can make: signature, key and dates were checked.
public struct VerifiedTicket: Sendable, Equatable {
    /// What the payload says.
    public let claims: TicketClaims
    /// The kid of the key that signed it.
    public let kid: [UInt8]
    /// When a phone claims to have shown it; nil for a static payload.
    public let presentedAt: Instant?

    fileprivate init(claims: TicketClaims, kid: [UInt8], presentedAt: Instant?) {
        self.claims = claims
        self.kid = kid
        self.presentedAt = presentedAt
    }
}

/// A verdict with everything that was read on the way.
public struct Judgement: Sendable, Equatable {
    /// What it amounts to.
    public let verdict: PayloadVerdict
    /// The proof, with the verdict valid.
    public var ticket: VerifiedTicket?
    /// The claims as far as they could be read; not proven unless `ticket` is there.
    public var claims: TicketClaims?
    /// The key identifier the payload names.
    public var kid: [UInt8]?
    /// Whether it was a phone's presentation.
    public var isPresentation = false
    /// When a phone claims to have shown it, whether in time or not.
    public var presentedAt: Instant?
    /// Whether the key's purpose was judged, which bare keys do not allow.
    public var isPurposeJudged = false

    /// A virtual payload without a phone's signature around it: never good for admission.
    public var isUnboundVirtual: Bool {
        !isPresentation && ticket?.claims.carrier.issue == 0
    }

    init(_ verdict: PayloadVerdict) { self.verdict = verdict }
}

/// Judges payloads and presentations by a set of keys; total over any input.
///
/// The order is fixed: format, structure, key, signature, claims, time; the first that fails decides
/// (ticket.md § 2).
public struct TicketJudge: Sendable {
    /// The keys it goes by.
    public let keys: TrustedKeys

    /// A judge with these keys.
    public init(keys: TrustedKeys) { self.keys = keys }

    /// Judges what a scanner read.
    ///
    /// - Parameters:
    ///   - text: Optional URL, then decimal digits; at most ``TicketText/limit`` bytes.
    ///   - instant: The moment to judge by.
    /// - Returns: Exactly one verdict.
    public func judge(text: some StringProtocol, at instant: Instant) -> Judgement {
        judge(utf8: Array(text.utf8), at: instant)
    }

    /// Judges what a scanner read, as UTF-8 bytes.
    public func judge(utf8 text: [UInt8], at instant: Instant) -> Judgement {
        switch TicketText(utf8: text) {
        case .payload(let bytes): judge(bytes: bytes, at: instant)
        case .malformed: Judgement(.malformed)
        case .number, .unknownFormat: Judgement(.unknownFormat)
        }
    }

    /// Judges COSE bytes, of a chip for one.
    public func judge(bytes: [UInt8], at instant: Instant) -> Judgement {
        guard let message = try? COSESign1(decoding: bytes) else { return Judgement(.malformed) }
        if let outer = PresentationParts(message) {
            return judge(outer, message, at: instant)
        }
        return judge(message, at: instant)
    }

    /// Judges everything but time: format, structure, key and signatures.
    ///
    /// A station judges dates in an order of its own, and a clock that cannot be right not at all.
    ///
    /// - Parameter bytes: COSE bytes of a payload or a presentation.
    /// - Returns: A verdict of which `valid` says nothing about time, and which is no proof.
    public func examine(bytes: [UInt8]) -> Judgement {
        guard let message = try? COSESign1(decoding: bytes) else { return Judgement(.malformed) }
        if let outer = PresentationParts(message) { return judge(outer, message, at: nil) }
        return judge(message, at: nil)
    }

    private func judge(
        _ message: COSESign1,
        at instant: Instant?,
        presentedAt: Instant? = nil
    ) -> Judgement {
        guard let payload = message.payload else { return Judgement(.malformed) }
        var unread = Judgement(.unknownKey)
        unread.kid = message.kid
        let set = try? CBOR(decoding: payload)
        let claims = set.flatMap(TicketClaims.init)
        unread.claims = claims
        // A payload names its key: without one it is of another profile.
        guard let kid = message.kid else { return unread.with(.malformed) }
        // Structure comes before the key: what is no CBOR map is malformed whoever signed it.
        guard let set, set.entries != nil else { return unread.with(.malformed) }
        guard let trusted = keys.key(kid), trusted.state != .next else {
            return unread.with(.unknownKey)
        }
        unread.isPurposeJudged = trusted.purpose != nil
        guard trusted.state == .active || trusted.state == .verifyOnly else {
            return unread.with(.revokedKey)
        }
        guard message.isSigned(by: trusted.key) else { return unread.with(.badSignature) }
        guard let claims else { return unread.with(.malformed) }
        guard trusted.covers(claims) else { return unread.with(.unknownKey) }
        guard let instant else { return unread.with(.valid) }
        guard instant < claims.expiresAt else { return unread.with(.expired) }
        if let start = claims.notBefore, instant < start { return unread.with(.notYetValid) }
        var judgement = unread.with(.valid)
        judgement.ticket = VerifiedTicket(claims: claims, kid: kid, presentedAt: presentedAt)
        return judgement
    }

    private func judge(
        _ outer: PresentationParts,
        _ message: COSESign1,
        at instant: Instant?
    ) -> Judgement {
        guard let inner = try? COSESign1(decoding: outer.inner) else {
            return Judgement(.malformed).asPresentation
        }
        var judgement = judge(inner, at: instant, presentedAt: outer.presentedAt).asPresentation
        judgement.presentedAt = outer.presentedAt
        guard judgement.verdict == .valid else { return judgement }
        guard let device = judgement.claims?.confirmation else {
            return judgement.with(.malformed)
        }
        guard message.isSigned(by: device) else { return judgement.with(.badSignature) }
        guard let instant else { return judgement }
        let age = instant.seconds.subtractingReportingOverflow(outer.presentedAt.seconds)
        guard !age.overflow, age.partialValue.magnitude <= UInt64(Presentation.tolerance) else {
            return judgement.with(.staleVirtual)
        }
        return judgement
    }
}

extension Judgement {
    fileprivate func with(_ verdict: PayloadVerdict) -> Judgement {
        var judgement = Judgement(verdict)
        judgement.claims = claims
        judgement.kid = kid
        judgement.isPresentation = isPresentation
        judgement.presentedAt = presentedAt
        judgement.isPurposeJudged = isPurposeJudged
        return judgement
    }

    fileprivate var asPresentation: Judgement {
        var judgement = self
        judgement.isPresentation = true
        return judgement
    }
}

/// The outer message of a presentation: its protected header is exactly `{1: -7, 16: typ}`.
private struct PresentationParts {
    let presentedAt: Instant
    let inner: [UInt8]

    init?(_ message: COSESign1) {
        guard message.type == Presentation.type, message.algorithm == .es256,
            message.protected.entries?.count == 2, message.unprotected.entries?.isEmpty == true,
            let payload = message.payload, let set = try? CBOR(decoding: payload),
            let seconds = set[6]?.integer, let inner = set[-65538]?.bytes
        else { return nil }
        presentedAt = Instant(seconds: seconds)
        self.inner = inner
    }
}
