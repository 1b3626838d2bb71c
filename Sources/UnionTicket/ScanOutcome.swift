/// Which way a gate works.
public enum ScanMode: String, Sendable, CaseIterable, Codable {
    /// People come in.
    case entry
    /// People leave.
    case exit
    /// Cards are given to their members.
    case handOut = "handout"
}

/// What a station says about one scan; the names of JSON, journals and replays.
///
/// The cases stand in the order of the rows of `decide` (docs/station.md): the first that holds decides.
public enum ScanOutcome: String, Sendable, CaseIterable, Codable {
    /// The reader or scanner failed, the card is mute or was pulled.
    case unreadable
    /// Neither a payload nor a number nor a chip.
    case unknownFormat = "unknown_format"
    /// Looks like a payload; strict reading refuses it.
    case malformed
    /// The station's clock cannot be right and the verdict would depend on it.
    case clockSuspect = "clock_suspect"
    /// The lease is over or the trust bundle is past its end.
    case snapshotTooOld = "snapshot_too_old"
    /// The key is not in the bundle, or does not sign such payloads.
    case unknownKey = "unknown_key"
    /// The key was revoked or retired.
    case revokedKey = "revoked_key"
    /// The signature is wrong.
    case forged
    /// The chip is a copy.
    case clonedChip = "cloned_chip"
    /// A virtual ticket without a phone's signature around it.
    case unboundVirtual = "unbound_virtual"
    /// A phone's screen more than a minute off.
    case staleVirtual = "stale_virtual"
    /// A phone's screen that was read before.
    case replayedVirtual = "replayed_virtual"
    /// A number nobody issued.
    case unknown
    /// A number of the old scheme that several tickets bear.
    case ambiguous
    /// The payload begins later.
    case notYetValid = "not_yet_valid"
    /// The payload is past its end.
    case expired
    /// The carrier was reported lost or stolen.
    case lost
    /// A newer issue took the carrier's place.
    case replaced
    /// The carrier is invalid.
    case revoked
    /// The carrier was never given to its member.
    case notHandedOut = "not_handed_out"
    /// The carrier is blocked for now.
    case suspended
    /// No status list that may still be used.
    case statusUnknown = "status_unknown"
    /// No longer a member.
    case memberLeft = "member_left"
    /// A good ticket of somebody this event does not admit.
    case notOnList = "not_on_list"
    /// A delegate whose mandate is not confirmed or was withdrawn.
    case mandateNotConfirmed = "mandate_not_confirmed"
    /// Entry of a person who is inside.
    case alreadyInside = "already_inside"
    /// Second entry at an event without re-entry.
    case reEntryForbidden = "re_entry_forbidden"
    /// A card of the old scheme: admitted after a look at a document.
    case legacyUnsigned = "legacy_unsigned"
    /// A number or barcode that exists and is not blocked: admitted after a look at a document.
    case okStatusOnly = "ok_status_only"
    /// Admitted.
    case ok
    /// Admitted again after an exit.
    case okRepeatEntry = "ok_repeat_entry"
    /// Admitted with a status list older than its time to live.
    case okStatusStale = "ok_status_stale"
    /// Admitted as a guest or with an advisory vote.
    case okGuest = "ok_guest"
    /// Left.
    case okExit = "ok_exit"
    /// The carrier was given to its member.
    case activated
    /// A second admission that only merging could see.
    case duplicateOffline = "duplicate_offline"
    /// What should never be; logged with a reference.
    case `internal`
    /// The station was closed and admits nobody until an operator opens it again.
    case stationClosed = "station_closed"

    /// Whether, and by whom, the person is let through.
    public enum Admission: String, Sendable, Codable {
        /// Nobody lets this person in.
        case no
        /// The gate opens.
        case yes
        /// The operator admits after a look at a document.
        case afterCheck = "after_check"
        /// Only a supervisor admits, with a reason.
        case supervisor
        /// The operator chooses among several people by their document.
        case choice
    }

    /// Whether, and by whom, the person is let through.
    public var admission: Admission {
        switch self {
        case .ok, .okRepeatEntry, .okStatusStale, .okGuest, .okExit, .activated: .yes
        case .legacyUnsigned, .okStatusOnly: .afterCheck
        case .clockSuspect, .snapshotTooOld, .statusUnknown: .supervisor
        case .ambiguous: .choice
        default: .no
        }
    }

    /// Whether the admitted person may count towards the quorum.
    public var counts: Bool {
        switch self {
        case .ok, .okRepeatEntry, .okStatusStale, .legacyUnsigned, .okStatusOnly: true
        default: false
        }
    }
}
