public import UnionTicket

/// What kind of meeting an event is; it decides who is counted and the default threshold (station.md).
public enum EventKind: String, Sendable, CaseIterable, Codable {
    /// Собрание: members on record of the body are counted.
    case assembly
    /// Конференция: distinct persons with a confirmed decisive mandate.
    case conference
    /// Съезд: as a conference.
    case congress
    /// Заседание выборного органа: members of the body.
    case session
}

extension EventKind {
    /// The threshold an event of this kind has unless it says otherwise (station.md).
    public var threshold: (numerator: UInt32, denominator: UInt32, mode: QuorumThreshold.Mode) {
        switch self {
        case .conference, .congress: (2, 3, .atLeast)
        case .assembly, .session: (1, 2, .moreThan)
        }
    }

    /// What the threshold is a share of, unless the event says otherwise.
    public var base: QuorumThreshold.Base {
        switch self {
        case .conference, .congress: .elected
        case .assembly, .session: .onRecord
        }
    }

    /// The Russian name: «конференция».
    public var russian: String {
        switch self {
        case .assembly: "собрание"
        case .conference: "конференция"
        case .congress: "съезд"
        case .session: "заседание"
        }
    }
}
