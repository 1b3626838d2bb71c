import ArgumentParser

/// What an emulated card does wrong.
enum CardFault: String, ExpressibleByArgument, CaseIterable {
    /// Nothing.
    case none
    /// Wakes up, then never answers.
    case mute
    /// Does not wake up.
    case dead
    /// Fails to wake up the first time.
    case sleepy
    /// Takes 400 ms for each answer.
    case slow
    /// Is taken away when the fourth command comes.
    case pulled
    /// Gives long answers only by GET RESPONSE (61xx).
    case chain61
    /// Wants to be asked for the exact length (6Cxx).
    case length6C
    /// Its read counter goes back at each tap.
    case rollback
    /// NDEF is written, keys and mirroring are not.
    case half
    /// Answers more than it is asked for.
    case oversize
    /// Answers nothing, not even a status.
    case empty
    /// Answers one byte.
    case short
    /// 61xx without end.
    case endless
    /// Its NDEF file says that it is longer than it is.
    case liar
    /// A copy: everything of the card but the keys.
    case wrongKey
}
