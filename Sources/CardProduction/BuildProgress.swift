extension BatchBuilder {
    /// How a build goes.
    public struct Progress: Sendable {
        /// Cards done.
        public let done: Int
        /// Cards in all.
        public let total: Int
    }

    /// What a build made.
    public struct Result: Sendable {
        /// The batch's folder.
        public let folder: String
        /// SHA-256 of the manufacturer's manifest, hexadecimal.
        public let manifest: String
        /// Whether the package stood already.
        public let wasBuilt: Bool
    }
}
