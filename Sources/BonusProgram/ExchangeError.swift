public import Registry
public import UnionTicket

/// A file from or for a partner cannot be used; what is wrong with it and what helps.
public struct ExchangeError: Error, Sendable {
    /// The agreed code, as acknowledgements use it.
    public let fault: PartnerFault
    /// What happened and what to do, with the place in the file.
    public let message: Bilingual

    init(_ fault: PartnerFault, _ russian: String, _ english: String) {
        self.fault = fault
        message = Bilingual(russian, english)
    }

    static func empty(_ file: String) -> ExchangeError {
        ExchangeError(.emptyFile, "\(file): файл пуст.", "\(file): the file is empty.")
    }

    static func format(_ file: String, _ place: String, _ wanted: Bilingual) -> ExchangeError {
        let where_ = place.isEmpty ? file : "\(file), \(place)"
        return ExchangeError(
            .badFormat,
            "\(where_): \(wanted.russian)",
            "\(where_): \(wanted.english)"
        )
    }

    static func stranger(_ file: String, _ found: String, _ wanted: String) -> ExchangeError {
        ExchangeError(
            .wrongPartner,
            "\(file): файл партнёра «\(found)», а не «\(wanted)».",
            "\(file): the file is of partner \(found), not of \(wanted)."
        )
    }
}
