// swift-tools-version: 6.2
import PackageDescription

// libFuzzer drives LLVMFuzzerTestOneInput; everything is built with `--sanitize=fuzzer`, so that coverage guides it.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "ProfBilet", path: "../..")],
    targets: [
        .executableTarget(
            name: "FuzzTargets",
            dependencies: [
                .product(name: "TicketSeal", package: "ProfBilet"),
                .product(name: "Roster", package: "ProfBilet"),
                .product(name: "CardProduction", package: "ProfBilet"),
                .product(name: "BonusProgram", package: "ProfBilet"),
                .product(name: "CardReader", package: "ProfBilet"),
                .product(name: "EventStation", package: "ProfBilet"),
            ],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        )
    ],
    swiftLanguageModes: [.v6]
)
