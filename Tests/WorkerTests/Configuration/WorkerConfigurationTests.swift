import SwitchyardModel
import Testing

@testable import SwitchyardWorker

struct WorkerConfigurationTests {
  private func valid() -> WorkerConfiguration {
    WorkerConfiguration(
      name: "w-1", dataDirectory: "/tmp/switchyard-\(UInt64.random(in: 0 ... .max))", servers: [ServerAddress(host: "localhost", port: 1)], token: "t",
      shimPath: "/bin/sh")
  }

  @Test func acceptsWhatIsRight() throws { try valid().validate() }

  @Test(
    arguments: [
      ("name", { @Sendable in $0.name = "w 1" }),
      ("worker-data", { @Sendable in $0.dataDirectory = "x" }),
      ("server", { @Sendable in $0.servers = [] }),
      ("worker-token", { @Sendable in $0.token = "a b" }),
      ("slots", { @Sendable in $0.slots = 0 }),
      ("weight", { @Sendable in $0.weight = .nan }),
      ("tag", { @Sendable in $0.tags = ["ok", "a,b"] }),
      ("site", { @Sendable in $0.site = "" }),
      ("processor", { @Sendable in $0.processors = [] }),
      ("processor", { @Sendable in $0.processors = ["perl"] }),
      ("shim", { @Sendable in $0.shimPath = "/nowhere" }),
      ("cgroup", { @Sendable in $0.cgroupPath = "/tmp" }),
      ("metrics-every", { @Sendable in $0.metricsEvery = .zero }),
      ("log.attempt", { @Sendable in $0.logLimits.attempt = -1 }),
    ] as [(String, @Sendable (inout WorkerConfiguration) -> Void)])
  func namesWhatIsWrong(path: String, change: @Sendable (inout WorkerConfiguration) -> Void) {
    var configuration = valid()
    change(&configuration)
    let errors = #expect(throws: FieldErrors.self) { try configuration.validate() }
    #expect(errors?.errors.map(\.path) == [path])
  }

  @Test func withoutShellNoShimIsNeeded() throws {
    var configuration = valid()
    configuration.processors = ["noop"]
    configuration.shimPath = ""
    try configuration.validate()
  }
}
