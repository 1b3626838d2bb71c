/// An account of the double-entry ledger; a debit is positive, a credit negative.
public enum MoneyAccount: String, Sendable, CaseIterable {
    /// The Central Council's money: payments in are debits.
    case bank
    /// The plant: prepayments are debits, accepted cards credits.
    case manufacturer
    /// What the plant has to pay back for cards it spoiled or made wrong.
    case spoilageClaim
    /// The Central Council's own part of the cards.
    case centralShare
    /// What regional organisations owe.
    case regionShare
    /// What primary organisations owe, through their region.
    case primaryShare
    /// What regions paid back, line «Членские профсоюзные взносы».
    case paidBack
}

/// What an entry of the ledger is.
public enum MoneyEntryKind: String, Sendable, CaseIterable {
    /// The Central Council pays the plant for a batch.
    case prepayment
    /// Cards of a report are charged; with a corrected report also the other way round.
    case acceptance
    /// The plant owes for spoiled or lost cards.
    case spoilage
    /// The plant pays back.
    case refund
    /// A region pays back.
    case payment
    /// Takes another entry back, line by line.
    case reversal
}
