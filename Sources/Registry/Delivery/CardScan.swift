public import UnionTicket

extension HandOutBook {
    /// What one scan did, and whose card it is.
    public struct Scanned: Sendable {
        /// What became of the hand-out.
        public let outcome: Outcome
        /// The member's name, for those who may read it within their scope; nil for a refused card.
        public let name: PersonName?
    }

    /// Records the hand-out of one card and tells whose it is, so that whoever hands it over can see
    /// that it goes to the right person; the reading of the name is logged.
    ///
    /// - Parameters:
    ///   - reference: Carrier number, ticket number, or the text of the card's QR.
    ///   - day: The day of the hand-out; nil takes today.
    ///   - user: Who hands it over.
    /// - Returns: What it did, and whose card it is.
    /// - Throws: ``RegisterError`` when the user may not.
    public func scan(
        _ reference: String,
        on day: CalendarDate?,
        by user: SignedInUser
    ) throws -> Scanned {
        try user.require(.handOut)
        return try register.write { session in
            var run = HandOutRun(register, Basis(.scan), user, session)
            try run.take([Item(reference: reference, day: day)])
            let outcome = try end(run)
            guard outcome.refused.isEmpty, user.permits(.readMembers), let member = run.holder
            else {
                return Scanned(outcome: outcome, name: nil)
            }
            let names = try MemberFile(register)
                .names(of: [member], reason: "handout", by: user, in: session)
            return Scanned(outcome: outcome, name: names[member])
        }
    }
}
