/// What a crontab says, line by line, as Debian's cron reads it (crontab(5)).
///
/// Any text is safe to pass: what cron would refuse, or what has no counterpart here, is kept with the reason.
package struct Crontab: Hashable, Sendable {
  package private(set) var entries: [Entry] = []
  /// Lines that are neither entries nor settings nor comments.
  package private(set) var refused: [Refusal] = []

  package struct Entry: Hashable, Sendable {
    /// From 1.
    package var line: Int
    package var time: Time
    /// As whom the command runs; nil in a user's own crontab.
    package var user: String?
    package var command: CrontabCommand
    /// The settings that hold for it, sorted by name.
    package var environment: [Label]
    /// The comment right above it.
    package var comment: String?
  }

  package enum Time: Hashable, Sendable {
    case cron(CronExpression)
    /// `@reboot`.
    case start

    var text: String {
      switch self {
      case .cron(let expression): expression.text
      case .start: "@reboot"
      }
    }
  }

  /// The length of a crontab in bytes.
  package static let lengthLimit = 1 << 20

  package struct Refusal: Hashable, Sendable {
    package var line: Int
    package var text: String
    package var reason: String
  }

  /// - Parameter isSystem: of /etc/crontab and /etc/cron.d, where a user stands before the command.
  package init(parsing text: String, isSystem: Bool) {
    var environment: [String: String] = [:]
    var comment: [String] = []
    // "\r\n" is one character.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      let line = trimmed(line)
      if line.first == "#" {
        let said = trimmed(line.drop { $0 == "#" })
        if Self.explains(said, isSystem) { comment.append(String(said)) }
        continue
      }
      if let setting = Self.setting(line) {
        environment[setting.name] = setting.value
      } else if !line.isEmpty {
        do {
          var entry = try Self.entry(line, isSystem)
          entry.line = index + 1
          entry.environment = environment.map { Label(key: $0.key, text: $0.value) }.sorted { $0.key < $1.key }
          entry.comment = comment.isEmpty ? nil : comment.joined(separator: " ")
          entries.append(entry)
        } catch {
          refused.append(Refusal(line: index + 1, text: String(line), reason: error.description))
        }
      }
      comment = []
    }
  }

  /// Whether a comment is about what follows: not an entry that was commented out, not the heading of the columns.
  private static func explains(_ comment: Substring, _ isSystem: Bool) -> Bool {
    let isHeading = comment.contains("dom mon dow")
    return !comment.isEmpty && !isHeading && (try? entry(comment, isSystem)) == nil
  }

  /// `NAME = VALUE`; each of them may stand in quotes.
  private static func setting(_ line: Substring) -> (name: String, value: String)? {
    let name: Substring
    var rest: Substring
    if let quote = line.first, quote == "\"" || quote == "'" {
      let text = line.dropFirst()
      guard let end = text.firstIndex(of: quote) else { return nil }
      (name, rest) = (text[..<end], text[text.index(after: end)...])
    } else {
      name = line.prefix { $0 != "=" && !isBlank($0) }
      rest = line[name.endIndex...]
    }
    rest = rest.drop(while: isBlank)
    guard !name.isEmpty, rest.first == "=" else { return nil }
    var value = trimmed(rest.dropFirst())
    if let quote = value.first, quote == "\"" || quote == "'", value.count > 1, value.last == quote {
      value = value.dropFirst().dropLast()
    }
    return (String(name), String(value))
  }

  private static func entry(_ line: Substring, _ isSystem: Bool) throws(FieldError) -> Entry {
    var rest = line
    func word() -> Substring {
      let word = rest.prefix { !isBlank($0) }
      rest = rest[word.endIndex...].drop(while: isBlank)
      return word
    }
    let first = word()
    let time: Time
    if first.lowercased() == "@reboot" {
      time = .start
    } else {
      let fields = first.first == "@" ? [first] : [first] + (0..<4).map { _ in word() }
      guard fields.allSatisfy({ !$0.isEmpty }) else {
        throw FieldError(problem: "is neither a setting (NAME=VALUE) nor five time fields and a command")
      }
      time = .cron(try CronExpression(parsing: fields.joined(separator: " ")))
    }
    let user = isSystem ? String(word()) : nil
    guard !rest.isEmpty else {
      throw FieldError(
        problem: isSystem ? "lacks a user or a command after the time" : "lacks a command after the time")
    }
    return Entry(line: 0, time: time, user: user, command: CrontabCommand(written: rest), environment: [], comment: nil)
  }
}

/// What cron takes for space within a line.
private func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

private func trimmed(_ text: Substring) -> Substring {
  var text = text.drop(while: isBlank)
  while let last = text.last, isBlank(last) { text.removeLast() }
  return text
}
