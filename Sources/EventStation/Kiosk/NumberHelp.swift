import UnionTicket

/// What the page says while a number is being typed: fits, or what is wrong and in which group.
struct NumberHelp: Equatable, Encodable {
    /// How far the number is.
    enum State: String, Encodable {
        /// A well-formed number.
        case complete
        /// Digits are missing still.
        case incomplete
        /// Something is wrong.
        case wrong
    }

    /// How far the number is.
    let state: State
    /// The printed groups that hold the slip, counted from 1; empty when they cannot be told.
    let groups: [Int]
    /// What to do.
    let message: Bilingual

    /// Reads what was typed so far.
    ///
    /// Where the check digit does not fit, the station's snapshot is asked which numbers one slip away
    /// it holds: when all of them change the same group, that group is mistyped. The number meant is
    /// never shown, so that the operator looks at the ticket again.
    ///
    /// - Parameters:
    ///   - text: As typed.
    ///   - desk: Whose snapshot is asked.
    init(_ text: String, at desk: any StationDesk) async {
        switch TypedNumber(text) {
        case .ticket, .carrier:
            self.init(.complete, Bilingual("Номер верный.", "The number is well-formed."))
        case .refused(.checkDigit):
            self = await Self.slip(text, at: desk)
        case .refused(let refusal):
            self.init(refusal)
        }
    }

    private init(_ state: State, groups: [Int] = [], _ message: Bilingual) {
        self.state = state
        self.groups = groups
        self.message = message
    }

    private init(_ refusal: TypedNumber.Refusal) {
        switch refusal {
        case .empty:
            self.init(.incomplete, Bilingual("Введите номер с билета.", "Type the number."))
        case .length(let count) where count < 15:
            self.init(
                .incomplete,
                Bilingual("Ещё цифр: \(15 - count).", "Digits to go: \(15 - count).")
            )
        case .length(let count):
            self.init(
                .wrong,
                Bilingual(
                    "Лишние цифры: \(count) вместо 15 или 16.",
                    "Too many digits: \(count) instead of 15 or 16."
                )
            )
        // The last one is being typed.
        case .group(4, let digits, let wanted) where digits < wanted:
            self.init(
                .incomplete,
                Bilingual("Ещё цифр: \(wanted - digits).", "Digits to go: \(wanted - digits).")
            )
        case .group(let group, let digits, let wanted):
            self.init(
                .wrong,
                groups: [group],
                Bilingual(
                    "В группе \(group) цифр: \(digits) вместо \(wanted).",
                    "Group \(group) has \(digits) digits instead of \(wanted)."
                )
            )
        case .foreignCharacter(let position):
            self.init(
                .wrong,
                Bilingual("Знак \(position) — не цифра.", "Character \(position) is no digit.")
            )
        case .scheme:
            self.init(
                .wrong,
                groups: [1],
                Bilingual("Номер начинается не с 1 и не с 9.", "It begins with neither 1 nor 9.")
            )
        case .checkDigit, .spreadsheet:
            self.init(.wrong, Bilingual("Номер не сходится.", "The number does not add up."))
        }
    }

    private static func slip(_ text: String, at desk: any StationDesk) async -> NumberHelp {
        var slips: Set<TypedNumber.Slip> = []
        for repair in TypedNumber.repairs(of: text) where await desk.knows(repair.ticket) {
            slips.insert(repair.slip)
        }
        let common = TypedNumber.common(slips)
        let words =
            switch common {
            case nil:
                Bilingual(
                    "Контрольная цифра не сходится: сверьте все группы.",
                    "The check digit does not fit: compare every group."
                )
            case .group(let group):
                Bilingual(
                    "Похоже, ошибка в группе \(group): сверьте её с билетом.",
                    "The slip seems to be in group \(group): compare it with the ticket."
                )
            case .exchanged(let first, let second):
                Bilingual(
                    "Похоже, группы \(first) и \(second) переставлены: сверьте их с билетом.",
                    "Groups \(first) and \(second) seem to be exchanged: compare them with the ticket."
                )
            }
        let groups = common?.groups ?? Set(slips.flatMap(\.groups)).sorted()
        return NumberHelp(.wrong, groups: groups, words)
    }
}
