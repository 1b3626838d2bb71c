/// The one list of everything the service answers.
///
/// A new group is a folder with a type that conforms to ``RouteGroup``, a line here, and a section of
/// Pages/openapi.yaml.
enum RouteGroups {
    /// All groups over one context.
    static func all(
        _ context: ServiceContext,
        _ office: ServiceOffice,
        _ shelf: PublicationShelf
    ) -> [any RouteGroup] {
        [
            OperationRoutes(context, checks: office.checks),
            DocumentRoutes(),
            PublicationRoutes(shelf: shelf),
            ClientRoutes(),
            CameraRoutes(context: context, shelf: shelf),
            EnrolmentRoutes(),
            VirtualCardRoutes(context),
            ActivationCodeRoutes(),
            ProbeRoutes(probes: office.probes),
            DeskRoutes(context, handOutList: office.handOutList),
        ] + OperatorGroups.all(office)
    }
}
