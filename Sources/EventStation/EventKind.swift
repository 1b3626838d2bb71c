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
