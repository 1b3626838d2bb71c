import UnionTicket

/// What an import must make of a row.
struct SampleVerdict: Equatable {
    var outcome: RowOutcome
    var codes: [String]
}

/// Judges the rows of one person, which stand together, by the rules of an import.
struct SampleJudge {
    private struct Known {
        let isSwapped: Bool
        let organisation: Int64
    }

    private var known: [Known] = []

    /// Forgets the person: nobody else has the same identifier, or the same name and birth date.
    mutating func beginPerson() { known.removeAll(keepingCapacity: true) }

    /// Judges the next row of the person.
    ///
    /// Rows with an identifier mean the same member. Without one the names decide, ё and case apart,
    /// and the day of admission, which the rows share, is the further evidence.
    mutating func judge(_ row: SampleRow, of person: SamplePerson) -> SampleVerdict {
        var codes: [String] = []
        row.defects.forEach { if let code = $0.code { codes.append(code) } }
        if !person.consentsToRegister { codes.append("consent_register_missing") }
        if row.isError { return SampleVerdict(outcome: .error, codes: codes) }
        let same = known.first { person.aisId != nil || $0.isSwapped == row.isSwapped }
        guard let same else {
            known.append(Known(isSwapped: row.isSwapped, organisation: person.organisation))
            return SampleVerdict(outcome: .added, codes: codes)
        }
        let isDuplicate = same.organisation == person.organisation
        codes.append(isDuplicate ? "duplicate" : "two_organisations")
        return SampleVerdict(outcome: isDuplicate ? .duplicate : .conflict, codes: codes)
    }
}

/// The lines of a truth file.
enum SampleTruth {
    /// Appends the JSON object about one row, and a line feed.
    static func append(
        _ row: SampleRow,
        of person: SamplePerson,
        line: Int,
        duplicateOf: Int?,
        _ verdict: SampleVerdict,
        to output: inout [UInt8]
    ) {
        output.append(literal: "{\"line\":")
        output.append(decimal: line, width: 1)
        output.append(literal: ",\"defects\":[")
        var isFirst = true
        row.defects.forEach { defect in
            output.append(literal: isFirst ? "\"" : ",\"")
            output.append(contentsOf: defect.name.utf8)
            output.append(0x22)
            isFirst = false
        }
        output.append(literal: "],\"expected\":{\"outcome\":\"")
        output.append(contentsOf: verdict.outcome.rawValue.utf8)
        output.append(literal: "\",\"codes\":[")
        for (index, code) in verdict.codes.enumerated() {
            output.append(literal: index == 0 ? "\"" : ",\"")
            output.append(contentsOf: code.utf8)
            output.append(0x22)
        }
        output.append(literal: "]},\"duplicate_of_line\":")
        if let duplicateOf {
            output.append(decimal: duplicateOf, width: 1)
        } else {
            output.append(literal: "null")
        }
        append(clean: person, to: &output)
        output.append(literal: "}}\n")
    }

    private static func append(clean person: SamplePerson, to output: inout [UInt8]) {
        output.append(literal: ",\"clean\":{\"last\":\"")
        output.append(contentsOf: person.last)
        output.append(literal: "\",\"first\":\"")
        output.append(contentsOf: person.first)
        output.append(literal: "\",\"mid\":\"")
        output.append(contentsOf: person.patronymic)
        output.append(literal: "\",\"birth\":\"")
        output.append(iso: person.birth)
        output.append(literal: "\",\"sex\":\"")
        output.append(literal: person.isFemale ? "Ж" : "М")
        output.append(literal: "\",\"cat\":\"")
        output.append(contentsOf: person.category.rawValue.utf8)
        output.append(literal: "\",\"org\":\"")
        output.append(organisation: person)
        output.append(literal: "\",\"join\":\"")
        output.append(iso: person.join)
        output.append(literal: "\",\"phone\":\"+7000")
        output.append(decimal: person.phone, width: 7)
        output.append(literal: "\",\"email\":\"")
        if person.hasEmail {
            output.append(0x6D)
            output.append(decimal: person.number, width: 1)
            output.append(literal: "@example.org")
        }
        output.append(literal: "\"")
        let consents: [(StaticString, Bool)] = [
            (",\"c_pd\":", person.consentsToRegister), (",\"c_card\":", person.consentsToCard),
            (",\"c_virtual\":", person.consentsToVirtual),
            (",\"c_bonus\":", person.consentsToBonus), (",\"c_photo\":", false),
        ]
        for (key, isGiven) in consents {
            output.append(literal: key)
            output.append(literal: isGiven ? "true" : "false")
        }
        output.append(literal: ",\"ticket\":\"\",\"ais\":\"")
        if let id = person.aisId { output.append(decimal: id, width: 8) }
        output.append(literal: "\"")
    }
}

extension [UInt8] {
    /// Appends a literal.
    mutating func append(literal text: StaticString) {
        for offset in 0..<text.utf8CodeUnitCount { unsafe append(text.utf8Start[offset]) }
    }

    /// Appends `yyyy-mm-dd`.
    mutating func append(iso date: CalendarDate) {
        let (year, month, day) = date.parts
        append(decimal: year, width: 4)
        append(0x2D)
        append(decimal: month, width: 2)
        append(0x2D)
        append(decimal: day, width: 2)
    }
}
