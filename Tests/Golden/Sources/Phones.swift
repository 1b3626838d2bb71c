import Registry
import TicketSeal
import UnionTicket

// Virtual cards: codes, phones with keys of their own, enrolments.
extension GoldenOffice {
    /// Enrols the phones of members at these places.
    func enrol(_ places: (RegionPlan) -> [Int]) throws -> Int {
        let references = plans.flatMap { plan in
            places(plan).map { people.aisId(plan, $0) }
        }
        var count = 0
        for start in stride(from: 0, to: references.count, by: 250) {
            let part = Array(references[start..<min(start + 250, references.count)])
            let codes = try ActivationCodes(register).create(.members(part), by: admin)
            guard codes.made.count == part.count else {
                throw GoldenFailure("codes: \(codes.made.count) of \(part.count)")
            }
            // What the service does one at a time is stored together: the disk flushes less often.
            try register.together {
                for (number, made) in codes.made.enumerated() {
                    try enrol(made, from: "phone \(start) \(number)")
                }
            }
            count += part.count
        }
        return count
    }

    private func enrol(_ made: ActivationCodes.Made, from address: String) throws {
        let enrolments = VirtualEnrolments(register)
        let key = SigningKey.generate(.es256)
        let started = try enrolments.start(
            number: made.ticket.digits,
            channel: .printed,
            address: address,
            app: 1,
            as: admin
        )
        let proof = try DeviceStatement.possession(
            nonce: started.nonce,
            enrolment: started.id,
            codeDigest: SHA256Digest.of(Array(made.code.digits.utf8)),
            key: key.publicKey
        ).prove(with: key)
        _ = try enrolments.confirm(
            .init(
                enrolment: started.id,
                code: made.code.digits,
                deviceKey: key.publicKey,
                proof: proof
            ),
            app: 1,
            as: admin,
            secrets: secrets
        ).get()
    }

    /// The places of virtual holders among the ordinals of a wave.
    static func virtualPlaces(_ plan: RegionPlan, within ordinals: Range<Int>) -> [Int] {
        plan.virtual.clamped(to: ordinals).map(plan.place(ofHolder:))
    }
}
