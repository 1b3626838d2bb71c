import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// A phone with its key, enrolled through the register's own doors.
struct TestPhone {
    static let app: Int64 = 7
    let key: SigningKey
    let office: TestOffice

    init(_ office: TestOffice, key: SigningKey = .generate(.es256)) {
        (self.office, self.key) = (office, key)
    }

    /// Members who may have virtual cards, numbered from 1, with tickets.
    static func office<Result>(
        _ engine: TestEngine,
        members: Int = 1,
        _ body: (TestOffice) throws -> Result
    ) throws -> Result {
        try TestOffice.with(engine) { office in
            try office.take(
                try (1...members).map { number in
                    try TestOffice.draft(number) {
                        $0.consents.append(Consent(purpose: .virtualCard, isGiven: true))
                        $0.email = "member\(number)@example.org"
                    }
                }
            )
            try office.issue()
            return try body(office)
        }
    }

    func start(
        _ number: String,
        _ channel: CodeChannel = .printed,
        address: String = "192.0.2.1"
    ) throws -> VirtualEnrolments.Started {
        try VirtualEnrolments(office.register).start(
            number: number,
            channel: channel,
            address: address,
            app: Self.app,
            as: office.admin
        )
    }

    func proof(
        _ started: VirtualEnrolments.Started,
        _ code: String,
        key: SigningKey? = nil
    ) throws -> [UInt8] {
        let digits = ActivationCode(typed: code)?.digits ?? code
        return try DeviceStatement.possession(
            nonce: started.nonce,
            enrolment: started.id,
            codeDigest: SHA256Digest.of(Array(digits.utf8)),
            key: self.key.publicKey
        ).prove(with: key ?? self.key)
    }

    func confirm(
        _ started: VirtualEnrolments.Started,
        _ code: String,
        proof: [UInt8]? = nil,
        app: Int64 = Self.app,
        as user: SignedInUser? = nil
    ) throws -> Result<VirtualCard, VirtualRefusal> {
        try VirtualEnrolments(office.register).confirm(
            .init(
                enrolment: started.id,
                code: code,
                deviceKey: key.publicKey,
                proof: try proof ?? self.proof(started, code)
            ),
            app: app,
            as: user ?? office.admin,
            secrets: try office.opened
        )
    }

    /// The whole way for one member.
    func enrol(_ member: String = "1001") throws -> VirtualCard {
        let made = try office.code(member)
        return try confirm(try start(made.ticket.digits), made.code.digits).get()
    }

    func renew(
        _ card: VirtualCard,
        nonce: [UInt8]? = nil,
        key: SigningKey? = nil,
        with cards: VirtualCards? = nil,
        scope: OrganisationCode = .centralCouncil
    ) throws -> Result<VirtualCard, VirtualRefusal> {
        let proof = try DeviceStatement.renewal(nonce: nonce ?? card.nonce, card: card.id)
            .prove(with: key ?? self.key)
        return try (cards ?? VirtualCards(office.register)).renew(
            card.id,
            proof: proof,
            app: Self.app,
            scope: scope,
            secrets: try office.opened
        )
    }

    func delete(
        _ card: VirtualCard,
        key: SigningKey? = nil,
        as user: SignedInUser? = nil
    ) throws -> VirtualRefusal? {
        let proof = try DeviceStatement.deletion(nonce: card.nonce, card: card.id)
            .prove(with: key ?? self.key)
        return try VirtualCards(office.register)
            .delete(card.id, proof: proof, app: Self.app, as: user ?? office.admin)
    }
}

extension TestOffice {
    /// The keys by data directory: opening them is slow on purpose.
    private static let keys = Mutex<[String: SigningSecrets]>([:])

    /// The purpose keys, opened once.
    var opened: SigningSecrets {
        get throws {
            if let known = Self.keys.withLock({ $0[directory.path] }) { return known }
            let secrets = try secrets
            Self.keys.withLock { $0[directory.path] = secrets }
            return secrets
        }
    }

    func code(_ member: String = "1001") throws -> ActivationCodes.Made {
        let outcome = try ActivationCodes(register).create(.members([member]), by: admin)
        return try #require(outcome.made.first)
    }

    /// The virtual carriers of a member, oldest first.
    func virtualCarriers(of member: Int64 = 1) throws -> [CarrierFile.Carrier] {
        try register.read { session in
            try CarrierFile(register).carriers(of: member, in: session)
                .filter { $0.kind == .virtual }
        }
    }

    /// What a judge with the published keys says of a phone's screen.
    func judge(_ card: VirtualCard, _ phone: TestPhone) throws -> PayloadVerdict {
        let keys = try #require(TrustedKeys(file: try KeyRing(register).bundle()))
        let shown = try Presentation.seal(inner: card.payload, at: clock.now(), with: phone.key)
        return TicketJudge(keys: keys).judge(bytes: shown, at: clock.now()).verdict
    }
}

/// Keeps what it was given; may refuse.
final class RecordingSender: MessageSender {
    let taken = Mutex<[OutgoingMessage]>([])
    let isDown = Mutex(false)

    var messages: [OutgoingMessage] { taken.withLock { $0 } }

    func send(_ message: OutgoingMessage) throws {
        if isDown.withLock({ $0 }) { throw RegisterError(.storage, "нет связи", "no link") }
        taken.withLock { $0.append(message) }
    }
}
