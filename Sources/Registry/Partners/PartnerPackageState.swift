/// The life of one package to a partner.
public enum PartnerPackageState: String, Sendable, CaseIterable {
    /// Its rows are fixed; its file is not written yet.
    case prepared
    /// In the outbox.
    case sent
    /// The partner has it whole.
    case received
    /// The partner's set is what it should be after this package.
    case applied
    /// The partner could not take it; it is to be sent again.
    case rejected
    /// A later base made it unnecessary.
    case superseded

    /// States that may follow this one.
    public var successors: Set<PartnerPackageState> {
        switch self {
        case .prepared: [.sent]
        case .sent: [.received, .applied, .rejected, .superseded]
        case .received: [.applied, .rejected, .superseded, .sent]
        case .rejected: [.sent, .superseded]
        case .applied, .superseded: []
        }
    }
}

/// What may be wrong with a file on its way between the union and a partner.
public enum PartnerFault: String, Sendable, CaseIterable {
    /// The same file came before.
    case duplicateFile
    /// There is nothing in it.
    case emptyFile
    /// It is not of the agreed form.
    case badFormat
    /// It is for or from somebody else.
    case wrongPartner
    /// A package before it is missing.
    case gap
    /// Its bytes, or the set after it, are not what they should be.
    case hashMismatch
    /// Single rows could not be taken.
    case rowErrors
}
