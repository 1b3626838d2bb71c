import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// What the service reads of the bytes that clients, stations and phones send.
enum ServiceTarget {
    /// A JSON body: what is taken is written and read back as the same value, and Foundation takes it too.
    static func body(_ bytes: [UInt8]) {
        guard let value = try? JSONReader.read(bytes) else { return }
        let written = value.bytes
        precondition((try? JSONReader.read(written)) == value, "written JSON must read back")
        let other = try? JSONSerialization.jsonObject(
            with: Data(bytes),
            options: .fragmentsAllowed
        )
        precondition(other != nil, "what the service takes is JSON")
        guard case .object(let members) = value else { return }
        for member in members { precondition(value[member.name] == member.value, "members") }
    }

    /// A part of a station's journal, uploaded.
    static func chunk(_ bytes: [UInt8]) {
        guard let chunk = JournalChunk(bytes) else { return }
        guard let again = JournalChunk(chunk.encoded) else { fatalError("a chunk must read back") }
        precondition(again.items == chunk.items && again.last == chunk.last, "a chunk's items")
        for item in chunk.items {
            _ = SignedEntry(bytes: item.bytes, hash: item.hash, signature: item.signature)?.entry
        }
    }

    /// Proofs and presentations of a phone: as they are, and signed by its key, so that what lies behind
    /// the signature is reached.
    static func proof(_ bytes: [UInt8]) {
        guard let key else { return }
        let nonce = [UInt8](repeating: 1, count: 32)
        let statements: [DeviceStatement] = [
            .renewal(nonce: nonce, card: "card"), .deletion(nonce: nonce, card: "card"),
            .possession(
                nonce: nonce,
                enrolment: "enrolment",
                codeDigest: nonce,
                key: key.publicKey
            ),
        ]
        let header = { (type: String) in [CBOR.Entry(.integer(16), .text(type))] }
        let presentation = "application/profbilet-presentation"
        for type in statements.map(\.type) + [presentation] {
            guard let sealed = try? COSESign1.seal(bytes, with: key, header: header(type)) else {
                continue
            }
            for statement in statements {
                let isRight = statement.type == type && statement.payload == bytes
                precondition(
                    (statement.refusal(of: sealed, by: key.publicKey) == nil)
                        == (isRight && sealed.count <= DeviceStatement.limit),
                    "a proof proves its own statement only"
                )
            }
            _ = TicketJudge(keys: Target.keys).judge(bytes: sealed, at: Target.instant)
        }
        for statement in statements {
            precondition(statement.refusal(of: bytes, by: other) != nil, "a foreign key's proof")
        }
        _ = TicketJudge(keys: Target.keys).judge(bytes: bytes, at: Target.instant)
        _ = TicketJudge(keys: Target.keys).judge(text: DigitText.encode(bytes), at: Target.instant)
    }

    private static let key = SigningKey(
        algorithm: .es256,
        privateBytes: [UInt8](repeating: 9, count: 32)
    )
    private static let other = SigningKey.generate(.es256).publicKey
}
