/// The jobs that a crontab becomes.
///
/// A job's name is made of its command, so that the same crontab gives the same jobs in whatever order its lines are,
/// and a line whose time is changed gives a new version of its job.
package struct CrontabImport: Hashable, Sendable {
  /// In the order of the lines.
  package private(set) var rows: [Row] = []
  /// What of the crontab means something else here, or nothing.
  package private(set) var notes: [String] = []

  package struct Row: Hashable, Sendable {
    package var line: Int
    /// As written.
    package var text: String
    package var outcome: Outcome
  }

  package enum Outcome: Hashable, Sendable {
    case job(JobSpec)
    case skipped(String)
  }

  /// - Parameters:
  ///   - prefix: in front of each name.
  ///   - zone: in which times are read, but where the crontab names another (`CRON_TZ`).
  package init(_ crontab: Crontab, prefix: String, zone: String) {
    let commands = Dictionary(grouping: crontab.entries, by: \.identity)
    var names: Set<String> = []
    for entry in crontab.entries {
      // A command that is there at several times needs the time in its name.
      let isAlone = commands[entry.identity]?.count == 1
      let name = prefix + entry.name(withTime: !isAlone)
      let outcome =
        names.insert(name).inserted
        ? CrontabSettings(entry.environment).outcome(of: entry, name: name, zone: zone)
        : .skipped("a line before is the same")
      rows.append(Row(line: entry.line, text: entry.command.text, outcome: outcome))
    }
    rows += crontab.refused.map { Row(line: $0.line, text: $0.text, outcome: .skipped($0.reason)) }
    rows.sort { $0.line < $1.line }
    notes = CrontabSettings.notes(crontab.entries)
  }
}

extension CrontabImport {
  package var jobs: [JobSpec] {
    rows.compactMap { row in if case .job(let spec) = row.outcome { spec } else { nil } }
  }

  /// Skips the jobs whose time zone, from `CRON_TZ`, is not known.
  package mutating func check(_ zones: TimeZoneDatabase) {
    for index in rows.indices {
      guard case .job(let spec) = rows[index].outcome else { continue }
      do { _ = try zones.zone(named: spec.timeZone) } catch { rows[index].outcome = .skipped("CRON_TZ: \(error)") }
    }
  }
}

extension Crontab.Entry {
  fileprivate struct Identity: Hashable {
    var user: String?
    var command: CrontabCommand
  }

  fileprivate var identity: Identity { Identity(user: user, command: command) }

  /// `backup.sh-full-1b2f03c9`: the command's first words, and a hash of all of it.
  fileprivate func name(withTime: Bool) -> String {
    var whole = [user ?? "", command.text] + (command.input ?? [])
    if withTime { whole.append(time.text) }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for byte in whole.joined(separator: "\0").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let digest = String(UInt32(truncatingIfNeeded: hash >> 32 ^ hash), radix: 16)
    return "\(slug(command.text))-\(String(repeating: "0", count: 8 - digest.count))\(digest)"
  }
}

/// The first words of a command as a part of a name: `/usr/bin/make-report --day $D` is `make-report-day-d`.
private func slug(_ command: String) -> String {
  var result = ""
  for word in command.split(separator: " ").prefix(4) {
    let base = word.first == "/" ? word.split(separator: "/").last ?? "" : word
    for byte in base.lowercased().utf8 {
      let isPlain = byte.isASCIIDigit || byte.isASCIILetter || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
      if isPlain {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else if result.last != "-" {
        result.append("-")
      }
    }
    if result.last != "-" { result.append("-") }
  }
  let trimmed = result.prefix(40).drop { "-._".contains($0) }
  let end = trimmed.lastIndex { $0 != "-" }
  return end.map { String(trimmed[...$0]) } ?? "job"
}
