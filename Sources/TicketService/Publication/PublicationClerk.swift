import Logging
import Registry
import ServiceLifecycle
import Synchronization
import TicketSeal
import UnionTicket

/// Keeps the shelf and the publication folder as the register says: signs what changed, takes over what
/// another process signed, never puts an older list over a newer one.
final class PublicationClerk: Service, Sendable {
    private struct State {
        /// Every list on the shelf.
        var lists: [UInt32: (sequence: Int64, uri: String, issuedAt: Instant)] = [:]
        var bundle: Int64 = 0
        var lastSuccess: Duration?
        var failure: Bilingual?
        /// The folder lacks something that the shelf has.
        var isFolderBehind = true
        /// What this process wrote into the folder.
        var folder = Publication.Written()
        var folderFailure: Bilingual?
        /// Since when the folder has lacked something.
        var folderBehindSince: Duration?
    }

    private let context: ServiceContext
    private let shelf: PublicationShelf
    private let state = Mutex(State())

    /// A clerk who has not looked yet.
    init(_ context: ServiceContext, _ shelf: PublicationShelf) {
        (self.context, self.shelf) = (context, shelf)
    }

    /// How long the published lists may lag behind the register, seconds.
    static let promise = 60

    /// Looks again and again until the service ends.
    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                try? await context.pool.run { self.work() }
                try? await Task.sleep(for: context.settings.publishEvery)
            }
        }
    }

    /// Puts on the shelf what is signed already, so that reads are answered from the first second on.
    ///
    /// A restored register that was not reclaimed knows older lists than the world: then what the
    /// folder holds is served.
    func load() throws {
        do {
            take(try StatusPublisher(context.register).publication())
        } catch let error as RegisterError where error.code == .mustReclaim {
            guard let folder = context.settings.publication else { return }
            if let publication = try Publication(folder: folder) { take(publication) }
        }
    }

    /// One look: signs, takes over, writes.
    func work() {
        do {
            let publisher = StatusPublisher(context.register)
            let report = try publisher.refresh(secrets: context.secrets, by: context.account)
            let known = state.withLock { $0.lists.mapValues(\.sequence) }
            let publication = try publisher.publication(newerThan: known)
            guard !publication.lists.contains(where: { known[$0.number] ?? 0 > $0.sequence }) else {
                throw Self.rolledBack
            }
            let isNew = take(publication)
            state.withLock { state in
                (state.lastSuccess, state.failure) = (context.uptime(), nil)
                if isNew { state.isFolderBehind = true }
            }
            context.metrics.add(
                "profbilet_status_lists_rebuilt_total",
                UInt64(report.rebuilt.count)
            )
            if !report.redated.isEmpty {
                let words = StatusPublisher.redated(report.redated)
                context.log.warning("publication", metadata: ["reason": .string(words.english)])
            }
            writeFolder()
        } catch {
            note(failure: error)
        }
    }

    /// What `/readyz` says.
    var finding: HealthCheck.Finding {
        let (now, clock) = (context.uptime(), context.now)
        return state.withLock { state in
            let ahead = state.lists.filter {
                PublicationDate.isFuture($0.value.issuedAt, at: clock)
            }
            if !ahead.isEmpty { return .bad(StatusPublisher.future(ahead.keys.sorted())) }
            let age = state.lastSuccess.map { now - $0 } ?? now
            if age > .seconds(Self.promise) { return .bad(state.failure ?? Self.late) }
            if let since = state.folderBehindSince, now - since > .seconds(Self.promise) {
                return .bad(state.folderFailure ?? Self.unwritable)
            }
            if let failure = state.failure ?? state.folderFailure { return .warning(failure) }
            return .good
        }
    }

    /// Puts a publication on the shelf; false when there was nothing new in it.
    @discardableResult
    private func take(_ publication: Publication) -> Bool {
        state.withLock { state in
            let fresh = publication.lists.filter {
                state.lists[$0.number].map { $0.sequence } ?? -1 < $0.sequence
            }
            let isNewBundle = publication.bundleSequence > state.bundle || state.bundle == 0
            guard !fresh.isEmpty || isNewBundle else { return false }
            for list in fresh {
                state.lists[list.number] = (list.sequence, list.uri, list.issuedAt)
            }
            state.bundle = publication.bundleSequence
            var documents = PublicationShelf.documents(of: fresh)
            documents.merge(PublicationShelf.documents(of: publication)) { $1 }
            let uris = state.lists.sorted { $0.key < $1.key }.map { JSON.text($0.value.uri) }
            documents["status-lists"] = .init(
                (["status_lists": .array(uris)] as JSON).bytes,
                "application/json",
                maxAge: 300
            )
            shelf.put(documents)
            shelf.learn(bundle: publication.bundle, lists: fresh, at: context.now)
            return true
        }
    }

    /// Writes what is new; everything, when the folder missed something before or has lost something.
    private func writeFolder() {
        guard let folder = context.settings.publication else { return }
        let known = state.withLock { $0.folder }
        if !known.isWhole(in: folder) {
            state.withLock { ($0.folder, $0.isFolderBehind) = (Publication.Written(), true) }
        }
        let (isBehind, sequences) = state.withLock {
            ($0.isFolderBehind || $0.folderFailure != nil, $0.folder.sequences)
        }
        guard isBehind else { return }
        do {
            let written = try StatusPublisher(context.register)
                .write(to: folder, newerThan: sequences)
            state.withLock { state in
                state.folder.add(written)
                (state.isFolderBehind, state.folderFailure) = (false, nil)
                state.folderBehindSince = nil
            }
        } catch {
            // Everyone may ask how the service is: places on the disk stand in the log only.
            let words = (error as? RegisterError)?.message ?? Self.unwritable
            state.withLock { state in
                (state.folder, state.folderFailure) = (Publication.Written(), Self.unwritable)
                state.folderBehindSince = state.folderBehindSince ?? context.uptime()
            }
            context.log.warning("publication folder", metadata: ["reason": .string(words.english)])
        }
    }

    private func note(failure error: any Error) {
        let words = (error as? RegisterError)?.message ?? Problem(error).message
        let isOwn = (error as? RegisterError)?.code == .mustReclaim
        state.withLock { $0.failure = isOwn ? words : Problem(error).message }
        context.log.error("publication", metadata: ["reason": .string(words.english)])
    }

    private static let late = Bilingual(
        "Списки статусов не публикуются дольше минуты.",
        "Status lists have not been published for more than a minute."
    )
    private static let rolledBack = RegisterError(
        .mustReclaim,
        "В реестре списки старее опубликованных: сначала profbilet reclaim КАТАЛОГ.",
        "The register's lists are older than the published ones: first profbilet reclaim DIR."
    )
    private static let unwritable = Bilingual(
        "Каталог публикации недоступен для записи.",
        "The publication folder cannot be written."
    )
}
