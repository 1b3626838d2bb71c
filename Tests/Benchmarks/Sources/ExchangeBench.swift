import CardReader

/// `profbilet-bench exchange READER COUNT`: the driver's own time for one exchange, as exchange.c measures the bare
/// one; prints the nanoseconds of each.
enum ExchangeBench {
    static func run(_ reader: String, _ count: Int) async throws {
        let times = try await CardSession.run(on: ReaderName(reader)) {
            exchange throws(ReaderFailure) in
            let channel = APDUChannel(over: exchange)
            let name: [UInt8] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01]
            for command in [
                APDUCommand(0x00, 0xA4, 0x04, 0x00, data: name, expected: 256),
                APDUCommand(0x00, 0xA4, 0x00, 0x0C, data: [0xE1, 0x03]),
            ] {
                guard try channel.send(command).isSuccess else { throw ReaderFailure(.unexpected) }
            }
            var times: [Duration] = []
            let clock = ContinuousClock()
            for _ in 0..<count {
                let start = clock.now
                let answer = try channel.send(APDUCommand(0x00, 0xB0, 0, 0, expected: 15))
                times.append(start.duration(to: clock.now))
                guard answer.isSuccess else { throw ReaderFailure(.unexpected) }
            }
            return times
        }
        for time in times { print(time.components.attoseconds / 1_000_000_000) }
    }
}
