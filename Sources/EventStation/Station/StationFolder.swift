import Foundation
import Registry
public import TicketSeal
public import UnionTicket

/// A station's folder on its own computer: who it is, its keys, the snapshot under the lease, the
/// journal.
///
/// | file | content |
/// |---|---|
/// | `station.cbor` | event, name, pinned roots, revocation |
/// | `station.key` | the signing key, under the station's passphrase |
/// | `lease.key` | opens the snapshot; erased when the lease is over |
/// | `snapshot.sealed` | the snapshot under the lease key |
/// | `lists.sealed` | status lists taken in since, under the lease key |
/// | `journal.sqlite` | every scan |
/// | `clock.cbor` | the last comparison of the clock with a better one |
/// | `operators.cbor` | who may work here, PINs as scrypt |
public struct StationFolder: Sendable {
    /// The folder.
    public let path: String
    /// The event.
    public let event: Int64
    /// The station's name.
    public let name: String
    /// Thumbprints of the pinned roots.
    public let roots: [[UInt8]]

    /// Why a station cannot work.
    public struct Failure: Error, Equatable, Sendable {
        /// What kind of failure.
        public enum Code: String, Sendable {
            /// There is no station in the folder, or a file is damaged.
            case notStation
            /// The folder holds a station already.
            case occupied
            /// The passphrase is wrong.
            case wrongPassphrase
            /// The token or file is not what was asked for.
            case badInput
            /// No snapshot, or its lease is over and it was erased.
            case noSnapshot
            /// The journal was changed by hand, or lacks entries.
            case journalDamaged
            /// A newer snapshot does not name the station any more.
            case revoked
            /// Another program works the station.
            case busy
            /// Disk or rights.
            case storage
        }

        /// What kind of failure.
        public let code: Code
        /// What happened and what to do.
        public let message: Bilingual

        init(_ code: Code, _ russian: String, _ english: String) {
            self.code = code
            message = Bilingual(russian, english)
        }
    }

    private static let identityFile = "/station.cbor"
    private static let keyFile = "/station.key"
    private static let leaseFile = "/lease.key"
    private static let snapshotFile = "/snapshot.sealed"
    private static let listsFile = "/lists.sealed"
    private static let clockFile = "/clock.cbor"

