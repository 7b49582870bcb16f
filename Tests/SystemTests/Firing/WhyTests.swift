import Foundation
import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Whys {
    @Test func `a job is explained from its first due time to its end`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let (start, end) = (now + .seconds(10), now + .seconds(13))
        try await cluster.api.apply(
          noopJob(
            "short", "0s",
            [
              "schedule": ["every": "1s"], "startsAt": .string("\(start)"), "endsAt": .string("\(end)"),
              "jitter": "100ms",
            ]))
        let next = try await cluster.api.get("/apps/default/jobs/short/next")
        #expect(next["next"]?.arrayValue?.count == 3, "\(next.text)")
        #expect(next.text("jitter") == "100ms")
        try await eventually("its life is over, and its last run too") {
          guard try await cluster.api.get("/apps/default/jobs/short")["ended"] == true else { return false }
          return try await cluster.api.instances("job=short&app=default&state=succeeded").count == 3
        }
        func why(_ job: String, _ time: Timestamp) async throws -> JSONValue {
          try await cluster.api.get("/apps/default/jobs/\(job)/why?at=\(time)")
        }
        let fired = try await why("short", start)
        #expect(fired.text("verdict") == "fired", "\(fired.text)")
        #expect(fired["instance"]?.text("state") == "succeeded")
        #expect(try fired.time("startsUntil") == start + .milliseconds(100))
        #expect(try await why("short", now - .seconds(60)).text("verdict") == "not-created")
        #expect(try await why("short", start - .seconds(1)).text("verdict") == "before-start")
        #expect(try await why("short", end).text("verdict") == "after-end")

        try await cluster.api.apply(
          noopJob("daily", "0s", ["schedule": ["cron": "30 2 * * *"], "timeZone": "Europe/Paris"]))
        let gap = try await cluster.cli("job", "why", "daily", "--at", "2030-03-31T02:30")
        #expect(gap.code == 0)
        #expect(gap.text.contains("that time never came in Europe/Paris"), "\(gap)")
        #expect(gap.text.contains("2030-03-31T01:00:00.000Z  due: it will be due"), "\(gap)")
        #expect(try await why("daily", Timestamp(seconds: 1_900_000_000)).text("verdict") == "not-due")
        try await cluster.api.call("POST", "/apps/default/jobs/daily/pause")
        let paused = try await cluster.cli("job", "why", "daily", "--at", "2030-03-31T01:00:00Z")
        #expect(paused.text.contains("paused: the job is paused since"), "\(paused)")
        let wrong = try await cluster.cli("job", "why", "daily", "--at", "tomorrow")
        #expect(wrong.code != 0 && wrong.errors.contains("must be a time such as"), "\(wrong)")
      }
    }
  }
}
