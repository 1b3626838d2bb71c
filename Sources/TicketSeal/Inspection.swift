import Foundation
public import UnionTicket

/// What an unknown input is and says: for integrators, tests and auditors.
public struct Inspection: Sendable {
    /// What the input turned out to be.
    public enum Kind: String, Sendable {
        /// A payload of a carrier.
        case payload
        /// A phone's presentation.
        case presentation
        /// A ticket or carrier number.
        case number
        /// A status list as CWT.
        case statusListCWT = "status_list_cwt"
        /// A status list as JWT.
        case statusListJWT = "status_list_jwt"
        /// A trust bundle.
        case trustBundle = "trust_bundle"
        /// A JWK Set.
        case jwkSet = "jwk_set"
        /// A COSE_KeySet.
        case coseKeySet = "cose_key_set"
        /// A manifest of a package.
        case manifest
        /// Some other COSE_Sign1.
        case coseSign1 = "cose_sign1"
        /// None of these.
        case unknown
    }

    /// One thing it says.
    public struct Line: Sendable {
        /// What it is about.
        public let label: Bilingual
        /// Name of the field in JSON.
        public let field: String
        /// The value as text.
        public let value: String
        /// The value as machines want it, where that is another: digits alone, or a number.
        public let exact: Exact?
    }

    /// A value for machines.
    public enum Exact: Sendable, Equatable {
        /// A whole number.
        case number(Int64)
        /// A text.
        case text(String)
    }

    /// What it is.
    public let kind: Kind
    /// The verdict in snake_case; for lists and bundles the reason against them, or `valid`.
    public let verdict: String
    /// What it says, in reading order.
    public internal(set) var lines: [Line] = []
    /// The judgement of a payload or presentation.
    public internal(set) var judgement: Judgement?

    init(_ kind: Kind, _ verdict: String) {
        self.kind = kind
        self.verdict = verdict
    }

    mutating func add(
        _ field: String,
        _ russian: String,
        _ english: String,
        _ value: String?,
        exact: Exact? = nil
    ) {
        guard let value else { return }
        let label = Bilingual(russian, english)
        lines.append(Line(label: label, field: field, value: value, exact: exact))
    }

    private mutating func add(_ ticket: TicketNumber) {
        add("ticket", "Билет", "Ticket", ticket.printed, exact: .text(ticket.digits))
    }

    private mutating func add(
        _ field: String,
        _ russian: String,
        _ english: String,
        count: Int64
    ) {
        add(field, russian, english, "\(count)", exact: .number(count))
    }

    /// Inspects the text of a code, a token, or what a file holds as text.
    public init(text: String, keys: TrustedKeys, at now: Instant) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if trimmed.hasPrefix("{") || trimmed.hasPrefix("[") {
            self = Self.json(Array(text.utf8), keys: keys)
        } else if trimmed.split(separator: ".").count == 3, trimmed.hasPrefix("ey") {
            self = Self.jwt(trimmed, keys: keys, at: now)
        } else if case .number(let digits) = TicketText(text) {
            self = Self.number(digits)
        } else {
            self = Self.judged(TicketJudge(keys: keys).judge(text: text, at: now))
        }
    }

    /// Inspects bytes: COSE of any kind, a key set, or text.
    public init(bytes: [UInt8], keys: TrustedKeys, at now: Instant) {
        if let message = try? COSESign1(decoding: bytes) {
            self = Self.message(message, bytes, keys: keys, at: now)
        } else if let set = try? CBOR(decoding: bytes), let items = set.array, !items.isEmpty,
            items.allSatisfy({ VerificationKey(coseKey: $0) != nil })
        {
            self.init(.coseKeySet, "valid")
            add(items.compactMap(VerificationKey.init(coseKey:)).map(TrustedKey.init(bare:)))
        } else if let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") {
            self.init(text: text, keys: keys, at: now)
        } else {
            self = Self.judged(TicketJudge(keys: keys).judge(bytes: bytes, at: now))
        }
    }

    /// Judges structure and signature of any COSE_Sign1, and nothing else of it.
    public init(coseOnly bytes: [UInt8], keys: TrustedKeys) {
        guard let message = try? COSESign1(decoding: bytes), message.payload != nil else {
            self.init(.unknown, PayloadVerdict.malformed.rawValue)
            return
        }
        let trusted = message.kid.flatMap(keys.key)
        let verdict: PayloadVerdict
        switch trusted?.state {
        case nil, .next: verdict = .unknownKey
        case .retired, .revoked: verdict = .revokedKey
        case .active, .verifyOnly:
            verdict = trusted.map { message.isSigned(by: $0.key) } == true ? .valid : .badSignature
        }
        self.init(.coseSign1, verdict.rawValue)
        describe(message)
    }
}

