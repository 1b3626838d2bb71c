import Dispatch
import Synchronization

/// The connections of one process, leased to one caller at a time.
final class PostgresPool: Sendable {
    private let options: PostgresOptions
    private let conninfo: String
    private let places: DispatchSemaphore
    private let idle = Mutex<[PostgresConnection]>([])

    init(_ conninfo: String, _ options: PostgresOptions) {
        self.conninfo = conninfo
        self.options = options
        places = DispatchSemaphore(value: options.connections)
    }

    /// Calls `body` with a connection on which `prelude` has just run.
    ///
    /// An idle connection may have lost its server meanwhile; then the next one or a new one is
    /// tried, since nothing of the caller's has run yet.
    func lease<Result>(
        _ prelude: String,
        _ body: (PostgresConnection) throws -> Result
    ) throws -> Result {
        guard places.wait(timeout: .now() + options.busySeconds) == .success else {
            let reason = "all \(options.connections) connections are in use; try again later"
            throw PostgresFailure(.busy, reason)
        }
        defer { places.signal() }
        let connection = try started(prelude)
        defer { giveBack(connection) }
        return try body(connection)
    }

    /// Closes the connections that nobody uses.
    func close() { idle.withLock { $0 = [] } }

    private func started(_ prelude: String) throws -> PostgresConnection {
        while let known = idle.withLock({ $0.popLast() }) {
            do {
                try known.script(prelude)
                return known
            } catch let error as PostgresFailure where error.error.code != .unavailable {
                giveBack(known)
                throw error
            } catch {}
        }
        let fresh = try PostgresConnection(conninfo, lockSeconds: options.busySeconds)
        try fresh.script(prelude)
        return fresh
    }

    private func giveBack(_ connection: PostgresConnection) {
        guard connection.isReusable else { return }
        idle.withLock { $0.append(connection) }
    }
}
