import ArgumentParser
import EventStation
import TicketSeal
import UnionTicket

/// Meetings with headquarters while the station works.
struct StationMeetings: ParsableArguments {
    @Option(help: "Адрес штаба: встречаться с ним во время работы / meet headquarters at work")
    var sync: String?
    @Option(help: "Секунд между встречами / seconds between meetings") var syncEvery = 15
    @OptionGroup var trust: StationServerOptions

    func validate() throws {
        guard (1...3_600).contains(syncEvery) else {
            throw ValidationError(
                "--sync-every: от 1 до 3600 секунд.",
                "--sync-every: 1 to 3600 seconds."
            )
        }
    }

    /// The meetings of a station at work; nil where none are wanted.
    func sync(
        _ duty: StationDuty,
        _ desk: LiveDesk,
        _ place: StationCommand.Place
    ) throws -> StationSync? {
        guard let sync else { return nil }
        return StationSync(
            folder: duty.folder,
            key: try duty.folder.key(passphrase: try place.passphrase()),
            server: try StationServer(sync, authority: trust.ca),
            take: DutyIntake(duty: duty, desk: desk)
        )
    }

    /// Meets headquarters again and again until it is cancelled; only a revocation ends it, and with it
    /// the station's work.
    static func keepMeeting(_ sync: StationSync, _ seconds: Int) async throws {
        do { try await meet(sync, seconds) } catch {
            await sync.server.close()
            throw error
        }
        await sync.server.close()
    }

    private static func meet(_ sync: StationSync, _ seconds: Int) async throws {
        var isAway = false
        while !Task.isCancelled {
            do {
                _ = try await sync.run()
                if isAway { tell("Штаб снова на связи.\nHeadquarters is reachable again.") }
                isAway = false
            } catch let revoked as StationSync.Revoked {
                throw revoked.failure
            } catch let failure as StationFolder.Failure where failure.code == .revoked {
                // A snapshot that does not name the station any more.
                throw failure
            } catch {
                if !isAway, !Task.isCancelled {
                    tell(
                        "Штаб недоступен, работаем дальше.\nHeadquarters is out of reach; work goes on."
                    )
                    if let failure = error as? Failure { complain(failure.message) }
                }
                isAway = true
            }
            try? await Task.sleep(for: .seconds(seconds))
        }
    }
}
