import CSQLite
import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Events {
    private func lines(_ command: Command) -> [JSONValue] {
      String(decoding: command.output, as: UTF8.self).split(separator: "\n").compactMap {
        try? JSONValue(parsing: String($0))
      }
    }

    private func states(of id: String, in events: [JSONValue]) -> [String] {
      events.filter { $0["data"]?["instance"]?.stringValue == id }.map {
        $0["data"]?["state"]?.stringValue ?? $0["data"]?["outcome"]?.stringValue ?? ""
      }
    }

    /// Follows until it is connected, which an event of its own tells.
    private func follow(_ cluster: Cluster, _ words: String...) async throws -> Command {
      let command = try Command(cluster, ["events", "--json"] + words, [:], nil)
      var count = 0
      try await eventually("events are followed") {
        count += 1
        try await cluster.api.apply(noopJob("mark", "\(count)ms"))
        return !lines(command).isEmpty
      }
      return command
    }

    @Test func `the life of an instance is told, once and in order`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1")
        // Of one that is over at once its worker tells the end alone.
        try await cluster.api.apply(noopJob("quick", "300ms"))
        try await cluster.api.call("PUT", "/apps/other/jobs/quick", noopJob("quick"))
        let all = try await follow(cluster)
        let some = try await follow(cluster, "--app", "default", "--types", "instance,job")
        let id = try await cluster.api.run("quick")
        _ = try await cluster.api.call("POST", "/apps/other/jobs/quick/run")
        let last = try await cluster.api.run("quick")
        for command in [all, some] {
          try await eventually("the end is told") { states(of: last, in: lines(command)).contains("succeeded") }
        }
        let told = lines(all)
        #expect(states(of: id, in: told) == ["dispatched", "running", "succeeded", "succeeded"])
        let one = try #require(told.last { $0["data"]?["instance"]?.stringValue == id })
        #expect(one["event"] == "instance")
        #expect(one["data"]?["app"] == "default" && one["data"]?["job"] == "quick" && one["data"]?["worker"] == "w1")
        let numbers = told.compactMap { Int($0.text("id").split(separator: "-").last ?? "") }
        #expect(numbers == Array(numbers[0]..<(numbers[0] + numbers.count)))

        let chosen = lines(some)
        #expect(Set(chosen.map { $0.text("event") }) == ["instance", "job"])
        #expect(Set(chosen.map { $0["data"]?["app"]?.stringValue ?? "" }) == ["default"])
        #expect(states(of: id, in: chosen) == ["dispatched", "running", "succeeded"])

        // From the middle on, the rest is told again.
        let middle = told.count / 2
        let again = try cluster.begin("events", "--json", "--since", told[middle].text("id"))
        let rest = told[(middle + 1)...].map { $0.text("id") }
        try await eventually("the rest is told") { lines(again).count >= rest.count }
        #expect(lines(again).prefix(rest.count).map { $0.text("id") } == rest)
        for command in [all, some, again] { try await command.process.killAndReap() }
      }
    }

    @Test func `a follower goes on after a restart of the server, and is told of the gap`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let command = try await follow(cluster)
        let before = lines(command).last?.text("id") ?? ""
        try await cluster.kill("server")
        try await cluster.startServer()
        try await eventually("the gap is told") { lines(command).contains { $0.text("event") == "gap" } }
        let gap = try #require(lines(command).first { $0.text("event") == "gap" })
        #expect(gap["data"]?["from"]?.stringValue?.split(separator: "-").first == before.split(separator: "-").first)
        #expect(gap["data"]?["lost"] == .null)
        try await cluster.api.apply(noopJob("after"))
        try await eventually("what comes after is told") {
          lines(command).contains { $0["data"]?["job"] == "after" && $0.text("event") == "job" }
        }
        // The new server's own beginning is told too, since nobody could have heard it.
        #expect(lines(command).contains { $0["data"]?["state"] == "owning" })
        try await command.process.killAndReap()
      }
    }

    @Test func `a wrong filter is refused`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let wrong = [
          ("types=instances", "types", 400), ("types=", "types", 400), ("job=quick", "app", 422),
          ("app=default&since=1", "since", 400),
        ]
        for (query, field, status) in wrong {
          let answer = try await cluster.api.exchange("GET", "/events?\(query)")
          #expect(answer.status == status)
          #expect(try answer.json["errors"]?[0]?["field"]?.stringValue == field, "\(answer.text)")
        }
      }
    }
  }

  @Suite struct Health {
    private func ask(_ cluster: Cluster, _ target: String, token: String? = nil) async throws -> HTTPAnswer {
      var exchange = HTTPExchange(port: cluster.http, method: "GET", target: target)
      if let token { exchange.headers.append(("authorization", "Bearer \(token)")) }
      return try await exchange.run()
    }

    @Test func `whether it lives and can work needs no token, its figures do`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        #expect(try await ask(cluster, "/healthz").status == 200)
        let ready = try await ask(cluster, "/readyz")
        #expect(ready.status == 200)
        #expect(try ready.json["ready"] == true)
        let checks = try ready.json["checks"]?.arrayValue ?? []
        #expect(checks.count == 4 && checks.allSatisfy { $0["ok"] == true })
        #expect(try await ask(cluster, "/metrics").status == 401)
        #expect(try await ask(cluster, "/metrics", token: "wrong").status == 401)
        let metrics = try await ask(cluster, "/metrics", token: cluster.api.token)
        #expect(metrics.status == 200)
        #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      }
    }

    @Test func `a server that does not own its shards is not ready`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        #expect(try await cluster.terminate("server") == .exit(0))
        // Another program writes to the store, and does not come to an end.
        var other: OpaquePointer?
        #expect(sqlite3_open(cluster.data + "/switchyard.db", &other) == SQLITE_OK)
        defer { sqlite3_close(other) }
        #expect(sqlite3_exec(other, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
        try cluster.launchServer([])
        let unready = try await eventually("it answers, and cannot work") {
          let answer = try? await ask(cluster, "/readyz")
          return answer?.status == 503 ? answer : nil
        }
        let wrong = (try unready.json["checks"]?.arrayValue ?? []).filter { $0["ok"] == false }
        #expect(wrong.map { $0.text("name") } == ["shards"], "\(unready.text)")
        #expect(try await ask(cluster, "/healthz").status == 200, "a restart would not help")
        #expect(sqlite3_exec(other, "ROLLBACK", nil, nil, nil) == SQLITE_OK)
        try await eventually("it owns its shards") { try await ask(cluster, "/readyz").status == 200 }
      }
    }

    @Test func `figures are open where the operator says so`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer(["--metrics-open"])
        #expect(try await ask(cluster, "/metrics").status == 200)
        #expect(try await ask(cluster, "/api/v1/status").status == 401)
      }
    }
  }
}
