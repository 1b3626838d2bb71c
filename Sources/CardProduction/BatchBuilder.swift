import CardLayout
import Foundation
public import Registry
import Roster
import TicketSeal
import UnionTicket

/// Builds the packages of an approved batch (production.md § 3).
///
/// Everything is written under a hidden name and renamed, so that a package is whole or absent. Parts
/// that a killed build finished are kept; the next build goes on and gives the same bytes.
public final class BatchBuilder {
    /// Cards in one PDF at most.
    public static let partSize = BatchBook.cardsPerPart
    private static let chunk = 320

    private let register: Register
    private let book: BatchBook
    private let batch: BatchBook.Batch
    private let terms: BatchTerms
    private let key: BatchBook.SigningKeyHandle
    private let working: String
    private var manufacturerFiles: [Manifest.File] = []
    private var unionFiles: [Manifest.File] = []
    private var parcels: [Parcel] = []
    private var proof: [CardRecord] = []
    private var longest: (length: Int, record: CardRecord)?
    private var samples: Set<Int> = []
    private let lists: HandOutLists
    private let fonts: TextDocument.Fonts

    /// One primary organisation's cards.
    struct Parcel {
        let number: Int
        let organisation: OrganisationCode
        let name: String
        let region: String
        let first: Int
        var last: Int
        var count: Int { last - first + 1 }
    }

    /// A builder of an approved batch.
    ///
    /// - Throws: ``ProductionError`` when the layout changed or the agreement has ended.
    public init(_ register: Register, _ id: Int64, secrets: SigningSecrets) throws {
        self.register = register
        book = BatchBook(register)
        batch = try book.batch(id)
        terms = try BatchTerms.of(batch)
        try terms.requireAgreement(on: book.now.moscowDate)
        key = try book.packageKey(secrets)
        working = book.folder + "/." + batch.name + ".building"
        fonts = try TextDocument.Fonts(folder: terms.layout.folder)
        lists = HandOutLists(batch, fonts, working)
    }

    /// Builds what is not built yet.
    public func build(
        by user: SignedInUser,
        progress: (Progress) -> Void = { _ in }
    ) throws -> Result {
        try book.requireIssuer(user)
        // A closed batch's data were destroyed here and at the plant: they are not written again.
        guard batch.state != .cancelled, batch.state != .closed else {
            throw ProductionError(
                "Партия \(batch.name) отменена или закрыта: собирать нечего.",
                "Batch \(batch.name) is cancelled or closed: there is nothing to build."
            )
        }
        if BatchBook.isBeforeSealing(batch.state) { try book.requireLivingConsents(batch) }
        try makeDirectory(book.folder)
        let lock = try BatchLock(
            path: book.folder + "/." + batch.name + ".lock",
            batch: batch.name
        )
        defer { withExtendedLifetime(lock) {} }
        let folder = book.folder + "/" + batch.name
        let manifestPath = folder + "/manufacturer/manifest.json"
        if FileManager.default.fileExists(atPath: manifestPath) {
            let hash = try HashedFile.hash(manifestPath).sha256
            try note(hash, by: user)
            return Result(folder: folder, manifest: hash, wasBuilt: true)
        }
        guard batch.approvedAt != nil else {
            throw ProductionError(
                "Партия \(batch.name) ещё не одобрена: profbilet batch approve \(batch.id).",
                "Batch \(batch.name) is not approved yet: profbilet batch approve \(batch.id)."
            )
        }
        _ = try HashedFile.write(
            Array(key.certificate.utf8),
            to: book.folder + "/package-signer.pem"
        )
        try makeDirectory(working + "/manufacturer")
        try makeDirectory(working + "/union/handover")
        try removeStrangers()
        try cards(progress)
        try writeProof()
        try PackageDocuments(batch, terms, parcels, working, fonts).write(
            manufacturer: &manufacturerFiles,
            union: &unionFiles
        )
        try writeManifest("manufacturer", manufacturerFiles)
        let hash = try HashedFile.hash(working + "/manufacturer/manifest.json").sha256
        try writeManifest("union", unionFiles)
        try? FileManager.default.removeItem(atPath: working + "/parts")
        // On the disk before the final name is: a package that can be seen is whole.
        HashedFile.synchronise()
        guard unsafe rename(working, folder) == 0 else { throw FileFailure(folder) }
        HashedFile.synchronise()
        try note(hash, by: user)
        return Result(folder: folder, manifest: hash, wasBuilt: false)
    }

    private func note(_ hash: String, by user: SignedInUser) throws {
        guard batch.state == .approved else { return }
        try book.advance(batch.id, to: .built, manifest: Hex.bytes(hash) ?? [], by: user)
    }

    // MARK: Cards

