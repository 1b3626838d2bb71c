public import UnionTicket

extension MemberCategory {
    /// As papers write it.
    public var russian: String {
        switch self {
        case .working: "работающий"
        case .studying: "обучающийся"
        case .retired: "неработающий пенсионер"
        }
    }
}

extension MemberStatus {
    /// As papers write it.
    public var russian: String {
        switch self {
        case .candidate: "кандидат"
        case .active: "член Профсоюза"
        case .suspended: "членство приостановлено"
        case .left: "вышел"
        case .transferred: "перешёл в другой профсоюз"
        case .expelled: "исключён"
        case .deceased: "умер"
        }
    }
}
