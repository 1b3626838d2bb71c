import UnionTicket

/// The line of a truth file about one row.
enum SampleTruth {
    /// A JSON object and a newline.
    static func line(_ row: SampleRow, line: Int, duplicateOf: Int?) -> [UInt8] {
        let member = row.member
        let codes = Set(row.defects.compactMap(\.code?.rawValue)).sorted()
        let clean = [
            ("last", member.last), ("first", member.first), ("mid", member.patronymic),
            ("birth", member.birth.iso), ("sex", member.isFemale ? "Ж" : "М"),
            ("cat", member.category.rawValue), ("org", member.organisation),
            ("join", member.join.iso), ("phone", "+7000" + SampleMember.digits(member.phone, 7)),
            ("email", member.email), ("ais", member.aisId),
        ]
        var text = "{\"line\":\(line),\"defects\":["
        text += row.defects.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        text +=
            "],\"duplicate_of_line\":" + (duplicateOf.map(String.init) ?? "null") + ",\"clean\":{"
        text += clean.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",")
        text += "},\"codes\":[" + codes.map { "\"\($0)\"" }.joined(separator: ",")
        text += "],\"accepted\":\(row.isAcceptable)}\n"
        return Array(text.utf8)
    }
}

/// The list of organisations that belongs to a sample.
enum SampleOrganisations {
    /// Writes the codes and everything above them; returns how many lines.
    static func write(
        _ primaries: Set<OrganisationCode>,
        to path: String
    ) throws(RosterError) -> Int {
        var tree = primaries
        for code in primaries {
            var above = code.parent
            while let parent = above, parent != .centralCouncil {
                tree.insert(parent)
                above = parent.parent
            }
        }
        let names = Dictionary(SampleRegion.all.map { ($0.code, $0) }) { first, _ in first }
        let sink = try ByteSink(path: path)
        try sink.write(Array("Код;Наименование;Вид;Округ;Открыта;Закрыта\r\n".utf8))
        for code in tree.sorted() {
            let region = names[code.region]
            let line =
                switch code.level {
                case .regional, .central:
                    "\(region?.name ?? "");\(region?.kind.rawValue ?? "");\(region?.district ?? "")"
                case .territorial: "Территориальная организация \(code);территориальная;"
                case .primary: "Первичная организация \(code);первичная;"
                }
            try sink.write(Array("\(code);\(line);;\r\n".utf8))
        }
        try sink.finish()
        return tree.count
    }
}
