import UnionTicket

// How the member's cards travelled, and who handed them out.
extension DossierGatherer {
    /// The parcels that the member's cards left the plant in, by their places in the runs, with the
    /// days of each card's own way: it may have been made after the others, or lost.
    func parcels() throws -> Dossier.Section {
        func day(_ row: any DatabaseRow, _ column: Int) -> String {
            row.optionalInteger(column).map { Instant(seconds: $0).rfc3339 } ?? ""
        }
        func first(_ state: CarrierState) -> String {
            """
            (SELECT min(e.at) FROM carrier_event e
                WHERE e.carrier_id = c.id AND e.to_state = '\(state.rawValue)')
            """
        }
        return section(
            "parcels",
            "Посылки с картами",
            "Parcels with the cards",
            [
                ("batch", "партия"), ("parcel", "посылка"), ("organisation", "куда"),
                ("state", "состояние"), ("shippedAt", "отправлена"), ("regionAt", "в регионе"),
                ("primaryAt", "в первичке"),
            ],
            try rows(
                """
                SELECT p.batch_id, p.number, p.organisation, p.state, \(first(.shipped)),
                    \(first(.atRegion)), \(first(.atPrimary))
                FROM card_order o JOIN batch_card b ON b.order_id = o.id AND b.live = 1
                JOIN batch r ON r.id = b.batch_id JOIN carrier c ON c.id = r.first_carrier - 1 + b.seq
                JOIN parcel p ON p.batch_id = b.batch_id AND b.seq BETWEEN p.first_seq AND p.last_seq
                WHERE o.member_id = $1 AND \(CardWay.leftPlant) ORDER BY p.batch_id, p.number
                """
            ) {
                [
                    "\($0.integer(0))", "\($0.integer(1))", place($0.integer(2)), $0.text(3),
                    day($0, 4), day($0, 5), day($0, 6),
                ]
            }
        )
    }

    /// Who handed a card out to the member, when, how and by which document.
    func handOuts() throws -> Dossier.Section {
        section(
            "handOuts",
            "Выдача карт",
            "Hand-outs",
            [
                ("carrier", "карта"), ("handedOn", "выдана"), ("way", "как"),
                ("document", "основание"), ("organisation", "где"), ("at", "записано"),
                ("user", "кем"),
            ],
            try rows(
                """
                SELECT h.carrier_id, h.handed_on, h.way, h.document, h.organisation, h.at, u.name
                FROM hand_out h JOIN app_user u ON u.id = h.user_id
                WHERE h.member_id = $1 ORDER BY h.at, h.carrier_id
                """
            ) {
                [
                    "\($0.integer(0))", CalendarDate(day: Int($0.integer(1))).iso, $0.text(2),
                    $0.text(3), place($0.integer(4)), Instant(seconds: $0.integer(5)).rfc3339,
                    $0.text(6),
                ]
            }
        )
    }

    private func place(_ ordinal: Int64) -> String {
        OrganisationCode(ordinal: ordinal)?.description ?? ""
    }
}
