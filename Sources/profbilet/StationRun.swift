import ArgumentParser
import CardReader
import EventStation
import Foundation
import TicketSeal
import UnionTicket

extension StationCommand {
    struct Operator: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "operator",
            abstract: "Операторы станции и их PIN / The station's operators",
            subcommands: [Add.self, List.self]
        )

        struct Add: ParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "add",
                abstract: "Добавить оператора или сменить его PIN / Add an operator, change a PIN"
            )
            @Argument(help: "Имя / name") var name: String
            @Flag(help: "Старший смены / supervisor") var supervisor = false
            @Option(help: "Файл с PIN / file with the PIN") var pinFile: String?
            @OptionGroup var place: Place

            func run() throws {
                var book = OperatorBook(try StationFolder(try place.path))
                let pin = try Passphrases.read(
                    file: pinFile,
                    variable: "PROFBILET_OPERATOR_PIN",
                    prompt: "PIN, от 4 до 12 цифр / 4 to 12 digits: "
                )
                do {
                    try book.add(.init(name: name, isSupervisor: supervisor), pin: pin)
                } catch let refusal as OperatorBook.Refusal {
                    throw Self.failure(refusal)
                }
                say("Оператор «\(name)» записан.", "Operator \(name) is noted.")
            }

            private static func failure(_ refusal: OperatorBook.Refusal) -> Failure {
                switch refusal {
                case .weakPIN: Failure("PIN — от 4 до 12 цифр.", "A PIN has 4 to 12 digits.")
                case .pinTaken:
                    Failure(
                        .refused,
                        "Такой PIN уже у другого оператора: выберите иной.",
                        "Another operator has this PIN: choose another."
                    )
                case .badName:
                    Failure("Имя: от 1 до 64 байт.", "A name has 1 to 64 bytes.")
                }
            }
        }

        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "list",
                abstract: "Кто работает на станции / Who works at the station"
            )
            @Flag(help: "JSON Lines") var json = false
            @OptionGroup var place: Place

            func run() throws {
                for person in OperatorBook(try StationFolder(try place.path)).people {
                    if json {
                        say(["name": .text(person.name), "supervisor": .flag(person.isSupervisor)])
                    } else {
                        print(person.isSupervisor ? "\(person.name) (старший)" : person.name)
                    }
                }
            }
        }
    }
}

