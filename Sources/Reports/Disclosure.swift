public import UnionTicket

/// Which figures of a table may not leave the union: counts of one to four people, and whatever such a
/// count could be computed from (complementary suppression).
///
/// A count is hidden with the next smallest beside it wherever an equation would give it away: the sum of
/// its column, what is known to add up within its row, and what the same report tells of the levels above
/// and below. The figures hidden in a sum must not come to their smallest possible value, or each would be
/// known to be one. All levels are decided about together, so that every level's report hides the same.
struct Disclosure {
    /// The same report at one level; the row of its sum, where it has one, comes last.
    private struct Part {
        let level: ReportLevel?
        let rows: Range<Int>
        let total: Int?
    }

    /// Rows that add up to one, in every column where they do.
    private struct Sum {
        let rows: [Int]
        let whole: Int
    }

    private var rows: [[StatisticsTable.Cell]] = []
    private var parts: [Part] = []
    private let width: Int
    /// Columns whose difference is a count too, though the table has no column for it.
    private let rests: [(whole: Int, part: Int)]
    /// The first row of the table that is shown.
    private var offset = 0
    /// Counts by row and column; 0 for words, shares and what is not known: they tell nothing.
    private var values: [Int] = []
    private var hidden: [Bool] = []
    private var hiddenInRow: [Int] = []
    private var hiddenInColumn: [Int]

    /// Decides about all levels of a report, in an order that is always the same: whichever of them is
    /// shown, the same figures are hidden.
    ///
    /// - Parameters:
    ///   - tables: The report at each level; nil stands for a table of lines of several.
    ///   - shown: Which of them is asked about.
    init(_ tables: [(level: ReportLevel?, table: StatisticsTable)], shown: Int) {
        let table = tables[shown].table
        func place(_ name: String) -> Int? { table.columns.firstIndex { $0.name == name } }
        let told = table.rests.compactMap { rest in
            place(rest.whole).flatMap { whole in
                place(rest.part).map { (name: rest.name, whole: whole, part: $0) }
            }
        }
        rests = told.map { ($0.whole, $0.part) }
        let names = table.columns.map(\.name) + told.map(\.name)
        width = names.count
        hiddenInColumn = [Int](repeating: 0, count: width)
        for part in tables { add(part.table, part.level) }
        offset = parts[shown].rows.lowerBound
        hideSmall()
        func places(_ wanted: [String]) -> [Int] {
            wanted.compactMap { names.firstIndex(of: $0) }
        }
        let within = table.sums.map { (left: places($0.left), right: places($0.right)) }
        let sums = sums()
        var isChanged = true
        while isChanged {
            isChanged = false
            for row in rows.indices {
                let first = row * width
                for (left, right) in within
                where protect(left.map { first + $0 }, equal: right.map { first + $0 }) {
                    isChanged = true
                }
            }
            for sum in sums where protect(sum) { isChanged = true }
        }
    }

    /// Whether a count of the table itself is not told.
    func hides(_ row: Int, _ column: Int) -> Bool { hidden[(offset + row) * width + column] }

    /// What a share may be told of: neither of its numbers is hidden, and nobody's number is near.
    func tells(share part: Int, of whole: Int, in row: Int) -> Bool {
        let few = 1..<StatisticsTable.smallest
        guard !few.contains(part), !few.contains(whole), !few.contains(whole - part) else {
            return false
        }
        let first = (offset + row) * width
        return !(first..<first + width).contains {
            hidden[$0] && (values[$0] == part || values[$0] == whole)
        }
    }
}

extension Disclosure {
    private mutating func add(_ table: StatisticsTable, _ level: ReportLevel?) {
        let first = rows.count
        rows += table.rows
        parts.append(
            Part(
                level: level,
                rows: first..<rows.count,
                total: table.total == nil ? nil : rows.count
            )
        )
        if let total = table.total { rows.append(total) }
        func count(_ cell: StatisticsTable.Cell) -> Int? {
            if case .count(let count) = cell { count } else { nil }
        }
        for cells in rows[first...] {
            values += cells.map { count($0) ?? 0 }
            // Hidden or told like a column of the table: whoever sees the two counts has it.
            values += rests.map { rest in
                guard let whole = count(cells[rest.whole]), let part = count(cells[rest.part])
                else {
                    return 0
                }
                return whole - part
            }
        }
        hidden += [Bool](repeating: false, count: (rows.count - first) * width)
        hiddenInRow += [Int](repeating: 0, count: rows.count - first)
    }

    private func code(_ row: Int) -> OrganisationCode? {
        guard case .text(let text)? = rows[row].first else { return nil }
        return OrganisationCode(text)
    }

    /// The sum of each table, every line with the lines of each other level that make it up, and the
    /// wholes, which every level tells.
    private func sums() -> [Sum] {
        var found = parts.compactMap { part in
            part.total.map { Sum(rows: Array(part.rows), whole: $0) }
        }
        for upper in parts {
            guard let level = upper.level else { continue }
            for lower in parts where lower.rows != upper.rows {
                if let below = lower.level, !level.isAbove(below) { continue }
                found += sums(of: upper, level, in: lower)
            }
        }
        let wholes = parts.compactMap {
            $0.total ?? ($0.rows.count == 1 ? $0.rows.lowerBound : nil)
        }
        for (place, whole) in wholes.enumerated() {
            found += wholes[(place + 1)...].map { Sum(rows: [$0], whole: whole) }
        }
        return found
    }

