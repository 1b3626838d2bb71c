import TicketSeal
public import UnionTicket

/// A virtual card as its phone sees it.
public struct VirtualCard: Sendable, Equatable {
    /// Names it in the service.
    public let id: String
    /// The issuer's COSE bytes, to be wrapped into presentations.
    public let payload: [UInt8]
    /// End of the payload's life.
    public let expiresAt: Instant
    /// From when on the phone renews it.
    public let renewAfter: Instant
    /// What the next proof must hold, 32 bytes.
    public let nonce: [UInt8]
}

// As kept for an idempotency key.
extension VirtualCard {
    var kept: [UInt8] {
        CBOR.array([
            .bytes(payload), .integer(expiresAt.seconds), .integer(renewAfter.seconds),
            .bytes(nonce),
        ]).encoded
    }

    init?(kept bytes: some Collection<UInt8>, id: String) {
        guard let items = (try? CBOR(decoding: Array(bytes)))?.array, items.count == 4,
            let payload = items[0].bytes, let expiresAt = items[1].integer,
            let renewAfter = items[2].integer, let nonce = items[3].bytes
        else { return nil }
        self.init(
            id: id,
            payload: payload,
            expiresAt: Instant(seconds: expiresAt),
            renewAfter: Instant(seconds: renewAfter),
            nonce: nonce
        )
    }
}

/// Makes virtual carriers: a slot, a signed payload, a row, and a trace outside the register.
struct VirtualIssue {
    let register: Register
    let secrets: SigningSecrets

    init(_ register: Register, _ secrets: SigningSecrets) {
        (self.register, self.secrets) = (register, secrets)
    }

    /// Gives a holder a new carrier bound to a key; older devices over the limit are replaced.
    ///
    /// `consume` runs when everything else is done.
    func bind(
        _ device: VerificationKey,
        to holder: TicketHolder,
        app: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession,
        consume: () throws -> Void
    ) throws -> VirtualCard {
        guard let ticket = holder.ticket, let number = CarrierNumber(ticket: ticket, issue: 0)
        else { throw VirtualRefusal.notEntitled }
        let terms = try VirtualTerms(session)
        try retire(holder.member, keeping: terms.devices - 1, by: user, in: session)
        let coordinate = try SingleSlot(region: holder.region).take(in: session)
        let signed = try sign(number, coordinate, device, terms, in: session)
        let card = VirtualCard(
            id: Base64URL.text(SecureRandom.bytes(16)),
            payload: signed.payload,
            expiresAt: signed.expiresAt,
            renewAfter: terms.renewAfter(at: register.now(), until: signed.expiresAt),
            nonce: SecureRandom.bytes(32)
        )
        let trace = VirtualTrace.Line(
            sequence: try Counter.virtualIssue.take(in: session),
            at: register.now(),
            card: card.id,
            number: number,
            coordinate: coordinate,
            expiresAt: card.expiresAt,
            kid: signed.kid,
            member: holder.member,
            region: holder.region,
            client: app,
            device: device.publicBytes
        )
        let carrier = try Self.store(
            trace,
            payload: signed.payload,
            nonce: card.nonce,
            holder: holder.member,
            for: register,
            in: session
        )
        try CarrierFile(register).note(
            carrier,
            from: .allocated,
            to: .active,
            reason: "enrolment",
            by: user,
            in: session
        )
        try consume()
        try MessageOutbox(register).add(.newDevice, to: holder, in: session)
        try AuditLog(register).record(
            "virtual.enrol",
            "carrier/\(carrier)",
            by: user,
            in: session
        )
        // Last: a trace without a row is harmless, a row without a trace is not.
        try VirtualTrace(register).append(trace)
        return card
    }

    /// Ends a member's virtual carriers but the `keeping` newest.
    private func retire(
        _ member: Int64,
        keeping: Int,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let file = CarrierFile(register)
        let inUse = try file.carriers(of: member, in: session)
            .filter { $0.kind == .virtual && $0.state.isUsable }
        for carrier in inUse.dropLast(max(0, keeping)) {
            try file.set(carrier, to: .replaced, reason: "new device", by: user, in: session)
        }
    }

    /// Signs the claims of a virtual carrier with the `virtual` key, within its longest expiry.
    func sign(
        _ number: CarrierNumber,
        _ coordinate: StatusCoordinate,
        _ device: VerificationKey,
        _ terms: VirtualTerms,
        in session: any DatabaseSession
    ) throws -> (payload: [UInt8], expiresAt: Instant, kid: [UInt8]) {
        let (key, stored) = try KeyRing(register).active(.virtual, secrets: secrets, in: session)
        return try VirtualSigner(key: key, longest: stored.longestExpiry, terms: terms)
            .sign(number, coordinate, device, at: register.now())
    }

