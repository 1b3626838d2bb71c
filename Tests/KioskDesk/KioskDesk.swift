import EventStation
import Foundation

/// Serves the kiosk page before a ``ScriptedDesk``: `kiosk-desk PORT [TOKEN]`.
@main
struct KioskDesk {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2, let port = Int(arguments[1]) else {
            print("kiosk-desk PORT [TOKEN]")
            return
        }
        let server = KioskServer(
            desk: ScriptedDesk(),
            settings: .init(port: port, token: arguments.count > 2 ? arguments[2] : nil)
        )
        try await server.run(stopsOnSignals: true) {
            // Unbuffered: whoever started this waits for the address on a pipe.
            FileHandle.standardOutput.write(Data((server.address + "\n").utf8))
        }
    }
}