    private func sums(of upper: Part, _ level: ReportLevel, in lower: Part) -> [Sum] {
        var groups: [OrganisationCode: [Int]] = [:]
        for row in lower.rows {
            guard let line = code(row).flatMap(level.line) else { continue }
            groups[line, default: []].append(row)
        }
        return upper.rows.compactMap { row in
            code(row).flatMap { groups[$0] }.map { Sum(rows: $0, whole: row) }
        }
    }

    private mutating func hide(_ place: Int) {
        guard !hidden[place] else { return }
        hidden[place] = true
        hiddenInRow[place / width] += 1
        hiddenInColumn[place % width] += 1
    }

    /// Counts of few people, and counts that leave few of their whole over.
    private mutating func hideSmall() {
        let few = 1..<StatisticsTable.smallest
        for place in values.indices where few.contains(values[place]) { hide(place) }
        for (row, cells) in rows.enumerated() {
            for case .share(let part, let whole) in cells
            where part > 0 && few.contains(whole - part) {
                for place in row * width..<(row + 1) * width where values[place] == part {
                    hide(place)
                }
            }
        }
    }

    /// Hides more of what adds up in each column, until nothing of it can be computed.
    private mutating func protect(_ sum: Sum) -> Bool {
        var isChanged = false
        for column in 0..<width {
            let whole = sum.whole * width + column
            guard values[whole] != 0 else { continue }
            var total = 0
            var isTouched = hidden[whole]
            for row in sum.rows {
                total += values[row * width + column]
                if hidden[row * width + column] { isTouched = true }
            }
            guard isTouched, total == values[whole] else { continue }
            let places = sum.rows.map { $0 * width + column }
            if protect(places, equal: [whole]) { isChanged = true }
        }
        return isChanged
    }

    /// Hides more of what comes to as much as something else, the smallest first.
    private mutating func protect(_ left: [Int], equal right: [Int]) -> Bool {
        let all = (left + right).filter { values[$0] != 0 }
        guard all.contains(where: { hidden[$0] }), !isSafe(left, right) else { return false }
        // Where the row and the column have hidden figures already, one more needs none beside it.
        let open = all.filter { !hidden[$0] }.sorted { left, right in
            let (first, second) = (isFresh(left), isFresh(right))
            guard first == second else { return second }
            return (values[left], left) < (values[right], right)
        }
        for next in open where !isSafe(left, right) { hide(next) }
        return !open.isEmpty
    }

    private func isFresh(_ place: Int) -> Bool {
        hiddenInRow[place / width] == 0 || hiddenInColumn[place % width] == 0
    }

    /// Whether what is hidden on the two sides may be other figures as well.
    private func isSafe(_ left: [Int], _ right: [Int]) -> Bool {
        func closed(_ places: [Int]) -> [Int] { places.filter { values[$0] != 0 && hidden[$0] } }
        let (first, second) = (closed(left), closed(right))
        // With something hidden on both sides, both may be any amount larger.
        guard first.isEmpty || second.isEmpty else { return true }
        let one = first + second
        guard one.count > 1 else { return one.isEmpty }
        // On one side their sum is known: not so small that each must be one.
        let sum = one.reduce(0) { $0 + values[$1] }
        return sum >= one.count + StatisticsTable.smallest
    }
}

extension ReportLevel {
    /// Whether lines of this level are sums of lines of the other.
    fileprivate func isAbove(_ other: ReportLevel) -> Bool { depth < other.depth }

    private var depth: Int { ReportLevel.allCases.firstIndex(of: self) ?? 0 }
}

extension StatisticsTable {
    /// The report as it may leave the union: no count of one to four people, none from which one could be
    /// computed, and no share of either.
    ///
    /// - Parameters:
    ///   - level: What the rows are.
    ///   - others: The same report of the same day at other levels, which may be published too.
    /// - Returns: The table with what may not be told as ``Cell/suppressed``.
    public func forPublication(
        level: ReportLevel? = nil,
        beside others: [(level: ReportLevel, table: StatisticsTable)] = []
    ) -> StatisticsTable {
        var tables = others.sorted { $0.level.isAbove($1.level) }
            .map { (level: Optional($0.level), table: $0.table) }
        let place =
            level.map { own in tables.firstIndex { $0.level.map(own.isAbove) ?? false } } ?? nil
        tables.insert((level, self), at: place ?? tables.count)
        let disclosure = Disclosure(tables, shown: place ?? tables.count - 1)
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

    /// The lines of a part of the union only, and no sum: it was decided by all lines what is hidden, and
    /// a part's own sum is its line in the report of the level above.
    public func within(_ scope: OrganisationCode) -> StatisticsTable {
        guard scope != .centralCouncil else { return self }
        var table = self
        table.rows = rows.filter { cells in
            guard case .text(let text)? = cells.first, let code = OrganisationCode(text) else {
                return false
            }
            return scope.contains(code)
        }
        table.total = nil
        return table
    }

    private func published(_ cells: [Cell], _ row: Int, _ disclosure: Disclosure) -> [Cell] {
        cells.enumerated().map { column, cell in
            switch cell {
            case .count where disclosure.hides(row, column): .suppressed
            case .share(let part, let whole)
            where !disclosure.tells(share: part, of: whole, in: row): .none
            default: cell
            }
        }
    }
}
