// swift-tools-version: 6.2
import PackageDescription

/// The switches every target of ours compiles with; a warning is an error.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "ProfBilet",
    products: [
        .executable(name: "profbilet", targets: ["profbilet"]),
        .library(name: "TicketSeal", targets: ["TicketSeal", "UnionTicket"]),
        .library(name: "Roster", targets: ["Roster", "UnionTicket"]),
        .library(name: "CardReader", targets: ["CardReader", "UnionTicket"]),
        .library(name: "EventStation", targets: ["EventStation", "UnionTicket"]),
        .library(name: "CardProduction", targets: ["CardProduction", "CardLayout"]),
        .library(name: "TicketService", targets: ["TicketService", "UnionTicket"]),
        .library(name: "BonusProgram", targets: ["BonusProgram", "UnionTicket"]),
        .library(name: "Reports", targets: ["Reports", "UnionTicket"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // traits as Hummingbird asks for them, or all that stands on it is compiled anew
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(
            url: "https://github.com/apple/swift-configuration.git",
            from: "1.0.2",
            traits: []
        ),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git",
            from: "2.13.0"
        ),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    ],
    targets: [
        // core
        .target(
            name: "UnionTicket",
            resources: [.embedInCode("Calendar/working-days.tsv")],
            swiftSettings: strict
        ),
        // codec
        .target(
            name: "TicketSeal",
            dependencies: ["UnionTicket", "CZlib", "COpenSSL", "CPKCS11", crypto, cryptoExtras],
            swiftSettings: strict
        ),
        // adapters
        .target(
            name: "Roster",
            dependencies: ["UnionTicket", "CZip", "CExpat", "CXlsxWriter"],
            swiftSettings: strict
        ),
        .target(
            name: "CardLayout",
            dependencies: [
                "UnionTicket", "TicketSeal", "CHarfBuzz", "CZlib", "CExpat", "Yams",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Registry",
            dependencies: [
                "UnionTicket", "TicketSeal", "CPostgres", "CSQLite", crypto,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "CardReader",
            dependencies: [
                "UnionTicket", "TicketSeal", "CPCSC", "CInput", "Yams", crypto, cryptoExtras,
            ],
            resources: [.embedInCode("Table/readers.yaml")],
            swiftSettings: strict
        ),
        // services
        .target(
            name: "CardProduction",
            dependencies: [
                "UnionTicket", "TicketSeal", "Registry", "Roster", "CardLayout", "CXlsxWriter",
                "CZBar",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "EventStation",
            dependencies: [
                "UnionTicket", "TicketSeal", "Registry", "Roster", "CardLayout", "CardReader",
                "CSQLite", "CTimex", crypto,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Kiosk/Page")],
            swiftSettings: strict
        ),
        .target(
            name: "BonusProgram",
            dependencies: [
                "UnionTicket", "TicketSeal", "Registry", "Roster", "CardLayout",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Reports",
            dependencies: [
                "UnionTicket", "TicketSeal", "Registry", "Roster", "CardLayout", "CXlsxWriter",
                crypto,
            ],
            resources: [
                .embedInCode("Page/report.css"), .embedInCode("Page/report.js"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TicketService",
            dependencies: [
                "UnionTicket", "TicketSeal", "Registry", crypto,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                "Yams",
            ],
            resources: [.embedInCode("Pages")],
            swiftSettings: strict
        ),
        // program
        .executableTarget(
            name: "profbilet",
            dependencies: [
                "UnionTicket", "TicketSeal", "Roster", "Registry", "CardLayout", "CardProduction",
                "CardReader", "EventStation", "BonusProgram", "Reports", "TicketService", "Yams",
                crypto,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        // measured against their floors by Tests/Benchmarks/bench.py
        .executableTarget(
            name: "profbilet-bench",
            dependencies: [
                "TicketSeal", "UnionTicket", "CardReader", "EventStation", "CQREncode", crypto,
            ],
            path: "Tests/Benchmarks/Sources",
            swiftSettings: strict
        ),
        // a register brought to life for the golden test, Tests/Golden/golden.py
        .executableTarget(
            name: "profbilet-golden",
            dependencies: ["Registry", "TicketSeal", "UnionTicket"],
            path: "Tests/Golden/Sources",
            swiftSettings: strict
        ),
        // cards of our own behind a virtual reader, for tests and the demonstration
        .executableTarget(
            name: "card-emulator",
            dependencies: [
                "CardReader", "TicketSeal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/CardEmulator",
            swiftSettings: strict
        ),
        // the kiosk page before a desk of scripted verdicts, for tests in a real browser
        .executableTarget(
            name: "kiosk-desk",
            dependencies: ["EventStation", "UnionTicket"],
            path: "Tests/KioskDesk",
            swiftSettings: strict
        ),
        // C libraries, most of them imported by one target
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // no pkgConfig: modules are loaded when they are named, nothing is linked
        .systemLibrary(name: "CPKCS11", providers: [.apt(["libp11-kit-dev"])]),
        .systemLibrary(
            name: "CSQLite",
            pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]
        ),
        .systemLibrary(
            name: "CXlsxWriter",
            pkgConfig: "xlsxwriter",
            providers: [.apt(["libxlsxwriter-dev"])]
        ),
        .systemLibrary(name: "CZBar", pkgConfig: "zbar", providers: [.apt(["libzbar-dev"])]),
        .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
        .systemLibrary(
            name: "CHarfBuzz",
            pkgConfig: "harfbuzz-subset",
            providers: [.apt(["libharfbuzz-dev"])]
        ),
        .systemLibrary(
            name: "CQREncode",
            pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]
        ),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(
            name: "CPCSC",
            pkgConfig: "libpcsclite",
            providers: [.apt(["libpcsclite-dev"])]
        ),
        // headers of the kernel and of glibc, nothing to link
        .systemLibrary(name: "CInput", providers: [.apt(["linux-libc-dev"])]),
        .systemLibrary(name: "CTimex", providers: [.apt(["libc6-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        // tests
        .testTarget(
            name: "UnionTicketTests",
            dependencies: ["UnionTicket"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TicketSealTests",
            dependencies: ["TicketSeal", "UnionTicket", crypto],
            resources: [.copy("Vectors")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RosterTests",
            dependencies: ["Roster", "UnionTicket"],
            resources: [.copy("Samples")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CardLayoutTests",
            dependencies: ["CardLayout", "TicketSeal", "UnionTicket"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RegistryTests",
            dependencies: ["Registry", "TicketSeal", "UnionTicket", "CPKCS11", crypto],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CardReaderTests",
            dependencies: [
                "CardReader", "TicketSeal", "UnionTicket", "CInput", "Yams", "card-emulator",
            ],
            resources: [.copy("Vectors")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BonusProgramTests",
            dependencies: ["BonusProgram", "CardLayout", "Registry", "UnionTicket"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Reports", "Registry", "UnionTicket"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TicketServiceTests",
            dependencies: [
                "TicketService", "Registry", "Roster", "TicketSeal", "UnionTicket", "Yams", crypto,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EventStationTests",
            dependencies: [
                "CardLayout", "EventStation", "Registry", "TicketSeal", "UnionTicket", crypto,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
