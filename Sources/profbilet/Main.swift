import ArgumentParser
import BonusProgram
import CardLayout
import CardProduction
import EventStation
import Foundation
import Registry
import Reports
import Roster
import TicketSeal
import TicketService
import UnionTicket

@main
struct ProfBilet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profbilet",
        abstract: "Электронный профсоюзный билет: выпуск и проверка. "
            + "Electronic union ticket: issuance and identification.",
        version: "0.1.0",
        subcommands: [
            InitCommand.self, KeysCommand.self, UserCommand.self, OrganisationCommand.self,
            RosterCommand.self, ConsentCommand.self, LegacyCommand.self, MemberCommand.self,
            OrderCommand.self,
            TicketCommand.self, CarrierCommand.self, StatusCommand.self, InspectCommand.self,
            SampleCommand.self, BackupCommand.self, VerifyBackupCommand.self,
            RestoreCommand.self, ReclaimCommand.self, AuditCommand.self, LayoutCommand.self,
            BatchCommand.self, ParcelCommand.self, HandOutCommand.self, SettlementCommand.self,
            EventCommand.self, StationCommand.self, ReadersCommand.self, CardCommand.self,
            PartnerCommand.self, VirtualCommand.self, CodeCommand.self, DossierCommand.self,
            EraseCommand.self, IncidentCommand.self, RetentionCommand.self, HostsCommand.self,
            HealthCommand.self, ClientCommand.self, ServeCommand.self, ReportCommand.self,
            RegisterCommand.self, ConfigCommand.self, ManualCommand.self,
        ]
    )

    /// Runs one command; every failure ends with what happened, what to do, and an exit code.
    static func main() {
        // A write past the limit of a file's size is a failed write, told like any other.
        signal(SIGXFSZ, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
            try StandardOutput.finish()
        } catch let error as RegisterError {
            fail(error.message, code: ExitStatus(error.code))
        } catch let error as PKCS11Error {
            fail(error.message, code: ExitStatus(error.code))
        } catch let error as MarkedError {
            fail(Bilingual(error.text, ""), code: .unusable)
        } catch let error as RosterError {
            fail(Bilingual("\(error)", ""), code: .unusable)
        } catch let error as LayoutError {
            fail(
                Bilingual(
                    lines(error.findings) { $0.russian },
                    lines(error.findings) { $0.english }
                )
            )
        } catch let error as FileFailure {
            fail(RegisterError(file: error.path, code: error.code).message, code: .storage)
        } catch let error as ProductionError {
            fail(
                error.message,
                code: error.isBusy ? .busy : error.isUnusable ? .unusable : .refused
            )
        } catch let error as CardDrawing.Unprintable {
            fail(error.fault.message, code: .refused)
        } catch let error as Poppler.Failure {
            fail(error.message, code: .unusable)
        } catch let error as StationFolder.Failure {
            fail(error.message, code: ExitStatus(error.code))
        } catch let error as JournalFile.Failure {
            fail(error.message, code: .storage)
        } catch let error as JournalBundle.Refusal {
            fail(EventText.words(error), code: .refused)
        } catch let error as EventSnapshot.Refusal {
            fail(StationFiles.words(error), code: .refused)
        } catch let error as ExchangeError {
            fail(
                Bilingual(
                    "\(error.message.russian) [\(error.fault.rawValue)]",
                    error.message.english
                )
            )
        } catch let error as ServiceFailure {
            fail(error.message)
        } catch let error as Failure {
            fail(error.message, code: error.status)
        } catch {
            guard let fault = UsageFault(error) else { end(with: error) }
            fail(fault.message, more: fault.usage, code: .usage)
        }
    }

    /// Ends with an exit code of a command's, or with the help or version that was asked for.
    private static func end(with error: any Error) -> Never {
        let isAsked = exitCode(for: error) == .success
        if isAsked { print(fullMessage(for: error)) }
        do { try StandardOutput.finish() } catch { fail(error.message, code: error.status) }
        if isAsked { Foundation.exit(ExitStatus.done.rawValue) }
        exit(withError: error)
    }

    private static func lines(
        _ findings: [LayoutFinding],
        _ text: (Bilingual) -> String
    ) -> String {
        findings.map { "\n  \($0.place): \(text($0.message))" }.joined()
    }

    private static func fail(
        _ message: Bilingual,
        more: String = "",
        code: ExitStatus = .unusable
    ) -> Never {
        var text = "Ошибка: \(message.russian)\n"
        if !message.english.isEmpty { text += "Error: \(message.english)\n" }
        if !more.isEmpty { text += more + "\n" }
        FileHandle.standardError.write(Data(text.utf8))
        Foundation.exit(code.rawValue)
    }
}

/// Exit codes, one table for every command.
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case unusable = 1
    case rowsRefused = 2
    case notSignedIn = 3
    case forbidden = 4
    case refused = 5
    case notFound = 6
    case damaged = 7
    case keyUnusable = 8
    case mustReclaim = 9
    case busy = 10
    case storage = 11
    /// The command line itself is wrong.
    case usage = 64

    init(_ code: StationFolder.Failure.Code) {
        switch code {
        case .notStation: self = .notFound
        case .occupied, .revoked: self = .refused
        case .wrongPassphrase: self = .notSignedIn
        case .badInput: self = .unusable
        case .noSnapshot: self = .notFound
        case .journalDamaged: self = .damaged
        case .busy: self = .busy
        case .storage: self = .storage
        }
    }

    init(_ code: RegisterError.Code) {
        switch code {
        case .wrongPassphrase, .notSignedIn: self = .notSignedIn
        case .forbidden: self = .forbidden
        case .notFound: self = .notFound
        case .refused: self = .refused
        case .badInput: self = .unusable
        case .damaged: self = .damaged
        case .keyUnusable: self = .keyUnusable
        case .mustReclaim: self = .mustReclaim
        case .busy: self = .busy
        case .storage: self = .storage
        }
    }

    init(_ code: PKCS11Error.Code) {
        switch code {
        case .wrongPIN, .pinLocked: self = .notSignedIn
        case .moduleNotFound, .tokenNotFound: self = .notFound
        case .keyNotFound, .sessionLost, .refused: self = .keyUnusable
        }
    }
}

/// A command cannot go on; carries its exit code.
struct Failure: Error {
    let message: Bilingual
    let status: ExitStatus
    /// The refusing service's own code of why, where it was a service that refused.
    var problem: String?

    init(_ status: ExitStatus, _ russian: String, _ english: String) {
        message = Bilingual(russian, english)
        self.status = status
    }

    init(_ russian: String, _ english: String) { self.init(.unusable, russian, english) }
}
