import BonusProgram
import CardProduction
import Foundation

/// What others send as files: a manufacturer's report, a bonus partner's answers.
enum PaperTarget {
    /// A report by the example profile's columns, or by columns of another name.
    static func report(_ bytes: [UInt8]) {
        guard FileManager.default.createFile(atPath: Target.scratch, contents: Data(bytes)) else {
            return
        }
        _ = try? ReportFormat().read(Target.scratch, of: 1)
    }

    /// The first byte chooses: an acknowledgement, statistics, a list of participants, a contract.
    static func partner(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        switch kind {
        case UInt8(ascii: "a"):
            if let file = try? PartnerFile(name: "ack.json", bytes: rest) {
                _ = try? AcknowledgementFile.read(file, of: "profcards")
            }
        case UInt8(ascii: "s"):
            if let file = try? PartnerFile(name: "statistics.json", bytes: rest) {
                _ = try? StatisticsFile.read(file, of: "profcards")
            }
        case UInt8(ascii: "p"):
            guard FileManager.default.createFile(atPath: Target.scratch, contents: Data(rest))
            else {
                return
            }
            _ = try? ParticipantFile.read(Target.scratch)
        default:
            let text = String(decoding: rest, as: UTF8.self)
            _ = try? PartnerContract(text: text, file: "partner.yaml")
        }
    }
}
