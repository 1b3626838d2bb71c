import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// Whoever does what a station is asked to do: the running station, where one runs, else this command.
struct StationHand {
    private let place: StationCommand.Place

    init(_ place: StationCommand.Place) { self.place = place }

    /// Asks the station.
    func ask(_ request: StationRequest) throws -> StationReply {
        let folder = try StationFolder(try place.path)
        let inbox = StationInbox(folder)
        guard inbox.isServed else {
            let worker = StationWorker(folder) { [place] in try place.open() }
            return try Blocking.run { await worker.answer(request) }
        }
        // Whoever may not open the station may not ask it either.
        _ = try folder.key(passphrase: try place.passphrase())
        return try inbox.reply(to: request)
    }
}

extension StationInbox {
    /// What the running station says to a request.
    func reply(to request: StationRequest) throws -> StationReply {
        let answer = try ask(request.encoded)
        guard let reply = try? JSONDecoder().decode(StationReply.self, from: Data(answer)) else {
            throw Failure(
                .damaged,
                "Ответ станции не читается.",
                "The station's answer is no answer."
            )
        }
        return reply
    }
}

/// Does what a station is asked to do.
struct StationWorker: Sendable {
    private let folder: StationFolder
    private let running: StationDuty?
    private let open: @Sendable () throws -> StationDuty

    /// A worker that opens the station when it has to.
    init(_ folder: StationFolder, open: @escaping @Sendable () throws -> StationDuty) {
        self.folder = folder
        self.open = open
        running = nil
    }

    /// The worker of a running station.
    init(_ duty: StationDuty) {
        folder = duty.folder
        running = duty
        open = { duty }
    }

    /// The answer, whatever happens.
    func answer(_ request: StationRequest) async -> StationReply {
        var reply = StationReply()
        do {
            switch request {
            case .take(let files): try await take(files, &reply)
            case .close: try await open().close()
            case .reopen(let name):
                let wasClosed = try await open().reopen(operatorName: name)
                reply.say(
                    ["reopened": .flag(wasClosed)],
                    wasClosed
                        ? "Станция открыта снова. Штаб и другие станции считают её закрытой: "
                            + "передайте им новый журнал."
                        : "Станция не закрыта.",
                    wasClosed
                        ? "The station is open again. Headquarters and other stations take it for "
                            + "closed: hand them the new journal."
                        : "The station is not closed."
                )
            case .clock(let clock, let name): try await set(clock, by: name, &reply)
            case .wipe:
                folder.wipe()
                reply.say(
                    ["wiped": .flag(true)],
                    "Снимок стёрт, журнал на месте; станция остановлена.",
                    "The snapshot is erased, the journal stays; the station has ended."
                )
            }
        } catch let error as StationFolder.Failure {
            reply.fail(error.message, ExitStatus(error.code))
        } catch let error as JournalFile.Failure {
            reply.fail(error.message, .storage)
        } catch let error as JournalBundle.Refusal {
            reply.fail(EventText.words(error), .refused)
        } catch let error as EventSnapshot.Refusal {
            reply.fail(StationFiles.words(error), .refused)
        } catch let error as Failure {
            reply.fail(error.message, error.status)
        } catch {
            reply.fail(Bilingual("\(error)", "\(error)"), .unusable)
        }
        return reply
    }

    private func take(_ files: [StationRequest.File], _ reply: inout StationReply) async throws {
        var lists: [[UInt8]] = []
        for file in files {
            if let bundle = JournalBundle(file.bytes) {
                try await take(bundle, file.name, &reply)
            } else if StationFiles.isStatusList(file.bytes) {
                lists.append(file.bytes)
            } else {
                try await take(snapshot: file, &reply)
            }
        }
        guard !lists.isEmpty else { return }
        let newer = try await open().take(statusLists: lists)
        reply.say(
            ["statusLists": .int(newer)],
            "Списков статусов новее: \(newer).",
            "Newer status lists: \(newer)."
        )
    }

    private func take(
        _ bundle: JournalBundle,
        _ file: String,
        _ reply: inout StationReply
    ) async throws {
        let (new, faults) = try await open().take(bundle)
        reply.say(
            ["file": .text(file), "station": .text(bundle.station), "new": .int(new)],
            "\(file): журнал станции «\(bundle.station)», новых записей \(new).",
            "\(file): journal of station \(bundle.station), new entries \(new).",
            details: faults.map { "  ! \(EventText.words($0).russian)" }
        )
        if !faults.isEmpty { reply.end(.rowsRefused) }
    }

    private func take(
        snapshot file: StationRequest.File,
        _ reply: inout StationReply
    ) async throws {
        do {
            let snapshot =
                if let running {
                    try await running.take(snapshot: file.bytes)
                } else {
                    try folder.take(snapshot: file.bytes)
                }
            reply.say(
                [
                    "file": .text(file.name), "snapshot": .int(snapshot.sequence),
                    "people": .int(snapshot.personCount),
                    "leaseEnd": .text(snapshot.leaseEnd.rfc3339),
                ],
                "\(file.name): снимок № \(snapshot.sequence), человек \(snapshot.personCount), "
                    + "действует до \(snapshot.leaseEnd.russian).",
                "\(file.name): snapshot \(snapshot.sequence), \(snapshot.personCount) people, "
                    + "good until \(snapshot.leaseEnd.rfc3339)."
            )
        } catch let refusal as EventSnapshot.Refusal {
            let words = StationFiles.words(refusal)
            throw Failure(
                refusal == .malformed ? .unusable : .refused,
                "\(file.name): не принят (\(refusal.rawValue)): \(words.russian)",
                "\(file.name): refused (\(refusal.rawValue)): \(words.english)"
            )
        }
    }

    private func set(
        _ clock: StationRequest.ClockReading,
        by name: String,
        _ reply: inout StationReply
    ) async throws {
        let contact = ClockContact(
            .person,
            ClockContact.Machine.current(),
            offset: clock.offset,
            uncertainty: clock.uncertainty
        )
        let isTaken = try await open().record(contact, operatorName: name)
        reply.say(
            [
                "offset": .int(clock.offset), "uncertainty": .int(clock.uncertainty),
                "taken": .flag(isTaken),
            ],
            isTaken
                ? "Сверка часов записана."
                : "Прежняя сверка точнее и с этой согласна: она осталась.",
            isTaken
                ? "The comparison of the clock is recorded."
                : "The comparison before is surer and agrees with this one: it stays."
        )
    }
}
