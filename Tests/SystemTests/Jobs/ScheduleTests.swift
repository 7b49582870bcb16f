import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Schedules {
    @Test func `each kind fires when it should`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let soon = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)) + .seconds(2)
        try await cluster.api.apply(noopJob("rate", "0s", ["schedule": ["every": "100ms"]]))
        try await cluster.api.apply(noopJob("delay", "150ms", ["schedule": ["delay": "200ms"]]))
        try await cluster.api.apply(noopJob("cron", "0s", ["schedule": ["cron": "* * * * * *"]]))
        try await cluster.api.apply(noopJob("once", "0s", ["schedule": ["at": .string("\(soon)")]]))
        func over(_ job: String) async throws -> [JSONValue] {
          try await cluster.api.instances("app=default&job=\(job)&state=succeeded").reversed()
        }
        try await eventually("each has fired often enough") {
          for (name, count) in [("rate", 30), ("delay", 6), ("cron", 3), ("once", 1)] {
            guard try await over(name).count >= count else { return false }
          }
          return true
        }

        #expect(irregularities(dueTimes(try await over("rate")), period: 100_000_000).isEmpty)
        let seconds = dueTimes(try await over("cron"))
        #expect(seconds.allSatisfy { $0 % 1_000_000_000 == 0 })
        #expect(irregularities(seconds, period: 1_000_000_000).isEmpty)
        let delays = try await over("delay")
        for (one, next) in zip(delays, delays.dropFirst()) {
          #expect(next.text("occurrence") == "after:\(one.text("id"))")
          // Counted from when the end was known, which takes a moment.
          #expect(try next.time("dueAt") - one.time("endedAt") >= .milliseconds(200), "\(one.text) \(next.text)")
          #expect(try next.time("startedAt") >= next.time("dueAt"), "\(next.text)")
        }
        let once = try #require(try await over("once").first)
        #expect(try once.time("dueAt") == soon)
        #expect(try once.time("dispatchedAt") >= soon, "not before its time")
        for name in ["rate", "delay", "cron"] { try await cluster.api.call("POST", "/apps/default/jobs/\(name)/pause") }
        #expect(try await cluster.api.get("/apps/default/jobs/once")["nextFire"] == .null, "it is over for good")
      }
    }

    @Test func `a submission with a key runs once, however often it is sent`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        try await cluster.api.apply(noopJob("order"))
        let first = try await cluster.api.run("order", key: "order-7")
        _ = try await cluster.api.end(of: first)
        for _ in 0..<3 { #expect(try await cluster.api.run("order", key: "order-7") == first) }
        #expect(try await cluster.api.run("order", key: "order-8") != first)
        #expect(try await cluster.api.instances().count == 2)
      }
    }
  }
}
