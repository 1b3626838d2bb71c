import CardReader
import Testing

@Suite("Reader names")
struct ReaderNameTests {
    @Test func `a name is the text pcscd gave`() {
        #expect(ReaderName("ACS ACR122U 00 00").text == "ACS ACR122U 00 00")
    }
}
