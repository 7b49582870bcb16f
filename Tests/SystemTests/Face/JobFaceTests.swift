import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct JobFace {
    @Test func `an edit that did not see the last one is refused`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        func put(_ duration: String, _ header: (String, String)) async throws -> HTTPAnswer {
          var exchange = HTTPExchange(
            port: cluster.http, method: "PUT", target: "/api/v1/apps/default/jobs/j", body: noopJob("j", duration).bytes
          )
          exchange.headers = [("authorization", "Bearer \(cluster.api.token)"), header]
          return try await exchange.run()
        }
        #expect(try await put("1s", ("if-match", "*")).status == 412, "there is none yet")
        let made = try await put("1s", ("if-none-match", "*"))
        #expect(made.status == 201 && made.headers["etag"] == "\"1\"", "\(made)")
        #expect(try await put("2s", ("if-none-match", "*")).status == 412)
        let edited = try await put("2s", ("if-match", "\"1\""))
        #expect(edited.status == 200 && edited.headers["etag"] == "\"2\"", "\(edited)")
        let late = try await put("3s", ("if-match", "\"1\""))
        #expect(late.status == 412 && late.detail.contains("\"2\""), "\(late.text)")
        #expect(try await cluster.api.get("/apps/default/jobs/j").number("version") == 2)
      }
    }

    @Test func `versions are kept, and a definition may be taken along`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for number in 1...5 { try await cluster.api.apply(noopJob("j", "\(number)s")) }
        let page = try await cluster.api.get("/apps/default/jobs/j/versions?limit=2")
        #expect(page["versions"]?.arrayValue?.map { $0.number("version") } == [5, 4])
        let rest = try await cluster.api.get("/apps/default/jobs/j/versions?cursor=\(page.text("next"))")
        #expect(rest["versions"]?.arrayValue?.map { $0.number("version") } == [3, 2, 1])
        #expect(rest["next"] == .null)
        let second = try await cluster.api.get("/apps/default/jobs/j/versions/2")
        #expect(second["spec"]?["processor"] == ["noop": ["duration": "2s"]])
        #expect(try await cluster.api.exchange("GET", "/apps/default/jobs/j/versions/6").status == 404)
        #expect(try await cluster.succeeds("job", "versions", "j").text.contains("duration=5s"))

        let definition = try await cluster.succeeds("job", "export", "j").text
        #expect(try await cluster.succeeds("job", "apply", "-f", "-", input: definition).text.contains("version 5"))
      }
    }

    @Test func `jobs are found by what they are`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(
          noopJob("report-daily", "0s", ["schedule": ["cron": "0 0 1 1 *"], "tags": ["gpu"]]))
        try await cluster.api.apply(noopJob("report-weekly", "0s", ["schedule": ["every": "10h"]]))
        try await cluster.api.apply(noopJob("clean", "0s", ["tags": ["gpu"]]))
        try await cluster.api.call("POST", "/apps/default/jobs/report-weekly/pause")
        func found(_ query: String) async throws -> [String] {
          (try await cluster.api.get("/jobs?\(query)")["jobs"]?.arrayValue ?? []).map { $0.text("name") }
        }
        #expect(try await found("name=report") == ["report-daily", "report-weekly"])
        #expect(try await found("name=rep*") == [], "no pattern, a part of the name")
        #expect(try await found("state=paused") == ["report-weekly"])
        #expect(try await found("tag=gpu") == ["clean", "report-daily"])
        #expect(try await found("schedule=none") == ["clean"])
        #expect(try await found("schedule=cron&tag=gpu&name=daily&state=enabled&app=default") == ["report-daily"])
        let first = try await cluster.api.get("/jobs?tag=gpu&limit=1")
        #expect(try await found("tag=gpu&limit=1&cursor=\(first.text("next"))") == ["report-daily"])
      }
    }

    @Test func `an older policy is taken up again`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        for balancer in ["least-loaded", "power-of-two"] {
          try await cluster.succeeds("policy", "set", "--balancer", "switchyard.\(balancer)")
        }
        let revisions = try await cluster.api.get("/apps/default/policy/revisions")["revisions"]?.arrayValue ?? []
        #expect(revisions.map { $0.number("revision") } == [2, 1])
        #expect(try await cluster.succeeds("policy", "history").text.contains("switchyard.power-of-two"))
        try await cluster.succeeds("policy", "rollback", "1")
        let now = try await cluster.api.get("/apps/default/policy")
        #expect(now.number("revision") == 3 && now.number("live") == 3)
        #expect(now["policy"]?["balancer"]?.text("plugin") == "switchyard.least-loaded")
        #expect(try await cluster.api.get("/policies")["policies"]?.arrayValue?.map { $0.text("app") } == ["default"])
      }
    }

    @Test func `workers are found by what they are, with their last heartbeat`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1", slots: 4, ["--tag", "gpu"])
        try await cluster.startWorker("w2", slots: 4)
        try await cluster.api.apply(noopJob("long", "10m", ["slots": 3, "tags": ["gpu"]]))
        let id = try await cluster.api.run("long")
        try await cluster.api.instance(id, becomes: "running")
        func found(_ query: String) async throws -> [String] {
          (try await cluster.api.get("/workers?\(query)")["workers"]?.arrayValue ?? []).map { $0.text("name") }
        }
        #expect(try await found("tag=gpu") == ["w1"])
        #expect(try await found("site=test&state=running&app=default") == ["w1", "w2"])
        #expect(try await found("state=lost") == [])
        let busy = try await cluster.api.get("/workers/w1")
        #expect([busy.number("used"), busy.number("free"), busy.number("placed")] == [3, 1, 1])
        let heard = try busy.time("heardAt")
        try await eventually("another heartbeat comes") {
          try await cluster.api.get("/workers/w1").time("heardAt") > heard
        }
        #expect(try await cluster.api.exchange("GET", "/workers/w3").status == 404)
      }
    }
  }
}
