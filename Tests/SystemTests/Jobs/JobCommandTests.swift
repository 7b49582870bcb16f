import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct JobCommands {
    private static let file = """
      name: report
      schedule: {cron: "25 2 * * MON-FRI"}
      timeZone: Europe/Paris
      processor: {shell: {command: "echo made; exit ${CODE:-0}"}}
      retry: {limit: 0}
      ---
      name: fails
      processor: {shell: {command: "echo oh no; exit 3"}}
      """

    @Test func `apply, list, show, next, run, pause, resume, delete`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let path = try cluster.write("jobs.yaml", Self.file)
        #expect(try await cluster.succeeds("job", "apply", "-f", path).text.contains("default/report version 1"))
        #expect(
          try await cluster.succeeds("job", "apply", "-f", path).text.contains("default/report version 1"),
          "the same again changes nothing")
        let edited = Self.file.replacing("25 2", with: "26 2")
        #expect(
          try await cluster.succeeds("job", "apply", "-f", "-", input: edited).text.contains("default/report version 2")
        )

        let list = try await cluster.succeeds("job", "list")
        #expect(list.text.hasPrefix("APP"), "\(list)")
        #expect(list.text.contains("report") && list.text.contains("cron=26 2 * * MON-FRI"), "\(list)")
        let jobs = try await cluster.succeeds("job", "list", "--json").json["jobs"]?.arrayValue ?? []
        #expect(jobs.map { $0.text("name") } == ["fails", "report"])
        let shown = try await cluster.succeeds("job", "show", "default/report", "--json").json
        #expect(shown["spec"]?.text("timeZone") == "Europe/Paris")
        let words = try await cluster.succeeds("job", "show", "report").text
        #expect(words.contains("at 02:26 on weekdays, Europe/Paris"), "\(words)")

        let next = try await cluster.succeeds("job", "next", "report", "--count", "3").text.split(separator: "\n")
        #expect(next.count == 4 && next.dropFirst().allSatisfy { $0.contains(":26:00.000Z") }, "\(next)")
        #expect(next.first == "at 02:26 on weekdays, Europe/Paris")
        let never = try await cluster.succeeds("job", "next", "fails").text
        #expect(never.contains("only when it is told to") && never.contains("never"), "\(never)")

        try await runs(on: cluster)

        #expect(try await cluster.succeeds("job", "pause", "report").text.contains("paused"))
        #expect(try await cluster.api.get("/apps/default/jobs/report")["nextFire"] == .null)
        #expect(try await cluster.succeeds("job", "resume", "report").text.contains("enabled"))
        #expect(try await cluster.api.get("/apps/default/jobs/report").text("nextFire").contains(":26:00.000Z"))
        #expect(try await cluster.succeeds("job", "delete", "report").text.contains("deleted"))
        let gone = try await cluster.cli("job", "run", "report")
        #expect(gone.code == 1, "\(gone)")
        let left = try await cluster.succeeds("job", "list", "--json").json["jobs"]?.arrayValue ?? []
        #expect(left.map { $0.text("name") } == ["fails"], "a deleted job is not listed")
        // It can be made anew.
        #expect(try await cluster.succeeds("job", "apply", "-f", path).text.contains("default/report"))
        #expect(try await cluster.cli("job", "run", "report", "--wait").code == 0)
      }
    }

    @Test func `who waits for a run waits on while the server starts again`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        try await cluster.startWorker("a")
        let go = cluster.path("go")
        try await cluster.api.apply(shellJob("nap", "until [ -e \(go) ]; do sleep 0.05; done"))
        let waiting = try cluster.begin("job", "run", "nap", "--wait")
        let id = try await eventually("it runs") {
          try await cluster.api.instances("state=running").first?.text("id")
        }
        try await cluster.kill("server")
        try await cluster.startServer()
        _ = try cluster.write("go", "")
        let outcome = try await waiting.outcome()
        #expect(outcome.code == 0 && outcome.text.contains("\(id) succeeded"), "\(outcome)")
      }
    }

    @Test func `a file that cannot be all is not begun, and a full disk is no success`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let twice = try cluster.write(
          "twice.yaml", "name: a\nprocessor: {noop: {}}\n---\nname: a\nprocessor: {noop: {}}\n")
        let refused = try await cluster.cli("job", "apply", "-f", twice)
        #expect(
          refused.code == 1 && refused.errors.contains("default/a") && refused.errors.contains("document 1"),
          "\(refused)")
        #expect(try await cluster.api.get("/jobs")["jobs"]?.arrayValue?.isEmpty == true)
        let marked = try cluster.write("marked.yaml", "\u{FEFF}name: marked\nprocessor: {noop: {}}\n")
        try await cluster.succeeds("job", "apply", "-f", marked)
        let mars = try cluster.write("mars.yaml", "name: mars\nprocessor: {noop: {}}\ntimeZone: Mars/Base\n")
        let unknown = try await cluster.cli("job", "apply", "-f", mars)
        #expect(unknown.code == 1 && unknown.errors.contains("default/mars"), "\(unknown)")
        let full = try Command(
          cluster, ["-c", "\(Programs.switchyard) job list >/dev/full"], [:], nil, program: "/bin/sh")
        let lost = try await full.outcome()
        #expect(lost.code == 1 && lost.errors.contains("cannot be written"), "\(lost)")
        // With a stroke in the end, too.
        let stroke = try await cluster.cli("job", "list", settings: ["SWITCHYARD_SERVER_URL": cluster.url + "/"])
        #expect(stroke.code == 0 && stroke.text.contains("marked"), "\(stroke)")
      }
    }

    private func runs(on cluster: Cluster) async throws {
      let fine = try await cluster.cli("job", "run", "report", "--wait")
      #expect(fine.code == 0, "\(fine)")
      #expect(fine.text.contains("made\n") && fine.text.contains("succeeded on a"), "\(fine)")
      let fails = try await cluster.cli("job", "run", "fails", "--wait")
      #expect(fails.code == 1, "\(fails)")
      #expect(fails.text.contains("oh no\n") && fails.text.contains("exit code 3"), "\(fails)")
      let json = try await cluster.cli("job", "run", "fails", "--wait", "--json")
      #expect(try json.code == 1 && json.json.text("state") == "failed", "\(json)")
      let started = try await cluster.succeeds("job", "run", "report", "--json").json
      let id = started.text("id")
      #expect(try await cluster.api.end(of: id).text("state") == "succeeded")

      let list = try await cluster.succeeds("instance", "list", "--job", "report", "--state", "succeeded", "--json")
        .json
      #expect(list["instances"]?.arrayValue?.count == 2)
      #expect(try await cluster.succeeds("instance", "list").text.contains(id))
      #expect(try await cluster.succeeds("instance", "show", id).text.contains("succeeded"))
      #expect(try await cluster.succeeds("worker", "list").text.contains("running"))
      #expect(try await cluster.succeeds("status").text.contains("server-1"))
      #expect(try await cluster.succeeds("status", "--json").json.number("workers") == 1)
    }
  }
}
