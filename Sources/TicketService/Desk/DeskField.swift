import UnionTicket

/// One labelled field of a form, with what is wrong with it beside it.
struct DeskField: Sendable {
    let name: String
    let label: String
    var value = ""
    var type = "text"
    /// A line under the field.
    var hint = ""
    /// More attributes.
    var more: HTML = .none
    var fault: FieldFault?

    /// The field; its fault is read out with it.
    func html(_ language: Language) -> HTML {
        let own = fault.flatMap {
            $0.field == name ? DeskWords.plain(language.pick($0.message)) : nil
        }
        let described =
            hint.isEmpty && own == nil ? HTML.none : " aria-describedby=\"\(name)-note\""
        let wrong: HTML = own == nil ? .none : " aria-invalid=\"true\""
        let note: HTML =
            if let own {
                "<span class=\"fault\" id=\"\(name)-note\" role=\"alert\">\(own)</span>"
            } else if hint.isEmpty {
                .none
            } else {
                "<span class=\"hint\" id=\"\(name)-note\">\(hint)</span>"
            }
        return """
            <div class="field"><label for="\(name)">\(label)</label>
            <input id="\(name)" name="\(name)" type="\(type)" value="\(value)"\(described)\(wrong) \(more)>
            \(note)</div>
            """
    }

    /// The day of a hand-out; today unless another was typed.
    static func day(_ visit: DeskVisit, _ fault: FieldFault?) -> DeskField {
        DeskField(
            name: "day",
            label: visit.say("Дата выдачи", "Day"),
            value: visit.form["day"].isEmpty ? visit.today.russian : visit.form["day"],
            more: "class=\"short\" inputmode=\"numeric\" maxlength=\"10\" autocomplete=\"off\"",
            fault: fault
        )
    }

    /// A choice from a list.
    static func choice(
        _ name: String,
        _ label: String,
        _ options: [(value: String, words: String)],
        chosen: String
    ) -> HTML {
        let items = options.map { option -> HTML in
            """
            <option value="\(option.value)" \("selected", if: option.value == chosen)>\(option.words)</option>
            """
        }
        return """
            <div class="field"><label for="\(name)">\(label)</label>
            <select id="\(name)" name="\(name)">\(items)</select></div>
            """
    }
}
