import TicketSeal
public import UnionTicket

extension KeyRing {
    /// What of the keys is past its date, with what mends it; nothing when all is well.
    ///
    /// Lists and packages are still made then, for a block must reach the stations whatever the
    /// calendar says; but readers refuse the bundle, and the key signs past what was agreed for it
    /// (ticket.md § 3).
    public func pastDate() throws -> [Bilingual] {
        let now = register.now()
        let (issued, stored) = try register.read { session in
            let issued = try session.first("SELECT max(issued_at) FROM trust_bundle") {
                $0.optionalInteger(0)
            }
            return (issued ?? nil, try keys(in: session))
        }
        var found: [Bilingual] = []
        if let issued, Instant(seconds: issued) + Self.bundleLife <= now {
            let day = (Instant(seconds: issued) + Self.bundleLife).moscowDate
            found.append(
                Bilingual(
                    "Пакет доверия истёк \(day.russian): читатели его не примут. Подпишите новый: "
                        + "profbilet keys export --renew.",
                    "The trust bundle expired on \(day.iso): readers refuse it. Sign a new one: "
                        + "profbilet keys export --renew."
                )
            )
        }
        for key in stored where key.state == .active {
            guard let last = key.longestExpiry, last <= now else { continue }
            let (kid, purpose) = (key.listed.kid, key.purpose.rawValue)
            found.append(
                Bilingual(
                    "Ключ \(kid) (\(purpose)) подписывает дольше срока: до \(last.moscowDate.russian). "
                        + "Смените его: profbilet keys rotate.",
                    "The key \(kid) (\(purpose)) signs past its date, \(last.moscowDate.iso). Replace "
                        + "it: profbilet keys rotate."
                )
            )
        }
        return found
    }
}