    /// Writes the rows of a carrier; a reclaimed register uses it too.
    static func store(
        _ line: VirtualTrace.Line,
        payload: [UInt8]?,
        nonce: [UInt8],
        holder: Int64?,
        state: CarrierState = .active,
        for register: Register,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let carrier = try Counter.carrier.take(in: session)
        let sealed = try payload.map {
            SQLValue.blob(
                try register.secrets.payloads.seal(
                    $0,
                    for: TicketIssuance.binding(line.coordinate)
                )
            )
        }
        try session.execute(
            """
            INSERT INTO carrier (id, region, member_id, kind, number, issue, state, list, idx,
                published, expires_at, kid, payload)
            VALUES ($1, $2, $3, 'virtual', $4, 0, $5, $6, $7, $8, $9, $10, $11)
            """,
            [
                .integer(carrier), .int(line.region), .optional(holder),
                .int(line.number.ticket.value), .text(state.rawValue),
                .int(line.coordinate.list), .int(line.coordinate.index),
                .int(state.published.rawValue), .integer(line.expiresAt.seconds),
                .blob(line.kid), sealed ?? .null,
            ]
        )
        try session.execute(
            """
            INSERT INTO virtual_card (id, region, carrier_id, client, device, nonce, enrolled_at,
                renewed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                .text(line.card), .int(line.region), .integer(carrier), .integer(line.client),
                .blob(try register.secrets.payloads.seal(line.device, for: binding(line.card))),
                .blob(nonce), .integer(line.at.seconds), .integer(line.at.seconds),
            ]
        )
        return carrier
    }

    /// What a sealed device key is bound to.
    static func binding(_ card: String) -> [UInt8] { Array("device/\(card)".utf8) }
}

/// Signs payloads of virtual cards with a key that is fetched once.
struct VirtualSigner {
    let key: SigningKey
    let longest: Instant?
    let terms: VirtualTerms

    func sign(
        _ number: CarrierNumber,
        _ coordinate: StatusCoordinate,
        _ device: VerificationKey,
        at now: Instant
    ) throws -> (payload: [UInt8], expiresAt: Instant, kid: [UInt8]) {
        let wanted = now + terms.life
        let expiresAt = longest.map { min($0, wanted) } ?? wanted
        guard expiresAt > now else {
            throw RegisterError(
                .keyUnusable,
                "Срок ключа виртуальных билетов истёк: profbilet keys rotate virtual.",
                "The key of virtual cards may sign no more: profbilet keys rotate virtual."
            )
        }
        let claims = TicketClaims(
            expiresAt: expiresAt,
            carrier: number,
            coordinate: coordinate,
            confirmation: device
        )
        return (try claims.seal(with: key), expiresAt, key.publicKey.kid)
    }
}

/// One free slot of a region's status lists, drawn at random, without reading the whole list.
struct SingleSlot {
    let region: UInt8

    func take(in session: any DatabaseSession) throws -> StatusCoordinate {
        let newest = try session.first(
            "SELECT list, used FROM status_list WHERE region = $1 ORDER BY list DESC LIMIT 1",
            [.int(region)]
        ) { (list: UInt32($0.integer(0)), used: Int($0.integer(1))) }
        var list = newest?.list ?? UInt32(region)
        if let newest, newest.used >= FreeSlots.limit { list += 100 }
        var generator = SystemRandomNumberGenerator()
        var found: StatusCoordinate?
        // A list is left before it is nearly full, so a free slot comes up soon.
        for _ in 0..<1000 {
            let index = UInt32.random(in: 0..<UInt32(StatusCoordinate.slots), using: &generator)
            let taken = try session.first(
                """
                SELECT 1 FROM carrier WHERE list = $1 AND idx = $2
                UNION ALL SELECT 1 FROM held_slot WHERE list = $1 AND idx = $2
                """,
                [.int(list), .int(index)]
            ) { $0.integer(0) }
            guard taken == nil else { continue }
            found = StatusCoordinate(list: list, index: index)
            break
        }
        guard let found else { throw DatabaseError(.corrupt, reason: "status_list \(list)") }
        try Self.count(list, region: region, in: session)
        return found
    }

    /// Counts one more used slot; a list that is new must be published, another is as it was.
    static func count(_ list: UInt32, region: UInt8, in session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO status_list (list, region, used, changed) VALUES ($1, $2, 1, 1)
            ON CONFLICT (list) DO UPDATE SET used = status_list.used + 1
            """,
            [.int(list), .int(region)]
        )
    }
}
