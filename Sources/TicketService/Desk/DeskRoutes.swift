public import Registry
import UnionTicket

/// Writes the hand-out list (ведомость) of a parcel as PDF; supplied by the composition root.
///
/// It gets the batch, the parcel's number and the person who asks, and returns the file's bytes.
public typealias HandOutListPrinter =
    @Sendable (_ batch: Int64, _ parcel: Int, _ user: SignedInUser) throws -> [UInt8]

/// The desk (кабинет): pages on which chairs and registrars order cards and record their hand-out.
///
/// Every page runs the register's own operations as the person who signed in, so scopes, permissions and
/// audit rows are those of the command line. These are pages for people and stand in no API description.
struct DeskRoutes: RouteGroup {
    let routes: [Route]

    init(_ context: ServiceContext, handOutList: HandOutListPrinter?) {
        let door = DeskDoor(context: context)
        let start = door.page("/desk", []) { visit in
            let section = DeskFrame.Section.allCases
                .first { $0.permissions.contains(where: visit.user.permits) }
            guard let section else { throw DeskDoor.wrongRole(visit.user) }
            return DeskCookies.elsewhere("/desk/\(section.rawValue)")
        }
        routes =
            [start] + SignInPages(door: door).routes + MemberPages(door: door).routes
            + OrderPages(door: door).routes
            + ParcelPages(door: door, handOutList: handOutList).routes
            + HandOutPages(door: door).routes
    }

    /// A text as a value in a query (RFC 3986 § 2.3).
    static func encoded(_ text: String) -> String {
        let plain = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return text.utf8.map { byte in
            plain.contains(byte)
                ? String(Character(Unicode.Scalar(byte)))
                : (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
