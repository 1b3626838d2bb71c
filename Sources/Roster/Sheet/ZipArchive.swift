import CZip
import UnionTicket

/// A ZIP container opened for reading; parts are unpacked a chunk at a time and never beyond a bound.
@safe
final class ZipArchive {
    private let archive: OpaquePointer

    /// Opens the container of an XLSX.
    init(path: String) throws(RosterError) {
        var code: Int32 = 0
        guard let opened = unsafe zip_open(path, ZIP_RDONLY, &code) else { throw Self.damaged }
        unsafe archive = opened
    }

    deinit { unsafe zip_discard(archive) }

    /// Whether the container has the part.
    func has(_ name: String) -> Bool { unsafe zip_name_locate(archive, name, 0) >= 0 }

    /// Opens a part whose unpacked size must stay within `limit` bytes.
    func part(_ name: String, limit: UInt64) throws(RosterError) -> ZipPart {
        var status = unsafe zip_stat_t()
        guard unsafe zip_stat(archive, name, 0, &status) == 0,
            let file = unsafe zip_fopen(archive, name, 0)
        else { throw Self.damaged }
        let part = unsafe ZipPart(
            archive: self,
            file: file,
            limit: limit,
            packedSize: status.comp_size
        )
        if unsafe status.size > limit || part.isBomb(at: status.size) { throw Self.tooLarge }
        return part
    }

    static var damaged: RosterError {
        RosterError(
            .zipDamaged,
            Bilingual(
                "Файл XLSX повреждён или оборван: сохраните его заново.",
                "The XLSX file is damaged or cut short: save it again."
            )
        )
    }

    static var tooLarge: RosterError {
        RosterError(
            .sheetTooLarge,
            Bilingual(
                "Часть книги XLSX распаковывается сверх меры: сохраните таблицу как CSV.",
                "A part of the XLSX unpacks to too much: save the table as CSV."
            )
        )
    }
}

/// One part of a container while it is being unpacked.
@safe
final class ZipPart {
    private let archive: ZipArchive
    private let file: OpaquePointer
    private let limit: UInt64
    private let packedSize: UInt64
    private var total: UInt64 = 0

    /// Honest sheets pack 5…40 to 1; beyond this ratio, past a start of 16 MiB, it is a bomb.
    private static let ratioLimit: UInt64 = 300
    private static let ratioStart: UInt64 = 1 << 24

    init(archive: ZipArchive, file: OpaquePointer, limit: UInt64, packedSize: UInt64) {
        self.archive = archive
        unsafe self.file = file
        self.limit = limit
        self.packedSize = packedSize
    }

    deinit { _ = unsafe zip_fclose(file) }

    /// Whether so many unpacked bytes are out of proportion.
    func isBomb(at size: UInt64) -> Bool {
        size > Self.ratioStart && size / max(1, packedSize) > Self.ratioLimit
    }

    /// The next bytes, empty at the end.
    func read(_ count: Int) throws(RosterError) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: count)
        let got = unsafe chunk.withUnsafeMutableBytes { target in
            unsafe zip_fread(file, target.baseAddress, UInt64(target.count))
        }
        guard got >= 0 else { throw ZipArchive.damaged }
        total += UInt64(got)
        if total > limit || isBomb(at: total) { throw ZipArchive.tooLarge }
        chunk.removeLast(count - Int(got))
        return chunk
    }
}
