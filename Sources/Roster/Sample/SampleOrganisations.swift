import UnionTicket

/// The list of organisations that belongs to a sample roster.
struct SampleOrganisations {
    private var ordinals: Set<Int64> = []

    /// Notes a primary organisation that the roster names.
    mutating func insert(_ ordinal: Int64) { ordinals.insert(ordinal) }

    /// Writes them and everything above them, in tree order, as UTF-8 with a byte order mark.
    ///
    /// - Returns: How many organisations there are.
    func write(to path: String) throws(SampleFileError) -> Int {
        var codes: Set<OrganisationCode> = []
        for ordinal in ordinals {
            var next = OrganisationCode(ordinal: ordinal)
            while let code = next, code != .centralCouncil, codes.insert(code).inserted {
                next = code.parent
            }
        }
        let file = try SampleFile(path)
        try file.append { $0 += Array("\u{FEFF}Код;Наименование;Вид\r\n".utf8) }
        for code in codes.sorted() {
            try file.append { $0 += Array("\(code);\(Self.title(code))\r\n".utf8) }
        }
        try file.flush()
        return codes.count
    }

    /// Name and kind.
    private static func title(_ code: OrganisationCode) -> String {
        switch code.level {
        case .central, .regional:
            (SampleRegions[code.region]?.name ?? "Региональная организация") + ";региональная"
        case .territorial: "Территориальная организация \(code);территориальная"
        case .primary: "Первичная профсоюзная организация \(code);первичная"
        }
    }
}
