import Synchronization

/// Counters and times of the service, in Prometheus' text format 0.0.4.
///
/// Labels are route templates, methods and statuses: never a path, a client's name or an address, and
/// never more series than there are routes.
final class ServiceMetrics: Sendable {
    private struct Series: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    fileprivate struct Times {
        var buckets = [UInt64](repeating: 0, count: ServiceMetrics.bounds.count)
        var count: UInt64 = 0
        var sum = 0.0
    }

    private struct State {
        var requests: [Series: UInt64] = [:]
        var times: [String: Times] = [:]
        var gauges: [String: Double] = [:]
        var counters: [String: UInt64] = [:]
    }

    /// Upper bounds of the buckets, seconds.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

    private let state = Mutex(State())
    private let active = Atomic<Int>(0)

    /// A request begins.
    func begin() { active.add(1, ordering: .relaxed) }

    /// A request was answered.
    func end(route: String, method: String, status: Int, after time: Duration) {
        active.subtract(1, ordering: .relaxed)
        let seconds = time / .seconds(1)
        let bucket = Self.bounds.firstIndex { seconds <= $0 }
        state.withLock { state in
            state.requests[Series(route: route, method: method, status: status), default: 0] += 1
            state.times[route, default: Times()].add(seconds, bucket)
        }
    }

    /// Sets a value that goes up and down; the name as Prometheus wants it.
    func set(_ name: String, _ value: Double) { state.withLock { $0.gauges[name] = value } }

    /// Adds to a value that only goes up.
    func add(_ name: String, _ count: UInt64 = 1) {
        state.withLock { $0.counters[name, default: 0] += count }
    }

    /// Everything as text; `load` is how many blocking jobs wait or run.
    func exposition(load: Int) -> String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        func family(_ name: String, _ kind: String, _ help: String, _ samples: [String]) {
            guard !samples.isEmpty else { return }
            lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(kind)"] + samples
        }
        family(
            "profbilet_requests_total",
            "counter",
            "Requests answered.",
            state.requests.map { series, count in
                "profbilet_requests_total{route=\"\(series.route)\",method=\"\(series.method)\","
                    + "status=\"\(series.status)\"} \(count)"
            }.sorted()
        )
        family(
            "profbilet_request_seconds",
            "histogram",
            "Time from the request's head to its answer.",
            state.times.sorted { $0.key < $1.key }.flatMap { $1.samples($0) }
        )
        family(
            "profbilet_requests_active",
            "gauge",
            "Requests being answered.",
            ["profbilet_requests_active \(active.load(ordering: .relaxed))"]
        )
        family(
            "profbilet_blocking_jobs",
            "gauge",
            "Register calls that wait or run.",
            ["profbilet_blocking_jobs \(load)"]
        )
        for (name, value) in state.counters.sorted(by: { $0.key < $1.key }) {
            family(name, "counter", "See docs/service.md.", ["\(name) \(value)"])
        }
        for (name, value) in state.gauges.sorted(by: { $0.key < $1.key }) {
            family(name, "gauge", "See docs/service.md.", ["\(name) \(value)"])
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ServiceMetrics.Times {
    fileprivate mutating func add(_ seconds: Double, _ bucket: Int?) {
        count += 1
        sum += seconds
        if let bucket { buckets[bucket] += 1 }
    }

    fileprivate func samples(_ route: String) -> [String] {
        var total: UInt64 = 0
        let name = "profbilet_request_seconds"
        var lines = zip(ServiceMetrics.bounds, buckets).map { bound, count in
            total += count
            return "\(name)_bucket{route=\"\(route)\",le=\"\(bound)\"} \(total)"
        }
        lines.append("\(name)_bucket{route=\"\(route)\",le=\"+Inf\"} \(count)")
        lines.append("\(name)_sum{route=\"\(route)\"} \(sum)")
        lines.append("\(name)_count{route=\"\(route)\"} \(count)")
        return lines
    }
}
