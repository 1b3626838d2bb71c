import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `What ends codes and enrolments` {
    /// Ways to say that a card is gone.
    enum Way: String, CaseIterable, Sendable {
        case replace, order, blockMany

        func block(_ made: ActivationCodes.Made, in office: TestOffice) throws {
            let register = office.register
            switch self {
            case .replace:
                _ = try CarrierFile(register)
                    .replace(made.ticket.digits, reason: .stolen, by: office.admin)
            case .order:
                let book = OrderBook(register)
                let order = try book.create(
                    .members(["1001"]),
                    reason: .lost,
                    submitted: true,
                    by: office.admin
                )
                #expect(order.done.count == 1)
            case .blockMany:
                let card = try office.number("SELECT id FROM carrier WHERE kind = 'plastic'")
                let request = try MassBlock(register)
                    .ask(.stolen, ["#\(card)"], reason: "bag", by: office.admin)
                #expect(request.doneAt != nil)
            }
        }
    }

    /// The member's plastic in force, as after its parcel.
    private func bringIntoForce(_ office: TestOffice) throws {
        _ = try CarrierFile(office.register).apply(
            .unblock,
            to: try office.payloads(1)[0].carrier.digits,
            reason: "handed out",
            by: office.admin
        )
    }

    @Test(arguments: TestEngine.allCases, Way.allCases)
    func `every way to block a card ends the open codes`(
        _ engine: TestEngine,
        _ way: Way
    ) throws {
        try TestPhone.office(engine) { office in
            try bringIntoForce(office)
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            try way.block(made, in: office)
            #expect(try phone.confirm(started, made.code.digits) == .failure(.enrolmentRefused))
            _ = try phone.enrol()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a code made after the loss was told survives the approval of the order`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            try bringIntoForce(office)
            let made = try office.code()
            let order = try CarrierFile(office.register)
                .replace(made.ticket.digits, reason: .lost, by: office.admin)
            let phone = TestPhone(office)
            let later = try office.code()
            let started = try phone.start(later.ticket.digits)
            _ = try OrderBook(office.register)
                .move(.orders([order]), to: .approved, reason: "", by: office.admin)
            _ = try phone.confirm(started, later.code.digits).get()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whoever left and returned needs a new code and a new enrolment`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            let file = MemberFile(office.register)
            _ = try file.setStatus("1001", to: .left, reason: "", by: office.admin)
            _ = try file.setStatus("1001", to: .active, reason: "", by: office.admin)
            #expect(try phone.confirm(started, made.code.digits) == .failure(.enrolmentOver))
            let again = try phone.start(made.ticket.digits)
            #expect(try phone.confirm(again, made.code.digits) == .failure(.enrolmentRefused))
            _ = try phone.enrol()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an app of a region has no card of a member who moved away`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let scope = try TestOffice.code("26")
            let app = SignedInUser(
                id: office.admin.id,
                name: "api:app",
                role: .registrar,
                scope: scope
            )
            let (cards, phone) = (VirtualCards(office.register), TestPhone(office))
            let card = try phone.renew(try phone.enrol(), scope: scope).get()
            #expect(try cards.show(card.id, app: TestPhone.app, scope: scope).get().id == card.id)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            let place = try TestOffice.code("27-001-0001")
            try office.execute("UPDATE member SET organisation = \(place.ordinal) WHERE id = 1")
            let unknown = VirtualRefusal.cardUnknown
            #expect(
                try cards.show(card.id, app: TestPhone.app, scope: scope) == .failure(unknown)
            )
            #expect(try phone.renew(card, scope: scope) == .failure(unknown))
            #expect(try phone.delete(card, as: app) == unknown)
            #expect(
                try phone.confirm(started, made.code.digits, as: app)
                    == .failure(.enrolmentRefused)
            )
            // The member's code is not spent by it: the right app binds the phone with it.
            let again = try phone.start(made.ticket.digits)
            _ = try phone.confirm(again, made.code.digits).get()
        }
    }
}
