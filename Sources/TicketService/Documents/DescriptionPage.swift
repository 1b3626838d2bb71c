import Crypto
import Foundation
import Yams

/// openapi.yaml as one page for people: made once at the start, no script, nothing fetched.
///
/// It shows what stands in the document and knows only the parts of OpenAPI that the document uses.
struct DescriptionPage: Sendable {
    /// The document.
    let html: String
    /// What its headers allow: its own style sheet.
    let policy: String

    /// The page of a description; nil when it is no YAML.
    init?(_ description: [UInt8]) {
        let text = String(decoding: description, as: UTF8.self)
        guard let root = (try? Yams.compose(yaml: text)) ?? nil else { return nil }
        let style = String(decoding: PackageResources.docs_css, as: UTF8.self)
        let hash = Data(SHA256.hash(data: Array(style.utf8))).base64EncodedString()
        policy =
            "default-src 'none'; style-src 'sha256-\(hash)'; form-action 'none'; base-uri 'none'; "
            + "frame-ancestors 'none'"
        html = Writer(root: root).page(style)
    }
}

/// Turns the nodes of the document into HTML, in the document's order.
private struct Writer {
    let root: Node

    func page(_ style: String) -> String {
        let title = HTML.escaped(root["info"]?["title"]?.string ?? "API")
        let tags = root["tags"]?.sequence.map(Array.init) ?? []
        let groups = tags.map { tag in
            (name: tag["name"]?.string ?? "", words: tag["description"]?.string ?? "")
        }
        let operations = self.operations
        let menu = groups.map {
            "<a href=\"#\(HTML.escaped($0.name))\">\(HTML.escaped($0.words))</a>"
        }
        let sections = groups.map { group in
            let own = operations.filter { $0.tag == group.name }.map { card($0) }
            return
                "<section id=\"\(HTML.escaped(group.name))\"><h2>\(HTML.escaped(group.words))</h2>"
                + own.joined(separator: "\n") + "</section>"
        }
        return """
            <!DOCTYPE html>
            <html lang="ru">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>\(style)</style>
            </head>
            <body>
            <header><h1>\(title)</h1><p>\(HTML.escaped(root["info"]?["summary"]?.string ?? ""))</p></header>
            <nav>\(menu.joined(separator: "\n"))<a href="/openapi.yaml">openapi.yaml</a></nav>
            <main>
            <div class="intro">\(paragraphs(root["info"]?["description"]?.string))</div>
            \(sections.joined(separator: "\n"))
            \(schemas)
            </main>
            </body>
            </html>

            """
    }

    private struct Operation {
        let method: String
        let path: String
        let node: Node
        var tag: String { node["tags"]?.sequence?.first?.string ?? "" }
    }

    private var operations: [Operation] {
        (root["paths"]?.mapping.map(Array.init) ?? []).flatMap { path, item in
            (item.mapping.map(Array.init) ?? []).compactMap { method, node in
                guard let path = path.string, let method = method.string,
                    ["get", "put", "post", "delete", "patch"].contains(method)
                else { return nil }
                return Operation(method: method.uppercased(), path: path, node: node)
            }
        }
    }

    private func card(_ operation: Operation) -> String {
        let node = operation.node
        let roles = node["x-roles"]?.sequence?.compactMap(\.string) ?? []
        let signs = node["security"]?.sequence?.contains { $0["station"] != nil } ?? false
        let who =
            signs
            ? "станция, подписью / a station, by its signature"
            : roles.isEmpty ? "для всех / everyone" : roles.joined(separator: ", ")
        return """
            <details class="operation" id="\(HTML.escaped(node["operationId"]?.string ?? ""))">
            <summary><span class="method \(operation.method.lowercased())">\(operation.method)</span>
            <code>\(HTML.escaped(operation.path))</code>
            <span class="words">\(prose(node["summary"]?.string))</span></summary>
            <p class="roles">\(HTML.escaped(who))</p>
            \(paragraphs(node["description"]?.string))
            \(parameters(node["parameters"]))
            \(body(node["requestBody"]))
            \(responses(node["responses"]))
            </details>
            """
    }

    private func parameters(_ node: Node?) -> String {
        let rows = (node?.sequence.map(Array.init) ?? []).map { given in
            let parameter = followed(given)
            return "<tr><td><code>\(HTML.escaped(parameter["name"]?.string ?? ""))</code></td><td>"
                + "\(HTML.escaped(parameter["in"]?.string ?? ""))</td><td>"
                + "\(shape(parameter["schema"]))</td><td>"
                + "\(prose(parameter["description"]?.string))</td></tr>"
        }
        guard !rows.isEmpty else { return "" }
        return "<h3>Параметры / Parameters</h3><table>\(rows.joined(separator: "\n"))</table>"
    }