    private func cards(_ progress: (Progress) -> Void) throws {
        samples = sampleSequences()
        let data = try HashedFile(path: working + "/manufacturer/personalization.csv")
        try data.add(terms.profile.encoding.mark)
        var head: [UInt8] = []
        let titles = terms.profile.columns.map(\.title)
        _ = DataLine.append(titles, terms.profile, to: &head)
        try data.add(head)
        let workbook =
            terms.profile.hasWorkbook
            ? try Workbook(path: working + "/manufacturer/personalization.xlsx") : nil
        try workbook?.add(titles)
        let chips = terms.specification.chip == .none ? nil : try chipFile()
        var done = 0
        var part = 0
        var pdfs: [Manifest.File] = []
        while done < batch.cards {
            part += 1
            let size = min(Self.partSize, batch.cards - done)
            let name = "cards-" + padded(part, 3) + ".pdf"
            let standing = try finished(name)
            let file =
                standing == nil
                ? try CardFile(
                    path: working + "/manufacturer/" + name,
                    layout: terms.layout,
                    title: "\(batch.title) · \(batch.name)/\(part)",
                    cards: size
                ) : nil
            var inPart = 0
            var next = try chunk(from: done + 1, in: size)
            while let (cards, records) = next {
                // Drawn on both cores while the lines are written and the next cards are read.
                let drawing = file?.draw(records)
                var lines: [UInt8] = []
                for (card, record) in zip(cards, records) {
                    try note(card, record, &lines, workbook, chips)
                }
                try data.add(lines)
                inPart += cards.count
                next = try chunk(from: done + inPart + 1, in: size - inPart)
                if let file, let drawing { try file.append(drawing) }
                progress(Progress(done: done + inPart, total: batch.cards))
            }
            if let file {
                pdfs.append(try file.finish())
                try remember(pdfs[pdfs.count - 1])
            } else if let standing {
                pdfs.append(standing)
            }
            done += size
        }
        try lists.finish()
        unionFiles += lists.files
        manufacturerFiles.append(try data.finish())
        manufacturerFiles += pdfs
        if let workbook {
            try workbook.finish()
            manufacturerFiles.append(try file("manufacturer/personalization.xlsx"))
        }
        if let chips { manufacturerFiles.append(try chips.finish()) }
    }

    /// At most ``chunk`` cards with what they show; nil when `rest` is none.
    private func chunk(
        from first: Int,
        in rest: Int
    ) throws -> (cards: [BatchBook.Card], records: [CardRecord])? {
        guard rest > 0 else { return nil }
        let cards = try book.cards(batch, from: first, count: min(Self.chunk, rest))
        return (
            cards,
            cards.map { terms.record($0.record, carrier: $0.carrier, payload: $0.payload) }
        )
    }

    private func note(
        _ card: BatchBook.Card,
        _ record: CardRecord,
        _ lines: inout [UInt8],
        _ workbook: Workbook?,
        _ chips: HashedFile?
    ) throws {
        let cells = DataLine.texts(
            of: record,
            sequence: card.sequence,
            parcel: card.parcel,
            terms.profile
        )
        let missing = DataLine.append(cells, terms.profile, to: &lines)
        guard missing.isEmpty else {
            throw ProductionError(
                "Карта \(card.sequence): в кодировке \(terms.profile.encoding.rawValue) нет её букв.",
                "Card \(card.sequence): \(terms.profile.encoding.rawValue) lacks its letters."
            )
        }
        try workbook?.add(cells)
        if let chips { try chips.add(chipLine(card)) }
        let name = card.record.name
        let length = name.last.count + name.first.count + (name.patronymic?.count ?? 0)
        if length > longest?.length ?? 0 { longest = (length, record) }
        if samples.contains(card.sequence) { proof.append(record) }
        if parcels.last?.number != card.parcel {
            parcels.append(
                Parcel(
                    number: card.parcel,
                    organisation: card.organisation,
                    name: card.record.organisation,
                    region: card.record.region,
                    first: card.sequence,
                    last: card.sequence
                )
            )
        }
        parcels[parcels.count - 1].last = card.sequence
        try lists.add(card)
    }

    private func chipFile() throws -> HashedFile {
        let file = try HashedFile(path: working + "/manufacturer/encoding.csv")
        try file.add(Array("sequence;carrier;ndef;key\r\n".utf8))
        return file
    }

    /// The key is a reference: the manufacturer and the union hold keys elsewhere, never in a file.
    private func chipLine(_ card: BatchBook.Card) -> [UInt8] {
        let message = NDEFMessage.encode(
            url: terms.specification.url,
            carrier: card.carrier,
            payload: card.payload
        )
        let key = terms.specification.chip == .ntag424 ? "\(batch.name)/ntag424/1" : ""
        return Array(
            "\(card.sequence);\(card.carrier.digits);\(Hex.text(message));\(key)\r\n".utf8
        )
    }

    // MARK: Resuming

