import BonusProgram
import Registry
import TicketService
import UnionTicket

extension PartnerExchange {
    /// Partners' files as the bonus programme reads them; its client's key proves whose they are.
    static func over(_ register: Register, _ account: SignedInUser) -> PartnerExchange {
        PartnerExchange(
            acknowledgement: { body, partner in
                try refusing {
                    let file = try PartnerFile(name: "acknowledgement", bytes: body)
                    return try AcknowledgementFile.read(file, of: partner)
                }
            },
            statistics: { body, partner in
                try refusing {
                    let file = try PartnerFile(name: "statistics", bytes: body)
                    return try StatisticsFile.read(file, of: partner)
                }
            },
            package: { package in
                try PackageMaker(register, partner: package.partner, by: account).sent(package)
            }
        )
    }

    private static func refusing<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as ExchangeError {
            throw Refusal(error.fault, error.message)
        }
    }
}
