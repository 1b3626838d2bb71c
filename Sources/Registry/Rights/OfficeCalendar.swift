import TicketSeal
public import UnionTicket

extension Register {
    /// The office's calendar `working-days.tsv` where there is one, else the program's own.
    ///
    /// - Throws: ``RegisterError`` when the office's file cannot be used.
    public func workingDays() throws -> WorkingDays {
        let path = directory.path + "/working-days.tsv"
        guard Files.exists(path) else { return .russian }
        let text = String(decoding: try Files.read(path, atMost: 1 << 20), as: UTF8.self)
        do { return try WorkingDays(reading: text) } catch {
            throw RegisterError(
                .badInput,
                "\(path), строка \(error.line): \(error.message.russian)",
                "\(path), line \(error.line): \(error.message.english)"
            )
        }
    }
}
