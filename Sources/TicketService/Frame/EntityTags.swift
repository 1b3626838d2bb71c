/// Conditions of a request on a document's tag (RFC 9110 § 13.1).
enum EntityTags {
    /// Whether a field of `If-Match` or `If-None-Match` names a tag: one, a list of them, or `*`.
    ///
    /// - Parameters:
    ///   - field: The field's value; nil names nothing.
    ///   - tag: The document's, strong, in its quotes.
    ///   - isWeak: Whether a weak tag names it too, as `If-None-Match` has it (§ 8.8.3.2).
    /// - Returns: Whether it does.
    static func named(in field: String?, _ tag: String, isWeak: Bool) -> Bool {
        guard let field else { return false }
        if field == tag { return true }
        return field.prefix(4096).split(separator: ",").contains { part in
            let mark = part.filter { $0 != " " }
            return mark == "*" || mark == tag || (isWeak && mark == "W/" + tag)
        }
    }
}
