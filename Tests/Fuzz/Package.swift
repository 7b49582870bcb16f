// swift-tools-version: 6.2
import PackageDescription

// The readers of what comes from outside, built with libFuzzer and the address sanitizer, and nothing that serves or
// runs: whole modules where they are pure, single files of those that are not.

let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Optimized, and all the same with every check; internal readers are seen.
  .unsafeFlags(["-assert-config", "Debug", "-enable-testing"]),
]

/// - Parameter sources: nil for all.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], sources: [String]? = nil
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(name)", exclude: exclude, sources: sources,
    swiftSettings: settings)
}

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.0.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    module("SwitchyardModel"),
    module("SwitchyardCore", ["SwitchyardModel"]),
    module("SwitchyardStorage", ["SwitchyardModel"]),
    module(
      "SwitchyardWire", ["SwitchyardModel", protobuf],
      exclude: ["Protos", "Transport", "Generated/worker.grpc.swift"]),
    module(
      "SwitchyardServer", ["SwitchyardModel", "SwitchyardCore", "SwitchyardStorage", httpTypes],
      sources: [
        "API/APIError.swift", "API/Description/Parameter.swift", "API/Description/Resource.swift",
        "API/RequestTarget.swift", "Access/TokenRecord+Definition.swift", "Events/EventID.swift",
        "Submissions/LineSplitter.swift", "Submissions/Order.swift",
      ]),
    module(
      "SwitchyardWorker", ["SwitchyardModel"],
      sources: [
        "Link/ServerAddress.swift", "Logs/LineCutter.swift", "Processors/HTTP/AddressPolicy.swift",
        "Processors/Shell/ShimRecord.swift",
      ]),
    module(
      "switchyard", ["SwitchyardModel", yams],
      sources: [
        "Client/EventSource.swift", "Output/TerminalText.swift", "Settings/CLIError.swift", "Settings/InputFile.swift",
        "Settings/YAMLFile.swift",
      ]),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "SwitchyardModel", "SwitchyardCore", "SwitchyardWire", "SwitchyardServer", "SwitchyardWorker", "switchyard",
        protobuf,
      ],
      path: "Targets", swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]),
  ]
)
