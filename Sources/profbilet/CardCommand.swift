import ArgumentParser
import CardReader
import EventStation
import Foundation
import Synchronization
import TicketSeal
import UnionTicket

struct CardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card",
        abstract: "Карта на считывателе / The card on a reader",
        subcommands: [Read.self, Keys.self]
    )

    struct Read: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "read",
            abstract: "Прочесть приложенную карту и судить о ней / Read and judge a tapped card"
        )
        @Flag(help: "JSON Lines") var json = false
        @Option(help: "Пакет доверия, JWKS, COSE_KeySet / trust bundle, JWK set, COSE_KeySet")
        var keys: String?
        @Option(help: "Снимок мероприятия: что скажет дверь / snapshot: what the door says")
        var snapshot: String?
        @Option(help: "Сколько секунд ждать карту / seconds to wait for a card") var timeout = 30.0
        @Option(help: "Часть имени считывателя / part of the reader's name") var reader: String?
        @Option(help: "Сколько карт прочесть / how many taps to read") var taps = 1
        @Option(help: "Момент, как в inspect / moment to judge by") var at: String?
        @OptionGroup var source: ReaderSource
        @OptionGroup var chips: ChipKeyOptions

        func validate() throws {
            guard timeout > 0, timeout <= 86_400 else {
                throw ValidationError(
                    "--timeout: секунды, больше 0 и до 86400.",
                    "--timeout: seconds above 0, up to 86400."
                )
            }
            guard taps > 0 else {
                throw ValidationError("--taps: не меньше 1.", "--taps: at least 1.")
            }
        }

        func run() throws {
            let event = try snapshot.map(EventFile.snapshot)
            let judge = TapJudge(
                judge: try judge(by: event),
                now: try at.map(TimeArgument.parse),
                table: try source.table(),
                snapshot: event
            )
            let taps = TapReader(
                keys: try chips.open(),
                counters: MemoryCounterStore(),
                table: judge.table
            )
            leave(try follow(taps, judge))
        }

        /// The keys given, else the snapshot's.
        private func judge(by event: EventSnapshot?) throws -> TicketJudge {
            if keys == nil, let event { return event.judge }
            return TicketJudge(keys: try TrustedKeys.read(keys))
        }

        /// Follows the readers until enough cards were read or the time is over.
        private func follow(_ reader: TapReader, _ judge: TapJudge) throws -> ExitStatus {
            let part = self.reader?.lowercased()
            let events = reader.events(of: ReaderMonitor()) { name in
                part.map { name.text.lowercased().contains($0) } ?? true
            }
            let desk = ReadingDesk(judge: judge, isJSON: json, count: TapCount(wanted: taps))
            let seconds = timeout
            try Blocking.run {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await desk.follow(events) }
                    group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
                    await group.next()
                    group.cancelAll()
                }
                await desk.finish()
            }
            return desk.end()
        }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "keys",
            abstract: "Новые ключи чипов-образцов в файл / New keys of specimen chips into a file"
        )
        @Argument(help: "Файл / file") var file: String
        @Option(help: "Ссылка из encoding.csv / reference of encoding.csv") var reference: [String]
        @Option(help: "Файл с парольной фразой / file with the passphrase")
        var chipPassphraseFile: String?

        func run() throws {
            let phrase = try Passphrases.read(
                file: chipPassphraseFile,
                variable: "PROFBILET_CHIP_PASSPHRASE",
                prompt: "Парольная фраза ключей чипов / Passphrase of the chip keys: "
            )
            guard phrase.count >= 8 else {
                throw Failure(
                    "Парольная фраза короче 8 знаков.",
                    "The passphrase is shorter than 8 characters."
                )
            }
            let keyring = ChipKeyring(reference.map(ChipKeyring.KeySet.init(random:)))
            let content = Data(try keyring.sealed(passphrase: phrase))
            guard !FileManager.default.fileExists(atPath: file) else {
                throw Failure(.refused, "\(file) уже есть.", "\(file) exists already.")
            }
            let isMade = FileManager.default.createFile(
                atPath: file,
                contents: content,
                attributes: [.posixPermissions: 0o600]
            )
            guard isMade else {
                throw Failure(.storage, "\(file) не пишется.", "Cannot write \(file).")
            }
            say(
                "Ключи чипов-образцов записаны: наборов \(reference.count).",
                "Keys of specimen chips written: sets \(reference.count)."
            )
        }
    }
}

