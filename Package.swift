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
        .library(name: "CardProduction", targets: ["CardProduction", "CardLayout"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // core
        .target(name: "UnionTicket", swiftSettings: strict),
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
            dependencies: ["UnionTicket", "TicketSeal", "CPCSC", "Yams", crypto, cryptoExtras],
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
                "CSQLite", crypto,
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            resources: [.embedInCode("Kiosk/Page")],
            swiftSettings: strict
        ),
        // program
        .executableTarget(
            name: "profbilet",
            dependencies: [
                "UnionTicket", "TicketSeal", "Roster", "Registry", "CardLayout", "CardProduction",
                "CardReader", "EventStation", "Yams",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        // measured against their floors by Tests/Benchmarks/bench.py
        .executableTarget(
            name: "profbilet-bench",
            dependencies: ["TicketSeal", "UnionTicket", "CQREncode", crypto],
            path: "Tests/Benchmarks/Sources",
            swiftSettings: strict
        ),
        // cards of our own behind a virtual reader, for tests and the demonstration
        .executableTarget(
            name: "card-emulator",
            dependencies: [
                "CardReader", crypto, cryptoExtras,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/CardEmulator",
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
            dependencies: ["CardReader", "TicketSeal", "UnionTicket", crypto, cryptoExtras],
            resources: [.copy("Vectors")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EventStationTests",
            dependencies: ["EventStation", "Registry", "TicketSeal", "UnionTicket", crypto],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEnd",
            dependencies: ["UnionTicket", "TicketSeal", "profbilet"],
            exclude: ["chaos.py", "custody.py", "faults.py", "production.py", "tables.py"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
