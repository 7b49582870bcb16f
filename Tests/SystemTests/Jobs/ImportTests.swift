import SwitchyardModel
import Testing

extension RealProcesses {
  @Suite struct Import {
    private static let crontab = """
      MAILTO=root
      # Makes the report.
      25 2 * * MON-FRI  /usr/bin/make-report --day yesterday
      */5 * * * *       cat >/dev/null%hello
      @reboot           /usr/bin/start
      """

    @Test func `a crontab is imported, and importing it again changes nothing`() async throws {
      try await withCluster { cluster in
        try await cluster.startServer()
        let path = try cluster.write("crontab", Self.crontab)
        func results(_ arguments: String...) async throws -> [String] {
          let command = try Command(
            cluster, ["import", "crontab", path, "--zone", "Europe/Paris", "--json"] + arguments, [:], nil)
          let outcome = try await command.outcome()
          #expect(outcome.code == 0, "\(outcome)")
          return try outcome.json["lines"]?.arrayValue?.map { $0.text("result") } ?? []
        }
        #expect(try await results("--dry-run") == ["would be made", "would be made", "skipped"])
        #expect(try await cluster.api.get("/jobs")["jobs"] == [], "a dry run makes nothing")
        #expect(try await results() == ["made", "made", "skipped"])
        #expect(try await results() == ["unchanged", "unchanged", "skipped"])
        let changed = Self.crontab.replacing("25 2", with: "26 2")
        _ = try cluster.write("crontab", changed)
        #expect(try await results() == ["changed", "unchanged", "skipped"])

        let jobs = try await cluster.api.get("/jobs")["jobs"]?.arrayValue ?? []
        #expect(jobs.count == 2)
        let report = try #require(jobs.first { $0.text("name").hasPrefix("make-report") })
        #expect(report["spec"]?["labels"]?["description"] == "Makes the report.")
        #expect(report["spec"]?["schedule"] == ["cron": "26 2 * * MON-FRI"])

        // What a command reads is there when it runs.
        try await cluster.startWorker("a")
        let cat = try #require(jobs.first { $0.text("name").hasPrefix("cat") }).text("name")
        #expect(try await cluster.cli("job", "run", cat, "--wait").code == 0)
      }
    }

    @Test func `what is made of a crontab is shown to people, with what is not and why`() async throws {
      try await withCluster { cluster in
        let outcome = try await cluster.cli("import", "crontab", "-", "--dry-run", "--zone", "UTC", input: Self.crontab)
        for words in ["at 02:25 on weekdays, UTC", "every 5 minutes, UTC", "@reboot", "skipped", "note: MAILTO"] {
          #expect(outcome.text.contains(words), "\(outcome)")
        }
        for (arguments, input, words) in [
          (["-", "--app", "Not An App"], "", ["--app"]), (["-", "--prefix", "-x"], "", ["--prefix"]),
          (["-", "--zone", "Nowhere/City"], "", ["Nowhere/City"]), (["/not/there"], "", ["/not/there"]),
          ([], "", ["file"]),
        ] as [([String], String, [String])] {
          let outcome = try await Command(cluster, ["import", "crontab", "--dry-run"] + arguments, [:], input).outcome()
          #expect(outcome.code != 0 && words.allSatisfy(outcome.errors.contains), "\(outcome)")
        }
      }
    }
  }
}