extension Inspection {
    private static func judged(_ judgement: Judgement) -> Inspection {
        let kind: Kind =
            judgement.verdict == .unknownFormat
            ? .unknown : judgement.isPresentation ? .presentation : .payload
        var inspection = Inspection(kind, judgement.verdict.rawValue)
        inspection.judgement = judgement
        let claims = judgement.claims
        if let claims {
            let (carrier, place) = (claims.carrier, claims.coordinate)
            inspection.add(carrier.ticket)
            inspection.add("issue", "Экземпляр", "Issue", count: Int64(carrier.issue))
            inspection.add("scheme", "Схема", "Scheme", "\(carrier.ticket.scheme)")
            inspection.add("list", "Список статусов", "Status list", count: Int64(place.list))
            inspection.add("index", "Место в списке", "Slot", count: Int64(place.index))
        }
        inspection.add("expires", "Действует до", "Expires", claims?.expiresAt.rfc3339)
        inspection.add("notBefore", "Действует с", "Not before", claims?.notBefore?.rfc3339)
        inspection.add("chipUID", "UID чипа", "Chip UID", claims?.chipUID.map { Hex.text($0) })
        inspection.add(
            "deviceKey",
            "Ключ телефона",
            "Device key",
            claims?.confirmation.map { Hex.text($0.kid) }
        )
        inspection.add("kid", "Ключ подписи", "Signing key", judgement.kid.map { Hex.text($0) })
        if judgement.verdict == .valid, !judgement.isPurposeJudged {
            inspection.add(
                "purposeJudged",
                "Назначение ключа",
                "Purpose of the key",
                "не проверено: ключ без пакета доверия / not judged: a bare key"
            )
        }
        return inspection
    }

    /// A number is a name and no credential: that its check digit fits proves nothing.
    private static func number(_ digits: String) -> Inspection {
        var inspection = Inspection(.number, PayloadVerdict.unknownFormat.rawValue)
        switch TypedNumber(digits) {
        case .ticket(let ticket): inspection.add(ticket)
        case .carrier(let carrier):
            inspection.add(carrier.ticket)
            inspection.add("issue", "Экземпляр", "Issue", count: Int64(carrier.issue))
        case .refused: return Inspection(.number, PayloadVerdict.malformed.rawValue)
        }
        inspection.add(
            "note",
            "Замечание",
            "Note",
            "номер без подписи: состояние знает реестр (ticket find) / "
                + "a number without a signature: the register knows its state (ticket find)"
        )
        return inspection
    }

    private static func json(_ bytes: [UInt8], keys: TrustedKeys) -> Inspection {
        if let manifest = Manifest(decoding: bytes) { return Inspection(manifest) }
        if let set = TrustedKeys(file: bytes) {
            var inspection = Inspection(.jwkSet, "valid")
            inspection.add(set.keys)
            return inspection
        }
        return Inspection(.unknown, PayloadVerdict.unknownFormat.rawValue)
    }

    private init(_ manifest: Manifest) {
        self.init(.manifest, "unsigned")
        add("kind", "Вид", "Kind", manifest.kind)
        add("id", "Номер", "Identifier", manifest.id)
        add("sequence", "Порядковый номер", "Sequence", "\(manifest.sequence)")
        add("created", "Создан", "Created", manifest.created.rfc3339)
        add("previous", "Предыдущий", "Previous", manifest.previous)
        for (name, count) in manifest.counts.sorted(by: { $0.key < $1.key }) {
            add("counts.\(name)", "Количество \(name)", "Count of \(name)", "\(count)")
        }
        for file in manifest.files {
            add("file", "Файл", "File", "\(file.name), \(file.bytes) B, \(file.sha256)")
        }
        add("kids", "Ключи", "Keys", manifest.kids.joined(separator: ", "))
    }

    /// The same manifest with the verdict over its detached signature.
    public func signed(_ bytes: [UInt8], signature: [UInt8], keys: TrustedKeys) -> Inspection {
        let verdict = Manifest.verdict(on: bytes, signature: signature, keys: keys)
        var inspection = Inspection(kind, verdict.rawValue)
        inspection.lines = lines
        return inspection
    }

    /// A signature apart from its file; `content` is the file where it is at hand.
    public init?(detached signature: [UInt8], of name: String, content: [UInt8]?, keys: TrustedKeys)
    {
        guard let message = try? COSESign1(decoding: signature), message.payload == nil else {
            return nil
        }
        let verdict: PayloadVerdict =
            content.map { Manifest.verdict(on: $0, signature: signature, keys: keys) }
            ?? .unknownFormat
        self.init(.coseSign1, verdict.rawValue)
        add("detached", "Отдельная подпись файла", "Detached signature of", name)
        describe(message)
    }

    private static func jwt(_ text: String, keys: TrustedKeys, at now: Instant) -> Inspection {
        do {
            let token = try StatusListToken(jwt: text, keys: keys, at: now)
            return Inspection(.statusListJWT, token, at: now)
        } catch {
            return Inspection(.statusListJWT, snake(error))
        }
    }

