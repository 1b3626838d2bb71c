import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// The live channel to open pages: server-sent events (WHATWG HTML § 9.2).
///
/// `status` and `verdict` carry JSON, `beat` only says that the station lives: a page that hears
/// nothing for three beats shows "no connection" and lets nobody in.
final class KioskEvents: Sendable {
    private static let mostPages = 8
    private let desk: any StationDesk
    private let heartbeat: Duration
    private let pages = Mutex(0)

    init(desk: any StationDesk, heartbeat: Duration) {
        self.desk = desk
        self.heartbeat = heartbeat
    }

    /// Opens a channel for one page.
    ///
    /// - Returns: An answer that ends with the page, the desk or the server.
    /// - Throws: When too many pages are open.
    func stream() throws(KioskProblem) -> Response {
        let isOpen = pages.withLock { pages in
            guard pages < Self.mostPages else { return false }
            pages += 1
            return true
        }
        guard isOpen else { throw .tooManyPages }
        // Held by the body: a page that goes away before the first byte frees its place too.
        let place = Place(of: self)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8"],
            body: ResponseBody { [self] writer in
                try await write(to: &writer)
                try await writer.finish(nil)
                withExtendedLifetime(place) {}
            }
        )
    }

    @concurrent
    private func write(to writer: inout any ResponseBodyWriter) async throws {
        let (lines, sink) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(64))
        let changes = await desk.changes()
        try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
        try await writer.write(ByteBuffer(string: Self.text(.status(await desk.status()))))
        let beats = heartbeat
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await change in changes { sink.yield(Self.text(change)) }
                sink.finish()
            }
            group.addTask {
                while (try? await Task.sleep(for: beats)) != nil {
                    sink.yield("event: beat\ndata: {}\n\n")
                }
            }
            try await withGracefulShutdownHandler {
                for await line in lines { try await writer.write(ByteBuffer(string: line)) }
            } onGracefulShutdown: {
                sink.finish()
            }
            group.cancelAll()
        }
    }

    private static func text(_ event: DeskEvent) -> String {
        switch event {
        case .status(let status): "event: status\ndata: \(KioskAnswer.line(status) ?? "{}")\n\n"
        case .verdict(let verdict): "event: verdict\ndata: \(KioskAnswer.line(verdict) ?? "{}")\n\n"
        }
    }

    /// One open page's place; giving it back is its end of life.
    private final class Place: Sendable {
        private let events: KioskEvents

        init(of events: KioskEvents) { self.events = events }

        deinit { events.pages.withLock { $0 -= 1 } }
    }
}
