public import UnionTicket

/// Cleans and judges raw rows; a value, so several may work at once.
public struct RowJudge: Sendable {
    /// For each field its place in a row, counted from 0, or −1.
    let places: [Int]
    /// How many cells a row may have.
    let width: Int
    /// Whether findings carry column numbers.
    let isTable: Bool
    let dates: DateRules

    init(places: [Int], width: Int, isTable: Bool, serialShift: Int, today: CalendarDate) {
        self.places = places
        self.width = width
        self.isTable = isTable
        dates = DateRules(today: today, serialShift: serialShift)
    }

    /// Judges every row of a batch, in order.
    ///
    /// All findings of a row are collected; a row without errors has a draft.
    public func judge(_ rows: RawRows) -> [RosterRow] {
        var judged: [RosterRow] = []
        judged.reserveCapacity(rows.count)
        let bytes = rows.bytes.span
        for row in 0..<rows.count {
            if let stray = rows.rows[row].stray {
                judged.append(refuse(row, of: rows, bytes, stray))
            } else {
                judged.append(judge(row, of: rows, bytes))
            }
        }
        return judged
    }

    /// A row whose quotes do not fit; whom it may mean stands in the cells of its first line.
    private func refuse(
        _ row: Int,
        of rows: RawRows,
        _ bytes: Span<UInt8>,
        _ stray: RawRows.Stray
    ) -> RosterRow {
        var cells = RowCells(rows: rows, row: row, judge: self)
        let mention = RosterRow.Mention(
            aisId: cells.aisId(bytes),
            name: cells.name(bytes),
            birthDate: cells.birthDate(bytes).date
        )
        let line = rows.rows[row].line
        return RosterRow(
            line: line,
            draft: nil,
            issues: [stray.issue(line: line)],
            organisation: cells.organisation(bytes),
            mention: mention
        )
    }

    private func judge(_ row: Int, of rows: RawRows, _ bytes: Span<UInt8>) -> RosterRow {
        var cells = RowCells(rows: rows, row: row, judge: self)
        cells.checkWidth(bytes)
        cells.checkSheetErrors(bytes)
        let aisId = cells.aisId(bytes)
        let name = cells.name(bytes)
        let birth = cells.birthDate(bytes)
        let sex = cells.sex(bytes)
        let category = cells.category(bytes)
        let organisation = cells.organisation(bytes)
        let join = cells.joinDate(bytes, birth)
        let phone = cells.phone(bytes)
        let email = cells.email(bytes)
        let legacyNumber = cells.legacyNumber(bytes)
        let status = cells.status(bytes)
        let consents = cells.consents(bytes, birth)
        let line = rows.rows[row].line
        let issues = cells.orderedIssues
        let isWithdrawal =
            cells.refusesRegister && issues.count(where: { $0.severity == .error }) == 1
        guard !cells.hasError || isWithdrawal, let name, let birthDate = birth.date, let category,
            let organisation, let join, let status
        else {
            return RosterRow(
                line: line,
                draft: nil,
                issues: issues,
                organisation: organisation,
                mention: RosterRow.Mention(aisId: aisId, name: name, birthDate: birth.date)
            )
        }
        var draft = MemberDraft(
            aisId: aisId,
            name: name,
            birthDate: birthDate,
            sex: sex,
            category: category,
            organisation: organisation,
            joinDate: join,
            phone: phone,
            email: email,
            legacyNumber: legacyNumber,
            status: status,
            consents: consents
        )
        if cells.cell(.status, bytes).isEmpty { draft.untold = .status }
        return RosterRow(
            line: line,
            draft: isWithdrawal ? nil : draft,
            issues: issues,
            organisation: organisation,
            withdrawing: isWithdrawal ? draft : nil
        )
    }
}
