import UnionTicket

/// A list under a header, read and judged row by row; what its columns mean is told by its kind
/// (``OrganisationFile``, ``OrderFile``, ``LegacyTicketFile``, ``DelegateFile``).
public final class ListFile<Row> {
    /// The table underneath: form, encoding, header, ignored lines.
    public let table: TableReader
    private let dates: DateRules
    private let judge: (ListRow) -> Row

    /// Opens a list.
    ///
    /// - Parameters:
    ///   - path: A regular file, CSV or XLSX.
    ///   - encoding: Overrides the detection; nil detects.
    ///   - today: The day by which dates are judged.
    ///   - columns: The columns of the list.
    ///   - threshold: How many of them a line must name to be the header.
    ///   - judge: What becomes of a row.
    /// - Throws: When the file as a whole is unusable, with code and place.
    init(
        _ path: String,
        _ encoding: TextEncoding?,
        today: CalendarDate,
        columns: [TableColumn],
        threshold: Int,
        judge: @escaping (ListRow) -> Row
    ) throws(RosterError) {
        table = try TableReader.open(
            path,
            encoding: encoding,
            columns: columns,
            threshold: threshold
        )
        dates = DateRules(today: today, serialShift: table.table.serialShift)
        self.judge = judge
    }

    /// Reads and judges up to `maximum` rows; empty only at the end of the file.
    public func next(_ maximum: Int) throws(RosterError) -> [Row] {
        try table.next(maximum).map { judge(ListRow($0, table.columns, dates)) }
    }
}
