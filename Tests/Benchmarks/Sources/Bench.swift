import CQREncode
import Crypto
import Dispatch
import Foundation
import TicketSeal
import UnionTicket

/// Prints one JSON line per figure: operations per second on one core, medians of five rounds; with
/// `station make|run FOLDER` what ``StationBench`` measures, with `service`, `publish` and `load` what
/// Tests/Benchmarks/service.py measures.
@main
struct Bench {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("exchange", 3): try await ExchangeBench.run(arguments[1], Int(arguments[2]) ?? 1)
        case ("station", 3):
            let bench = try StationBench(folder: arguments[2])
            if arguments[1] == "make" { try bench.make() } else { try await bench.run() }
        case ("envelope", 4): try EnvelopeBench.run(Array(arguments.dropFirst()))
        case ("service", 2...): try await ServiceBench(arguments[1]).serve(arguments.dropFirst(2))
        case ("publish", 3): try ServiceBench(arguments[1]).publish(to: arguments[2])
        case ("load", 2): try LoadBench(plan: arguments[1]).run()
        case (nil, _): try measure()
        default: throw CocoaError(.featureUnsupported)
        }
    }

    private static func measure() throws {
        let key = Curve25519.Signing.PrivateKey()
        let signing = try require(
            SigningKey(algorithm: .edDSA, privateBytes: Array(key.rawRepresentation))
        )
        let now = Instant(seconds: 1_800_000_000)
        let texts = try (0..<500).map { number -> String in
            let claims = TicketClaims(
                expiresAt: now + 86_400,
                carrier: try require(
                    CarrierNumber(
                        ticket: TicketNumber(
                            scheme: .production,
                            region: 26,
                            serial: UInt64(number) * 7_919
                        ),
                        issue: 1
                    )
                ),
                coordinate: try require(StatusCoordinate(list: 26, index: UInt32(number)))
            )
            return "HTTPS://EPB.EXAMPLE.RU/C/" + DigitText.encode(try claims.seal(with: signing))
        }
        let judge = TicketJudge(keys: TrustedKeys([TrustedKey(bare: signing.publicKey)]))
        let messages = (0..<500).map {
            Array("message of the usual length \($0)".utf8) + [UInt8](repeating: 1, count: 30)
        }
        let signatures = try messages.map { try key.signature(for: $0) }
        let verify = key.publicKey
        // In turn, and the median of each: a machine that stands still for a moment meets one of them.
        var rates: (verification: [Double], verdict: [Double]) = ([], [])
        for _ in 0..<9 {
            rates.verification.append(
                rounds(500) { verify.isValidSignature(signatures[$0], for: messages[$0]) }
            )
            rates.verdict.append(
                rounds(500) { judge.judge(text: texts[$0], at: now).verdict == .valid }
            )
        }
        report("verification", rates.verification.sorted()[4])
        report("verdict", rates.verdict.sorted()[4])
        report("signing on both cores", signingOnBothCores(key, messages))
        statusList()
        report("libqrencode on both cores", qrOnBothCores(texts))
    }

    /// libqrencode alone making our symbols of our texts: version 8, level M, the modes given.
    private static func qrOnBothCores(_ texts: [String]) -> Double {
        let started = DispatchTime.now().uptimeNanoseconds
        DispatchQueue.concurrentPerform(iterations: 2) { _ in
            for number in 0..<4_000 {
                let text = Array(texts[number % texts.count].utf8)
                let split = text.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0
                guard let input = unsafe QRinput_new2(8, QR_ECLEVEL_M) else { continue }
                let prefix = Array(text[..<split])
                let digits = Array(text[split...])
                unsafe QRinput_append(input, QR_MODE_AN, Int32(prefix.count), prefix)
                unsafe QRinput_append(input, QR_MODE_NUM, Int32(digits.count), digits)
                let code = unsafe QRcode_encodeInput(input)
                precondition(unsafe code?.pointee.width == 49, "libqrencode made another symbol")
                unsafe QRcode_free(code)
                unsafe QRinput_free(input)
            }
        }
        return 8_000 / seconds(since: started)
    }

    /// Packing of a region's list, a million carriers of which 2 % are dead.
    private static func statusList() {
        var list = StatusList(bits: 2, slots: StatusCoordinate.slots)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 { list[Int.random(in: 0..<list.count, using: &generator)] = 1 }
        report("zlib level 9 of a status list", rounds(5) { _ in !list.compressed().isEmpty })
    }

    private static func signingOnBothCores(
        _ key: Curve25519.Signing.PrivateKey,
        _ messages: [[UInt8]]
    ) -> Double {
        let started = DispatchTime.now().uptimeNanoseconds
        DispatchQueue.concurrentPerform(iterations: 2) { _ in
            for number in 0..<20_000 { _ = try? key.signature(for: messages[number % 500]) }
        }
        return 40_000 / seconds(since: started)
    }

    private static func rounds(_ count: Int, _ body: (Int) -> Bool) -> Double {
        let rates = (0..<5).map { _ in
            let started = DispatchTime.now().uptimeNanoseconds
            var right = 0
            for number in 0..<count where body(number) { right += 1 }
            precondition(right == count, "a measured operation went wrong")
            return Double(count) / seconds(since: started)
        }
        return rates.sorted()[2]
    }

    static func seconds(since start: UInt64) -> Double {
        Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }

    private static func report(_ name: String, _ rate: Double) {
        print("{\"name\": \"\(name)\", \"rate\": \(rate)}")
    }

    static func require<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw CocoaError(.featureUnsupported) }
        return value
    }
}
