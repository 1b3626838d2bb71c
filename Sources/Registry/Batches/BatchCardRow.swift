import UnionTicket

/// What a batch fixes of one card.
struct BatchCardRow {
    let sequence: Int
    let order: Int64
    let organisation: OrganisationCode
    let issue: Int
    let parcel: Int
    let record: PrintedRecord

    /// What a sealed row is bound to.
    static func binding(_ batch: Int64, _ sequence: Int) -> [UInt8] {
        var bytes = Array("batch/".utf8)
        bytes.append(bigEndian: batch)
        bytes.append(bigEndian: Int64(sequence))
        return bytes
    }

    /// Version 1: five integers, then five texts, each after its length in two bytes.
    var encoded: [UInt8] {
        var bytes: [UInt8] = [1]
        for number in [Int64(sequence), order, organisation.ordinal, Int64(issue), Int64(parcel)] {
            bytes.append(bigEndian: number)
        }
        let name = record.name
        for text in [
            name.last, name.first, name.patronymic ?? "", record.region, record.organisation,
        ] {
            bytes.append(UInt8(truncatingIfNeeded: text.utf8.count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    init(
        sequence: Int,
        order: Int64,
        organisation: OrganisationCode,
        issue: Int,
        parcel: Int,
        record: PrintedRecord
    ) {
        (self.sequence, self.order, self.organisation) = (sequence, order, organisation)
        (self.issue, self.parcel, self.record) = (issue, parcel, record)
    }

    /// Reads what ``encoded`` wrote; nil for anything else.
    init?(encoded bytes: [UInt8]) {
        guard bytes.count >= 41, bytes[0] == 1 else { return nil }
        let numbers = (0..<5).map { index in
            bytes[(1 + 8 * index)..<(9 + 8 * index)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        }
        var texts: [String] = []
        var position = 41
        while position + 2 <= bytes.count {
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            position += 2
            guard position + length <= bytes.count else { return nil }
            texts.append(String(decoding: bytes[position..<position + length], as: UTF8.self))
            position += length
        }
        guard texts.count == 5, position == bytes.count,
            let organisation = OrganisationCode(ordinal: numbers[2])
        else { return nil }
        self.init(
            sequence: Int(numbers[0]),
            order: numbers[1],
            organisation: organisation,
            issue: Int(numbers[3]),
            parcel: Int(numbers[4]),
            record: PrintedRecord(
                name: PersonName(
                    last: texts[0],
                    first: texts[1],
                    patronymic: texts[2].isEmpty ? nil : texts[2]
                ),
                region: texts[3],
                organisation: texts[4]
            )
        )
    }
}
