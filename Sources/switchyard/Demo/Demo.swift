import ArgumentParser
import Foundation
import SwitchyardModel

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch a server and five workers do real work, lose a worker and the server, and lose nothing.",
    discussion: "Ends by itself after about 40 s; exit code 1 if a firing was lost or doubled.")

  @Flag(name: .long, help: "Keep the data and logs of the demonstration.") var keep = false

  func run() async throws {
    let cluster = try DemoCluster()
    var isSound = false
    defer { cluster.end(keepFiles: keep || !isSound) }
    do {
      isSound = try await DemoScript(cluster: cluster).play()
    } catch {
      print("\nthe demonstration broke off: \(error)\nits logs are in \(cluster.directory)")
      throw ExitCode.failure
    }
    guard isSound else {
      print("logs and data are in \(cluster.directory)")
      throw ExitCode.failure
    }
  }
}

/// What happens, in order.
final class DemoScript {
  private let cluster: DemoCluster
  private var tally = DemoTally()
  private var screen = DemoScreen()
  private var lastOrder = 0
  private var orders: [String] = []
  /// When all jobs were there, and when they began to be paused.
  private var dueFrom = Timestamp.distantPast
  private var dueTo = Timestamp.distantFuture
  private let began = Date()

  init(cluster: DemoCluster) { self.cluster = cluster }

  func play() async throws -> Bool {
    screen.say("starting a server on SQLite and five workers on sites east and west")
    try cluster.startServer()
    try await cluster.ready(workers: 0)
    try cluster.startWorkers()
    try await cluster.ready(workers: DemoCluster.workers.count)
    try await setPolicy("switchyard.weighted-round-robin")
    try await applyJobs()

    screen.say("weighted round robin: firings follow the weights 5 3 2 3 2")
    let weightedFrom = wallTime()
    try await watch(seconds: 10)
    let weightedTo = wallTime()

    let rate = try await rateNow()
    try await setPolicy("switchyard.least-loaded")
    screen.say("swapped to least loaded at \(Int(rate)) firings a second: nothing stopped")
    try await watch(seconds: 5)

    screen.say("SIGKILL for worker east-2; its work moves when its lease has run out")
    cluster.kill("east-2")
    try await watch(seconds: 7)

    screen.say("SIGKILL for the server; the workers go on and wait for it")
    cluster.kill("server")
    try await Task.sleep(for: .milliseconds(700))
    try cluster.startServer()
    try await cluster.ready(workers: DemoCluster.workers.count - 1)
    screen.say("the server is back, and so are its workers")
    try await watch(seconds: 7)

    screen.say("no new firings; what is under way comes to its end")
    try await pauseAll()
    try await drain()
    return try await summary(rate: rate, from: weightedFrom, to: weightedTo)
  }

  private func setPolicy(_ balancer: String) async throws {
    let policy = Policy(balancer: .init(plugin: balancer))
    _ = try await cluster.client().send("PUT", "/apps/default/policy", body: policy.json)
  }

  private func applyJobs() async throws {
    let path = "\(cluster.directory)/jobs.yaml"
    try DemoJobs.yaml(directory: cluster.directory, url: cluster.url).write(
      toFile: path, atomically: true, encoding: .utf8)
    for document in try YAMLFile.documents(at: path) {
      _ = try await cluster.client().send("PUT", "/apps/default/jobs/\(document.cell("name"))", body: document)
    }
    dueFrom = wallTime()
    screen.say("applied \(path): cron, fixed-rate, fixed-delay and API jobs, 300 firings a second")
  }

  private func watch(seconds: Double) async throws {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
      if Date().timeIntervalSince(began) > Double(lastOrder) {
        lastOrder = Int(Date().timeIntervalSince(began)) + 1
        let body: JSONValue = ["key": .string("order-\(lastOrder)"), "parameters": .integer(Int64(lastOrder))]
        orders.append(try await cluster.client().send("POST", "/apps/default/jobs/order/run", body: body).cell("id"))
      }
      try await tally.look(try cluster.client())
      screen.show(tally.perWorker, seconds: Date().timeIntervalSince(began))
      try await Task.sleep(for: .milliseconds(400))
    }
  }

  /// Firings a second, over the last two whole seconds.
  private func rateNow() async throws -> Double {
    let page = try await cluster.client().get("/instances", [("limit", "1000")])
    let times = (page["instances"]?.arrayValue ?? []).compactMap { try? Timestamp(parsing: $0.cell("createdAt")) }
    guard let newest = times.max() else { return 0 }
    return Double(times.filter { newest - $0 < .seconds(2) }.count) / 2
  }

  private func pauseAll() async throws {
    dueTo = wallTime()
    for job in try await cluster.client().pages("/jobs", [], "jobs") {
      _ = try await cluster.client().send("POST", "/apps/default/jobs/\(job.cell("name"))/pause")
    }
  }

  private func drain() async throws {
    let deadline = Date().addingTimeInterval(30)
    while Date() < deadline {
      let status = try await cluster.client().get("/status")
      let open = status["instances"]?.objectValue?.members.compactMap(\.value.integerValue).reduce(0, +) ?? 1
      if open == 0 { return }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func summary(rate: Double, from: Timestamp, to: Timestamp) async throws -> Bool {
    try await tally.finish(try cluster.client())
    let ledger = "\(cluster.directory)/ledger"
    let missed = DemoJobs.beats.map { job, period in tally.missed(job: job, every: period, from: dueFrom, to: dueTo) }
      .reduce(0, +)
    let lost =
      tally.unfinished.count + missed + tally.vanished(of: orders)
      + tally.unwitnessed(ledger: ledger, jobs: ["checksum", "report", "flaky", "order"])
    let twice = tally.doubled + tally.doneTwice(ledger: ledger).count
    screen.close()
    let shares = tally.placed(from: from, to: to)
    let total = max(1, shares.values.reduce(0, +))
    let weights = DemoCluster.workers.map(\.weight).reduce(0, +)
    let all = tally.placed(from: .distantPast, to: .distantFuture)
    var table = Table([
      "worker", "site", "weight", "its share", "share it got under weighted round robin", "firings in all",
    ])
    for worker in DemoCluster.workers {
      table.add([
        worker.name, worker.site, "\(worker.weight)", percent(worker.weight, weights),
        percent(shares[worker.name] ?? 0, total), "\(all[worker.name] ?? 0)",
      ])
    }
    print("\n\(table.text)\n")
    print("fired        \(tally.fired)   (\(Int(rate)) a second when the balancer was swapped)")
    print("finished     \(tally.finished)")
    print("retried      \(tally.retried)")
    print("lost         \(lost)\(missed > 0 ? "   (\(missed) due times without a firing)" : "")")
    print("fired twice  \(twice)")
    for firing in tally.unfinished.prefix(5) { print("  \(firing.id) \(firing.job) is \(firing.state)") }
    if rate < 200 { print("the load was below 200 firings a second: this machine is busy") }
    return lost == 0 && twice == 0 && rate >= 200
  }

  private func percent(_ part: Int, _ whole: Int) -> String {
    let tenths = whole == 0 ? 0 : part * 1000 / whole
    return "\(tenths / 10).\(tenths % 10) %"
  }

  private func wallTime() -> Timestamp { Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)) }
}
