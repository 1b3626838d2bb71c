import ArgumentParser
import CardLayout
import CardProduction
import Foundation
import UnionTicket

struct LayoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layout",
        abstract: "Макеты карт / Card layouts",
        subcommands: [Check.self, Preview.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Проверить макет: ошибки с файлом и строкой / Check a layout"
        )
        @Argument(help: "Каталог макета / the layout's folder") var folder: String
        @Flag(help: "JSON") var json = false

        func run() throws {
            let layout = try CardLayout.read(folder: folder)
            if json {
                say([
                    "id": .text(layout.id), "revision": .int(layout.revision),
                    "hash": .text(layout.hash),
                ])
            } else {
                say(
                    "Макет «\(layout.title)» (\(layout.id), редакция \(layout.revision)) исправен. "
                        + "Отпечаток \(layout.hash)",
                    "The layout \(layout.id), revision \(layout.revision), is sound."
                )
            }
        }
    }

    struct Preview: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "preview",
            abstract: "Нарисовать образец карты / Draw a sample card",
            discussion:
                "PNG рисует pdftoppm из poppler-utils: ИМЯ-1.png — лицо, ИМЯ-2.png — оборот. "
                + "PNG is drawn by poppler's pdftoppm: NAME-1.png is the front, NAME-2.png the back."
        )
        @Argument(help: "Каталог макета / the layout's folder") var folder: String
        @Flag(help: "Показать рамки и безопасную зону / show boxes and safe zone")
        var guides = false
        @Option(help: "longest, typical, minority") var sample: CardRecord.Sample = .typical
        @Option(help: "Файл PDF / PDF file") var pdf: String?
        @Option(help: "Файл PNG / PNG file") var png: String?

        func validate() throws {
            guard (pdf == nil) != (png == nil) else {
                throw ValidationError(
                    "Нужен --png или --pdf, одно из двух.",
                    "--png or --pdf is needed, one of the two."
                )
            }
        }

        func run() throws {
            let layout = try CardLayout.read(folder: folder)
            let path = pdf ?? NSTemporaryDirectory() + "profbilet-preview-\(getpid()).pdf"
            let file = try CardFile(
                path: path,
                layout: layout,
                title: layout.title,
                cards: 1,
                showsGuides: guides
            )
            try file.add([.sample(sample, for: layout)])
            _ = try file.finish()
            guard let png else {
                return say("Образец: \(path)", "Sample: \(path)")
            }
            defer { try? FileManager.default.removeItem(atPath: path) }
            let stem = png.hasSuffix(".png") ? String(png.dropLast(4)) : png
            try Poppler.png(of: path, resolution: 300, to: stem)
            say("Образец: \(stem)-1.png, \(stem)-2.png", "Sample: \(stem)-1.png, \(stem)-2.png")
        }
    }
}
