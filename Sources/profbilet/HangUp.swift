import Glibc

/// SIGHUP, which a terminal sends that closes.
enum HangUp {
    /// Takes it as SIGTERM from now on, so that what was accepted is finished.
    ///
    /// Where whoever started this process had it ignored, as `nohup` does, it stays ignored.
    static func takeAsTermination() {
        let before = signal(SIGHUP) { _ in _ = kill(getpid(), SIGTERM) }
        // Functions are not compared by Swift; the kernel's special ones are small numbers.
        if unsafe unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
            _ = signal(SIGHUP, SIG_IGN)
        }
    }
}
