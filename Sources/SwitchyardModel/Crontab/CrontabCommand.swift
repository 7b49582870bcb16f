/// The command of an entry: what the shell is told, and what it reads.
package struct CrontabCommand: Hashable, Sendable {
  package var text: String
  /// Lines for its standard input, from behind the first `%`; nil where there is none.
  package var input: [String]?

  /// Takes a command apart as cron does: the first `%` ends it, each further one is a line end in what it reads, and
  /// `\%` is a percent sign.
  init(written: Substring) {
    var parts = [""]
    var isEscaped = false
    for character in written {
      if character == "%", !isEscaped {
        parts.append("")
      } else {
        if isEscaped, character != "%" { parts[parts.count - 1].append("\\") }
        isEscaped = !isEscaped && character == "\\"
        if !isEscaped { parts[parts.count - 1].append(character) }
      }
      if character == "%" { isEscaped = false }
    }
    if isEscaped { parts[parts.count - 1].append("\\") }
    text = parts[0]
    input = parts.count > 1 ? Array(parts[1...]) : nil
  }

  /// One text for a shell of the Bourne family, which is given the input by a pipe.
  package var script: String {
    guard let input else { return text }
    let lines = input.map { "'\($0.replacing("'", with: #"'\''"#))'" }.joined(separator: " ")
    return "printf '%s\\n' \(lines) | {\n\(text)\n}"
  }
}
