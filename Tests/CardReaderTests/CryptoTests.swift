import CardReader
import Testing
import TicketSeal

@Suite("Chip cryptography against published vectors")
struct CryptoTests {
    @Test func `every kind of vector has a test`() {
        let tested: Set<String> = [
            "sdm_encrypted_picc", "sdm_encrypted_picc_and_file", "sdm_plain_uid_ctr",
            "sdm_session_keys", "authenticate_ev2", "authenticate_aes_ev1", "ev2_full_command",
            "ev2_getcarduid", "ev2_mac_command", "an10922_aes128", "aes_cmac",
        ]
        #expect(ChipVectors.all.count == 18)
        #expect(Set(ChipVectors.all.map(\.kind)) == tested)
    }

    @Test(arguments: ChipVectors.of("aes_cmac"))
    func `the CMAC is RFC 4493's`(_ vector: ChipVectors.Vector) throws {
        let mac = try vector.key("key").cmac(try vector.bytes("message"))
        #expect(mac == (try vector.bytes("cmac")))
    }

    @Test(arguments: ChipVectors.of("an10922_aes128"))
    func `a short input is diversified over two blocks`(_ vector: ChipVectors.Vector) throws {
        let master = try vector.key("master")
        let input = try vector.bytes("m")
        #expect(try master.diversified(input).bytes == (try vector.bytes("key")))
        #expect(try master.cmac([1] + input) == (try vector.bytes("wrong_key_issue91")))
    }

