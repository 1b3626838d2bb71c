public import ArgumentParser
public import CardLayout
public import EventStation
public import Registry
public import Reports
public import Roster
public import TicketSeal
public import UnionTicket

// What stands on a command line in the words of the core.

extension CardRecord.Sample: ExpressibleByArgument {}
extension StationProfile: ExpressibleByArgument {}
extension ConsentPurpose: ExpressibleByArgument {}
extension ConsentTexts.Form: ExpressibleByArgument {}
extension KeyPurpose: ExpressibleByArgument {}
extension MemberStatus: ExpressibleByArgument {}
extension OrderReason: ExpressibleByArgument {}
extension OrderState: ExpressibleByArgument {}
extension Role: ExpressibleByArgument {}
extension StatisticsReport: ExpressibleByArgument {}
extension ReportLevel: ExpressibleByArgument {}
extension StatForm: ExpressibleByArgument {}
extension CodePage: ExpressibleByArgument {}
extension ClientRole: ExpressibleByArgument {}
extension SampleEncoding: ExpressibleByArgument {}
extension ConflictQueue.Resolution: ExpressibleByArgument {}
extension ParcelDesk.Place: ExpressibleByArgument {}
extension ParcelState: ExpressibleByArgument {}

extension OrganisationCode: ExpressibleByArgument {
    /// `RR`, `RR-TTT` or `RR-TTT-PPPP`.
    public init?(argument: String) { self.init(argument) }
}

extension TextEncoding: ExpressibleByArgument {
    /// `windows-1251`, `utf-8` and so on.
    public init?(argument: String) { self.init(name: argument) }
}

extension PartnerStatistics.Period: ExpressibleByArgument {
    /// A month as `yyyy-mm`.
    public init?(argument: String) { self.init(argument) }
}

/// A reason that goes into the log: something must be said.
func requireReason(_ reason: String) throws {
    guard !reason.allSatisfy(\.isWhitespace) else {
        throw ValidationError("Укажите основание: --reason.", "Say why: --reason.")
    }
}
