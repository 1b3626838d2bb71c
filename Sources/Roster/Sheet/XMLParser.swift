import CExpat
import UnionTicket

/// What happens while XML is parsed; names come without their namespace prefix.
protocol XMLEvents: AnyObject {
    /// An element begins.
    func start(_ name: String, _ attributes: XMLAttributes) throws(RosterError)
    /// An element ends.
    func end(_ name: String) throws(RosterError)
    /// Text inside the current element, perhaps in pieces.
    func text(_ bytes: UnsafeBufferPointer<UInt8>) throws(RosterError)
}

/// The attributes of an element; valid only during the call.
@safe
struct XMLAttributes {
    private let pairs: UnsafeMutablePointer<UnsafePointer<CChar>?>?

    init(_ pairs: UnsafeMutablePointer<UnsafePointer<CChar>?>?) { unsafe self.pairs = pairs }

    /// The value of an attribute; a prefix before the name does not matter.
    subscript(name: String) -> String? {
        guard var pair = unsafe pairs else { return nil }
        while let key = unsafe pair[0], let value = unsafe pair[1] {
            if unsafe XMLParser.local(String(cString: key)) == name {
                return unsafe String(cString: value)
            }
            unsafe pair += 2
        }
        return nil
    }
}

/// Feeds chunks to expat; document types and entities are refused, depth is bounded.
@safe
final class XMLParser {
    private let parser: XML_Parser
    private weak var events: (any XMLEvents)?
    private var failure: RosterError?
    private var depth = 0

    private static let depthLimit = 64

    /// A parser that reports to `events`.
    init(_ events: any XMLEvents) throws(RosterError) {
        guard let created = unsafe XML_ParserCreate(nil) else { throw Self.damaged }
        unsafe parser = created
        self.events = events
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe XML_SetUserData(parser, context)
        unsafe XML_SetElementHandler(
            parser,
            { unsafe XMLParser.of($0)?.start($1, $2) },
            { unsafe XMLParser.of($0)?.end($1) }
        )
        unsafe XML_SetCharacterDataHandler(parser) { unsafe XMLParser.of($0)?.text($1, $2) }
        unsafe XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
            unsafe XMLParser.of(context)?.fail(XMLParser.entity)
        }
    }

    deinit { unsafe XML_ParserFree(parser) }

    /// Parses one chunk; an empty one ends the document.
    func parse(_ chunk: [UInt8]) throws(RosterError) {
        let status = unsafe chunk.withUnsafeBytes { bytes in
            unsafe XML_Parse(
                parser,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(bytes.count),
                bytes.isEmpty ? 1 : 0
            )
        }
        if let failure { throw failure }
        guard status == XML_STATUS_OK else { throw Self.damaged }
    }

    /// Parses a whole small part.
    static func parse(_ part: ZipPart, _ events: any XMLEvents) throws(RosterError) {
        let parser = try XMLParser(events)
        while true {
            let chunk = try part.read(1 << 16)
            try parser.parse(chunk)
            if chunk.isEmpty { return }
        }
    }

    /// A name without its prefix.
    static func local(_ name: String) -> String {
        guard let colon = name.utf8.lastIndex(of: 0x3A) else { return name }
        return String(name[name.utf8.index(after: colon)...])
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> XMLParser? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<XMLParser>.fromOpaque(context).takeUnretainedValue()
    }

    private func start(
        _ name: UnsafePointer<CChar>?,
        _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    ) {
        guard failure == nil, let name = unsafe name else { return }
        depth += 1
        guard depth <= Self.depthLimit else { return fail(Self.damaged) }
        do {
            try events?.start(
                Self.local(unsafe String(cString: name)),
                unsafe XMLAttributes(attributes)
            )
        } catch {
            fail(error)
        }
    }

    private func end(_ name: UnsafePointer<CChar>?) {
        guard failure == nil, let name = unsafe name else { return }
        depth -= 1
        do {
            try events?.end(Self.local(unsafe String(cString: name)))
        } catch {
            fail(error)
        }
    }

    private func text(_ text: UnsafePointer<CChar>?, _ count: Int32) {
        guard failure == nil, let text = unsafe text else { return }
        do {
            try unsafe text.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
                bytes throws(RosterError) in
                try unsafe events?.text(UnsafeBufferPointer(start: bytes, count: Int(count)))
            }
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: RosterError) {
        if failure == nil { failure = error }
        unsafe XML_StopParser(parser, 0)
    }

    static var damaged: RosterError {
        RosterError(
            .sheetDamaged,
            Bilingual(
                "Внутри XLSX неправильный XML: сохраните файл заново.",
                "The XML inside the XLSX is not well-formed: save the file again."
            )
        )
    }

    private static var entity: RosterError {
        RosterError(
            .sheetEntity,
            Bilingual(
                "Внутри XLSX объявление типа документа: такие файлы не принимаются.",
                "The XLSX declares a document type: such files are not accepted."
            )
        )
    }
}
