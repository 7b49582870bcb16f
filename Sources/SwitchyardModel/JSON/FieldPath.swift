/// Where a value stands in a document: `spec.tags[2]`. Made into text only when an error wants it.
package indirect enum FieldPath: Sendable, CustomStringConvertible {
  case root(String)
  case field(FieldPath, String)
  case element(FieldPath, Int)

  package var description: String {
    switch self {
    case .root(let name): return name
    case .element(let parent, let index): return "\(parent)[\(index)]"
    case .field(let parent, let name):
      let prefix = parent.description
      guard Self.isPlain(name) else { return "\(prefix)[\(quoted(name))]" }
      return prefix.isEmpty ? name : "\(prefix).\(name)"
    }
  }

  private static func isPlain(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "_-".utf8.contains($0) }
  }
}

extension UInt8 {
  var isASCIIDigit: Bool { self &- UInt8(ascii: "0") < 10 }
  var isASCIILetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
}

/// Finds the name that was probably meant: case-insensitive, at most a third of its letters wrong.
package func nearest(to text: String, among names: [String]) -> String? {
  let wanted = Array(text.lowercased().utf8.prefix(64))
  var best: (name: String, distance: Int)?
  for name in names {
    let candidate = Array(name.lowercased().utf8.prefix(64))
    let distance = editDistance(wanted, candidate)
    guard distance <= Swift.max(1, candidate.count / 3), distance < best?.distance ?? .max else { continue }
    best = (name, distance)
  }
  return best?.name
}

/// Insertions, deletions, substitutions and swaps of neighbours that make `b` of `a`
/// (optimal string alignment; Damerau 1964).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
  for j in 0...b.count { rows[0][j] = j }
  for i in 0..<a.count {
    rows[i + 1][0] = i + 1
    for j in 0..<b.count {
      var cost = Swift.min(rows[i][j + 1] + 1, rows[i + 1][j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = Swift.min(cost, rows[i - 1][j - 1] + 1) }
      rows[i + 1][j + 1] = cost
    }
  }
  return rows[a.count][b.count]
}