    private static func message(
        _ message: COSESign1,
        _ bytes: [UInt8],
        keys: TrustedKeys,
        at now: Instant
    ) -> Inspection {
        switch message.type {
        case StatusListToken.typeCWT:
            do {
                let token = try StatusListToken(cwt: bytes, keys: keys, at: now)
                return Inspection(.statusListCWT, token, at: now)
            } catch {
                return Inspection(.statusListCWT, snake(error))
            }
        case TrustBundle.type: return bundle(message, keys: keys, at: now)
        default: return judged(TicketJudge(keys: keys).judge(bytes: bytes, at: now))
        }
    }

    private static func snake(_ refusal: StatusListToken.Refusal) -> String {
        switch refusal {
        case .malformed: "malformed"
        case .wrongType: "wrong_type"
        case .unknownKey: "unknown_key"
        case .revokedKey: "revoked_key"
        case .badSignature: "bad_signature"
        case .wrongSubject: "wrong_subject"
        case .notYetValid: "not_yet_valid"
        case .rollback: "rollback"
        }
    }

    private init(_ kind: Kind, _ token: StatusListToken, at now: Instant) {
        let isOver = token.expiresAt.map { now >= $0 } ?? false
        self.init(kind, isOver ? "expired" : "valid")
        add("subject", "Адрес списка", "List", token.subject)
        add("sequence", "Версия", "Sequence", "\(token.sequence)")
        add("issued", "Создан", "Issued", token.issuedAt.rfc3339)
        add("expires", "Действует до", "Expires", token.expiresAt?.rfc3339)
        add("ttl", "Свеж, секунд", "Time to live, s", token.timeToLive.map { "\($0)" })
        add("freshness", "Свежесть", "Freshness", token.freshness(at: now).rawValue)
        add("bits", "Бит на носитель", "Bits", "\(token.list.bits)")
        add("slots", "Мест", "Slots", "\(token.list.count)")
        var counts = [Int](repeating: 0, count: 256)
        for slot in 0..<token.list.count { counts[Int(token.list[slot])] += 1 }
        add("invalid", "Заблокировано", "Invalid", "\(counts[1])")
        add("suspended", "Приостановлено", "Suspended", "\(counts[2])")
    }

    private static func bundle(
        _ message: COSESign1,
        keys: TrustedKeys,
        at now: Instant
    ) -> Inspection {
        guard let bundle = try? TrustBundle(unverified: message),
            let root = TrustBundle.root(of: message)
        else { return Inspection(.trustBundle, PayloadVerdict.malformed.rawValue) }
        let verdict = bundle.verdict(message, by: root, pinned: keys.roots, at: now)
        var inspection = Inspection(.trustBundle, verdict.rawValue)
        inspection.add("sequence", "Версия", "Sequence", "\(bundle.sequence)")
        inspection.add("issued", "Создан", "Issued", bundle.issuedAt.rfc3339)
        inspection.add("expires", "Действует до", "Expires", bundle.expiresAt.rfc3339)
        inspection.add("root", "Подписан корнем", "Signed by root", Hex.text(root.thumbprint))
        if verdict == .valid, keys.roots.isEmpty {
            inspection.add(
                "rootPinned",
                "Закрепление корня",
                "Pinning of the root",
                "не проверено: чей это корень, скажет --keys с закреплённым пакетом / "
                    + "not judged: whose root it is, --keys with a pinned bundle tells"
            )
        }
        for thumbprint in bundle.roots {
            inspection.add("pin", "Корень", "Root", Hex.text(thumbprint))
        }
        inspection.add(bundle.keys)
        inspection.add("lists", "Списков статусов", "Status lists", "\(bundle.lists.count)")
        return inspection
    }

    private mutating func add(_ keys: [TrustedKey]) {
        for key in keys {
            let parts = [
                Hex.text(key.key.kid), key.key.algorithm.name, key.purpose?.rawValue ?? "",
                key.purpose == nil ? "" : key.state.rawValue,
                key.longestExpiry.map { "≤ \($0.moscowDate.iso)" } ?? "",
            ]
            add("key", "Ключ", "Key", parts.filter { !$0.isEmpty }.joined(separator: " "))
        }
    }

    private mutating func describe(_ message: COSESign1) {
        add("algorithm", "Алгоритм", "Algorithm", message.algorithm?.name)
        add("kid", "Ключ", "Key", message.kid.map { Hex.text($0) })
        add("type", "Тип", "Type", message.type)
        add("payload", "Содержимое, байт", "Payload, bytes", message.payload.map { "\($0.count)" })
    }
}

extension TrustBundle {
    /// The verdict on a bundle that its own root is read from; without pins any root is as good.
    fileprivate func verdict(
        _ message: COSESign1,
        by root: VerificationKey,
        pinned: [[UInt8]],
        at now: Instant
    ) -> PayloadVerdict {
        guard message.isSigned(by: root), roots.contains(root.thumbprint) else {
            return .badSignature
        }
        guard pinned.isEmpty || pinned.contains(root.thumbprint) else { return .unknownKey }
        guard !PublicationDate.isFuture(issuedAt, at: now) else { return .notYetValid }
        return now < expiresAt ? .valid : .expired
    }
}
