public import Registry
import TicketSeal
import UnionTicket

extension BatchBook {
    /// Verifies a package by the register's own keys; a sound one of a built batch marks the batch
    /// verified.
    ///
    /// - Parameters:
    ///   - folder: The package's folder.
    ///   - user: Who verifies.
    ///   - progress: Told how many cards of how many are done.
    /// - Returns: What was looked at and found.
    /// - Throws: ``Registry/RegisterError``, also without a trust bundle; ``ProductionError``.
    public func verify(
        _ folder: String,
        by user: SignedInUser,
        progress: (Int, Int) -> Void
    ) throws -> PackageVerifier.Report {
        guard let keys = TrustedKeys(file: try trustBundle()) else {
            throw RegisterError(.badInput, "Нет пакета доверия.", "There is no trust bundle.")
        }
        let report = try PackageVerifier(folder: folder, keys: keys, now: now)
            .verify(progress: progress)
        if report.passed, let id = report.batch, try batch(id).state == .built {
            try advance(id, to: .verified, manifest: report.manifest, by: user)
        }
        return report
    }
}

extension BatchSpecification {
    /// What approving a batch of these terms fixes on the plastic.
    public var approvalTerms: BatchBook.ApprovalTerms {
        .init(expiresAt: Instant(endOf: validUntil), urlPrefix: url)
    }
}
