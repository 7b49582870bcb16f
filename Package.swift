// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Accesses to memory that overlap are found by debug builds, in which all tests run. Looking for them costs a lane a
  // quarter of its time.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let certificates = Target.Dependency.product(name: "X509", package: "swift-certificates")
let certificateReloading = Target.Dependency.product(name: "NIOCertificateReloading", package: "swift-nio-extras")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grpc = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let grpcTransport = Target.Dependency.product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A Swift module of Sources/.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(name)", exclude: exclude, resources: resources,
    swiftSettings: settings)
}

func program(
  _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, exclude: [String] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", exclude: exclude,
    swiftSettings: settings)
}

/// A library that tests share.
func support(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
    swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: settings)
}

/// A strategy that ships. It sees the SDK and nothing else of the project.
func plugin(_ name: String, _ module: String, source: String) -> Target {
  let hidden = ["-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]
  let path = "Plugins/\(name)"
  let exclude = ["Makefile", "README.md"]
  return switch source.split(separator: ".").last {
  case "swift":
    .target(
      name: module, dependencies: ["CSwitchyard"], path: path, exclude: exclude, sources: [source],
      swiftSettings: [.treatAllWarnings(as: .error)])
  case "cpp":
    .target(
      name: module, dependencies: ["CSwitchyard"], path: path, exclude: exclude, sources: [source],
      publicHeadersPath: ".", cxxSettings: [.unsafeFlags(hidden + ["-fno-exceptions", "-fno-rtti"])])
  default:
    .target(
      name: module, dependencies: ["CSwitchyard"], path: path, exclude: exclude, sources: [source],
      publicHeadersPath: ".", cSettings: [.unsafeFlags(hidden)])
  }
}

let modules: [Target] = [
  .target(name: "CSwitchyard", path: "SDK/C", sources: ["abi.c"], publicHeadersPath: "include"),
  .target(name: "CLinux", path: "Sources/CLinux"),
  .systemLibrary(name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
  .target(name: "CPluginHost", dependencies: ["CSwitchyard"], path: "Sources/CPluginHost"),
  module("SwitchyardModel"),
  module("SwitchyardCore", ["SwitchyardModel"]),
  module("SwitchyardSystem", ["SwitchyardModel", "CLinux"]),
  module("SwitchyardStorage", ["SwitchyardModel"]),
  module("SwitchyardObservability"),
  module("SwitchyardPlugins", ["SwitchyardModel", "CSwitchyard", "CPluginHost"]),
  module("SwitchyardWire", ["SwitchyardModel", grpc, grpcProtobuf, nioCore, protobuf], exclude: ["Protos"]),
  module(
    "SwitchyardStorageSQLite", ["SwitchyardModel", "SwitchyardStorage", "CSQLite"],
    resources: [.embedInCode("Schema/Migrations/v0001-first.sql")]),
  module(
    "SwitchyardPlacement", ["SwitchyardModel", "SwitchyardCore", "SwitchyardPlugins", "CSwitchyard", "CPluginHost"]),
  module(
    "SwitchyardServer",
    [
      "SwitchyardModel", "SwitchyardCore", "SwitchyardStorage", "SwitchyardStorageSQLite", "SwitchyardPlacement",
      "SwitchyardPlugins", "SwitchyardSystem", "SwitchyardObservability", "SwitchyardWire", grpc, grpcProtobuf,
      grpcTransport, hummingbird, hummingbirdCore, hummingbirdTLS, certificates, certificateReloading, crypto,
      lifecycle, logging, nioCore, nioPosix, nioSSL,
    ]),
  module(
    "SwitchyardWorker",
    [
      "SwitchyardModel", "SwitchyardCore", "SwitchyardPlugins", "SwitchyardSystem", "SwitchyardWire", "CLinux", grpc,
      grpcProtobuf, grpcTransport, httpClient, lifecycle, logging, nioCore, nioPosix,
    ]),
]

let programs: [Target] = [
  program(
    "switchyard",
    [
      "SwitchyardModel", "SwitchyardServer", "SwitchyardStorage", "SwitchyardStorageSQLite", "SwitchyardSystem",
      "SwitchyardWorker", argumentParser, httpClient, lifecycle, logging, nioSSL, yams,
    ]),
  program("switchyard-plugin-host", ["SwitchyardPlugins", "SwitchyardModel"]),
  .executableTarget(name: "switchyard-shim", path: "Sources/switchyard-shim"),
]

let plugins: [Target] = [
  plugin("datacenter", "DatacenterPlugin", source: "datacenter.cpp"),
  plugin("designated", "DesignatedPlugin", source: "designated.cpp"),
  plugin("first-available", "FirstAvailable", source: "FirstAvailable.swift"),
  plugin("host-metrics", "HostMetricsPlugin", source: "host-metrics.c"),
  plugin("least-loaded", "LeastLoadedPlugin", source: "least-loaded.c"),
  plugin("power-of-two", "PowerOfTwo", source: "PowerOfTwo.swift"),
  plugin("random", "RandomPlugin", source: "random.c"),
  plugin("resources", "ResourcesPlugin", source: "resources.c"),
  plugin("round-robin", "RoundRobinPlugin", source: "round-robin.cpp"),
  plugin("site", "SitePlugin", source: "site.c"),
  plugin("weighted-round-robin", "WeightedRoundRobinPlugin", source: "weighted-round-robin.c"),
]

let testing: [Target] = [
  tests("ArchitectureTests", []),
  tests("ModelTests", ["SwitchyardModel"]),
  tests("ObservabilityTests", ["SwitchyardObservability"]),
  tests(
    "ServerTests",
    [
      "SwitchyardModel", "SwitchyardCore", "SwitchyardStorage", "SwitchyardServer", hummingbirdCore, logging, nioCore,
      nioEmbedded,
    ]),
  tests("CoreTests", ["SwitchyardModel", "SwitchyardCore"]),
  support("Simulation", ["SwitchyardModel", "SwitchyardCore", "SwitchyardStorage"]),
  program("simulate", ["Simulation"], path: "Tests/Simulate"),
  tests("SimulationTests", ["Simulation", "simulate"]),
  support("StorageConformance", ["SwitchyardModel", "SwitchyardStorage"]),
  program(
    "storage-crasher", ["SwitchyardModel", "SwitchyardStorage", "SwitchyardStorageSQLite"],
    path: "Tests/StorageCrasher"),
  tests(
    "StorageTests",
    [
      "SwitchyardModel", "SwitchyardStorage", "SwitchyardStorageSQLite", "CSQLite", "StorageConformance",
      "storage-crasher",
    ]),
  support("PluginFixtures", ["SwitchyardModel", "SwitchyardPlugins"]),
  tests(
    "PluginHostTests", ["SwitchyardModel", "SwitchyardPlugins", "CSwitchyard", "CPluginHost", "PluginFixtures"]),
  tests(
    "PlacementTests",
    ["SwitchyardModel", "SwitchyardCore", "SwitchyardPlugins", "SwitchyardPlacement", "CSwitchyard", "PluginFixtures"]),
  tests(
    "WorkerTests",
    [
      "SwitchyardModel", "SwitchyardCore", "SwitchyardPlugins", "SwitchyardSystem", "SwitchyardWire",
      "SwitchyardWorker",
      grpc, grpcTransport, lifecycle, logging,
    ]),
  tests(
    "SystemTests",
    [
      "switchyard", "SwitchyardModel", "SwitchyardWire", "SwitchyardWorker", "CSQLite", argumentParser, grpc,
      grpcTransport,
    ]),
  program(
    "benchmarks",
    [
      "SwitchyardModel", "SwitchyardCore", "SwitchyardPlugins", "SwitchyardPlacement", "SwitchyardStorage",
      "SwitchyardStorageSQLite", "SwitchyardWire", "CSwitchyard", "CPluginHost", grpc, grpcTransport,
    ],
    path: "Tests/Benchmarks", exclude: ["Peers"]),
]

let package = Package(
  name: "switchyard",
  products: plugins.map { target in
    .library(
      name: (target.path ?? "").split(separator: "/").last.map(String.init) ?? "", type: .dynamic,
      targets: [target.name])
  },
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.0.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.0.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.0.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: modules + programs + plugins + testing,
  cxxLanguageStandard: .cxx17
)
