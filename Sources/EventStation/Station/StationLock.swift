import Glibc

/// A lock that one program holds while it may write a station's journal.
///
/// Two writers would give two entries one number, which is what a stolen key looks like.
final class StationLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of a station's folder.
    ///
    /// - Throws: ``StationFolder/Failure`` `busy` when another program has it.
    init(_ folder: StationFolder) throws(StationFolder.Failure) {
        descriptor = unsafe open(folder.path + "/station.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StationFolder.Failure(
                .storage,
                "Папка станции \(folder.path) не записывается. Проверьте диск и права.",
                "The station's folder \(folder.path) cannot be written. Check disk and rights."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StationFolder.Failure(
                .busy,
                "Станция уже работает в другой программе. Остановите profbilet station run "
                    + "и повторите.",
                "Another program works the station. Stop profbilet station run and repeat."
            )
        }
    }

    deinit { close(descriptor) }
}
