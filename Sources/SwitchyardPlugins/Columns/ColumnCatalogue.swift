import Synchronization

/// Which columns strategies have asked for by name. An index, once given, is good as long as the process lives.
package final class ColumnCatalogue: Sendable {
  package static let limit = 256

  package enum Kind: Int, Sendable { case number, text, tag }

  private struct State {
    var names: [[String]] = [[], [], []]
    var indices: [[String: UInt32]] = [[:], [:], [:]]
  }

  private let state = Mutex(State())

  package init() {}

  /// - Returns: the column's index; nil: there are too many.
  package func subscribe(_ kind: Kind, _ name: String) -> UInt32? {
    state.withLock { state in
      if let known = state.indices[kind.rawValue][name] { return known }
      let index = state.names[kind.rawValue].count
      guard index < Self.limit else { return nil }
      state.names[kind.rawValue].append(name)
      state.indices[kind.rawValue][name] = UInt32(index)
      return UInt32(index)
    }
  }

  /// The index of a column that somebody has subscribed to; nil: nobody has.
  package func known(_ kind: Kind, _ name: String) -> UInt32? { state.withLock { $0.indices[kind.rawValue][name] } }

  package func isFull(_ kind: Kind) -> Bool { state.withLock { $0.names[kind.rawValue].count >= Self.limit } }

  /// All names of a kind, by index.
  package func names(_ kind: Kind) -> [String] { state.withLock { $0.names[kind.rawValue] } }

  package static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (97...122).contains($0) || (48...57).contains($0) || $0 == 46 || $0 == 95 || $0 == 45
      }
  }
}
