import UnionTicket

/// Which figures of a table may not leave the union: counts of one to four people, and whatever such a
/// count could be computed from (complementary suppression).
///
/// A count is hidden with the next smallest beside it wherever an equation would give it away: the sum of
/// its column, and what is known to add up within its row. The figures hidden in a column must not come to
/// their smallest possible sum, or each would be known to be one.
struct Disclosure {
    /// A row and a column; the row of the sum comes last.
    struct Place: Hashable {
        let row: Int
        let column: Int
    }

    /// Counts by place; places of words, shares and what is not known are left out.
    private let values: [Place: Int]
    private let rows: [[StatisticsTable.Cell]]
    private let hasTotal: Bool
    private(set) var hidden: Set<Place> = []

    /// Decides about a table.
    ///
    /// - Parameters:
    ///   - table: The whole table.
    ///   - sums: Columns that add up within a row, each with the columns beside it.
    init(_ table: StatisticsTable, sums: [[Int]]) {
        rows = table.rows + (table.total.map { [$0] } ?? [])
        hasTotal = table.total != nil
        var values: [Place: Int] = [:]
        for (row, cells) in rows.enumerated() {
            for (column, cell) in cells.enumerated() {
                if case .count(let count) = cell { values[Place(row: row, column: column)] = count }
            }
        }
        self.values = values
        hideSmall()
        var before = -1
        while hidden.count != before {
            before = hidden.count
            for row in rows.indices {
                for sum in sums { protect(sum.map { Place(row: row, column: $0) }, least: 0) }
            }
            guard hasTotal else { continue }
            for column in table.columns.indices {
                protect(
                    rows.indices.map { Place(row: $0, column: column) },
                    least: StatisticsTable.smallest
                )
            }
        }
    }

    /// What a share may be told of: neither of its numbers is hidden, and nobody's number is near.
    func tells(share part: Int, of whole: Int, in row: Int) -> Bool {
        let few = 1..<StatisticsTable.smallest
        guard !few.contains(part), !few.contains(whole), !few.contains(whole - part) else {
            return false
        }
        return !hidden.contains { place in
            place.row == row && (values[place] == part || values[place] == whole)
        }
    }

    /// Counts of few people, and counts that leave few of their whole over.
    private mutating func hideSmall() {
        let few = 1..<StatisticsTable.smallest
        for (place, value) in values where few.contains(value) { hidden.insert(place) }
        for (row, cells) in rows.enumerated() {
            for case .share(let part, let whole) in cells where few.contains(whole - part) {
                for (place, value) in values where place.row == row && value == part && part > 0 {
                    hidden.insert(place)
                }
            }
        }
    }

    /// Hides more of what adds up, the smallest first, until nothing of it can be computed.
    private mutating func protect(_ places: [Place], least: Int) {
        let all = places.filter { (values[$0] ?? 0) != 0 }
        // Where the row and the column have hidden figures already, one more needs none beside it.
        let (rows, columns) = (Set(hidden.map(\.row)), Set(hidden.map(\.column)))
        var open = all.filter { !hidden.contains($0) }.map { place in
            (place, isFresh: !rows.contains(place.row) || !columns.contains(place.column))
        }.sorted { left, right in
            guard left.isFresh == right.isFresh else { return right.isFresh }
            let (first, second) = (left.0, right.0)
            return (values[first] ?? 0, first.row, first.column)
                < (values[second] ?? 0, second.row, second.column)
        }.map(\.0)
        var closed = all.filter(hidden.contains)
        while !closed.isEmpty, !open.isEmpty, !isSafe(closed, least) {
            let next = open.removeFirst()
            hidden.insert(next)
            closed.append(next)
        }
    }

    private func isSafe(_ closed: [Place], _ least: Int) -> Bool {
        guard closed.count > 1 else { return false }
        // With the sum itself hidden nothing of the rest follows.
        if least > 0, closed.contains(where: { $0.row == rows.count - 1 }) { return true }
        let sum = closed.reduce(0) { $0 + (values[$1] ?? 0) }
        return sum >= closed.count + least || least == 0
    }
}

extension StatisticsTable {
    /// The report as it may leave the union: no count of one to four people, none from which one could be
    /// computed, and no share of either.
    public func forPublication() -> StatisticsTable {
        let disclosure = Disclosure(self, sums: sums.map { $0.compactMap(column) })
        var table = self
        for row in rows.indices { table.rows[row] = published(rows[row], row, disclosure) }
        table.total = total.map { published($0, rows.count, disclosure) }
        table.notes.append(
            Bilingual(
                "•: числа меньше \(Self.smallest) и те, из которых их можно вычислить, не приводятся; "
                    + "доли от них тоже.",
                "•: counts under \(Self.smallest), and those they could be computed from, are not given, "
                    + "nor are shares of them."
            )
        )
        return table
    }

    private func published(_ cells: [Cell], _ row: Int, _ disclosure: Disclosure) -> [Cell] {
        cells.enumerated().map { column, cell in
            switch cell {
            case .count where disclosure.hidden.contains(.init(row: row, column: column)):
                .suppressed
            case .share(let part, let whole)
            where !disclosure.tells(share: part, of: whole, in: row): .none
            default: cell
            }
        }
    }

    private func column(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }
}
