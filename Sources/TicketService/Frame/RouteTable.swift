import HTTPTypes

/// Finds the route of a request; an address called the wrong way is told from one that is not there.
///
/// A trie over segments: literals first, then a parameter. Segments are percent-decoded one by one,
/// after the path was split, so that an encoded slash stays inside its segment.
struct RouteTable: Sendable {
    /// What a path came to.
    enum Match: Sendable {
        case route(Route, [String: String])
        /// There are routes, but none of this method; which ones there are.
        case otherMethods([HTTPRequest.Method])
        case nothing
        /// The path is no path: a bad escape, a dot segment, a control character.
        case malformed
    }

    /// All routes, in the order they were listed.
    let routes: [Route]
    /// The parameters' names of each route, in their order.
    private var names: [[String]] = []
    private var root = Node()

    /// A table of these routes.
    ///
    /// - Precondition: no two routes have the same method and shape.
    init(_ routes: [Route]) {
        self.routes = routes
        for (place, route) in routes.enumerated() {
            let shape = route.template.split(separator: "/").map(Segment.init)
            names.append(shape.compactMap(\.name))
            root.insert(route.method, shape[...], place)
        }
    }

    /// The route for a method and an undecoded path without its query.
    func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        guard path.utf8.first == 0x2F else { return .malformed }
        var segments: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard segments.count < 16, let segment = Self.decoded(part) else { return .malformed }
            segments.append(segment)
        }
        var values: [String] = []
        guard let node = root.find(segments[...], &values) else { return .nothing }
        guard let place = node.places[method] ?? (method == .head ? node.places[.get] : nil) else {
            return .otherMethods(node.methods)
        }
        return .route(routes[place], Dictionary(uniqueKeysWithValues: zip(names[place], values)))
    }

    /// The page of an address that has nothing better: a slash or an odd sign behind what the camera read
    /// is no reason to show a person a document for programs.
    ///
    /// - Returns: The route of a page that `path` begins like, and its one parameter, "" when unreadable.
    func page(for path: Substring) -> (Route, [String: String])? {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, case .route(let route, let values) = match(.get, "/\(parts[0])/0"),
            route.isPage, let name = values.keys.first
        else { return nil }
        let isOne = parts.dropFirst(2).allSatisfy(\.isEmpty)
        return (route, [name: isOne ? Self.decoded(parts[1]) ?? "" : ""])
    }

    /// One segment without its escapes; nil for what must not stand in a path.
    static func decoded(_ part: Substring) -> String? {
        // As nearly all are: names and numbers.
        if part.utf8.allSatisfy(isPlain) { return String(part) }
        var bytes: [UInt8] = []
        var rest = part.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit),
                let low = rest.popFirst().flatMap(digit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        guard let text = String(validating: bytes, as: UTF8.self), text != ".", text != "..",
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
            )
        else { return nil }
        return text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        byte < 0x80
            ? Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init(truncatingIfNeeded:))
            : nil
    }
}

/// A segment of a template: a literal, or a parameter with perhaps `:verb` behind it.
private struct Segment: Sendable {
    let literal: String
    let name: String?

    init(_ text: Substring) {
        guard text.first == "{", let end = text.firstIndex(of: "}") else {
            (literal, name) = (String(text), nil)
            return
        }
        name = String(text[text.index(after: text.startIndex)..<end])
        literal = String(text[text.index(after: end)...])
    }
}

private struct Node: Sendable {
    var places: [HTTPRequest.Method: Int] = [:]
    private var literals: [String: Node] = [:]
    /// By what stands behind the parameter, `:block` or "", longer ones first.
    private var parameters: [(verb: String, node: Node)] = []

    var methods: [HTTPRequest.Method] {
        var methods = Array(places.keys)
        if places[.get] != nil { methods.append(.head) }
        return methods.sorted { $0.rawValue < $1.rawValue }
    }

    mutating func insert(
        _ method: HTTPRequest.Method,
        _ shape: ArraySlice<Segment>,
        _ place: Int
    ) {
        guard let segment = shape.first else {
            precondition(places[method] == nil, "two routes of one shape")
            places[method] = place
            return
        }
        if segment.name == nil {
            literals[segment.literal, default: Node()].insert(method, shape.dropFirst(), place)
        } else {
            let verb = segment.literal
            let known = parameters.firstIndex { $0.verb == verb }
            let behind = parameters.firstIndex { $0.verb.count < verb.count }
            let slot = known ?? behind ?? parameters.count
            if known == nil { parameters.insert((verb, Node()), at: slot) }
            parameters[slot].node.insert(method, shape.dropFirst(), place)
        }
    }

    func find(_ segments: ArraySlice<String>, _ values: inout [String]) -> Node? {
        guard let segment = segments.first else { return places.isEmpty ? nil : self }
        if let node = literals[segment]?.find(segments.dropFirst(), &values) { return node }
        for (verb, node) in parameters {
            guard segment.utf8.count > verb.utf8.count, segment.hasSuffix(verb) else { continue }
            values.append(String(segment.dropLast(verb.count)))
            if let found = node.find(segments.dropFirst(), &values) { return found }
            values.removeLast()
        }
        return nil
    }
}
