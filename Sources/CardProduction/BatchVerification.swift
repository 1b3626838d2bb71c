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
        if let id = emptied(folder), let batch = try? batch(id),
            batch.state == .closed || batch.state == .cancelled
        {
            throw ProductionError(
                "Партия \(batch.name) закрыта или отменена, её файлы с персональными данными "
                    + "удалены: проверять нечего. Манифест и конверты остаются.",
                "Batch \(batch.name) is closed or cancelled and its files with personal data are "
                    + "removed: there is nothing to verify. Manifest and envelopes stay."
            )
        }
        let report = try PackageVerifier(folder: folder, keys: keys, now: now)
            .verify(progress: progress)
        if report.passed, let id = report.batch, try batch(id).state == .built {
            try advance(id, to: .verified, manifest: report.manifest, by: user)
        }
        return report
    }

    /// The batch of a folder that has its manifest and no data file; nil for others.
    private func emptied(_ folder: String) -> Int64? {
        let place = [folder + "/manufacturer", folder].first {
            Files.exists($0 + "/manifest.json")
        }
        guard let place, !Files.exists(place + "/personalization.csv"),
            let bytes = try? Files.read(place + "/manifest.json", atMost: 1 << 24)
        else { return nil }
        return Manifest(decoding: bytes).flatMap { Int64($0.id) }
    }
}

extension BatchSpecification {
    /// What approving a batch of these terms fixes on the plastic.
    public var approvalTerms: BatchBook.ApprovalTerms {
        .init(expiresAt: Instant(endOf: validUntil), urlPrefix: url)
    }
}
