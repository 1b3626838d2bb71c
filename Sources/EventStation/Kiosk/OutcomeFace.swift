public import UnionTicket

/// How a verdict looks and sounds: colour, shape, words, next action, tone.
///
/// The shape alone says who may let the person in, the words alone say why not: whoever cannot tell
/// red from green, or hears badly, loses nothing.
public struct OutcomeFace: Equatable, Sendable, Encodable {
    /// The background of the screen.
    public enum Colour: String, Sendable, CaseIterable, Codable {
        /// Let in.
        case green
        /// Look at something first.
        case amber
        /// Do not let in.
        case red
        /// A supervisor decides.
        case blue
        /// Nothing was decided about a person: show the ticket again.
        case grey
    }

    /// The sign beside the words; each belongs to one ``ScanOutcome/Admission``.
    public enum Shape: String, Sendable, CaseIterable, Codable {
        /// A circle with a tick: yes.
        case circleTick = "circle_tick"
        /// A circle with an arrow: yes, on the way out.
        case circleArrow = "circle_arrow"
        /// A triangle with an exclamation mark: after a look at a document.
        case triangle
        /// A diamond with a question mark: choose among several people.
        case diamond
        /// An upright square with a key: a supervisor.
        case squareKey = "square_key"
        /// A stop sign with a cross: no.
        case octagonCross = "octagon_cross"
        /// A turning arrow: no, show it again.
        case turn
    }

    /// The tone, which differs by rhythm and not by pitch alone.
    public enum Sound: String, Sendable, CaseIterable, Codable {
        /// Two quick rising notes.
        case admit
        /// Two falling notes.
        case leave
        /// Three even notes: look here.
        case check
        /// One long low note.
        case stop
        /// Long, short, long: call somebody.
        case supervisor
        /// One short click.
        case again
    }

    /// The background.
    public let colour: Colour
    /// The sign.
    public let shape: Shape
    /// The tone.
    public let sound: Sound
    /// The word read from three metres.
    public let headline: Bilingual
    /// What the operator does next.
    public let action: Bilingual

    /// The face of an outcome that stands as it was shown, was admitted by hand or was annulled.
    ///
    /// - Parameters:
    ///   - outcome: The verdict.
    ///   - standing: What became of it.
    public init(_ outcome: ScanOutcome, _ standing: DeskVerdict.Standing = .shown) {
        switch standing {
        case .shown:
            let words = outcome.words
            self.init(outcome.look, words.headline, words.action)
        case .admitted:
            self.init(
                (.green, .circleTick, .admit),
                Bilingual("ДОПУЩЕН ВРУЧНУЮ", "ADMITTED BY HAND"),
                Bilingual("Пропустите. Записано в журнал.", "Let in. It is in the journal.")
            )
        case .annulled:
            self.init(
                (.grey, .turn, .again),
                Bilingual("ОТМЕНЕНО", "ANNULLED"),
                Bilingual("Отметка снята.", "The scan was taken back.")
            )
        }
    }

    private init(
        _ look: (colour: Colour, shape: Shape, sound: Sound),
        _ headline: Bilingual,
        _ action: Bilingual
    ) {
        (colour, shape, sound) = look
        self.headline = headline
        self.action = action
    }
}

extension ScanOutcome {
    /// Colour, shape and tone follow from who may admit, with three exceptions inside one admission:
    /// a way out, a stale list, and a scan that decided nothing about anybody.
    fileprivate var look: (OutcomeFace.Colour, OutcomeFace.Shape, OutcomeFace.Sound) {
        switch (admission, self) {
        case (.yes, .okExit): (.green, .circleArrow, .leave)
        case (.yes, .okStatusStale): (.amber, .circleTick, .admit)
        case (.yes, _): (.green, .circleTick, .admit)
        case (.afterCheck, _): (.amber, .triangle, .check)
        case (.choice, _): (.amber, .diamond, .check)
        case (.supervisor, _): (.blue, .squareKey, .supervisor)
        case (.no, .unreadable), (.no, .unknownFormat), (.no, .malformed), (.no, .staleVirtual):
            (.grey, .turn, .again)
        case (.no, _): (.red, .octagonCross, .stop)
        }
    }
}