    /// Removes what a killed build left half written; finished parts stay.
    private func removeStrangers() throws {
        try makeDirectory(working + "/parts")
        let kept = Set(try FileManager.default.contentsOfDirectory(atPath: working + "/parts"))
        for folder in ["/manufacturer", "/union", "/union/handover"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: working + folder)
            where !kept.contains(name) && name != "handover" {
                try FileManager.default.removeItem(atPath: working + folder + "/" + name)
            }
        }
    }

    /// A part that an earlier build finished under the same plan, checked by its hash.
    private func finished(_ name: String) throws -> Manifest.File? {
        guard let note = FileManager.default.contents(atPath: working + "/parts/" + name) else {
            return nil
        }
        let words = String(decoding: note, as: UTF8.self).split(separator: " ")
        let path = working + "/manufacturer/" + name
        guard words.count == 2, words[0] == Hex.text(batch.planHash),
            let found = try? HashedFile.hash(path), found.sha256 == words[1]
        else { return nil }
        return Manifest.File(name: name, bytes: found.bytes, sha256: found.sha256)
    }

    private func remember(_ file: Manifest.File) throws {
        let path = working + "/parts/" + file.name
        let text = Hex.text(batch.planHash) + " " + file.sha256
        _ = try HashedFile.write(Array(text.utf8), to: path + ".new")
        guard unsafe rename(path + ".new", path) == 0 else { throw FileFailure(path) }
    }

    // MARK: Proof and manifests

    /// First, last and ten more, the same on every build of this plan.
    private func sampleSequences() -> Set<Int> {
        var chosen: Set = [1, batch.cards]
        let hash = batch.planHash
        for round in 0..<10 where hash.count >= 32 {
            let digest = SHA256Digest.of(hash + [UInt8(round)])
            let number = digest.prefix(7).reduce(0) { $0 << 8 | Int($1) }
            chosen.insert(1 + number % batch.cards)
        }
        return chosen
    }

    private func writeProof() throws {
        if let longest, !proof.contains(longest.record) { proof.append(longest.record) }
        let path = working + "/manufacturer/proof.pdf"
        let file = try CardFile(
            path: path,
            layout: terms.layout,
            title: "\(batch.title) · \(batch.name) · proof",
            cards: proof.count
        )
        try file.add(proof)
        manufacturerFiles.append(try file.finish())
        let pages = try PageReader.read(path, cards: 1...proof.count)
        for (record, page) in zip(proof, pages) {
            let wanted = record.qrPrefix + record.qrDigits
            guard page.faults.isEmpty, page.texts == [wanted] else {
                throw ProductionError(
                    "Контрольный отпечаток не читается: QR на странице \(page.page) файла proof.pdf не "
                        + "совпал с данными. Пакет не собран.",
                    "The proof does not read back: the QR on page \(page.page) of proof.pdf is not the "
                        + "data's. No package was made."
                )
            }
        }
    }

    private func writeManifest(_ package: String, _ files: [Manifest.File]) throws {
        var counts = ["cards": batch.cards, "parcels": parcels.count]
        for parcel in parcels {
            counts["organisation/\(parcel.organisation)", default: 0] += parcel.count
            counts["region/\(parcel.organisation.regional)", default: 0] += parcel.count
        }
        let profile = terms.profile
        let manifest = Manifest(
            kind: "batch-\(package)",
            id: batch.name,
            sequence: Int(batch.id),
            previous: nil,
            created: batch.approvedAt ?? batch.plannedAt,
            files: files.sorted { $0.name < $1.name },
            counts: counts,
            kids: [try book.payloadKid(batch)],
            extra: [
                "agreement": terms.specification.agreement.id,
                "chip": terms.specification.chip.rawValue,
                "columns": profile.columns.map(\.column.rawValue).joined(separator: ","),
                "encoding": profile.encoding.rawValue,
                "first": "1",
                "last": "\(batch.cards)",
                "layout": "\(terms.layout.id)/\(terms.layout.revision)",
                "layoutHash": terms.layout.hash,
                "manufacturer": terms.specification.agreement.manufacturer,
                "plan": Hex.text(batch.planHash),
                "profile": profile.id,
                "separator": String(profile.separator),
                "text": terms.layout.hasLiveText ? "live" : "curves",
                "validUntil": terms.specification.validUntil.iso,
            ]
        )
        let bytes = try manifest.encoded()
        let folder = working + "/" + package
        _ = try HashedFile.write(try key.sign(manifest: bytes), to: folder + "/manifest.json.cose")
        _ = try HashedFile.write(
            try key.signCMS(manifest: bytes),
            to: folder + "/manifest.json.p7s"
        )
        _ = try HashedFile.write(bytes, to: folder + "/manifest.json")
    }

    private func file(_ name: String) throws -> Manifest.File {
        let found = try HashedFile.hash(working + "/" + name)
        return Manifest.File(
            name: URL(filePath: name).lastPathComponent,
            bytes: found.bytes,
            sha256: found.sha256
        )
    }

    private func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch { throw FileFailure(path) }
    }
}
