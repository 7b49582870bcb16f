import Testing

@testable import SwitchyardModel

@Suite struct CrontabTests {
  private func plan(_ text: String, isSystem: Bool = false, prefix: String = "") -> CrontabImport {
    CrontabImport(Crontab(parsing: text, isSystem: isSystem), prefix: prefix, zone: "Europe/Paris")
  }

  private func only(_ text: String, isSystem: Bool = false) throws -> JobSpec {
    let plan = plan(text, isSystem: isSystem)
    try #require(plan.jobs.count == 1, "\(plan.rows)")
    return plan.jobs[0]
  }

  private func shell(_ spec: JobSpec) -> ShellCommand {
    if case .shell(let command) = spec.processor { command } else { ShellCommand(arguments: []) }
  }

  @Test func `a line becomes a job`() throws {
    let spec = try only("# m h  dom mon dow   command\n25 2 4,19 * *\t/usr/bin/make-report --day yesterday\n")
    #expect(spec.schedule == .cron(try CronExpression(parsing: "25 2 4,19 * *")))
    #expect(spec.timeZone == "Europe/Paris")
    #expect(shell(spec).arguments == ["/bin/sh", "-c", "/usr/bin/make-report --day yesterday"])
    #expect(spec.name.wholeMatch(of: /make-report-day-yesterday-[0-9a-f]{8}/) != nil, "\(spec.name)")
    #expect(spec.labels.isEmpty && spec.tags.isEmpty)
  }

  @Test(
    arguments: [
      (#"date +\%F"#, "date +%F", nil), (#"a \\% b"#, #"a \\"#, [" b"]), (#"a \n b"#, #"a \n b"#, nil),
      ("cat%one%two", "cat", ["one", "two"]), ("cat%", "cat", [""]), (#"cat%50\%%x"#, "cat", ["50%", "x"]),
      (#"a\"#, #"a\"#, nil), (#"a\\"#, #"a\\"#, nil),
    ] as [(String, String, [String]?)])
  func `percent signs end a command, and part its input`(written: String, text: String, input: [String]?) {
    let command = CrontabCommand(written: written[...])
    #expect(command.text == text)
    #expect(command.input == input)
  }

  @Test func `input is handed to the command by a pipe`() throws {
    let spec = try only("0 1 * * * mail -s hi root%it's%two\n")
    #expect(shell(spec).arguments.last == "printf '%s\\n' 'it'\\''s' 'two' | {\nmail -s hi root\n}")
  }

  @Test func `settings hold for the lines below them`() throws {
    let plan = plan(
      """
      0 1 * * * first
      PATH = "/opt/bin:/bin"
      'HOME' = /srv/app
      SHELL=/bin/bash
      CRON_TZ=Asia/Tokyo
      MAILTO=root@example.com
      0 1 * * * second
      """)
    #expect(plan.jobs.map(\.timeZone) == ["Europe/Paris", "Asia/Tokyo"])
    let (first, second) = (shell(plan.jobs[0]), shell(plan.jobs[1]))
    #expect(first == ShellCommand(arguments: ["/bin/sh", "-c", "first"]))
    #expect(second.arguments == ["/bin/bash", "-c", "second"])
    #expect(second.directory == "/srv/app")
    #expect(second.environment.map(\.key) == ["HOME", "PATH", "SHELL"])
    #expect(second.environment.map(\.text) == ["/srv/app", "/opt/bin:/bin", "/bin/bash"])
    #expect(plan.notes.contains { $0.contains("MAILTO") } && plan.notes.contains { $0.contains("CRON_TZ") })
  }

  @Test func `a comment right above a line describes it`() throws {
    let spec = try only("# Long ago.\n\n#0 5 * * 1 tar c /home\n# Writes the\n# report.\n0 1 * * * report\n")
    #expect(spec.labels == [Label(key: "description", text: "Writes the report.")])
    let long = try only("# \(String(repeating: "ä", count: 300))\n0 1 * * * report\n")
    #expect(long.labels.first?.text == String(repeating: "ä", count: 128))
  }

  @Test func `in a system's crontab a user stands before the command`() throws {
    let plan = plan("17 * * * *  root  cd / && run-parts /etc/cron.hourly\n", isSystem: true)
    #expect(plan.jobs.map(\.tags) == [["user:root"]])
    #expect(plan.jobs.first.map(shell)?.arguments.last == "cd / && run-parts /etc/cron.hourly")
    #expect(plan.notes.contains { $0.contains("--tag user:root") })
  }

  @Test(
    arguments: [
      ("@reboot /usr/bin/start", "systemd"), ("61 * * * * x", "minute"), ("* * * * *", "lacks a command"),
      ("* * *", "five time fields"), ("nonsense", "five time fields"), ("@never x", "@daily"),
      ("0 0 30 2 * x", "no month"), ("SHELL=/bin/csh\n* * * * * cat%x", "standard input"),
      ("* * * * * \(String(repeating: "x", count: 70_000))", "65536"), ("CRON_TZ=../x\n* * * * * x", "timeZone"),
      ("* * * * * x\u{7}", "control"),
    ])
  func `a line that cannot be taken over is skipped with the reason`(text: String, reason: String) {
    let plan = plan(text + "\n0 1 * * * fine")
    let skipped = plan.rows.compactMap { row in if case .skipped(let reason) = row.outcome { reason } else { nil } }
    #expect(plan.jobs.count == (text.contains("CRON_TZ") ? 0 : 1))
    #expect(skipped.first?.contains(reason) == true, "\(skipped)")
  }

  @Test func `names do not depend on the order of lines, and only on the time where they must`() {
    let lines = ["0 1 * * * backup a", "0 2 * * * backup b", "0 3 * * * sync", "0 4 * * * sync", "0 4 * * *  sync"]
    let names = plan(lines.joined(separator: "\n")).jobs.map(\.name)
    #expect(Set(names).count == 4 && names.count == 4, "the last line is the fourth once more: \(names)")
    #expect(Set(plan(lines.reversed().joined(separator: "\n")).jobs.map(\.name)) == Set(names))
    let later = plan("30 1 * * * backup a").jobs.map(\.name)
    #expect(later == [names[0]], "another time is another version of the same job")
    #expect(plan(lines[0], prefix: "web-").jobs.map(\.name) == ["web-\(names[0])"])
  }

  @Test(arguments: ["/usr/bin/", "$(x)", "ÄÖ", "-- --", String(repeating: "long ", count: 50), "A=1 /opt/X/Run.SH"])
  func `every command gives a name that a job may have`(command: String) throws {
    let name = try only("* * * * * \(command)").name
    #expect(NameRule.identifier(name) == nil, "\(name)")
  }

  @Test func `line ends of another system are line ends`() throws {
    let plan = plan("A=1\r\n0 1 * * * one\r\n0 2 * * * two\r\n")
    #expect(plan.jobs.map { shell($0).arguments.last } == ["one", "two"])
    #expect(plan.jobs.map { shell($0).environment } == [[Label(key: "A", text: "1")], [Label(key: "A", text: "1")]])
  }
}
