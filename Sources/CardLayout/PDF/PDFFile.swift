import TicketSeal
import UnionTicket

/// Where a PDF's bytes go: a new file, hashed as it is written.
final class PDFFile {
    private let file: HashedFile
    /// The object being written.
    private var object: [UInt8] = []
    /// Where each object begins; 0 for a number that was not used.
    private var offsets: [Int] = []

    /// Makes the file; `capacity` is how many objects are expected.
    init(path: String, capacity: Int) throws {
        offsets.reserveCapacity(capacity)
        file = try HashedFile(path: path)
        object.append("%PDF-1.6\n%")
        try file.add(object + [0xE2, 0xE3, 0xCF, 0xD3, 0x0A])
        object.removeAll()
    }

    /// Begins an object whose number was reserved or is the next.
    func begin(_ number: Int) {
        while offsets.count < number { offsets.append(0) }
        offsets[number - 1] = file.count
        object.removeAll(keepingCapacity: true)
        object.append(decimal: number)
        object.append(" 0 obj\n")
    }

    func add(_ bytes: [UInt8]) { object += bytes }
    func add(_ text: String) { object.append(contentsOf: text.utf8) }
    func add(decimal: Int) { object.append(decimal: decimal) }

    func end() throws {
        object.append("\nendobj\n")
        try file.add(object)
    }

    /// A dictionary or array object.
    func object(_ number: Int, _ text: String) throws {
        begin(number)
        add(text)
        try end()
    }

    /// A stream object; `entries` stand beside its length.
    func stream(_ number: Int, _ entries: String, _ bytes: [UInt8]) throws {
        begin(number)
        add("<<")
        add(entries)
        add("/Length ")
        add(decimal: bytes.count)
        add(">>stream\n")
        add(bytes)
        add("\nendstream")
        try end()
    }

    /// Cross-reference table and trailer.
    func finish(root: Int, info: Int, id: [UInt8]) throws -> Manifest.File {
        let start = file.count
        object.removeAll(keepingCapacity: true)
        add("xref\n0 \(offsets.count + 1)\n0000000000 65535 f \n")
        for offset in offsets {
            add(padded(offset, 10))
            add(offset == 0 ? " 00000 f \n" : " 00000 n \n")
        }
        let hex = Hex.text(id)
        add(
            "trailer\n<</Size \(offsets.count + 1)/Root \(root) 0 R/Info \(info) 0 R"
                + "/ID[<\(hex)><\(hex)>]>>\nstartxref\n\(start)\n%%EOF\n"
        )
        try file.add(object)
        return try file.finish()
    }
}
