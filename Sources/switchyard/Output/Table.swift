import Foundation
import SwitchyardModel

/// Rows for people: left-aligned columns, two spaces between them, a line of headings. A column `state` has colours on a
/// terminal.
struct Table {
  private var rows: [[String]]

  init(_ headings: [String]) { rows = [headings.map { $0.uppercased() }] }

  mutating func add(_ cells: [String]) { rows.append(cells.map(shown)) }

  var text: String {
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    let state = rows.first?.firstIndex(of: "STATE")
    return rows.enumerated().map { number, row in
      row.enumerated().map { index, cell in
        let space = index == row.count - 1 ? "" : String(repeating: " ", count: max(0, widths[index] - cell.count))
        return (index == state && number > 0 ? coloured(state: cell) : cell) + space
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// Text from elsewhere, as it may go to a terminal: control characters made visible.
func shown(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) else {
    return text
  }
  var result = ""
  for scalar in text.unicodeScalars {
    if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
      let digits = String(scalar.value, radix: 16)
      let named: [Unicode.Scalar: String] = ["\n": "\\n", "\t": "\\t"]
      result += named[scalar] ?? "\\x" + (digits.count < 2 ? "0" : "") + digits
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

extension JSONValue {
  /// A cell of a table: `-` for nothing.
  var cell: String {
    switch self {
    case .null: "-"
    case .string(let text): text.isEmpty ? "-" : text
    case .array(let values): values.isEmpty ? "-" : values.map(\.cell).joined(separator: ",")
    case .object(let object):
      object.isEmpty ? "-" : object.members.map { "\($0.name)=\($0.value.cell)" }.joined(separator: ",")
    default: text
    }
  }

  func cell(_ name: String) -> String { self[name]?.cell ?? "-" }

  /// The time in this field to the second, in UTC; `-` for none.
  func time(_ name: String) -> String {
    guard let text = self[name]?.stringValue, let time = try? Timestamp(parsing: text) else { return "-" }
    return "\(Timestamp(seconds: time.seconds))"
  }

  /// How long ago the time in this field was: `42s`, `3m`, `5h`, `2d`; `-` for none.
  func age(_ name: String) -> String {
    guard let text = self[name]?.stringValue, let time = try? Timestamp(parsing: text) else { return "-" }
    let seconds = Int64(Date().timeIntervalSince1970) - time.seconds
    switch abs(seconds) {
    case ..<120: return "\(seconds)s"
    case ..<7200: return "\(seconds / 60)m"
    case ..<172_800: return "\(seconds / 3600)h"
    default: return "\(seconds / 86_400)d"
    }
  }
}

/// Prints the value for programs, or what `human` makes of it.
func output(_ value: JSONValue, json: Bool, _ human: (JSONValue) -> String) {
  put(json ? value.text : human(value))
}

/// Prints a line, and ends the program where nobody can take it: a full disk is no success.
func put(_ text: String) {
  print(text)
  guard fflush(nil) != 0 else { return }
  FileHandle.standardError.write(
    Data("Error: the output cannot be written: \(String(cString: strerror(errno)))\n".utf8))
  exit(EXIT_FAILURE)
}
