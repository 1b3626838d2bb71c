import TicketSeal
import UnionTicket

// What a restored register still does not know.
extension Reclaim {
    /// Everything that keeps the register shut, after all that was found has been taken.
    func gaps(
        _ found: Found,
        _ oaths: Oaths,
        in session: any DatabaseSession
    ) throws -> [Bilingual] {
        try [manifestGap(found, oaths, in: session), slotGap(oaths, in: session)].compactMap(\.self)
            + listGaps(found, oaths, in: session)
    }

    /// The manifests must reach as far as the register's own record does.
    private func manifestGap(
        _ found: Found,
        _ oaths: Oaths,
        in session: any DatabaseSession
    ) throws -> Bilingual? {
        let last = try session.first(
            "SELECT max(sequence) FROM issuance WHERE manifest IS NOT NULL"
        ) { $0.optionalInteger(0) }
        guard let last = last ?? nil else {
            let isKnown = oaths.isNothingIssued || !found.manifests.isEmpty
            return isKnown
                ? nil
                : Bilingual(
                    "нет манифестов выпусков (каталог issuances); если не выпускали ничего — "
                        + "--nothing-issued",
                    "the manifests of issuances (the directory issuances); if nothing was ever "
                        + "issued, say --nothing-issued"
                )
        }
        guard found.manifests.contains(where: { $0.manifest.sequence >= last }) else {
            return Bilingual(
                "нет манифеста выпуска \(last): укажите каталог issuances вместе с публикацией",
                "the manifest of issuance \(last): give the directory issuances beside the "
                    + "published one"
            )
        }
        return nil
    }

    /// A slot that a list blocks belongs to a card: without one its manifest or trace is missing.
    ///
    /// With traces sworn to be lost it may be an unknown phone's, and is held for good.
    private func slotGap(_ oaths: Oaths, in session: any DatabaseSession) throws -> Bilingual? {
        guard !oaths.areTracesLost else { return nil }
        let lists = try session.all(
            """
            SELECT h.list, count(*) FROM held_slot h WHERE h.since >= $1 AND NOT EXISTS
                (SELECT 1 FROM carrier c WHERE c.list = h.list AND c.idx = h.idx)
            GROUP BY h.list ORDER BY h.list
            """,
            [.integer(try restoredAt(session))]
        ) { "\($0.integer(0)): \($0.integer(1))" }
        guard !lists.isEmpty else { return nil }
        let places = lists.joined(separator: ", ")
        return Bilingual(
            "в списках статусов есть места без карт (\(places)): нет манифестов их выпуска или "
                + "записей о виртуальных билетах (каталог issuances)",
            "status lists hold slots without cards (\(places)): the manifests of their issuance or "
                + "the traces of virtual cards (the directory issuances)"
        )
    }

    /// Every list that was published, or may have been, must have been read.
    private func listGaps(
        _ found: Found,
        _ oaths: Oaths,
        in session: any DatabaseSession
    ) throws -> [Bilingual] {
        let read = Set(
            found.tokens.compactMap { $0.subject.split(separator: "/").last }
                .compactMap { Int64($0) }
        )
        let newest = found.tokens.map(\.issuedAt.seconds).max()
        let unread = try session.all("SELECT list, sequence FROM status_list ORDER BY list") {
            (list: $0.integer(0), isPublished: $0.integer(1) > 0)
        }.filter { !read.contains($0.list) }
        return try unread.compactMap { list, isPublished in
            if isPublished {
                return Bilingual(
                    "нет опубликованного списка статусов \(list): укажите каталог публикации",
                    "the published status list \(list): give the published directory"
                )
            }
            let isExcused =
                try oaths.isNothingPublished
                || isYounger(list, than: newest, in: session)
            return isExcused
                ? nil
                : Bilingual(
                    "нет списка статусов \(list): укажите каталог публикации; если этот список не "
                        + "публиковали — --nothing-published",
                    "the status list \(list): give the published directory; if that list was never "
                        + "published, say --nothing-published"
                )
        }
    }

    /// Whether all cards of a list were numbered after the newest publication: every publication
    /// holds all lists, so this one was in none.
    private func isYounger(
        _ list: Int64,
        than published: Int64?,
        in session: any DatabaseSession
    ) throws -> Bool {
        let cards = try session.first(
            """
            SELECT count(*), count(i.sequence), min(i.at) FROM carrier c
            LEFT JOIN issuance i ON i.sequence = c.issuance WHERE c.list = $1
            """,
            [.integer(list)]
        ) { (all: $0.integer(0), dated: $0.integer(1), first: $0.optionalInteger(2)) }
        guard let cards, cards.all > 0 else { return true }
        guard let published, let first = cards.first, cards.all == cards.dated else { return false }
        return first > published
    }
}
