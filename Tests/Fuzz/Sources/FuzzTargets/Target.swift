import CardLayout
import CardProduction
import CardReader
import Foundation
import Roster
import TicketSeal
import UnionTicket

/// What one run of the fuzzer feeds; chosen by FUZZ_TARGET.
enum Target: String, CaseIterable {
    case text, cose, publication, csv, xlsx, json, sealed, layout, art, batch, profile, apdu
    case ndef, snapshot, journal, replay, body, chunk, proof, report, partner
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
        case .layout: readLayout(bytes)
        case .art: readArt(bytes)
        case .batch:
            let text = String(decoding: bytes, as: UTF8.self)
            _ = try? BatchSpecification(text: text, file: "batch.yaml")
        case .profile:
            let text = String(decoding: bytes, as: UTF8.self)
            _ = try? ManufacturerProfile(text: text, file: "profile.yaml")
        case .apdu: talk(bytes)
        case .ndef:
            if let message = try? NDEFMessage(decoding: bytes) {
                _ = message.uri
                _ = message.signedPayload
            }
        case .snapshot: StationTarget.snapshot(bytes)
        case .journal: StationTarget.journal(bytes)
        case .replay: StationTarget.replay(bytes)
        case .body: ServiceTarget.body(bytes)
        case .chunk: ServiceTarget.chunk(bytes)
        case .proof: ServiceTarget.proof(bytes)
        case .report: PaperTarget.report(bytes)
        case .partner: PaperTarget.partner(bytes)
        case .planted: if bytes.starts(with: Array("PB!".utf8)) { fatalError("planted") }
        }
    }

    /// The YAML by itself, every entry asked for what it is not; then as a layout, drawn by its lint.
    private func readLayout(_ bytes: [UInt8]) {
        let description = DescriptionFile(file: "layout.yaml")
        let root = description.root(String(decoding: bytes, as: UTF8.self))
        description.allow(root, ["format"])
        for (_, entry) in description.members(root) {
            _ = description.text(entry)
            _ = description.flag(entry)
            _ = description.number(entry, 0...100)
            _ = description.integer(entry, 0...100)
            for element in description.elements(entry) { _ = description.members(element) }
        }
        write(bytes, "layout.yaml")
        _ = try? CardLayout.read(folder: Self.folder)
    }

    /// The art's reader is reached through a layout that holds nothing else.
    private func readArt(_ bytes: [UInt8]) {
        write(bytes, "art/front.svg")
        _ = try? CardLayout.read(folder: Self.folder)
    }

    private func write(_ bytes: [UInt8], _ name: String) {
        _ = FileManager.default.createFile(
            atPath: Self.folder + "/" + name,
            contents: Data(bytes)
        )
    }

    /// A layout's folder: plain art, no fonts, and just enough of a colour profile to be taken.
    static let folder: String = {
        let folder = scratch + ".layout"
        let files = FileManager.default
        try? files.createDirectory(atPath: folder + "/art", withIntermediateDirectories: true)
        var profile = [UInt8](repeating: 0, count: 256)
        profile.replaceSubrange(16..<20, with: Array("CMYK".utf8))
        profile.replaceSubrange(36..<40, with: Array("acsp".utf8))
        let layout = """
            format: card-layout/1
            id: fuzz
            revision: 1
            title: fuzz
            card: {width: 85.60, height: 53.98, radius: 3.18, bleed: 2.0, safe: 3.0}
            print: {intent: FOGRA39, profile: FOGRA39L.icc, max-ink: 300}
            palette:
              navy: {svg: "#12305f", cmyk: [100, 82, 30, 16]}
              amber: {svg: "#f3a83b", cmyk: [0, 40, 85, 0]}
              faint: {svg: "#193867", cmyk: [97, 78, 28, 14]}
              white: {svg: "#ffffff", cmyk: [0, 0, 0, 0]}
              black: {svg: "#000000", cmyk: [0, 0, 0, 100]}
            fonts: {}
            fields: {}
            sides: {front: {art: art/front.svg, items: []}, back: {art: art/back.svg, items: []}}
            lint: {min-text: 6, min-module: 0.40, longest: {}}
            """
        let art = "<svg viewBox=\"-2 -2 89.6 57.98\"/>"
        for (name, bytes) in [
            ("layout.yaml", Array(layout.utf8)), ("FOGRA39L.icc", profile),
            ("art/front.svg", Array(art.utf8)), ("art/back.svg", Array(art.utf8)),
        ] {
            _ = files.createFile(atPath: folder + "/" + name, contents: Data(bytes))
        }
        return folder
    }()

    /// The bytes as a command, and as a card that answers with them whatever it is asked.
    private func talk(_ bytes: [UInt8]) {
        if let command = try? APDUCommand(decoding: bytes) {
            precondition(
                (try? APDUCommand(decoding: command.encoded)) == command,
                "a written command must read back"
            )
        }
        _ = try? APDUTranscript(text: String(decoding: bytes, as: UTF8.self))
        for atr in [[], Self.storage] {
            _ = try? ChipExaminer(keys: Self.chipKeys, atr: atr).examine(FuzzedCard(bytes))
        }
    }

    private static let chipKeys = ChipKeyring([ChipKeyring.KeySet(random: "fuzz")])
    /// An answer to reset that makes the examiner ask for pages first.
    private static let storage: [UInt8] = [
        0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 3, 6, 3, 0, 3, 0, 0, 0, 0, 0x68,
    ]

    private func readRoster(_ bytes: [UInt8]) {
        guard FileManager.default.createFile(atPath: Self.scratch, contents: Data(bytes)),
            let reader = try? RosterReader.open(Self.scratch, today: CalendarDate(day: 18_604))
        else { return }
        while let rows = try? reader.next(512), !rows.isEmpty {}
    }
}

/// A card whose answers, each behind its length in two bytes, come from the fuzzer.
final class FuzzedCard: APDUExchange {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        guard rest.count >= 2 else { throw ReaderFailure(.cardGone) }
        let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
        let answer = Array(rest.prefix(length))
        rest = rest.dropFirst(length)
        return answer
    }
}

/// The function libFuzzer calls.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    Target.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
