/// What is wrong with one field of a document or one piece of text from outside: the error of this module.
///
/// `spec.retry.limit: must be an integer in 0...100, found "x"`
package struct FieldError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where: `spec.retry.limit`, `tags[2]`, `line 3, column 7`; empty for the text as a whole.
  package var path: String
  /// What is wrong, as the end of a sentence that begins with the path. It tells what to do next.
  package var problem: String
  /// What would have been taken, for programs and for forms; empty where the problem says all.
  package var accepted: String
  /// The format is kept, but what it says cannot be held here, or does not go together with other fields.
  package var isWellFormed = false

  package init(path: String = "", problem: String, accepted: String = "") {
    self.path = path
    self.problem = problem
    self.accepted = accepted
  }

  /// `must be ACCEPTED, found FOUND`.
  package init(path: String = "", mustBe accepted: String, found: String) {
    self.init(path: path, problem: "must be \(accepted), found \(found)", accepted: accepted)
  }

  package var description: String { path.isEmpty ? problem : "\(path): \(problem)" }

  /// The same with ``isWellFormed``.
  package var wellFormed: FieldError {
    var error = self
    error.isWellFormed = true
    return error
  }
}

/// All that is wrong with one document, in the order of reading, at most ``limit`` of them.
package struct FieldErrors: Error, Hashable, Sendable, CustomStringConvertible {
  package static let limit = 20

  package private(set) var errors: [FieldError] = []
  /// How many more there were.
  package private(set) var omitted = 0

  package init(_ errors: [FieldError] = []) {
    for error in errors { append(error) }
  }

  package var isEmpty: Bool { errors.isEmpty }

  package mutating func append(_ error: FieldError) {
    if errors.count < Self.limit { errors.append(error) } else { omitted += 1 }
  }

  /// One line an error.
  package var description: String {
    let lines = errors.map(\.description) + (omitted > 0 ? ["and \(omitted) more"] : [])
    return lines.joined(separator: "\n")
  }
}

/// Text from outside as it may stand in an error: in quotes, one line, cut off after 60 characters.
package func quoted(_ text: some StringProtocol) -> String {
  var result = "\""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    guard count < 60 else { return result + "…\"" }
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    default:
      if scalar.properties.isShown {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
  }
  return result + "\""
}

extension Unicode.Scalar.Properties {
  /// False for what could move a terminal's cursor or hide other text: controls and format characters.
  fileprivate var isShown: Bool {
    switch generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
    default: true
    }
  }
}
