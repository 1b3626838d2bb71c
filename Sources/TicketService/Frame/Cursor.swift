import Registry
import TicketSeal

/// Where a list goes on: the last place shown, vouched for, so that a client can only give back what
/// it got from the same route.
struct Cursor {
    let register: Register
    let template: String

    /// The cursor of a call's route.
    init(_ call: Call) {
        register = call.register
        template = call.route.template
    }

    /// The text to hand out for a place.
    func text(after place: String) -> String {
        let bytes = Array(place.utf8)
        return Base64URL.text(Array(tag(bytes).prefix(12)) + bytes)
    }

    /// The place of a text handed out before; nil for no text.
    ///
    /// - Throws: 400 for anything else.
    func place(_ text: String?) throws(Problem) -> String? {
        guard let text else { return nil }
        guard text.utf8.count <= 256, let bytes = Base64URL.bytes(text), bytes.count > 12,
            Array(tag(Array(bytes[12...])).prefix(12)) == Array(bytes[..<12])
        else {
            throw .badField(
                "?cursor",
                "Это не курсор этого списка.",
                "This is no cursor of this list."
            )
        }
        return String(decoding: bytes[12...], as: UTF8.self)
    }

    private func tag(_ bytes: [UInt8]) -> [UInt8] {
        register.serviceTag(bytes, for: "cursor \(template)")
    }
}
