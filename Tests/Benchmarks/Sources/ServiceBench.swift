import Dispatch
import Foundation
import Registry
import TicketSeal
import TicketService
import UnionTicket

/// The service over a specimen register, with routes beside its own: floors for a benchmark, and a look-up that
/// leaks on purpose for the test of uniform answers.
struct ServiceBench {
    private let register: Register
    private let account: SignedInUser
    private let secrets: SigningSecrets

    /// Opens a register as `profbilet` does, phrases and user from the environment.
    init(_ data: String) throws {
        func variable(_ name: String) -> String {
            ProcessInfo.processInfo.environment["PROFBILET_" + name] ?? ""
        }
        let directory = DataDirectory(path: data)
        let passphrase = variable("PASSPHRASE")
        register = try Register.open(in: directory, passphrase: passphrase) {
            Instant(seconds: Int64(Date().timeIntervalSince1970))
        }
        account = try UserDirectory(register)
            .signIn(variable("USER"), passphrase: variable("USER_PASSPHRASE"))
        secrets = try SigningSecrets.open(in: directory, passphrase: passphrase)
    }

    /// Serves on a free port, whose address is printed as JSON; `leaky` adds the route that leaks.
    func serve(_ options: ArraySlice<String>) async throws {
        ServiceLog.start(level: "warning")
        var office = ServiceOffice(register: register, secrets: secrets, account: account)
        office.probes = [ProbeRoute("/probe/constant"), try Self.signatures()]
        if options.contains("leaky") { office.probes.append(leakyLookup()) }
        var settings = ServiceSettings()
        settings.port = 0
        settings.clientRate = Rate(perSecond: 1_000_000, burst: 1_000_000)
        settings.addressRate = settings.clientRate
        try await TicketServer(office, settings: settings).run(stopsOnSignals: true) { port in
            let line = "{\"address\": \"http://127.0.0.1:\(port)\"}\n"
            FileHandle.standardOutput.write(Data(line.utf8))
        }
    }

    /// One P-256 verification and one Ed25519 signature, no database: what a renewal cannot do without.
    private static func signatures() throws -> ProbeRoute {
        let device = SigningKey.generate(.es256)
        let issuer = SigningKey.generate(.edDSA)
        let message = Array("a device's statement of the usual length, 0123456789".utf8)
        let proof = try device.sign(message)
        return ProbeRoute("/probe/signatures") { body, _ in
            guard device.publicKey.isValid(signature: proof, for: message) else {
                throw CocoaError(.featureUnsupported)
            }
            let signature = try issuer.sign(message + body.prefix(32))
            return Array("{\"payload\":\"\(Base64URL.text(signature))\"}".utf8)
        }
    }

    /// A hotline's look-up that answers at once when nobody has the number: alike in words, not in time.
    private func leakyLookup() -> ProbeRoute {
        ProbeRoute("/probe/lookups", role: .hotline) { [register, account] body, user in
            let text = String(decoding: body, as: UTF8.self)
            let number = text.split(separator: "\"").last { $0.allSatisfy(\.isNumber) } ?? ""
            var id = [UInt8](repeating: 0, count: 16)
            let search = TicketSearch(register)
            if (try? search.number(String(number), by: account).member) ?? nil != nil, let user {
                id = try Hotline(register).lookUp(String(number), by: user).id
            }
            return Array(
                "{\"id\":\"\(Base64URL.text(id))\",\"number\":\"•••• \(number.suffix(4))\"}".utf8
            )
        }
    }

    /// Publishes into a folder what changed and prints how long it took and which lists were rebuilt.
    func publish(to folder: String) throws {
        let started = DispatchTime.now().uptimeNanoseconds
        let report = try StatusPublisher(register)
            .publish(to: folder, secrets: secrets, by: account)
        let seconds = Bench.seconds(since: started)
        print(
            "{\"seconds\": \(seconds), \"rebuilt\": \(report.rebuilt.count), "
                + "\"kept\": \(report.kept.count)}"
        )
    }
}
