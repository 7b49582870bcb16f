import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Misfires {
    private static let period: Int64 = 100_000_000

    @Test func `after a time without a server each due time has fired or is in a record`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let policies: [(String, JSONValue)] = [
          ("last", ["policy": "fire-once", "threshold": "500ms"]), ("none", ["policy": "skip", "threshold": "500ms"]),
          ("some", ["policy": "fire-all", "threshold": "500ms", "limit": 3]),
        ]
        for (name, misfire) in policies {
          try await cluster.api.apply(noopJob(name, "0s", ["schedule": ["every": "100ms"], "misfire": misfire]))
        }
        func fired(_ name: String) async throws -> [JSONValue] {
          try await cluster.api.instances("job=\(name)&app=default&state=succeeded")
        }
        try await eventually("each fires") {
          for (name, _) in policies where try await fired(name).count < 5 { return false }
          return true
        }
        try await cluster.kill("server")
        let gone = Date()
        try await eventually("three seconds pass without a server") { Date().timeIntervalSince(gone) > 3 }
        try await cluster.startServer()
        for (name, _) in policies {
          try await eventually("\(name) has a record and fires again") {
            let records = try await cluster.api.instances("job=\(name)&app=default&state=skipped")
            guard let last = try records.map({ try Self.range($0).1 }).max() else { return false }
            return try await fired(name).contains { try $0.time("dueAt") > last }
          }
          try await cluster.api.call("POST", "/apps/default/jobs/\(name)/pause")
        }
        try await eventually("all are over") { try await cluster.api.open() == 0 }
        for (name, _) in policies { try await check(name, on: cluster) }
      }
    }

    /// The due times that fired and those that records stand for make one unbroken row.
    private func check(_ name: String, on cluster: Cluster) async throws {
      let instances = try await cluster.api.instances("job=\(name)&app=default")
      let records = instances.filter { $0.text("state") == "skipped" }
      var times = dueTimes(instances.filter { $0.text("state") == "succeeded" })
      for record in records {
        let (first, last, count) = try Self.range(record)
        #expect(record.text("detail").hasPrefix("misfire: "), "\(record.text)")
        let skipped = stride(from: first.nanoseconds, through: last.nanoseconds, by: Int64.Stride(Self.period))
        #expect(Int64(Array(skipped).count) == count, "\(record.text)")
        times += skipped
      }
      let longest = try records.map { try Self.range($0).2 }.max() ?? 0
      #expect(longest > 10, "three seconds are thirty due times: \(records.map(\.text))")
      #expect(irregularities(times.sorted(), period: Self.period).isEmpty, "\(name): due times have gaps or doubles")
    }

    private static func range(_ record: JSONValue) throws -> (Timestamp, Timestamp, Int64) {
      let skipped = record["result"]?["skipped"] ?? .null
      return (try skipped.time("first"), try skipped.time("last"), skipped.number("count"))
    }
  }
}
