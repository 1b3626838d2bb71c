import TicketSeal
public import UnionTicket

/// Dates of keys and of what they signed (ticket.md § 3).
extension KeyRing {
    /// What of keys and publications is past its date, dated in the future or signed by a key that no
    /// longer holds, with what mends it; nothing when all is well.
    public func outOfDate() throws -> [Bilingual] {
        let now = register.now()
        let (bundle, lists, lost, stored) = try register.read { session in
            (
                try bundleDate(in: session), try listsOfFuture(in: session),
                try StatusPublisher(register).withoutKey(in: session), try keys(in: session)
            )
        }
        var found: [Bilingual] = []
        if let bundle {
            let end = bundle + Self.bundleLife
            if end <= now { found.append(Self.expiredBundle(end)) }
            if PublicationDate.isFuture(bundle, at: now) {
                found.append(Self.futureBundle(bundle, at: now))
            }
        }
        if !lists.isEmpty { found.append(StatusPublisher.future(lists)) }
        if !lost.isEmpty { found.append(StatusPublisher.lostKey(lost)) }
        for key in stored where key.state == .active {
            if let refusal = refusal(of: key) { found.append(refusal) }
        }
        return found + (try endingSoon())
    }

    /// What the key of virtual cards is about to cut short: it still signs, for less than a payload's
    /// whole life.
    public func endingSoon() throws -> [Bilingual] {
        try register.read { session in
            let now = register.now()
            let life = try VirtualTerms(session).life
            return try keys(in: session).compactMap { key in
                guard key.purpose == .virtual, key.state == .active, let last = key.longestExpiry,
                    last > now, last < now + life
                else { return nil }
                return Self.endsSoon(key.listed.kid, last)
            }
        }
    }

    private static func endsSoon(_ kid: String, _ last: Instant) -> Bilingual {
        Bilingual(
            "Ключ «virtual» \(kid) действует до \(last.moscowDate.russian): билеты в телефонах уже живут "
                + "короче положенного. Смените его: profbilet keys rotate virtual --now.",
            "The key virtual, \(kid), ends on \(last.moscowDate.iso): what phones hold lives shorter "
                + "than it should by now. Replace it: profbilet keys rotate virtual --now."
        )
    }

    /// Refuses to sign with a key past the last expiry it may give: readers refuse what it signs.
    func requireInDate(_ key: Stored) throws {
        guard let words = refusal(of: key) else { return }
        throw RegisterError(.keyUnusable, words.russian, words.english)
    }

    private func refusal(of key: Stored) -> Bilingual? {
        guard let last = key.longestExpiry, last <= register.now() else { return nil }
        let (kid, purpose) = (key.listed.kid, key.purpose.rawValue)
        return Bilingual(
            "Срок ключа «\(purpose)» \(kid) истёк \(last.moscowDate.russian), он больше не "
                + "подписывает. Смените его: profbilet keys rotate \(purpose) --now.",
            "The key \(purpose), \(kid), expired on \(last.moscowDate.iso) and signs no more. Replace "
                + "it: profbilet keys rotate \(purpose) --now."
        )
    }

    /// Refuses to publish where the newest bundle is of the future: the clock is wrong now, or was then,
    /// and what it dates would be believed or refused wrongly.
    func requireBundleOfPast(_ session: any DatabaseSession) throws {
        let now = register.now()
        guard let issued = try bundleDate(in: session), PublicationDate.isFuture(issued, at: now)
        else { return }
        let words = Self.futureBundle(issued, at: now)
        throw RegisterError(.refused, words.russian, words.english)
    }

    /// When the newest bundle was signed.
    private func bundleDate(in session: any DatabaseSession) throws -> Instant? {
        try session.first("SELECT issued_at FROM trust_bundle ORDER BY sequence DESC LIMIT 1") {
            Instant(seconds: $0.integer(0))
        }
    }

    private func listsOfFuture(in session: any DatabaseSession) throws -> [UInt32] {
        let latest = register.now().seconds + PublicationDate.tolerance
        return try session.all(
            "SELECT list FROM status_list WHERE issued_at > $1 ORDER BY list",
            [.integer(latest)]
        ) { UInt32(truncatingIfNeeded: $0.integer(0)) }
    }

    private static func expiredBundle(_ end: Instant) -> Bilingual {
        let day = end.moscowDate
        return Bilingual(
            "Пакет доверия истёк \(day.russian): читатели его не примут. Подпишите новый: "
                + "profbilet keys export --renew.",
            "The trust bundle expired on \(day.iso): readers refuse it. Sign a new one: "
                + "profbilet keys export --renew."
        )
    }

    private static func futureBundle(_ issued: Instant, at now: Instant) -> Bilingual {
        Bilingual(
            "Пакет доверия подписан \(issued.russian), а часы показывают \(now.russian): проверьте часы. "
                + "Если они верны, подпишите новый пакет: profbilet keys export --renew.",
            "The trust bundle was signed at \(issued.rfc3339), and the clock says \(now.rfc3339): check "
                + "the clock. If it is right, sign a new bundle: profbilet keys export --renew."
        )
    }
}