/// Says what every tap amounts to, on the terminal and on the reader.
private final class ReadingDesk: Sendable {
    private let judge: TapJudge
    private let isJSON: Bool
    private let feedback: ReaderFeedback
    private let count: Mutex<TapCount>

    init(judge: TapJudge, isJSON: Bool, count: TapCount) {
        self.judge = judge
        self.isJSON = isJSON
        feedback = ReaderFeedback(judge.table)
        self.count = Mutex(count)
    }

    func follow(_ events: AsyncStream<TapReader.Event>) async {
        for await event in events {
            switch event {
            case .reader(let event):
                if case .readerAppeared(let name) = event { feedback.prepare(name) }
                count.withLock { $0.note(event) }
            case .tap(let tap):
                let judged = judge.judge(tap)
                tell(isJSON ? judged.json : judged.text)
                feedback.show(judged.signal, on: tap.reader)
                if count.withLock({ $0.add(judged.status) }) { return }
            }
        }
    }

    /// Lets the last light shine.
    func finish() async { await feedback.finish(within: .milliseconds(300)) }

    func end() -> ExitStatus { count.withLock { $0.end() } }
}

/// How many cards were read, and how it ends.
private struct TapCount {
    let wanted: Int
    private var seen = 0
    private var worst = ExitStatus.done
    private var readers: Set<ReaderName> = []
    private var lost: ReaderFailure?

    init(wanted: Int) { self.wanted = wanted }

    /// Counts a card; true when it was the last one.
    mutating func add(_ status: ExitStatus) -> Bool {
        seen += 1
        if worst == .done { worst = status }
        return seen >= wanted
    }

    mutating func note(_ event: ReaderEvent) {
        switch event {
        case .readerAppeared(let reader): readers.insert(reader)
        case .readerDisappeared(let reader): readers.remove(reader)
        case .serviceLost(let failure): lost = failure
        case .serviceBack: lost = nil
        case .cardInserted, .cardRemoved: break
        }
    }

    /// The exit code, with a sentence when too few cards came.
    func end() -> ExitStatus {
        guard seen < wanted else { return worst }
        let reason =
            lost?.reason
            ?? (readers.isEmpty
                ? Bilingual(
                    "Считывателей нет: подключите.",
                    "No readers: plug one in."
                )
                : Bilingual("Карту не приложили.", "No card was tapped."))
        let text = "Ошибка: \(reason.russian)\nError: \(reason.english)\n"
        FileHandle.standardError.write(Data(text.utf8))
        return lost.map { ExitStatus($0.code) } ?? .notFound
    }
}

extension TrustedKeys {
    /// The keys of a file named on the command line; none without a name.
    static func read(_ path: String?) throws -> TrustedKeys {
        guard let path else { return TrustedKeys([]) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure("Файл ключей \(path) не читается.", "Cannot read the key file \(path).")
        }
        guard let keys = TrustedKeys(file: Array(data)) else {
            guard !TrustedKeys.isBundle(Array(data)) else {
                throw Failure(
                    .keyUnusable,
                    "Подпись пакета доверия \(path) не сходится: файл изменён. Возьмите пакет "
                        + "заново у издателя.",
                    "The signature of the trust bundle \(path) does not hold: the file was changed. "
                        + "Get the bundle from its issuer again."
                )
            }
            throw Failure(
                "\(path): не пакет доверия, не JWKS и не COSE_KeySet.",
                "\(path): no trust bundle, JWK set or COSE_KeySet."
            )
        }
        return keys
    }
}
