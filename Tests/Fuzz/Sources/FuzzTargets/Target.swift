import Foundation
import Roster
import TicketSeal
import UnionTicket

/// What one run of the fuzzer feeds; chosen by FUZZ_TARGET.
enum Target: String, CaseIterable {
    case text, cose, publication, csv, xlsx, json, sealed
    /// Traps on a magic word: shows that the harness finds crashes at all.
    case planted

    static let chosen =
        Target(
            rawValue: ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? "text"
        ) ?? .text

    /// Keys whose private part is fixed, so that seeds can hold payloads that verify.
    static let keys = TrustedKeys(
        [COSEAlgorithm.edDSA, .es256].compactMap {
            SigningKey(algorithm: $0, privateBytes: [UInt8](repeating: 7, count: 32))?.publicKey
        }.map(TrustedKey.init(bare:))
    )
    static let instant = Instant(seconds: 1_800_000_000)
    static let scratch = "/dev/shm/profbilet-fuzz-\(getpid())"

    func run(_ bytes: [UInt8]) {
        switch self {
        case .text:
            _ = TicketJudge(keys: Self.keys).judge(
                text: String(decoding: bytes, as: UTF8.self),
                at: Self.instant
            )
            _ = TypedNumber(String(decoding: bytes, as: UTF8.self))
        case .cose:
            _ = TicketJudge(keys: Self.keys).judge(bytes: bytes, at: Self.instant)
            if let item = try? CBOR(decoding: bytes) {
                precondition(
                    (try? CBOR(decoding: item.encoded)) != nil,
                    "written CBOR must read back"
                )
            }
        case .publication:
            _ = Inspection(bytes: bytes, keys: Self.keys, at: Self.instant)
            _ = TrustedKeys(file: bytes)
            _ = Manifest(decoding: bytes)
        case .csv, .xlsx, .json: readRoster(bytes)
        case .sealed:
            // Bytes 6…8 are scrypt's cost: keep it low, or every run takes a second.
            var file = bytes
            if file.count > 6, file[6] > 10 { file[6] = 10 }
            _ = try? SealedFile.open(file, passphrase: "x", purpose: .masterKey)
        case .planted: if bytes.starts(with: Array("PB!".utf8)) { fatalError("planted") }
        }
    }

    private func readRoster(_ bytes: [UInt8]) {
        guard FileManager.default.createFile(atPath: Self.scratch, contents: Data(bytes)),
            let reader = try? RosterReader.open(Self.scratch, today: CalendarDate(day: 18_604))
        else { return }
        while let rows = try? reader.next(512), !rows.isEmpty {}
    }
}

/// The function libFuzzer calls.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    Target.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
