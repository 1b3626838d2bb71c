import Crypto
import HTTPTypes
import NIOCore
import Registry
import Synchronization
import TicketSeal
import UnionTicket

/// The published documents in memory, each ready to be sent: a read touches neither disk nor database.
final class PublicationShelf: Sendable {
    /// One document as sent.
    struct Document: Sendable {
        let body: ByteBuffer
        let type: String
        let tag: String
        /// What travels with it, unchanged as long as it is.
        let headers: [(name: String, value: String)]

        init(_ bytes: [UInt8], _ type: String, maxAge: Int) {
            body = ByteBuffer(bytes: bytes)
            self.type = type
            tag = "\"" + Base64URL.text(Array(SHA256.hash(data: bytes).prefix(16))) + "\""
            headers = [
                ("ETag", tag), ("Cache-Control", "public, max-age=\(maxAge)"), ("Vary", "Accept"),
            ]
        }
    }

    private let documents = Mutex<[String: Document]>([:])
    private let knowledge = Mutex(Knowledge())

    /// What a verifier needs, opened: the keys of the bundle and every list.
    struct Knowledge: Sendable {
        /// Nil until a bundle is there.
        var judge: TicketJudge?
        fileprivate(set) var lists: [UInt32: StatusListToken] = [:]

        /// What is published of one carrier, and when it was signed; nil when nobody can say.
        func status(of place: StatusCoordinate, at now: Instant) -> (PublishedStatus, Instant)? {
            guard let token = lists[place.list], Int(place.index) < token.list.count,
                let status = PublishedStatus(rawValue: token.list[Int(place.index)])
            else { return nil }
            // A known block holds at any age (Token Status List § 8.3).
            guard status == .invalid || token.freshness(at: now) != .unknown else { return nil }
            return (status, token.issuedAt)
        }
    }

    /// Puts documents in the place of those of the same name.
    func put(_ fresh: [String: Document]) {
        documents.withLock { $0.merge(fresh) { $1 } }
    }

    /// Opens bundle and lists for verdicts; what does not open is not known.
    func learn(bundle: [UInt8], lists: [Publication.List], at now: Instant) {
        guard let keys = TrustedKeys(file: bundle) else { return }
        let opened = lists.compactMap { list in
            (try? StatusListToken(cwt: list.cwt, keys: keys, subject: list.uri, at: now))
                .map { (list.number, $0) }
        }
        knowledge.withLock { knowledge in
            knowledge.judge = TicketJudge(keys: keys)
            knowledge.lists.merge(opened) { $1 }
        }
    }

    /// What a verifier knows now.
    var known: Knowledge { knowledge.withLock { $0 } }

    /// Answers a request for a document: whole, or 304 when the client has it (RFC 9110 § 13.1.2).
    func answer(_ name: String, _ call: Call) throws(Problem) -> Answer {
        guard let document = documents.withLock({ $0[name] }) else { throw .notFound }
        if EntityTags.named(in: call.headers[.ifNoneMatch], document.tag, isWeak: true) {
            return Answer(status: 304, headers: document.headers)
        }
        return Answer(
            status: 200,
            headers: [("Content-Type", document.type)] + document.headers,
            body: document.body
        )
    }
}

extension PublicationShelf {
    /// Both forms of each list, by name.
    static func documents(of lists: [Publication.List]) -> [String: Document] {
        var documents: [String: Document] = [:]
        for list in lists {
            for (form, bytes) in [(StatusListForm.cwt, list.cwt), (.jwt, list.jwt)] {
                documents["status-lists/\(list.number).\(form.rawValue)"] =
                    .init(bytes, form.mediaType, maxAge: 30)
            }
        }
        return documents
    }

    /// Keys, bundle and root changes, by name.
    static func documents(of publication: Publication) -> [String: Document] {
        let changes = publication.rootChanges
        var documents: [String: Document] = [
            "jwks.json": .init(publication.jwks, "application/jwk-set+json", maxAge: 3600),
            "cose-keyset": .init(publication.coseKeySet, "application/cose-key-set", maxAge: 3600),
            "trust-bundle": .init(publication.bundle, "application/cose", maxAge: 300),
            "root-changes": .init(
                JSON.array(changes.map { .integer($0.sequence) }).bytes,
                "application/json",
                maxAge: 300
            ),
        ]
        for change in changes {
            documents["root-changes/\(change.sequence)"] =
                .init(change.bytes, "application/cose", maxAge: 3600)
        }
        return documents
    }
}
