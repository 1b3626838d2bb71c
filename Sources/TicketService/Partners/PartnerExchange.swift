public import Registry
public import UnionTicket

/// What the service needs of a partner's contract and cannot know itself: the forms of its files and
/// where its packages lie.
///
/// The composition root supplies it; without it the partner's routes answer 404.
public struct PartnerExchange: Sendable {
    /// Reads an acknowledgement of a partner.
    public var acknowledgement:
        @Sendable (_ body: [UInt8], _ partner: String) throws ->
            PartnerAcknowledgements.Acknowledgement
    /// Reads a report of a partner.
    public var statistics:
        @Sendable (_ body: [UInt8], _ partner: String) throws -> PartnerStatistics.Report
    /// The encrypted file of a package; nil when it is not kept.
    public var package: @Sendable (_ package: PartnerPackages.Package) throws -> [UInt8]?

    /// The three together.
    public init(
        acknowledgement:
            @escaping @Sendable ([UInt8], String) throws -> PartnerAcknowledgements.Acknowledgement,
        statistics: @escaping @Sendable ([UInt8], String) throws -> PartnerStatistics.Report,
        package: @escaping @Sendable (PartnerPackages.Package) throws -> [UInt8]?
    ) {
        self.acknowledgement = acknowledgement
        self.statistics = statistics
        self.package = package
    }

    /// A file of a partner cannot be used.
    public struct Refusal: Error, Sendable {
        /// The agreed code.
        public let fault: PartnerFault
        /// What is wrong, with its place.
        public let message: Bilingual

        /// A refusal with its sentence.
        public init(_ fault: PartnerFault, _ message: Bilingual) {
            self.fault = fault
            self.message = message
        }
    }
}
