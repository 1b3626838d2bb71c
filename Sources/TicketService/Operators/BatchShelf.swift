public import Registry
public import UnionTicket

/// Batches of cards as auditors and manufacturers see them over HTTP; what lies in files and in
/// specifications is supplied by the composition root.
///
/// Calls block; errors are ``Registry/RegisterError`` with their own words.
public protocol BatchShelf: Sendable {
    /// Whom the batch is made by, as its specification's processing agreement says.
    func manufacturer(of batch: BatchBook.Batch) -> String?

    /// The sealed package of a batch for its manufacturer; nil before it was sealed.
    func package(of batch: BatchBook.Batch) throws -> SealedPackage?

    /// Takes the manufacturer's report of what was made.
    ///
    /// - Parameters:
    ///   - report: The file as it came.
    ///   - batch: The batch.
    ///   - user: Who sends it.
    /// - Returns: What was counted; nil where reports are not taken.
    /// - Throws: ``Registry/RegisterError``.
    func take(
        report: [UInt8],
        of batch: BatchBook.Batch,
        by user: SignedInUser
    ) throws -> ProductionCounts?
}

/// A sealed package on the disk.
public struct SealedPackage: Sendable, Equatable {
    /// The file.
    public let path: String
    /// Its name for the receiver.
    public let name: String
    /// How many bytes it has.
    public let count: Int64

    /// A package.
    public init(path: String, name: String, count: Int64) {
        (self.path, self.name, self.count) = (path, name, count)
    }
}

/// What a production report came to.
public struct ProductionCounts: Sendable, Equatable {
    /// Cards that were made.
    public let printed: Int
    /// Cards that were spoiled.
    public let spoiled: Int
    /// Rows that were refused, and why.
    public let refused: [RowIssue]

    /// Counts.
    public init(printed: Int, spoiled: Int, refused: [RowIssue]) {
        (self.printed, self.spoiled, self.refused) = (printed, spoiled, refused)
    }
}
