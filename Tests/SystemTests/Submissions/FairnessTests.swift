import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Fairness {
    /// The queue is short, so that a slow machine fills it too.
    @Test func `an app that floods is told when to come again, and another is served meanwhile`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer(["--admission-queue", "1000"])
        for app in ["flood", "calm"] {
          try await cluster.api.call("PUT", "/apps/\(app)/jobs/quick", noopJob("quick"))
        }
        let body = JSONValue.array(Array(repeating: ["job": "quick"], count: 200)).bytes
        let api = cluster.api
        let refusals = try await withThrowingTaskGroup(
          of: [HTTPAnswer].self, returning: [HTTPAnswer].self
        ) { group in
          for _ in 0..<12 {
            group.addTask {
              var refused: [HTTPAnswer] = []
              while !Task.isCancelled {
                let answer = try await api.exchange("POST", "/apps/flood/instances", bytes: body)
                if answer.status != 200 { refused.append(answer) }
              }
              return refused
            }
          }
          var slowest = Duration.zero
          for _ in 0..<60 {
            let begin = ContinuousClock.now
            let answer = try await api.exchange("POST", "/apps/calm/jobs/quick/run")
            slowest = max(slowest, ContinuousClock.now - begin)
            #expect(answer.status == 202, "\(answer.detail)")
          }
          #expect(slowest < .seconds(5), "\(slowest)")
          group.cancelAll()
          return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(!refusals.isEmpty)
        for refused in refusals {
          #expect(refused.status == 429, "\(refused.detail)")
          #expect((Int(refused.headers["retry-after"] ?? "") ?? 0) >= 1)
        }
        #expect(try await api.instances("app=calm").count == 60)
      }
    }

    @Test func `the rate of an app has a bound`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer(["--admission-rate", "5", "--admission-burst", "10"])
        try await cluster.api.apply(noopJob("quick"))
        let items = JSONValue.array(Array(repeating: ["job": "quick"], count: 100)).bytes
        #expect(try await cluster.api.exchange("POST", "/apps/default/instances", bytes: items).status == 200)
        let refused = try await cluster.api.exchange("POST", "/apps/default/jobs/quick/run")
        #expect(refused.status == 429, "\(refused.detail)")
        // 91 are owed, of which 5 come a second.
        #expect((10...19).contains(Int(refused.headers["retry-after"] ?? "") ?? 0), "\(refused.headers)")
        #expect(refused.detail == "too many submissions to the app \"default\": 5 a second, and 10 at once")
      }
    }
  }
}
