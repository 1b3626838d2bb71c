import CardProduction
import Foundation
import Registry

/// Hand-out lists for the service's desk, through a file of its own that nobody else can read.
struct HandOutSheet: Sendable {
    let register: Register

    /// The list of one parcel as PDF.
    @Sendable func bytes(
        of batch: Int64,
        _ parcel: Int,
        by user: SignedInUser
    ) throws -> [UInt8] {
        let folder = NSTemporaryDirectory() + "profbilet-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/handout.pdf"
        _ = try AcceptanceOffice(register).handOutList(batch, parcel, to: path, by: user)
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
