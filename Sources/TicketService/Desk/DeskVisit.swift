import HTTPTypes
import Registry
import UnionTicket

/// One request of a person at the desk: who asks, in which language, and the form that came with it.
struct DeskVisit: Sendable {
    /// The request.
    let call: Call
    /// Who signed in; every operation of the register runs as this person.
    let user: SignedInUser
    /// What the forms of this session carry, so that no other page can send them.
    let formKey: String
    /// The language of the page.
    let language: Language
    /// What was sent; empty where a page is only asked for.
    var form = FormFields()

    /// The register.
    var register: Register { call.register }

    /// Today in Moscow.
    var today: CalendarDate { call.service.now.moscowDate }

    /// The words of the page's language.
    func say(_ russian: String, _ english: String) -> String {
        language == .russian ? russian : english
    }

    /// A message of the register, with a capital letter and a full stop.
    func say(_ message: Bilingual) -> String {
        let text = words(message)
        let ends = text.last.map { ".!?".contains($0) } ?? true
        return text.prefix(1).uppercased() + text.dropFirst() + (ends ? "" : ".")
    }

    /// A message of the register in the page's language, as a part of a line.
    func words(_ message: Bilingual) -> String { DeskWords.plain(language.pick(message)) }

    /// The hidden field that every form has.
    var key: HTML { "<input type=\"hidden\" name=\"key\" value=\"\(formKey)\">" }

    /// A value of the query, or of the form, without spaces at its ends.
    func value(_ name: String) -> String {
        let own = form[name]
        guard own.isEmpty else { return own }
        return (call.query[name] ?? "").split(separator: " ").joined(separator: " ")
    }
}

/// A fault of one field, shown beside it.
struct FieldFault: Error, Sendable {
    /// The field's name in the form.
    let field: String
    /// What is wrong and what to do.
    let message: Bilingual

    init(_ field: String, _ russian: String, _ english: String) {
        self.field = field
        message = Bilingual(russian, english)
    }

    init(_ field: String, _ message: Bilingual) {
        self.field = field
        self.message = message
    }
}

extension DeskVisit {
    /// An organisation's code that was typed; nil for nothing.
    func organisation() throws(FieldFault) -> OrganisationCode? {
        let text = value("organisation")
        guard !text.isEmpty else { return nil }
        guard let code = OrganisationCode(text) else {
            throw FieldFault(
                "organisation",
                "Код организации пишется так: 26, 26-001 или 26-001-0001.",
                "A code is written 26, 26-001 or 26-001-0001."
            )
        }
        return code
    }

    /// A day that was typed, dd.mm.yyyy or as a date field sends it; nil for nothing.
    func day(_ field: String) throws(FieldFault) -> CalendarDate? {
        let text = value(field)
        guard !text.isEmpty else { return nil }
        if let day = CalendarDate(iso: text) { return day }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let day = parts[0], let month = parts[1], let year = parts[2],
            let date = CalendarDate(year: year, month: month, day: day)
        else {
            throw FieldFault(field, "Дата пишется так: 31.12.2026.", "A day is written 31.12.2026.")
        }
        return date
    }

    /// A whole number that was typed; nil for nothing.
    func count(_ field: String) throws(FieldFault) -> Int? {
        let text = value(field)
        guard !text.isEmpty else { return nil }
        guard text.utf8.count <= 7, let number = Int(text), number >= 0 else {
            throw FieldFault(field, "Нужно целое число.", "A whole number is needed.")
        }
        return number
    }
}
