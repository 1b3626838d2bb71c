/// The groups of cabinets, the hotline, stations, auditors, manufacturers and bonus partners.
enum OperatorGroups {
    /// Those that stand on the register alone, and those whose supplies the composition root gave.
    static func all(_ office: ServiceOffice) -> [any RouteGroup] {
        var groups: [any RouteGroup] = [
            OrderRoutes(), CarrierRoutes(), HotlineRoutes(), AuditRoutes(), DeliveryRoutes(),
        ]
        if let judge = office.judgement { groups.append(MemberRoutes(judge: judge)) }
        if let headquarters = office.headquarters {
            groups.append(StationRoutes(headquarters: headquarters, clock: office.clock))
        }
        if let exchange = office.partners { groups.append(PartnerRoutes(exchange: exchange)) }
        let workshop = BatchWorkshop()
        if let batches = office.batches {
            groups.append(BatchRoutes(shelf: batches, workshop: workshop))
        }
        if let works = office.works {
            groups.append(ProductionRoutes(works: works, workshop: workshop))
        }
        return groups
    }
}
