import CardReader
import Testing
import UnionTicket

@testable import card_emulator

@Suite("Transcripts")
struct TranscriptTests {
    /// A whole tap, written down.
    private func recorded() throws -> (APDUTranscript, ChipReading) {
        let recorder = APDURecorder(Direct(card: try ChipTests.chip()))
        let examiner = ChipExaminer(keys: ChipKeyring([ChipTests.keys]))
        let reading = try examiner.examine(recorder)
        return (recorder.transcript, reading)
    }

    @Test func `a transcript survives its text`() throws {
        let (transcript, _) = try recorded()
        #expect(try APDUTranscript(text: transcript.text) == transcript)
        #expect(transcript.text.contains("> 00a4040007d276000085010100\n< 9000\n"))
    }

    @Test func `what authenticates is masked, the rest is not`() throws {
        let lines = try recorded().0.text.split(separator: "\n")
        let secret = lines.filter { $0.hasPrefix("> 9071") || $0.hasPrefix("> 90af") }
        #expect(secret.count == 2)
        for line in secret { #expect(line.dropFirst(12).allSatisfy { $0 == "?" }) }
        let answers = zip(lines, lines.dropFirst()).filter { $0.0.hasPrefix("> 9071") }
        #expect(answers.map { $0.1.hasSuffix("91af") && $0.1.contains("????") } == [true])
        #expect(lines.filter { $0.hasPrefix("> 00") }.allSatisfy { !$0.contains("?") })
    }

    @Test func `a replay gives the same message but never a live answer`() throws {
        let (transcript, reading) = try recorded()
        let replay = APDUReplay(transcript)
        let examiner = ChipExaminer(keys: ChipKeyring([ChipTests.keys]))
        let again = try examiner.examine(replay)
        #expect(again.chip.payload == reading.chip.payload)
        #expect(again.chip.counter == reading.chip.counter)
        #expect(again.chip.authentication == .failed)
        #expect(!again.chip.isLive)
    }

    @Test func `a replay without keys is the recorded tap`() throws {
        let recorder = APDURecorder(Direct(card: try ChipTests.chip()))
        let reading = try ChipExaminer().examine(recorder)
        let replay = APDUReplay(recorder.transcript)
        #expect(try ChipExaminer().examine(replay) == reading)
        #expect(replay.isFinished)
        #expect(throws: ReaderFailure.self) { try replay.exchange([0, 0, 0, 0]) }
    }

    @Test(arguments: [
        ("> 00", 2), ("< 9000", 1), ("> 0", 1), ("> 00\n> 01", 2), ("? 00", 1), ("> zz", 1),
    ])
    func `a broken transcript is refused by line`(_ text: String, _ line: Int) {
        do throws(APDUTranscript.Malformed) {
            _ = try APDUTranscript(text: text)
            Issue.record("was read")
        } catch {
            #expect(error.line <= line)
        }
    }
}