    @Test func `an input of our length is diversified by a plain CMAC`() throws {
        let master = ChipKey.random()
        let input = ChipKeyring.KeySet.input([4, 1, 2, 3, 4, 5, 6], .fileRead)
        #expect(input.count == 24)
        #expect(try master.diversified(input).bytes == (try master.cmac([1] + input)))
        for length in [0, 32] {
            #expect(throws: ReaderFailure.self) {
                try master.diversified([UInt8](repeating: 1, count: length))
            }
        }
    }

    @Test(arguments: ChipVectors.of("sdm_encrypted_picc", "sdm_encrypted_picc_and_file"))
    func `an encrypted tap gives UID, counter and MAC`(_ vector: ChipVectors.Vector) throws {
        let block = try vector.bytes("picc_enc")
        let proof = try #require(try SUNProof.open(block, try vector.key("sdm_meta_read_key")))
        #expect(proof.uid == (try vector.bytes("uid")))
        #expect(Int(proof.counter) == (try vector.number("read_ctr")))
        let key = try vector.key("sdm_file_read_key")
        let covered = Array((vector.text("mac_input_ascii") ?? "").utf8)
        #expect(try proof.mac(key, covered) == (try vector.bytes("sdmmac")))
        if vector.text("enc_file") != nil {
            let fileKey = try proof.fileKey(key)
            let start = try fileKey.encrypt(
                proof.counterBytes + [UInt8](repeating: 0, count: 13)
            )
            let plain = try fileKey.decrypt(try vector.bytes("enc_file"), iv: start)
            #expect(plain == (try vector.bytes("file_plain")))
        }
        if let url = vector.text("url") {
            #expect(
                SUNMessage(uri: url)
                    == SUNMessage(identity: .encrypted(block), mac: try vector.bytes("sdmmac"))
            )
            #expect(try proof.macKey(key).bytes == (try vector.bytes("k_ses_mac")))
        }
    }

    @Test func `a block of another key names nobody`() throws {
        let vector = try #require(ChipVectors.of("sdm_encrypted_picc").first)
        let wrong = try #require(ChipKey([UInt8](repeating: 7, count: 16)))
        #expect(try SUNProof.open(try vector.bytes("picc_enc"), wrong) == nil)
    }

    @Test(arguments: ChipVectors.of("sdm_plain_uid_ctr"))
    func `a plain mirror prints the counter's first byte first`(
        _ vector: ChipVectors.Vector
    ) throws {
        let uid = try vector.bytes("uid")
        let digits = try #require(vector.text("read_ctr_hex_as_mirrored_msb_first"))
        let mac = try vector.bytes("sdmmac")
        let uri = "https://x.ru/?u=\(Hex.text(uid))&n=\(digits)&c=\(Hex.text(mac))"
        let message = try #require(SUNMessage(uri: uri))
        #expect(message.identity == .plain(uid: uid, counter: 6))
        let proof = SUNProof(uid: uid, counter: 6)
        #expect(try proof.mac(try vector.key("sdm_file_read_key"), []) == mac)
    }

    @Test(arguments: ChipVectors.of("sdm_session_keys"))
    func `both session keys of a tap follow from UID and counter`(
        _ vector: ChipVectors.Vector
    ) throws {
        let proof = SUNProof(uid: try vector.bytes("uid"), counter: 1)
        #expect(proof.counterBytes == (try vector.bytes("ctr_le")))
        let key = try vector.key("key")
        #expect(try proof.fileKey(key).bytes == (try vector.bytes("k_ses_enc")))
        #expect(try proof.macKey(key).bytes == (try vector.bytes("k_ses_mac")))
    }

    @Test(arguments: ChipVectors.of("authenticate_ev2"))
    func `both sides of EV2 come to the same session`(_ vector: ChipVectors.Vector) throws {
        let handshake = EV2Handshake(
            key: try vector.key("key"),
            challenge: try vector.bytes("rndA")
        )
        let card = try handshake.cardChallenge(try vector.bytes("enc_rndB"))
        #expect(card == (try vector.bytes("rndB")))
        #expect(try handshake.reply(card) == (try vector.bytes("part2_cryptogram")))
        let session: EV2Session
        if vector.text("card_response") != nil {
            let answer = try vector.bytes("card_response")
            session = try #require(try handshake.session(answer, cardChallenge: card))
            var changed = answer
            changed[20] ^= 1
            #expect(try handshake.session(changed, cardChallenge: card) == nil)
        } else {
            session = try EV2Session(
                key: handshake.key,
                identifier: try vector.bytes("ti"),
                challenge: handshake.challenge,
                cardChallenge: card
            )
        }
        #expect(session.identifier == (try vector.bytes("ti")))
        #expect(session.encryption.bytes == (try vector.bytes("k_ses_auth_enc")))
        #expect(session.mac.bytes == (try vector.bytes("k_ses_auth_mac")))
    }

    @Test(arguments: ChipVectors.of("authenticate_aes_ev1"))
    func `chained blocks are those of the older authentication`(
        _ vector: ChipVectors.Vector
    ) throws {
        let key = try vector.key("key")
        let challenge = try vector.bytes("rndA")
        let first = try vector.bytes("enc_rndB")
        let card = try key.decrypt(first)
        #expect(card == (try vector.bytes("rndB")))
        let reply = try key.encrypt(challenge + EV2Handshake.rotated(card), iv: first)
        #expect(reply == (try vector.bytes("part2_cryptogram")))
        let answer = try vector.bytes("card_response")
        let last = Array(reply.suffix(16))
        #expect(try key.decrypt(answer, iv: last) == EV2Handshake.rotated(challenge))
        let session = challenge[..<4] + card[..<4] + challenge[12...] + card[12...]
        #expect(Array(session) == (try vector.bytes("session_key")))
    }

    private func session(_ vector: ChipVectors.Vector) throws -> EV2Session {
        EV2Session(
            encryption: try vector.key("k_ses_auth_enc"),
            mac: try vector.key("k_ses_auth_mac"),
            identifier: try vector.bytes("ti"),
            counter: UInt16(try vector.number("cmd_ctr"))
        )
    }

    @Test(arguments: ChipVectors.of("ev2_full_command"))
    func `an encrypted command and its answer carry the right MACs`(
        _ vector: ChipVectors.Vector
    ) throws {
        var session = try session(vector)
        let instruction = try #require(try vector.bytes("cmd").first)
        let header = try vector.bytes("header")
        #expect(try session.commandIV() == (try vector.bytes("iv")))
        let data = try session.encrypted(try vector.bytes("data"))
        #expect(data == (try vector.bytes("ciphertext")))
        let mac = try session.commandMAC(instruction, header, data)
        #expect(mac == (try vector.bytes("mact")))
        let command = APDUCommand(0x90, instruction, 0, 0, data: header + data + mac, expected: 256)
        #expect(command.encoded == (try vector.bytes("apdu")))
        let answer = try vector.bytes("response_mact")
        #expect(try session.open(answer) == [])
        #expect(try session.open(answer) == nil)
    }

    @Test(arguments: ChipVectors.of("ev2_getcarduid"))
    func `the UID comes out of the session`(_ vector: ChipVectors.Vector) throws {
        var session = try session(vector)
        let mac = try session.commandMAC(0x51, [], [])
        let command = APDUCommand(0x90, 0x51, 0, 0, data: mac, expected: 256)
        #expect(command.encoded == (try vector.bytes("apdu")))
        let response = try APDUResponse(decoding: try vector.bytes("response"))
        #expect(response.status == 0x9100)
        #expect(try session.open(response.data) == (try vector.bytes("uid")))
    }

    @Test(arguments: ChipVectors.of("ev2_mac_command"))
    func `a MACed command and its plain answer hold`(_ vector: ChipVectors.Vector) throws {
        var session = EV2Session(
            encryption: .factory,
            mac: try vector.key("k_ses_auth_mac"),
            identifier: try vector.bytes("ti")
        )
        let mac = try session.commandMAC(0xF5, [2], [])
        let command = APDUCommand(0x90, 0xF5, 0, 0, data: [2] + mac, expected: 256)
        #expect(command.encoded == (try vector.bytes("apdu")))
        session.counter += 1
        #expect(try session.answerMAC(try vector.bytes("data")) == (try vector.bytes("mact")))
    }

    @Test func `a key never shows its bytes`() {
        #expect("\(ChipKey.factory)" == "ChipKey(••••)")
        #expect(ChipKey([1, 2, 3]) == nil)
    }
}
