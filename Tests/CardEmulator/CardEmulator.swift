import ArgumentParser

/// Cards of our own behind pcscd's virtual readers.
@main
struct CardEmulator: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "card-emulator")
}
