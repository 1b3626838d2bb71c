import UnionTicket
import Yams

/// A YAML file read with the line of everything in it; collects faults instead of stopping.
public final class DescriptionFile {
    /// The file as findings name it.
    public let file: String
    /// What was wrong so far.
    public private(set) var findings: [LayoutFinding] = []

    /// A reader for `file`.
    public init(file: String) { self.file = file }

    /// A place in the file.
    public struct Entry {
        let node: Node
        /// Where it is: `sides.front.items[2].at`.
        public let path: String
        /// Its line.
        public var line: Int? { node.mark?.line }
    }

    /// The whole file as a mapping, or nil when it is none.
    public func root(_ text: String) -> Entry? {
        do {
            guard let node = try Yams.compose(yaml: text), node.mapping != nil else {
                report(nil, "Файл пуст или это не набор полей.", "The file is empty or no mapping.")
                return nil
            }
            return Entry(node: node, path: "")
        } catch let error as YamlError {
            let line = Self.line(of: error)
            findings.append(
                LayoutFinding(
                    file: file,
                    line: line,
                    message: Bilingual("Это не YAML: \(error)", "This is no YAML: \(error)")
                )
            )
        } catch {
            report(nil, "Это не YAML: \(error)", "This is no YAML: \(error)")
        }
        return nil
    }

    private static func line(of error: YamlError) -> Int? {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _),
            .composer(_, _, let mark, _):
            mark.line
        default: nil
        }
    }

    /// Notes a fault at `entry`.
    public func report(_ entry: Entry?, _ russian: String, _ english: String) {
        let place = entry.map { $0.path.isEmpty ? "" : $0.path + ": " } ?? ""
        findings.append(
            LayoutFinding(
                file: file,
                line: entry?.line,
                message: Bilingual(place + russian, place + english)
            )
        )
    }

    /// The member `key`; a fault when it is missing and `isRequired`.
    public func member(_ entry: Entry?, _ key: String, isRequired: Bool = true) -> Entry? {
        guard let entry else { return nil }
        guard let mapping = entry.node.mapping else {
            report(entry, "нужен набор полей.", "a mapping is needed.")
            return nil
        }
        guard let node = mapping.first(where: { $0.key.string == key })?.value else {
            if isRequired {
                report(entry, "нет поля «\(key)».", "the field \(key) is missing.")
            }
            return nil
        }
        return Entry(node: node, path: entry.path.isEmpty ? key : "\(entry.path).\(key)")
    }

    /// All members in the file's order.
    public func members(_ entry: Entry?) -> [(key: String, value: Entry)] {
        guard let entry else { return [] }
        guard let mapping = entry.node.mapping else {
            report(entry, "нужен набор полей.", "a mapping is needed.")
            return []
        }
        return mapping.compactMap { key, value in
            guard let name = key.string else { return nil }
            let path = entry.path.isEmpty ? name : "\(entry.path).\(name)"
            return (name, Entry(node: value, path: path))
        }
    }

    /// All elements of a list.
    public func elements(_ entry: Entry?) -> [Entry] {
        guard let entry else { return [] }
        guard let sequence = entry.node.sequence else {
            report(entry, "нужен список.", "a list is needed.")
            return []
        }
        return sequence.enumerated().map { Entry(node: $1, path: "\(entry.path)[\($0)]") }
    }

    /// Refuses members that are not in `known`.
    public func allow(_ entry: Entry?, _ known: Set<String>) {
        guard let mapping = entry?.node.mapping else { return }
        var seen: Set<String> = []
        for (key, _) in mapping {
            let name = key.string ?? "?"
            if !seen.insert(name).inserted || !known.contains(name) {
                findings.append(
                    LayoutFinding(
                        file: file,
                        line: key.mark?.line,
                        message: Bilingual(
                            "неизвестное или повторное поле «\(name)»; можно: "
                                + known.sorted().joined(separator: ", "),
                            "unknown or repeated field \(name); possible are "
                                + known.sorted().joined(separator: ", ")
                        )
                    )
                )
            }
        }
    }

    /// A text.
    public func text(_ entry: Entry?) -> String? {
        guard let entry else { return nil }
        if let text = entry.node.string, !text.isEmpty { return text }
        report(entry, "нужен текст.", "a text is needed.")
        return nil
    }

    /// A number in a range.
    public func number(_ entry: Entry?, _ range: ClosedRange<Double>) -> Double? {
        guard let entry else { return nil }
        if let value = entry.node.float ?? entry.node.int.map(Double.init), value.isFinite,
            range.contains(value)
        {
            return value
        }
        report(
            entry,
            "нужно число от \(range.lowerBound) до \(range.upperBound).",
            "a number from \(range.lowerBound) to \(range.upperBound) is needed."
        )
        return nil
    }

    /// A whole number in a range.
    public func integer(_ entry: Entry?, _ range: ClosedRange<Int>) -> Int? {
        guard let entry else { return nil }
        if let value = entry.node.int, range.contains(value) { return value }
        report(
            entry,
            "нужно целое число от \(range.lowerBound) до \(range.upperBound).",
            "a whole number from \(range.lowerBound) to \(range.upperBound) is needed."
        )
        return nil
    }

    /// Yes or no.
    public func flag(_ entry: Entry?) -> Bool? {
        guard let entry else { return nil }
        if let value = entry.node.bool { return value }
        report(entry, "нужно true или false.", "true or false is needed.")
        return nil
    }

    /// One of an enumeration's raw values.
    public func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ entry: Entry?,
        _ type: Value.Type = Value.self
    ) -> Value? {
        guard let entry else { return nil }
        if let value = entry.node.string.flatMap({ Value(rawValue: $0) }) { return value }
        let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
        report(entry, "нужно одно из: \(all).", "one of \(all) is needed.")
        return nil
    }
}
