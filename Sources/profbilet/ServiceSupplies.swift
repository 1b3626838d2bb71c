import EventStation
import Registry
import Roster
import TicketService
import UnionTicket

extension ServiceOffice {
    /// What cabinets, operators, stations and manufacturers need of the other services.
    ///
    /// - Parameter batches: The folder of batch specifications that operators may plan by.
    /// - Returns: The same office with them.
    func withCabinetsAndStations(batches: String?) -> ServiceOffice {
        var office = self
        office.judgement = { members, today in RowJudge(today: today).judge(members) }
        office.headquarters = EventHeadquarters(register: register, account: account)
        let files = BatchFiles(register: register, specifications: batches)
        (office.batches, office.works) = (files, files)
        office.partners = .over(register, account)
        office.handOutList = HandOutSheet(register: register).bytes
        let now = register.now
        office.clock = {
            let system = StationDuty.systemClock()
            // A specimen register may be told another time.
            let told = now().seconds
            return abs(told - system / 1000) <= 2 ? system : told * 1000
        }
        return office
    }
}
