import CPKCS11
import Foundation
import TicketSeal
import Testing

/// SoftHSM with tokens of the tests' own.
///
/// The module reads its configuration once a process, so the tokens are made before it is loaded, one
/// for each test that disturbs its token.
enum TestToken: String, CaseIterable {
    case signing, bulk, loss, secrecy, guarded, office, absent

    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    static let pin = "246810"

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// The token's place, once all of them are made.
    var place: PKCS11Token.Place {
        get throws {
            if let failure = Self.failure { throw failure }
            return PKCS11Token.Place(module: Self.module, label: rawValue)
        }
    }

    func open() throws -> PKCS11Token { try PKCS11Token(try place, pin: Self.pin) }

    /// Takes every session from its owner, as a restarted driver does.
    func dropSessions() throws {
        let functions = try unsafe #require(unsafe cpkcs11_load(Self.module))
        var slot: CK_SLOT_ID = 0
        #expect(
            unsafe cpkcs11_find_token(functions, rawValue, UInt(rawValue.utf8.count), &slot)
                == CKR_OK
        )
        #expect(unsafe functions.pointee.C_CloseAllSessions(slot) == CKR_OK)
    }

    private static let folder = FileManager.default.temporaryDirectory
        .appending(path: "softhsm-" + UUID().uuidString)

    private static let failure: Missing? = {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            atexit { try? FileManager.default.removeItem(at: TestToken.folder) }
            let settings = folder.appending(path: "softhsm2.conf").path
            try "directories.tokendir = \(folder.path)\nlog.level = ERROR\n".write(
                toFile: settings,
                atomically: true,
                encoding: .utf8
            )
            unsafe setenv("SOFTHSM2_CONF", settings, 1)
            for token in allCases where token != .absent { try make(token.rawValue) }
            return nil
        } catch { return Missing(description: "apt-get install softhsm2: \(error)") }
    }()

    private static func make(_ label: String) throws {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/softhsm2-util")
        program.arguments = [
            "--init-token", "--free", "--label", label, "--so-pin", "13579111", "--pin", pin,
        ]
        program.standardOutput = FileHandle.nullDevice
        try program.run()
        program.waitUntilExit()
        guard program.terminationStatus == 0 else { throw Missing(description: label) }
    }
}
