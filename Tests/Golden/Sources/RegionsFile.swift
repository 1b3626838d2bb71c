import Foundation

/// One region of a regions file: what the register is to show as of 08.12.2020.
struct RegionCounts {
    let code: String
    let name: String
    let kind: String
    /// Members by the statistical report as of 01.01.2020: everybody the life brings in.
    let members: Int
    /// On record as of 08.12.2020.
    let registered: Int
    /// Plastic cards made by 08.12.2020.
    let cards: Int
    /// Members with an active virtual card.
    let virtual: Int
    /// Members in the bonus programme.
    let programme: Int
    let primaries: Int
    let territorials: Int
}

/// A fault of a regions file, with the line it stands in.
struct RegionsFault: Error, CustomStringConvertible {
    let description: String

    init(_ line: Int, _ russian: String, _ english: String) {
        description = "строка \(line): \(russian) / line \(line): \(english)"
    }
}

/// Reads the regions file that `Tests/Golden/regions.py` has judged; what does not fit is refused.
enum RegionsFile {
    private static let columns = [
        "members_2020", "register_2020_12_08", "plastic_cards", "virtual_est", "bonus_est",
        "ppo_est", "tpo_est",
    ]

    static func read(_ path: String) throws -> [RegionCounts] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.isEmpty == true { lines.removeLast() }
        let head = lines.first?.split(separator: "\t").map(String.init) ?? []
        let places = try Dictionary(
            uniqueKeysWithValues: (["code", "name_ru", "kind"] + columns).map { name in
                guard let place = head.firstIndex(of: name) else {
                    throw RegionsFault(1, "нет столбца \(name).", "there is no column \(name).")
                }
                return (name, place)
            }
        )
        return try lines.dropFirst().enumerated().map { index, line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard cells.count == head.count else {
                throw RegionsFault(
                    index + 2,
                    "столбцов \(cells.count), нужно \(head.count).",
                    "\(cells.count) columns instead of \(head.count)."
                )
            }
            return try region(index + 2) { String(cells[places[$0] ?? 0]) }
        }
    }

    private static func region(_ line: Int, _ cell: (String) -> String) throws -> RegionCounts {
        let numbers = try columns.map { name in
            guard let number = Int(cell(name)), (0...100_000_000).contains(number) else {
                throw RegionsFault(
                    line,
                    "\(name): нужно целое неотрицательное число.",
                    "\(name): a whole number is needed, not below 0."
                )
            }
            return number
        }
        return RegionCounts(
            code: cell("code"),
            name: cell("name_ru"),
            kind: cell("kind"),
            members: numbers[0],
            registered: numbers[1],
            cards: numbers[2],
            virtual: numbers[3],
            programme: numbers[4],
            primaries: numbers[5],
            territorials: numbers[6]
        )
    }
}
