public import Registry

/// What operators lead a batch of cards with over HTTP: plan, approval, building, verifying, sealing;
/// supplied by the composition root.
///
/// Calls block; errors are ``Registry/RegisterError`` with their own words.
public protocol BatchWorks: Sendable {
    /// Plans a batch.
    ///
    /// - Parameters:
    ///   - specification: The name of a specification in the server's folder of them.
    ///   - user: Who plans.
    /// - Returns: The plan; nil when there is no such specification.
    /// - Throws: ``Registry/RegisterError``: the specification is faulty, or too few orders are fit.
    func plan(_ specification: String, by user: SignedInUser) throws -> PlannedBatch?

    /// Approves a batch by the signature of a person, who did not plan it.
    ///
    /// - Parameters:
    ///   - batch: The batch.
    ///   - name: The person.
    ///   - passphrase: What opens the person's key.
    ///   - secrets: The opened purpose keys.
    /// - Returns: How many approvals are still missing.
    /// - Throws: ``Registry/RegisterError``: wrong passphrase, the planner, twice, or a plan gone stale.
    func approve(
        _ batch: BatchBook.Batch,
        as name: String,
        passphrase: String,
        secrets: SigningSecrets
    ) throws -> Int

    /// Leads a batch one step on; may take minutes, may be broken off and begun again.
    ///
    /// - Parameters:
    ///   - step: What is done.
    ///   - batch: The batch.
    ///   - secrets: The opened purpose keys.
    ///   - user: Who does it.
    ///   - progress: Told how many cards of how many are done.
    /// - Throws: ``Registry/RegisterError``: the batch is in another state, or the step found a fault.
    func run(
        _ step: BatchStep,
        of batch: BatchBook.Batch,
        secrets: SigningSecrets,
        by user: SignedInUser,
        progress: (Int, Int) -> Void
    ) throws
}

/// A step of a batch that takes its time.
public enum BatchStep: Sendable, Equatable {
    /// Makes the packages.
    case build
    /// Reads pages and symbols back.
    case verify
    /// Encrypts the packages to these certificates, PEM or DER.
    case seal(manufacturer: [UInt8], archive: [UInt8])

    var name: String {
        switch self {
        case .build: "build"
        case .verify: "verify"
        case .seal: "seal"
        }
    }
}

/// A batch as it was planned.
public struct PlannedBatch: Sendable {
    /// The batch.
    public let batch: BatchBook.Batch
    /// How many parcels it will have.
    public let parcels: Int
    /// Orders that were left out, each with the codes of its faults.
    public let excluded: [(order: Int64, codes: [String])]

    /// A plan.
    public init(
        batch: BatchBook.Batch,
        parcels: Int,
        excluded: [(order: Int64, codes: [String])]
    ) {
        (self.batch, self.parcels, self.excluded) = (batch, parcels, excluded)
    }
}