/// `profbilet station run`: the kiosk page, the readers, the journal.
struct StationRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Работать: страница киоска и считыватели / Run the kiosk page and the readers"
    )
    @Option(help: "Порт на 127.0.0.1 / port") var port = 8377
    @Flag(help: "Без считывателей / no readers") var noReaders = false
    @OptionGroup var place: StationCommand.Place
    @OptionGroup var source: ReaderSource
    @OptionGroup var scanners: ScannerPorts
    @OptionGroup var chips: ChipKeyOptions
    @OptionGroup var meetings: StationMeetings

    func run() throws {
        guard (0...65_535).contains(port) else {
            throw Failure("Порт: от 0 до 65535.", "A port is from 0 to 65535.")
        }
        let folder = try StationFolder(try place.path)
        let duty = try place.open()
        let keys = try chips.open()
        let table = try source.table()
        let desk = LiveDesk(duty, operators: OperatorBook(folder))
        let server = KioskServer(desk: desk, settings: .init(port: port))
        let (address, hasReaders, ports) = (server.address, !noReaders, scanners.ports)
        let (sync, every) = (try meetings.sync(duty, desk, place), meetings.syncEvery)
        HangUp.takeAsTermination()
        try Blocking.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await server.run(stopsOnSignals: true) {
                        tell("Киоск: \(address)\nKiosk: \(address)")
                    }
                }
                if hasReaders { group.addTask { await Self.follow(desk, keys, table) } }
                if !ports.isEmpty { group.addTask { await Self.follow(desk, ports) } }
                group.addTask { try await Self.serve(duty, desk) }
                group.addTask { await Self.tend(duty, desk) }
                if let sync { group.addTask { try await StationMeetings.keepMeeting(sync, every) } }
                // The server ends on a signal, a revocation ends the meetings: the rest ends with it.
                let ended = await group.nextResult()
                await desk.stop()
                group.cancelAll()
                try ended?.get()
            }
        }
        if try Blocking.run({ await duty.isRevoked }) {
            throw Failure(
                .refused,
                "Станция отозвана или её снимок стёрт: работа окончена.",
                "The station is revoked or its snapshot erased: it has ended."
            )
        }
        leave(.done)
    }

    /// Does what other programs hand over, until the station is revoked.
    private static func serve(_ duty: StationDuty, _ desk: LiveDesk) async throws {
        let worker = StationWorker(duty)
        try await StationInbox(duty.folder).serve { bytes in
            guard let request = StationRequest(encoded: bytes) else { return ([], true) }
            let reply = await worker.answer(request)
            if case .wipe = request { await duty.giveUp() }
            await desk.refresh()
            let answer = (try? JSONEncoder().encode(reply)).map { Array($0) } ?? []
            return (answer, await !duty.isRevoked)
        }
    }

    /// Looks after the clock and the lease.
    private static func tend(_ duty: StationDuty, _ desk: LiveDesk) async {
        while !Task.isCancelled {
            do { try await duty.tend() } catch {
                // The next scan says that nothing can be kept.
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private static func follow(_ desk: LiveDesk, _ ports: [ScannerPort]) async {
        let monitor = ScannerMonitor(ports)
        for await event in monitor.events {
            switch event {
            case .scan(_, let text): _ = await desk.read(text)
            case .broken: _ = await desk.brokeOff()
            case .ready(let port, _): await desk.note(reader: port.path, .ready)
            case .away(let port, let failure):
                await desk.note(reader: port.path, .away)
                complain(failure.reason)
            }
        }
        await monitor.stop()
    }

    private static func follow(
        _ desk: LiveDesk,
        _ keys: ChipKeyring,
        _ table: ReaderTable
    ) async {
        // The journal keeps the counters: what the reader remembers is for this start only.
        let reader = TapReader(keys: keys, counters: MemoryCounterStore(), table: table)
        let feedback = ReaderFeedback(table)
        for await event in reader.events(of: ReaderMonitor()) {
            switch event {
            case .tap(let tap):
                let verdict = await desk.tap(tap.chip)
                await desk.note(reader: tap.reader.text, .ready)
                feedback.show(Self.signal(verdict.outcome), on: tap.reader)
            case .reader(.readerAppeared(let name)):
                feedback.prepare(name)
                await desk.note(reader: name.text, .ready)
            case .reader(.readerDisappeared(let name)): await desk.note(reader: name.text, .away)
            case .reader(.cardInserted(let presence)):
                await desk.note(reader: presence.reader.text, .busy)
            case .reader(.serviceLost): await desk.note(reader: "pcscd", .away)
            case .reader(.serviceBack): await desk.note(reader: "pcscd", nil)
            case .reader: break
            }
        }
    }

    private static func signal(_ outcome: ScanOutcome) -> ReaderSignal {
        switch outcome.admission {
        case .yes: .accepted
        case .no: .refused
        case .afterCheck, .supervisor, .choice: .attention
        }
    }
}

/// The keys of specimen chips, for commands that read cards.
struct ChipKeyOptions: ParsableArguments {
    @Option(help: "Файл ключей чипов-образцов / keys of specimen chips") var chipKeys: String?

    @Option(help: "Файл с их парольной фразой / file with their passphrase")
    var chipPassphraseFile: String?

    func open() throws -> ChipKeyring {
        guard let path = chipKeys else { return ChipKeyring([]) }
        guard let content = FileManager.default.contents(atPath: path) else {
            throw Failure("Файл \(path) не читается.", "Cannot read \(path).")
        }
        let phrase = try Passphrases.read(
            file: chipPassphraseFile,
            variable: "PROFBILET_CHIP_PASSPHRASE",
            prompt: "Парольная фраза ключей чипов / Passphrase of the chip keys: "
        )
        do throws(ChipKeyring.Refusal) {
            return try ChipKeyring(sealed: Array(content), passphrase: phrase)
        } catch {
            let status: ExitStatus =
                switch error {
                case .notOpened(.wrongPassphrase): .notSignedIn
                case .notSpecimen: .keyUnusable
                default: .unusable
                }
            throw Failure(status, error.reason.russian, error.reason.english)
        }
    }
}

/// The scanners that a station reads itself.
struct ScannerPorts: ParsableArguments {
    @Option(
        help:
            "Сканер-клавиатура: /dev/input/by-id/…-event-kbd, повторяемый / scanner's input device"
    )
    var scanner: [String] = []

    @Option(help: "Сканер на порту: /dev/ttyACM0[:9600], повторяемый / scanner's serial line")
    var serial: [String] = []

    var ports: [ScannerPort] {
        scanner.map { .keyboard($0) } + serial.map { ScannerPort(serial: $0) }
    }
}