    private func body(_ node: Node?) -> String {
        guard let node = node.map(followed) else { return "" }
        return "<h3>Тело / Body</h3>" + content(node["content"])
    }

    private func responses(_ node: Node?) -> String {
        let parts = (node?.mapping.map(Array.init) ?? []).map { status, given in
            let response = followed(given)
            return "<div class=\"response\"><p><b>\(HTML.escaped(status.string ?? ""))</b> "
                + "\(prose(response["description"]?.string))</p>"
                + headers(response["headers"]) + content(response["content"]) + "</div>"
        }
        return "<h3>Ответы / Answers</h3>" + parts.joined(separator: "\n")
    }

    private func headers(_ node: Node?) -> String {
        let names = (node?.mapping.map(Array.init) ?? []).map { name, given in
            let words = followed(given)["description"]?.string.map { " \(prose($0))" } ?? ""
            return "<code>\(HTML.escaped(name.string ?? ""))</code>\(words)"
        }
        return names.isEmpty ? "" : "<p class=\"type\">\(names.joined(separator: " · "))</p>"
    }

    private func content(_ node: Node?) -> String {
        (node?.mapping.map(Array.init) ?? []).map { type, value in
            let example =
                value["example"].map { "<pre>\(HTML.escaped(Self.yaml($0)))</pre>" } ?? ""
            return "<p class=\"type\"><code>\(HTML.escaped(type.string ?? ""))</code> "
                + "\(shape(value["schema"]))</p>\(example)"
        }.joined(separator: "\n")
    }

    /// A schema in one line, with a link to its own place where it has a name.
    private func shape(_ node: Node?) -> String {
        guard let node else { return "" }
        if let name = node["$ref"]?.string?.split(separator: "/").last {
            return
                "<a href=\"#schema-\(HTML.escaped(String(name)))\">\(HTML.escaped(String(name)))</a>"
        }
        let line = Self.yaml(node, width: .max).split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: ", ")
        return "<span class=\"shape\">\(HTML.escaped(line))</span>"
    }

    private var schemas: String {
        let parts = (root["components"]?["schemas"]?.mapping.map(Array.init) ?? []).map {
            let name = HTML.escaped($0.key.string ?? "")
            return "<details class=\"schema\" id=\"schema-\(name)\"><summary>\(name)</summary>"
                + "<pre>\(HTML.escaped(Self.yaml($0.value)))</pre></details>"
        }
        return "<section id=\"schemas\"><h2>Схемы / Schemas</h2>\(parts.joined())</section>"
    }

    /// The node that a reference within the document means, or the node itself.
    private func followed(_ node: Node) -> Node {
        guard let reference = node["$ref"]?.string, reference.hasPrefix("#/") else { return node }
        return reference.dropFirst(2).split(separator: "/")
            .reduce(Node?.some(root)) { $0?[String($1)] } ?? node
    }

    private static func yaml(_ node: Node, width: Int = 96) -> String {
        var node = node
        if width != .max { node = blocks(node) }
        let text = (try? Yams.serialize(node: node, width: -1, allowUnicode: true)) ?? ""
        return text.trimmingCharacters(in: .newlines)
    }

    /// The same with every mapping and list on lines of their own.
    private static func blocks(_ node: Node) -> Node {
        switch node {
        case .mapping(let mapping):
            let pairs = mapping.map { ($0.key, blocks($0.value)) }
            return Node(pairs, mapping.tag, .block)
        case .sequence(let sequence):
            return Node(sequence.map(blocks), sequence.tag, .block)
        default: return node
        }
    }

    private func paragraphs(_ text: String?) -> String {
        (text ?? "").split(separator: "\n\n").map { "<p>\(prose(String($0)))</p>" }.joined()
    }

    /// A text with what stands between backticks as code.
    private func prose(_ text: String?) -> String {
        let parts = HTML.escaped(text ?? "").split(separator: "`", omittingEmptySubsequences: false)
        guard parts.count.isMultiple(of: 2) == false else { return parts.joined(separator: "`") }
        return parts.enumerated()
            .map { $0.isMultiple(of: 2) ? String($1) : "<code>\($1)</code>" }.joined()
    }
}
