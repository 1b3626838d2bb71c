import UnionTicket

extension RowCells {
    /// The person's name from three cells or from one; nil after a report when it cannot be taken.
    mutating func name(_ bytes: Span<UInt8>) -> PersonName? {
        let last = cell(.last, bytes)
        let first = cell(.first, bytes)
        let patronymic = cell(.patronymic, bytes)
        if let quick = quickName(bytes, last, first, patronymic) { return quick }
        let whole = cell(.fullName, bytes)
        if last.isEmpty, !whole.isEmpty {
            return splitName(FullName(bytes, whole), in: .fullName, others: [])
        }
        if NameCell.holdsNoName(bytes, first) {
            let full = FullName(bytes, last)
            if full.words.count > 1 {
                return splitName(
                    full,
                    in: .last,
                    others: [
                        (.first, part(bytes, first)), (.patronymic, part(bytes, patronymic)),
                    ]
                )
            }
        }
        return slowName(
            onlyLast(part(bytes, last), part(bytes, first), part(bytes, patronymic)),
            part(bytes, first),
            part(bytes, patronymic)
        )
    }

    /// A family-name cell that repeats the name standing beside it gives its first word.
    private mutating func onlyLast(
        _ last: NameCell,
        _ first: NameCell,
        _ patronymic: NameCell
    ) -> NameCell {
        guard last.words.count > 1, !first.isEmpty else { return last }
        let rest = NameCell.folded(Array(last.words.dropFirst()))
        guard
            rest == NameCell.folded(first.words)
                || rest == NameCell.folded(first.words + patronymic.words)
        else { return last }
        report(.nameSplit, .last)
        return NameCell(words: [last.words[0]])
    }

    /// A cell as words; a dash or «нет» is no name.
    private func part(_ bytes: Span<UInt8>, _ cell: Range<Int>) -> NameCell {
        CellText.saysNone(bytes, cell) ? NameCell() : NameCell(bytes, cell)
    }

    /// Three plainly written cells, without another look.
    private mutating func quickName(
        _ bytes: Span<UInt8>,
        _ last: Range<Int>,
        _ first: Range<Int>,
        _ patronymic: Range<Int>
    ) -> PersonName? {
        guard NameCell.isPlain(bytes, last), NameCell.isPlain(bytes, first),
            patronymic.isEmpty || NameCell.isPlain(bytes, patronymic),
            !saysNone(bytes, first), !saysNone(bytes, patronymic)
        else { return nil }
        let name = PersonName(
            last: CellText.string(bytes, last),
            first: CellText.string(bytes, first),
            patronymic: patronymic.isEmpty ? nil : CellText.string(bytes, patronymic)
        )
        warnIfSwapped(name, .last)
        return name
    }

    /// Whether a plainly written word is «Нет» or «Отсутствует»; most words are told by their first letter.
    private func saysNone(_ bytes: Span<UInt8>, _ cell: Range<Int>) -> Bool {
        guard cell.count >= 2,
            bytes[cell.lowerBound + 1] == 0x9D || bytes[cell.lowerBound + 1] == 0x9E
        else { return false }
        return CellText.saysNone(bytes, cell)
    }

    private mutating func slowName(
        _ last: NameCell,
        _ first: NameCell,
        _ patronymic: NameCell,
        in whole: RosterField? = nil
    ) -> PersonName? {
        if last.isEmpty { report(.nameMissing, whole ?? .last) }
        if first.isEmpty { report(.nameMissing, whole ?? .first) }
        let clean = [
            clean(last, .last, whole), clean(first, .first, whole),
            clean(patronymic, .patronymic, whole),
        ]
        let name = PersonName(
            last: clean[0].legible,
            first: clean[1].legible,
            patronymic: patronymic.isEmpty ? nil : clean[2].legible
        )
        if last.words.count == 1, last.words[0].count == 1 {
            report(.nameOneLetter, whole ?? .last)
        } else if last.words.count > 1, !clean[0].isRefused {
            // A patronymic among the words of a family name: the columns have slipped.
            let holdsOther = NameCell.folded(last.words).contains(where: FirstNames.isPatronymic)
            report(holdsOther ? .nameUnsplittable : .nameWords, whole ?? .last)
            if holdsOther { return nil }
        }
        warnIfSwapped(name, whole ?? .last)
        guard !last.isEmpty, !first.isEmpty, !clean.contains(where: \.isRefused) else { return nil }
        return name
    }

    private mutating func splitName(
        _ full: FullName,
        in field: RosterField,
        others: [(RosterField, NameCell)]
    ) -> PersonName? {
        for (other, cell) in others { _ = clean(cell, other, nil) }
        guard let parts = full.parts else {
            let codes = full.flaws
            for code in codes { report(code, field) }
            if codes.isEmpty { report(.nameUnsplittable, field) }
            return nil
        }
        report(.nameSplit, field)
        if full.hasBrackets { report(.bracketsInName, field) }
        let name = slowName(parts.last, parts.first, parts.patronymic, in: field)
        return full.hasBrackets ? nil : name
    }

    /// Judges one part and reports what was found.
    private mutating func clean(
        _ part: NameCell,
        _ field: RosterField,
        _ whole: RosterField?
    ) -> NameCell.Verdict {
        guard !part.isEmpty else { return NameCell.Verdict(codes: []) }
        let verdict = part.judge(mayBeOneLetter: field == .last)
        for code in verdict.codes {
            // «А. И.» in two cells is one finding: the name is to be written out.
            if code == .initials, issues.contains(where: { $0.code == code.rawValue }) { continue }
            report(code, whole ?? field)
        }
        return verdict
    }

    private mutating func warnIfSwapped(_ name: PersonName, _ field: RosterField) {
        if FirstNames.contains(name.last), !FirstNames.contains(name.first) {
            report(.namesSwapped, field)
        } else if let patronymic = name.patronymic, FirstNames.isPatronymic(name.first),
            !FirstNames.isPatronymic(patronymic)
        {
            report(.namesSwapped, field)
        }
    }
}
