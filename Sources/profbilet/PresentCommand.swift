import ArgumentParser
import CardLayout
import Foundation
import Registry
import TicketSeal
import UnionTicket

extension VirtualCommand {
    struct Present: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "present",
            abstract:
                "Показать билет станции: QR меняется каждые 25 с / Show the ticket: a rotating QR",
            discussion: "Работает без сети. Works offline."
        )
        @Flag(help: "Показать один раз / show once") var once = false
        @Flag(help: "Только текст / text only") var text = false
        @Option(help: "Записать картинку PNG / write a PNG picture") var png: String?
        @Option(help: "Пикселей на модуль / pixels a module") var scale = 6
        @Option(help: "Секунд до смены, 20–30 / seconds until it changes, 20–30") var every = 25
        @OptionGroup var phone: Phone

        func validate() throws {
            guard (20...30).contains(every) else {
                throw ValidationError("--every: от 20 до 30 секунд.", "--every: 20 to 30 seconds.")
            }
            guard (1...64).contains(scale) else {
                throw ValidationError("--scale: от 1 до 64.", "--scale: 1 to 64.")
            }
        }

        func run() throws {
            let isSingle = once || text || png != nil
            repeat {
                let shown = try presentation()
                if text {
                    tell(shown)
                } else {
                    try draw(shown, clearing: !isSingle)
                }
                if !isSingle { sleep(UInt32(every)) }
            } while !isSingle
        }

        /// The digits of a presentation for this moment; a payload past its end is not shown.
        private func presentation() throws -> String {
            let file = try PhoneFile.read(phone.path)
            let now = try VirtualCommand.now
            guard now.seconds < file.expiresAt ?? 0 else {
                throw Failure(
                    .refused,
                    "Срок билета истёк: profbilet virtual renew.",
                    "The ticket's time is over: profbilet virtual renew."
                )
            }
            let bytes = try Presentation.seal(
                inner: try file.enrolled().payload,
                at: now,
                with: try file.signingKey
            )
            return DigitText.encode(bytes)
        }

        private func draw(_ digits: String, clearing: Bool) throws {
            guard let symbol = QRSymbol.smallest(digits: digits, level: "M") else {
                throw Failure("Код не помещается в QR.", "The code does not fit a QR symbol.")
            }
            if let png {
                try Files.write(symbol.png(scale: scale), to: png)
                say("Картинка: \(png)", "Picture: \(png)")
                return
            }
            // Cleared first, so that the symbol stands still while it changes.
            let start = clearing ? "\u{1B}[2J\u{1B}[H" : ""
            tell(start + symbol.terminalLines().joined(separator: "\n"))
            let moment = try VirtualCommand.now
            tell("\(moment.russian)  /  \(moment.rfc3339)")
            if clearing { tell("Смена через \(every) с, выход Ctrl-C / changes in \(every) s") }
        }
    }
}
