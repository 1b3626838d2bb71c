import Foundation
import Registry
import TicketSeal
import UnionTicket

/// How another program hands something to the station that works: a folder in the station's own, which
/// nobody else may enter.
///
/// A request is a file that appears whole, by renaming; so is its answer. What the two say is the
/// programs' own.
public struct StationInbox: Sendable {
    /// What is asked and answered, at most so many bytes.
    public static let limit = EventSnapshot.limit + (1 << 20)
    private let path: String
    private let name: String

    /// The inbox of a station.
    public init(_ folder: StationFolder) {
        path = folder.path + "/inbox"
        name = folder.name
    }

    private var serving: String { path + "/serving" }

    /// Whether a program is there that answers.
    public var isServed: Bool {
        guard let text = FileManager.default.contents(atPath: serving),
            let process = Int32(String(decoding: text, as: UTF8.self)), process > 0
        else { return false }
        return kill(process, 0) == 0 || errno == EPERM
    }

    /// Hands a request over and waits for its answer.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - patience: How long to wait.
    /// - Returns: The answer.
    /// - Throws: ``StationFolder/Failure`` `busy` when none came; the request is taken back then.
    public func ask(_ request: [UInt8], patience: Duration = .seconds(120)) throws -> [UInt8] {
        let name = path + "/" + Hex.text(SecureRandom.bytes(8))
        let (question, answer) = (name + Self.question, name + Self.answer)
        defer {
            for file in [question, answer] { try? FileManager.default.removeItem(atPath: file) }
        }
        try Files.write(request, to: question)
        let end = ContinuousClock.now + patience
        while ContinuousClock.now < end {
            if let bytes = FileManager.default.contents(atPath: answer) { return Array(bytes) }
            guard isServed else { break }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw StationFolder.Failure(
            .busy,
            "Работающая станция «\(self.name)» не ответила. Проверьте, работает ли "
                + "profbilet station run, и повторите: повтор ничего не удваивает.",
            "The running station \(self.name) gave no answer. Look whether profbilet station run "
                + "works and repeat: repeating doubles nothing."
        )
    }

    private static let question = ".request"
    private static let answer = ".answer"
    /// How often the station looks, milliseconds.
    private static let round = 100

    /// Answers requests, one after the other, until the task is cancelled or `body` says that it was
    /// the last.
    ///
    /// - Parameter body: Gives the answer to a request, and whether to go on.
    /// - Throws: When the inbox cannot be made.
    public func serve(
        _ body: @Sendable ([UInt8]) async -> (answer: [UInt8], goesOn: Bool)
    ) async throws {
        try Files.makeDirectory(path)
        for file in files { try? FileManager.default.removeItem(atPath: file) }
        try Files.write(Array("\(getpid())".utf8), to: serving)
        defer { try? FileManager.default.removeItem(atPath: serving) }
        var goesOn = true
        while goesOn, !Task.isCancelled {
            for request in files where goesOn && request.hasSuffix(Self.question) {
                goesOn = await serve(request, body)
            }
            try? await Task.sleep(for: .milliseconds(Self.round))
        }
    }

    private func serve(
        _ request: String,
        _ body: @Sendable ([UInt8]) async -> (answer: [UInt8], goesOn: Bool)
    ) async -> Bool {
        guard let bytes = try? Files.read(request, atMost: Self.limit) else { return true }
        let (answer, goesOn) = await body(bytes)
        // A request that was taken back meanwhile needs no answer.
        if (try? FileManager.default.removeItem(atPath: request)) != nil {
            try? Files.write(answer, to: request.dropLast(Self.question.count) + Self.answer)
        }
        return goesOn
    }

    private var files: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.sorted().map { path + "/" + $0 }
    }
}
