// C's `stdout` is a variable that nobody sets.
@unsafe @preconcurrency import Glibc
import UnionTicket

/// Standard output, of which whoever runs a command must know that it was written.
enum StandardOutput {
    /// Writes out what was printed so far.
    ///
    /// - Parameter remedy: How to get what is shown once only, right after it was printed.
    /// - Throws: ``Failure`` when something was not written. Where nothing is lost for good, a reader that
    ///   left early (`| head`) has what it wanted.
    static func finish(orElse remedy: Bilingual? = nil) throws(Failure) {
        errno = 0
        let isFlushed = unsafe fflush(stdout) == 0
        let code = errno
        let hasFailed = unsafe ferror(stdout) != 0
        guard !isFlushed || hasFailed else { return }
        if remedy == nil, hasNoReader { return }
        let remedy =
            remedy
            ?? Bilingual(
                "Что команда сделала, сделано: посмотрите итог командой показа.",
                "What the command did is done: look at the result with a command that shows it."
            )
        let reason = reason(code)
        throw Failure(
            .storage,
            "Вывод не записан (\(reason.russian)): проверьте, куда он направлен. \(remedy.russian)",
            "The output was not written (\(reason.english)): check where it goes. \(remedy.english)"
        )
    }

    private static func reason(_ code: Int32) -> Bilingual {
        switch code {
        case ENOSPC, EDQUOT: Bilingual("на диске нет места", "the disk is full")
        case EFBIG:
            Bilingual("предел размера файла, ulimit -f", "the limit of a file's size, ulimit -f")
        case EBADF: Bilingual("он закрыт", "it is closed")
        case EPIPE: Bilingual("его перестали читать", "its reader has left")
        case 0: Bilingual("ошибка записи", "a write failed")
        default: Bilingual("код \(code)", "code \(code)")
        }
    }

    /// Whether it is a pipe whose other end is closed.
    private static var hasNoReader: Bool {
        var end = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return unsafe poll(&end, 1, 0) > 0 && Int32(end.revents) & POLLERR != 0
    }
}

/// Prints a line that somebody waits for at the other end of a pipe; a failure shows when the command
/// ends.
func tell(_ line: String) {
    print(line)
    unsafe fflush(stdout)
}