    /// Makes a station of a one-time token.
    ///
    /// - Parameters:
    ///   - path: A folder that is not there or empty, made with mode 0700; or that of this station, which
    ///     has nothing yet: then its request is given again.
    ///   - token: The token.
    ///   - passphrase: What will open the station's key.
    /// - Returns: The station and its request to headquarters.
    /// - Throws: ``Failure``.
    public static func provision(
        _ path: String,
        token: StationToken,
        passphrase: String
    ) throws -> (folder: StationFolder, request: EnrolmentRequest) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        if let folder = provisioned(path, token, names) {
            let key = try folder.key(passphrase: passphrase)
            return (folder, EnrolmentRequest(token, key: key.publicKey))
        }
        guard names.isEmpty || names == [String(keyFile.dropFirst())] else {
            throw Failure(
                .occupied,
                "Папка \(path) не пуста: станция уже подготовлена? Укажите другую папку.",
                "The folder \(path) is not empty: is there a station already? Name another folder."
            )
        }
        let key = SigningKey.generate(.edDSA)
        let folder = StationFolder(
            path: path,
            event: token.event,
            name: token.name,
            roots: token.roots
        )
        guard let secret = key.privateBytes else {
            preconditionFailure("a key that was just generated has its bytes")
        }
        let sealed = try SealedFile.seal(
            secret,
            passphrase: passphrase,
            purpose: .stationKeys
        )
        try folder.storing {
            try Files.makeDirectory(path)
            try Files.write(sealed, to: path + keyFile, mode: 0o600)
            try Files.write(folder.identity, to: path + identityFile, mode: 0o600)
        }
        return (folder, EnrolmentRequest(token, key: key.publicKey))
    }

    /// The station of this token that was made before and has nothing yet: its request is the same.
    private static func provisioned(
        _ path: String,
        _ token: StationToken,
        _ names: [String]
    ) -> StationFolder? {
        let own = Set([keyFile, identityFile].map { String($0.dropFirst()) })
        guard Set(names) == own, let folder = try? StationFolder(path),
            folder.event == token.event, folder.name == token.name, folder.roots == token.roots
        else { return nil }
        return folder
    }

    private init(path: String, event: Int64, name: String, roots: [[UInt8]]) {
        (self.path, self.event, self.name, self.roots) = (path, event, name, roots)
    }

    private var identity: [UInt8] {
        CBOR.map([
            1: .integer(event), 2: .text(name), 3: .array(roots.map(CBOR.bytes)),
        ]).encoded
    }

    /// Opens a station's folder.
    public init(_ path: String) throws(Failure) {
        guard let bytes = Self.read(path + Self.identityFile),
            let item = try? CBOR(decoding: bytes), let event = item[1]?.integer,
            let name = item[2]?.text, let roots = item[3]?.array?.compactMap(\.bytes)
        else {
            throw Failure(
                .notStation,
                "В папке \(path) нет станции: profbilet station provision --token … --dir \(path)",
                "There is no station in \(path): profbilet station provision --token … --dir \(path)"
            )
        }
        self.init(path: path, event: event, name: name, roots: roots)
    }

    /// The station's key.
    public func key(passphrase: String) throws(Failure) -> SigningKey {
        guard let sealed = Self.read(path + Self.keyFile) else { throw damaged }
        do {
            let bytes = try SealedFile.open(sealed, passphrase: passphrase, purpose: .stationKeys)
            guard let key = SigningKey(algorithm: .edDSA, privateBytes: bytes) else {
                throw damaged
            }
            return key
        } catch SealedFile.Refusal.wrongPassphrase {
            throw Failure(
                .wrongPassphrase,
                "Парольная фраза станции не подходит.",
                "The station's passphrase does not fit."
            )
        } catch { throw damaged }
    }

    private var damaged: Failure {
        Failure(
            .notStation,
            "Файлы станции в \(path) повреждены. Подготовьте станцию заново новым маркером.",
            "The station's files in \(path) are damaged. Provision it anew with a new token."
        )
    }

    /// Takes a snapshot: it must be of this event, not older than the one held, signed under a pinned
    /// root.
    ///
    /// - Returns: The snapshot.
    /// - Throws: ``EventSnapshot/Refusal`` or ``Failure``.
    public func take(
        snapshot bytes: [UInt8],
        machine: @Sendable () -> ClockContact.Machine = ClockContact.Machine.current
    ) throws -> EventSnapshot {
        let held = (try? snapshot())?.sequence ?? 0
        let snapshot = try EventSnapshot(opening: bytes, pinnedRoots: roots, held: held)
        guard snapshot.rules.id == event else { throw EventSnapshot.Refusal.otherEvent }
        guard snapshot.gates.isEmpty || snapshot.gates.contains(where: { $0.name == name }) else {
            wipe()
            throw Failure(
                .revoked,
                "Станция «\(name)» отозвана: снимок стёрт. Выгрузите журнал "
                    + "(profbilet station export) и верните компьютер в штаб.",
                "Station \(name) is revoked: its snapshot is erased. Export the journal "
                    + "(profbilet station export) and return the computer to headquarters."
            )
        }
        let leaseKey = FieldSeal.randomKey()
        let sealed = try FieldSeal(key: leaseKey).seal(bytes, for: identity)
        // The new key goes over the old one first: a crash in between leaves no snapshot rather than
        // two keys for one.
        try storing {
            wipe()
            try Files.write(leaseKey, to: path + Self.leaseFile, mode: 0o600)
            try Files.write(sealed, to: path + Self.snapshotFile, mode: 0o600)
        }
        if let late = ClockContact(file: snapshot.issuedAt, machine(), clockContact) {
            try record(clockContact: late)
        }
        return snapshot
    }

    /// The last comparison of the station's clock that was recorded.
    public var clockContact: ClockContact? {
        Self.read(path + Self.clockFile).flatMap { ClockContact(encoded: $0) }
    }

    /// Records a comparison of the station's clock with a better one.
    ///
    /// A running station finds it within a second. Whether it tells more than the one before is the reader's to judge
    /// (``ClockContact/supersedes(_:)``).
    public func record(clockContact contact: ClockContact) throws {
        try storing { try Files.write(contact.encoded, to: path + Self.clockFile, mode: 0o600) }
    }

    /// The snapshot under the lease.
    public func snapshot() throws -> EventSnapshot {
        guard let key = leaseKey, let sealed = Self.read(path + Self.snapshotFile),
            let bytes = try? FieldSeal(key: key).open(sealed, for: identity)
        else {
            throw Failure(
                .noSnapshot,
                "На станции нет снимка мероприятия или срок аренды вышел и он стёрт: "
                    + "profbilet station import СНИМОК --dir \(path)",
                "The station has no snapshot, or its lease is over and it was erased: "
                    + "profbilet station import SNAPSHOT --dir \(path)"
            )
        }
        var snapshot = try EventSnapshot(opening: bytes, pinnedRoots: roots)
        if let lists = statusLists, !lists.isEmpty { _ = try snapshot.take(lists) }
        return snapshot
    }

    private var leaseKey: [UInt8]? {
        Self.read(path + Self.leaseFile).flatMap { $0.count == 32 ? $0 : nil }
    }

    /// The status lists taken in since the snapshot.
    private var statusLists: [[UInt8]]? {
        guard let key = leaseKey, let sealed = Self.read(path + Self.listsFile),
            let bytes = try? FieldSeal(key: key).open(sealed, for: identity)
        else { return nil }
        return (try? CBOR(decoding: bytes))?.array?.compactMap(\.bytes)
    }

    /// Takes status lists that are newer than those held, for the station's next start; also beside a
    /// station that works.
    ///
    /// - Returns: How many were newer.
    /// - Throws: ``EventSnapshot/Refusal`` of a list that is none of the bundle's, or ``Failure``.
    public func take(statusLists lists: [[UInt8]]) throws -> Int {
        var held = try snapshot()
        let newer = try held.take(lists)
        if newer > 0 { try keep(statusLists: lists) }
        return newer
    }

    /// Keeps status lists for the station's next start.
    func keep(statusLists lists: [[UInt8]]) throws {
        guard let key = leaseKey else { return }
        let all = CBOR.array(((statusLists ?? []) + lists).map(CBOR.bytes)).encoded
        let sealed = try FieldSeal(key: key).seal(all, for: identity)
        try storing { try Files.write(sealed, to: path + Self.listsFile, mode: 0o600) }
    }

    /// Erases the lease key and the snapshot; journals stay, to be exported.
    public func wipe() {
        for file in [Self.leaseFile, Self.snapshotFile, Self.listsFile] {
            Self.overwrite(path + file)
            try? FileManager.default.removeItem(atPath: path + file)
        }
    }

    /// The station's journal.
    public func journal() throws(JournalFile.Failure) -> JournalFile {
        try JournalFile(path: path + "/journal.sqlite")
    }

    private func storing(_ body: () throws -> Void) throws {
        do { try body() } catch {
            throw Failure(
                .storage,
                "Папка станции \(path) не записывается: \(error).",
                "The station's folder \(path) cannot be written: \(error)."
            )
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }

    /// Random bytes over a file's content, flushed: what a flash disk still keeps is its own.
    private static func overwrite(_ path: String) {
        guard let file = FileHandle(forUpdatingAtPath: path),
            let size = try? file.seekToEnd()
        else { return }
        try? file.seek(toOffset: 0)
        try? file.write(contentsOf: Data(SecureRandom.bytes(Int(size))))
        try? file.synchronize()
        try? file.close()
    }
}
