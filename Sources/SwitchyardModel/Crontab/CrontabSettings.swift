/// What the settings of a crontab mean for a job.
struct CrontabSettings {
  /// That runs the command.
  let shell: String
  /// `CRON_TZ`.
  let zone: String?
  /// Where the command begins; cron's own is the home directory.
  let directory: String?
  /// For the command.
  let environment: [Label]

  init(_ settings: [Label]) {
    func value(_ name: String) -> String? { settings.first { $0.key == name }?.text }
    shell = value("SHELL") ?? Self.standardShell
    zone = value("CRON_TZ")
    directory = value("HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
    environment = settings.filter { Self.meanings[$0.key] == nil && NameRule.environment($0.key) == nil }
  }

  private static let standardShell = "/bin/sh"

  /// Settings that are cron's own and no variables of the command.
  private static let meanings = [
    "CRON_TZ": "CRON_TZ is the time zone of the jobs below it",
    "MAILTO": "MAILTO sends nothing: what a job writes is kept, `switchyard instance logs` has it",
    "MAILFROM": "MAILFROM sends nothing: what a job writes is kept, `switchyard instance logs` has it",
    "CONTENT_TYPE": "CONTENT_TYPE is of mails, and no mail is sent",
    "CONTENT_TRANSFER_ENCODING": "CONTENT_TRANSFER_ENCODING is of mails, and no mail is sent",
    "RANDOM_DELAY": "RANDOM_DELAY is not taken over",
    "START_HOURS_RANGE": "START_HOURS_RANGE is not taken over",
  ]

  func outcome(of entry: Crontab.Entry, name: String, zone: String) -> CrontabImport.Outcome {
    guard case .cron(let expression) = entry.time else {
      return .skipped("@reboot follows the start of a machine, which no job does; a systemd unit can")
    }
    let isBourne = ["sh", "bash", "dash", "ksh", "zsh"].contains(
      shell.split(separator: "/").last.map(String.init) ?? "")
    guard entry.command.input == nil || isBourne else {
      return .skipped("what stands behind % is its standard input, which cannot be handed to \(quoted(shell)) here")
    }
    var spec = JobSpec(
      name: name, schedule: .cron(expression), timeZone: self.zone ?? zone,
      processor: .shell(
        ShellCommand(
          arguments: [shell, "-c", entry.command.script], environment: environment, directory: directory)))
    // The job runs as the worker does: only one that says to be that user may take it.
    if let user = entry.user { spec.tags = ["user:\(user)"] }
    if let comment = entry.comment { spec.labels = [Label(key: "description", text: cut(comment, bytes: 256))] }
    do {
      return .job(try JobSpec(json: spec.json))
    } catch {
      return .skipped(error.description)
    }
  }

  /// For the reader of the import, each once.
  static func notes(_ entries: [Crontab.Entry]) -> [String] {
    let names = Set(entries.flatMap { $0.environment.map(\.key) }).sorted()
    var notes = names.compactMap { name in
      meanings[name]
        ?? NameRule.environment(name).map { "\(quoted(name)) is left out: a variable must have \($0)" }
    }
    for user in Set(entries.compactMap(\.user)).sorted() {
      notes.append(
        "commands of the user \(quoted(user)) run on workers with the tag user:\(user) alone: "
          + "start one as that user, with --tag user:\(user)")
    }
    return notes
  }
}

/// The beginning of a text that has so many bytes at most.
private func cut(_ text: String, bytes: Int) -> String {
  var result = text
  while result.utf8.count > bytes { result.removeLast() }
  return result
}
