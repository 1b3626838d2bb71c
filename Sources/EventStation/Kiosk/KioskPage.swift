import HTTPTypes
import Hummingbird

/// The files of the page, part of the program, and the headers that keep them to themselves.
enum KioskPage {
    /// One file and its media type.
    struct File {
        let bytes: [UInt8]
        let type: String
    }

    /// The file at a path.
    static func file(at path: String) -> File? {
        switch path {
        case "/": File(bytes: PackageResources.index_html, type: html)
        case "/kiosk.css": File(bytes: PackageResources.kiosk_css, type: "text/css; charset=utf-8")
        case "/icon.svg": File(bytes: PackageResources.icon_svg, type: "image/svg+xml")
        case "/kiosk.js": script(PackageResources.kiosk_js)
        case "/camera.js": script(PackageResources.camera_js)
        case "/dialogs.js": script(PackageResources.dialogs_js)
        case "/keys.js": script(PackageResources.keys_js)
        case "/operator.js": script(PackageResources.operator_js)
        case "/panels.js": script(PackageResources.panels_js)
        case "/signs.js": script(PackageResources.signs_js)
        case "/sound.js": script(PackageResources.sound_js)
        case "/station.js": script(PackageResources.station_js)
        case "/words.js": script(PackageResources.words_js)
        default: nil
        }
    }

    /// What a browser without a session sees.
    static var locked: File { File(bytes: PackageResources.locked_html, type: html) }

    /// The headers of every answer: nothing from outside, nothing inline, nothing framed, nothing kept.
    static let headers: [(String, String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                + "media-src 'self' blob:; connect-src 'self'; form-action 'none'; "
                + "base-uri 'none'; frame-ancestors 'none'"
        ),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), usb=(), hid=()"),
        ("Cache-Control", "no-store"),
    ]

    private static let html = "text/html; charset=utf-8"

    private static func script(_ bytes: [UInt8]) -> File {
        File(bytes: bytes, type: "text/javascript; charset=utf-8")
    }
}
