import UnionTicket

// What the matching has to say of a row.
extension RowIssue {
    static func duplicate(of line: Int) -> RowIssue {
        RowIssue(
            field: nil,
            column: nil,
            code: "duplicate",
            severity: .warning,
            message: Bilingual(
                "Этот человек уже есть в файле в строке \(line); взята первая строка.",
                "This person stands in line \(line) of the file already; the first row was taken."
            )
        )
    }

    static let registerWithdrawn = RowIssue(
        field: ConsentPurpose.register.rawValue,
        column: nil,
        code: "consent_register_withdrawn",
        severity: .warning,
        message: Bilingual(
            "Согласие на обработку персональных данных отозвано этой строкой; остальное в ней не "
                + "учтено. Сроки: profbilet consent deadlines, затем profbilet erase.",
            "The row takes back the consent to the processing of personal data; nothing else of it "
                + "was taken. Terms: profbilet consent deadlines, then profbilet erase."
        )
    )

    static func conflict(_ kind: ConflictQueue.Kind, with line: Int?) -> RowIssue {
        let place = line.map { (" (строка \($0))", " (line \($0))") } ?? ("", "")
        return RowIssue(
            field: nil,
            column: nil,
            code: kind.rawValue,
            severity: .warning,
            message: Bilingual(
                kind.message.russian + place.0 + ": решите командой profbilet roster conflicts.",
                kind.message.english + place.1 + ": decide by profbilet roster conflicts."
            )
        )
    }

    /// The row names a record that was merged into another.
    static func recordMerged(into heir: Int64, isTaken: Bool) -> RowIssue {
        let end =
            isTaken
            ? ("строка учтена за неё", "the row was taken for that one")
            : ("о ней строка не говорит", "the row says nothing of that one")
        return RowIssue(
            field: nil,
            column: nil,
            code: "record_merged",
            severity: .warning,
            message: Bilingual(
                "Эта запись объединена с записью #\(heir): \(end.0). Исправьте ИД АИС в списке или "
                    + "уберите строку.",
                "This record was merged into #\(heir): \(end.1). Mend the АИС identifier in the "
                    + "list, or leave the row out."
            )
        )
    }

    /// The row names a record that was merged into one whose data are destroyed.
    static func heirErased(_ heir: Int64) -> RowIssue {
        RowIssue(
            field: nil,
            column: nil,
            code: "merged_erased",
            severity: .error,
            message: Bilingual(
                "Эта запись объединена с записью #\(heir), данные которой уничтожены: ничего не "
                    + "обновлено. Уничтожьте и её (profbilet erase), затем загрузите строку снова.",
                "This record was merged into #\(heir), whose data are destroyed: nothing was "
                    + "updated. Destroy this one too (profbilet erase), then import the row again."
            )
        )
    }
}
