public import UnionTicket

extension BatchBook {
    /// Whether a batch's package may still be kept from the plant.
    public static func isBeforeSealing(_ state: BatchState) -> Bool {
        [.planned, .approved, .built, .verified].contains(state)
    }

    /// Refuses a batch with a card of somebody who left, or whose consent to card production ended:
    /// nothing more is processed for it (privacy.md L3).
    ///
    /// - Throws: ``RegisterError`` with the places of such cards and the remedy.
    public func requireLivingConsents(_ batch: Batch) throws {
        let today = Int64(register.now().moscowDate.day)
        let found = try register.read { session in
            try session.all(
                """
                SELECT b.seq, m.id, m.state FROM batch_card b JOIN member m ON m.id = b.member_id
                WHERE b.batch_id = $1 AND b.live = 1 AND (m.state <> 'active' OR NOT EXISTS
                    (SELECT 1 FROM consent c JOIN consent_text t ON t.id = c.text_id
                     WHERE c.member_id = m.id AND \(ConsentLedger.holds(on: today))
                     AND t.purpose = '\(ConsentPurpose.cardProduction.rawValue)'))
                ORDER BY b.seq
                """,
                [.integer(batch.id)]
            ) { (sequence: $0.integer(0), member: $0.integer(1), state: $0.text(2)) }
        }
        guard !found.isEmpty else { return }
        let isActive = MemberStatus.active.rawValue
        func list(_ noConsent: String) -> String {
            found.prefix(20).map {
                "\($0.sequence) (#\($0.member): \($0.state == isActive ? noConsent : $0.state))"
            }.joined(separator: ", ") + (found.count > 20 ? ", …" : "")
        }
        throw RegisterError(
            .refused,
            "В партии \(batch.name) карты людей, которые выбыли или отозвали согласие на "
                + "изготовление: № \(list("нет согласия")), всего \(found.count). Отмените партию "
                + "(profbilet batch cancel \(batch.id) --reason ПРИЧИНА) и составьте план заново без них.",
            "Batch \(batch.name) has cards of people who left or withdrew their consent to card "
                + "production: \(list("no consent")), in all \(found.count). Cancel the batch "
                + "(profbilet batch cancel \(batch.id) --reason REASON) and plan anew without them."
        )
    }
}
