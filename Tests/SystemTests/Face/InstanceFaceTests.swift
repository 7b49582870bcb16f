import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct InstanceFace {
    @Test func `what waits is explained, worker by worker`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1")
        try await cluster.api.apply(noopJob("picky", "0s", ["tags": ["gpu"]]))
        let id = try await cluster.api.run("picky")
        let found = try await eventually("it is explained") {
          let found = try await cluster.api.get("/instances/\(id)/explain")
          return found["workers"]?.arrayValue?.isEmpty == false ? found : nil
        }
        #expect(found.text("state") == "waiting")
        #expect(found.number("fitting") == 0)
        #expect(found["workers"]?[0]?.text("name") == "w1")
        #expect(found["workers"]?[0]?.text("by") == "tags")
        let told = try await cluster.succeeds("instance", "explain", id)
        #expect(told.text.contains("lacks gpu"), "\(told)")

        try await cluster.startWorker("w2", ["--tag", "gpu"])
        #expect(try await cluster.api.end(of: id).text("worker") == "w2")
        let over = try await cluster.api.exchange("GET", "/instances/\(id)/explain")
        #expect(over.status == 409 && over.detail.contains("succeeded"), "\(over.text)")
      }
    }

    @Test func `an instance is run again, by today's definition or by its own`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1")
        let echo = #"echo "$SWITCHYARD_PARAMETERS""#
        try await cluster.api.apply(shellJob("say", echo))
        let first = try await cluster.api.run("say", parameters: ["a": 1])
        _ = try await cluster.api.end(of: first)
        try await cluster.api.apply(shellJob("say", "\(echo); echo new"))

        let today = try await cluster.succeeds("instance", "rerun", first, "--json").json.text("id")
        let asThen = try await cluster.succeeds("instance", "rerun", first, "--same-version", "--json").json.text("id")
        #expect(try await cluster.api.end(of: today).number("jobVersion") == 2)
        let then = try await cluster.api.end(of: asThen)
        #expect(then.number("jobVersion") == 1)
        #expect(then["parameters"] == ["a": 1])

        let keyed = try await cluster.api.call("POST", "/instances/\(first)/rerun", ["key": "once"])
        let again = try await cluster.api.call("POST", "/instances/\(first)/rerun", ["key": "once"])
        #expect(keyed.text("id") == again.text("id"))
        #expect(again["duplicate"] == true)

        try await cluster.api.call("DELETE", "/apps/default/jobs/say")
        let gone = try await cluster.api.exchange("POST", "/instances/\(first)/rerun")
        #expect(gone.status == 409 && gone.detail.contains("deleted"), "\(gone.text)")
      }
    }

    @Test func `attempts, and any part of a log`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("w1")
        let command = #"echo "line of attempt"; [ "$SWITCHYARD_ATTEMPT" -gt 1 ]"#
        try await cluster.api.apply(shellJob("twice", command, ["retry": ["limit": 1, "backoff": "1ms"]]))
        let id = try await cluster.api.run("twice")
        _ = try await cluster.api.end(of: id)
        let attempts = try await cluster.api.get("/instances/\(id)/attempts")["attempts"]?.arrayValue ?? []
        #expect(attempts.map { $0.number("attempt") } == [1, 2])
        #expect(attempts.map { $0.text("outcome") } == ["failed", "succeeded"])
        let table = try await cluster.succeeds("instance", "attempts", id).text
        #expect(table.contains("failed") && table.contains("succeeded"))

        let whole = try await cluster.api.log(of: id)
        #expect(whole == Array("line of attempt\n".utf8))
        #expect(try await cluster.api.log(of: id, "offset=5") == Array(whole.dropFirst(5)))
        #expect(try await cluster.api.log(of: id, "offset=5&bytes=2") == Array(whole.dropFirst(5).prefix(2)))
        #expect(
          try await cluster.api.log(of: id, "offset=5&bytes=2&follow=true") == Array(whole.dropFirst(5).prefix(2)))
        #expect(try await cluster.api.log(of: id, "offset=500") == [])
        let download = try await cluster.api.exchange("GET", "/instances/\(id)/logs?download=true&attempt=1")
        #expect(download.headers["content-disposition"] == "attachment; filename=\"\(id)-1.log\"")
        let head = try await cluster.api.exchange("HEAD", "/instances/\(id)")
        #expect(head.status == 200 && head.body.isEmpty, "\(head)")
      }
    }

    @Test func `instances are found by time, page by page`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.api.apply(noopJob("early", "0s", ["tags": ["nowhere"]]))
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await cluster.api.run("early")) }
        let middle = try await cluster.api.instance(ids[2])
        let late = try await cluster.api.call(
          "POST", "/apps/default/jobs/early/run", ["at": "2100-01-01T00:00:00Z"]
        ).text("id")
        func found(_ query: String) async throws -> [String] {
          try await cluster.api.instances(query).map { $0.text("id") }
        }
        #expect(try await found("dueAfter=2099-01-01T00:00:00Z") == [late])
        #expect(try await found("dueBefore=2099-01-01T00:00:00Z") == ids.reversed())
        let time = middle.text("createdAt")
        let later = try await found("createdAfter=\(time)")
        #expect(later.starts(with: [late] + ids[2...].reversed()))
        #expect(try await !found("createdBefore=\(time)").contains(ids[2]))
        #expect(try await found("createdBefore=2020-01-01T00:00:00Z").isEmpty)
        #expect(try await found("createdAfter=2100-01-01T00:00:00Z").isEmpty)
        let one = "app=default&job=early&occurrence=\(middle.text("occurrence"))"
        #expect(try await found(one) == [ids[2]])
        let page = try await cluster.api.get("/instances?limit=2&dueBefore=2099-01-01T00:00:00Z")
        #expect(page["instances"]?.arrayValue?.map { $0.text("id") } == [ids[4], ids[3]])
        let next = try await cluster.api.get(
          "/instances?limit=2&dueBefore=2099-01-01T00:00:00Z&cursor=\(page.text("next"))")
        #expect(next["instances"]?.arrayValue?.map { $0.text("id") } == [ids[2], ids[1]])
      }
    }
  }
}
