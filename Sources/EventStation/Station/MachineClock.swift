import CTimex
import Foundation

extension ClockContact.Machine {
    /// What this computer's clocks read now.
    public static let current: @Sendable () -> ClockContact.Machine = {
        ClockContact.Machine(clock: wallClock(), uptime: uptime(), boot: boot)
    }

    private static func wallClock() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    private static func uptime() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    private static let boot: String = {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return String((text ?? "unknown").prefix { !$0.isNewline })
    }()
}

extension ClockContact {
    /// What the kernel tells of its clock (adjtimex): asked, nothing is sent over a network.
    struct KernelState: Equatable, Sendable {
        /// Whether it follows time servers, and has heard of them lately.
        var isSynchronised: Bool
        /// How much of a correction is still to be made, microseconds.
        var remaining: Int64
        /// The most that the clock can be off, microseconds.
        var maximumError: Int64

        init(isSynchronised: Bool, remaining: Int64, maximumError: Int64) {
            self.isSynchronised = isSynchronised
            self.remaining = remaining
            self.maximumError = maximumError
        }

        /// What the kernel says now.
        static var current: KernelState {
            var time = timex()
            let state = unsafe adjtimex(&time)
            let isNano = time.status & STA_NANO != 0
            return KernelState(
                isSynchronised: state >= 0 && state != TIME_ERROR && time.status & STA_UNSYNC == 0,
                remaining: Int64(time.offset) / (isNano ? 1_000 : 1),
                maximumError: Int64(time.maxerror)
            )
        }
    }

    /// The comparison that a clock which follows time servers makes by itself.
    init?(kernel state: KernelState, _ machine: Machine) {
        guard state.isSynchronised, state.maximumError >= 0 else { return nil }
        self.init(
            .kernel,
            machine,
            offset: -(state.remaining / 1000),
            uncertainty: state.maximumError / 1000 + 1
        )
    }
}
