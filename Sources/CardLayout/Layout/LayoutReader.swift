import Foundation
import TicketSeal
import UnionTicket

extension CardLayout {
    /// Reads and checks the layout in `folder`.
    ///
    /// - Throws: ``LayoutError`` with every fault, each with file and line.
    public static func read(folder: String) throws -> CardLayout {
        try LayoutReader(folder).read()
    }
}

/// Reads `layout.yaml` and what it names.
private final class LayoutReader {
    private let folder: String
    private let description: DescriptionFile
    private var findings: [LayoutFinding] = []
    private var hashed: [(name: String, bytes: [UInt8])] = []
    private var page = Box(x: 0, y: 0, width: 0, height: 0)

    init(_ folder: String) {
        self.folder = folder
        description = DescriptionFile(file: folder + "/layout.yaml")
    }

    func read() throws -> CardLayout {
        let bytes = try file(folder + "/layout.yaml", limit: 1 << 20)
        hashed.append(("layout.yaml", bytes))
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw LayoutError(description.file, nil, "Файл не в UTF-8.", "The file is not UTF-8.")
        }
        let layout = try description.root(text).flatMap(layout)
        findings += description.findings
        guard let layout, findings.isEmpty else { throw LayoutError(findings) }
        findings += LayoutLint(layout, description.file).findings
        guard findings.isEmpty else { throw LayoutError(findings) }
        return layout
    }

    private func file(_ path: String, limit: Int) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw LayoutError(
                path,
                nil,
                "Нет такого файла или он не читается.",
                "There is no such file, or it cannot be read."
            )
        }
        defer { try? handle.close() }
        let data = (try? handle.read(upToCount: limit + 1)) ?? Data()
        guard data.count <= limit else {
            throw LayoutError(path, nil, "Файл слишком велик.", "The file is too large.")
        }
        return Array(data)
    }

    private func layout(_ root: DescriptionFile.Entry) throws -> CardLayout? {
        let d = description
        d.allow(
            root,
            [
                "format", "id", "revision", "title", "card", "print", "palette", "fonts", "fields",
                "sides", "lint",
            ]
        )
        let format = d.text(d.member(root, "format"))
        if let format, format != "card-layout/1" {
            d.report(
                d.member(root, "format"),
                "нужно card-layout/1.",
                "card-layout/1 is needed."
            )
        }
        let id = d.text(d.member(root, "id"))
        let revision = d.integer(d.member(root, "revision"), 1...100_000)
        let title = d.text(d.member(root, "title"))
        let card = self.card(d.member(root, "card"))
        if let card {
            page = Box(
                x: -card.bleed,
                y: -card.bleed,
                width: card.width + 2 * card.bleed,
                height: card.height + 2 * card.bleed
            )
        }
        let print = self.print(d.member(root, "print"))
        let palette = self.palette(d.member(root, "palette"))
        let fonts = self.fonts(d.member(root, "fonts"))
        let fields = self.fields(d.member(root, "fields"))
        let lint = self.lint(d.member(root, "lint"))
        let sidesEntry = d.member(root, "sides")
        d.allow(sidesEntry, ["front", "back"])
        let sides = ["front", "back"].compactMap { name in
            side(name, d.member(sidesEntry, name), palette)
        }
        guard let id, let revision, let title, let card, let print, let lint, sides.count == 2
        else { return nil }
        var digest = SHA256Digest()
        for (name, bytes) in hashed.sorted(by: { $0.name < $1.name }) {
            digest.add(Array("\(name)\0\(bytes.count)\0".utf8))
            digest.add(bytes)
        }
        return CardLayout(
            id: id,
            revision: revision,
            title: title,
            hash: Hex.text(digest.value),
            folder: folder,
            card: card,
            print: print.terms,
            palette: palette,
            fonts: fonts,
            fields: fields,
            sides: sides,
            lint: lint,
            profile: print.profile
        )
    }

    private func card(_ entry: DescriptionFile.Entry?) -> CardLayout.Card? {
        let d = description
        d.allow(entry, ["size", "width", "height", "radius", "bleed", "safe"])
        if let size = d.text(d.member(entry, "size", isRequired: false)), size != "ID-1" {
            d.report(d.member(entry, "size"), "нужно ID-1.", "ID-1 is needed.")
        }
        guard let width = d.number(d.member(entry, "width"), 85.60...85.60),
            let height = d.number(d.member(entry, "height"), 53.98...53.98),
            let radius = d.number(d.member(entry, "radius"), 0...10),
            let bleed = d.number(d.member(entry, "bleed"), 1.5...5),
            let safe = d.number(d.member(entry, "safe"), 1...10)
        else { return nil }
        return .init(width: width, height: height, bleed: bleed, safe: safe, radius: radius)
    }

    private func print(
        _ entry: DescriptionFile.Entry?
    ) -> (terms: CardLayout.PrintTerms, profile: [UInt8])? {
        enum TextMode: String, CaseIterable { case live, curves }
        enum SymbolMode: String, CaseIterable { case mask, path }
        let d = description
        d.allow(
            entry,
            [
                "intent", "profile", "max-ink", "standard", "text", "symbols",
                "bar-width-reduction",
            ]
        )
        if let standard = d.text(d.member(entry, "standard", isRequired: false)),
            standard != "PDF/X-4"
        {
            d.report(d.member(entry, "standard"), "нужно PDF/X-4.", "PDF/X-4 is needed.")
        }
        let profileEntry = d.member(entry, "profile")
        guard let intent = d.text(d.member(entry, "intent")),
            let name = d.text(profileEntry),
            let maxInk = d.number(d.member(entry, "max-ink"), 100...400)
        else { return nil }
        let text = d.choice(d.member(entry, "text", isRequired: false), TextMode.self) ?? .live
        let symbols =
            d.choice(d.member(entry, "symbols", isRequired: false), SymbolMode.self) ?? .mask
        let reduction =
            d.number(d.member(entry, "bar-width-reduction", isRequired: false), 0...0.1) ?? 0
        let places = [folder + "/" + name, folder + "/../profiles/" + name]
        let path = places.first { FileManager.default.fileExists(atPath: $0) } ?? places[0]
        guard let profile = try? file(path, limit: 1 << 23) else {
            d.report(
                profileEntry,
                "нет файла профиля \(name) ни в каталоге макета, ни в profiles рядом с ним.",
                "there is no profile \(name), neither in the layout's folder nor in profiles beside it."
            )
            return nil
        }
        guard profile.count > 128, Array(profile[16..<20]) == Array("CMYK".utf8),
            Array(profile[36..<40]) == Array("acsp".utf8)
        else {
            d.report(profileEntry, "это не профиль CMYK.", "this is no CMYK profile.")
            return nil
        }
        hashed.append(("profile", profile))
        let terms = CardLayout.PrintTerms(
            intent: intent,
            maxInk: maxInk,
            textAsCurves: text == .curves,
            symbolsAsPaths: symbols == .path,
            barWidthReduction: reduction
        )
        return (terms, profile)
    }

    private func palette(_ entry: DescriptionFile.Entry?) -> [String: CardLayout.Colour] {
        let d = description
        var palette: [String: CardLayout.Colour] = [:]
        for (name, colour) in d.members(entry) {
            d.allow(colour, ["svg", "cmyk"])
            let svgEntry = d.member(colour, "svg")
            let parts = d.elements(d.member(colour, "cmyk")).compactMap { d.number($0, 0...100) }
            guard let svg = d.text(svgEntry)?.lowercased() else { continue }
            if svg.utf8.count != 7 || !svg.hasPrefix("#")
                || !svg.dropFirst().allSatisfy(\.isHexDigit)
            {
                d.report(svgEntry, "нужен цвет вида #0d3873.", "a colour like #0d3873 is needed.")
                continue
            }
            guard parts.count == 4 else {
                d.report(colour, "cmyk: нужны четыре числа.", "cmyk: four numbers are needed.")
                continue
            }
            if let other = palette.first(where: { $0.value.svg == svg }), other.value.cmyk != parts
            {
                d.report(
                    svgEntry,
                    "тот же цвет svg уже у «\(other.key)».",
                    "\(other.key) has the same svg colour."
                )
            }
            palette[name] = .init(svg: svg, cmyk: parts)
        }
        return palette
    }

    private func fonts(_ entry: DescriptionFile.Entry?) -> [String: FontFace] {
        let d = description
        var fonts: [String: FontFace] = [:]
        for (name, file) in d.members(entry) {
            guard let path = d.text(file) else { continue }
            let found = FontPlaces.find(path, near: folder)
            do {
                fonts[name] = try FontFace(path: found)
                hashed.append(("font " + name, try self.file(found, limit: 1 << 25)))
            } catch {
                d.report(
                    file,
                    "шрифт \(path) не найден или не читается (искали \(found)). Установите "
                        + "fonts-paratype.",
                    "the font \(path) was not found or cannot be read (looked at \(found)). Install "
                        + "fonts-paratype."
                )
            }
        }
        return fonts
    }

    private func fields(_ entry: DescriptionFile.Entry?) -> [String: CardLayout.Field] {
        let d = description
        var fields: [String: CardLayout.Field] = [:]
        for (name, field) in d.members(entry) {
            d.allow(
                field,
                [
                    "type", "digits", "show", "max", "optional", "prefix", "prefix-max", "from",
                ]
            )
            guard let type = d.choice(d.member(field, "type"), CardLayout.FieldType.self) else {
                continue
            }
            fields[name] = .init(
                type: type,
                max: d.integer(d.member(field, "max", isRequired: false), 1...500),
                isOptional: d.flag(d.member(field, "optional", isRequired: false)) ?? false,
                show: d.text(d.member(field, "show", isRequired: false)),
                from: d.integer(d.member(field, "from", isRequired: false), 1...9)
            )
        }
        return fields
    }

    private func lint(_ entry: DescriptionFile.Entry?) -> CardLayout.Lint? {
        let d = description
        d.allow(entry, ["min-text", "min-module", "longest"])
        var longest: [String: String] = [:]
        for (name, value) in d.members(d.member(entry, "longest")) {
            longest[name] = d.text(value)
        }
        guard let minText = d.number(d.member(entry, "min-text"), 4...12),
            let minModule = d.number(d.member(entry, "min-module"), 0.2...1)
        else { return nil }
        return .init(minText: minText, minModule: minModule, longest: longest)
    }

    private func side(
        _ name: String,
        _ entry: DescriptionFile.Entry?,
        _ palette: [String: CardLayout.Colour]
    ) -> CardLayout.Side? {
        let d = description
        d.allow(entry, ["art", "items"])
        var art: [UInt8] = []
        if let path = d.text(d.member(entry, "art")) {
            let full = folder + "/" + path
            do {
                let bytes = try file(full, limit: 1 << 22)
                hashed.append((path, bytes))
                art = try ArtReader.operators(
                    of: bytes,
                    file: full,
                    palette: palette,
                    page: page
                )
            } catch let error as LayoutError { findings += error.findings } catch {
                d.report(entry, "\(error)", "\(error)")
            }
        }
        let items = d.elements(d.member(entry, "items")).compactMap(
            LayoutItems(description: description).item
        )
        guard entry != nil else { return nil }
        return .init(name: name, art: art, items: items)
    }
}

/// Where font files are looked for.
public enum FontPlaces {
    /// Where Debian's fonts-paratype puts its files.
    public static let system = "/usr/share/fonts/truetype/paratype"

    /// The file called `name`: in the layout's `fonts` folder, else the system's.
    public static func find(_ name: String, near folder: String) -> String {
        if name.hasPrefix("/") { return name }
        let own = folder + "/fonts/" + name
        return FileManager.default.fileExists(atPath: own) ? own : system + "/" + name
    }
}
