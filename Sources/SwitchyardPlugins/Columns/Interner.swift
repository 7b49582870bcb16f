import CPluginHost
import CSwitchyard
import Synchronization

/// Texts as numbers, the same in all columns for as long as the process lives (rule 9): append-only, capped, read
/// without locks.
///
/// Since no number is ever given back, whoever brings texts has a budget of new ones, and all of a kind have a share:
/// neither a worker that reports ever new racks nor one app's labels leave the others without numbers. A text that has
/// a number costs nothing, whoever brought it.
package final class Interner: @unchecked Sendable {
  package static let textLimit = 256
  private static let chunkSize = 1_024

  /// Who brings a text.
  package enum Source: Hashable, Sendable {
    case host
    /// By name, which outlives its incarnations.
    case worker(String)
    case app(String)

    /// New texts of one of them, and the share of all of its kind.
    fileprivate var budget: (own: Int, share: Double) {
      switch self {
      case .host: (.max, 1)
      case .worker: (256, 0.5)
      case .app: (4_096, 0.25)
      }
    }
  }

  private struct Table {
    var numbers: [String: UInt32] = [:]
    /// New texts so far. No more entries than numbers.
    var spent: [Source: Int] = [:]
    var ofWorkers = 0
    var ofApps = 0
    var refused: UInt64 = 0

    /// Whether the source may bring another one.
    mutating func charge(_ source: Source, _ limit: Int) -> Bool {
      let (own, share) = source.budget
      let most = Int(Double(limit) * share)
      guard spent[source, default: 0] < own else { return false }
      switch source {
      case .host: return true
      case .worker:
        guard ofWorkers < most else { return false }
        ofWorkers += 1
      case .app:
        guard ofApps < most else { return false }
        ofApps += 1
      }
      spent[source, default: 0] += 1
      return true
    }
  }

  private let chunkCount: Int
  /// Chunks of texts by number; each is published once, complete entries only.
  private let chunks: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let published = Atomic<UInt32>(1)
  private let table = Mutex(Table())

  /// - Parameter limit: how many texts at most; beyond it everything new is 0.
  package init(limit: Int = 1 << 18) {
    chunkCount = max(1, limit / Self.chunkSize)
    chunks = .allocate(capacity: chunkCount)
    chunks.initialize(repeating: nil, count: chunkCount)
  }

  deinit {
    let count = Int(published.load(ordering: .acquiring))
    for number in 1..<max(1, count) { entry(number)?.pointee.ptr?.deallocate() }
    for index in 0..<chunkCount { chunks[index]?.deallocate() }
    chunks.deallocate()
  }

  package var count: Int { Int(published.load(ordering: .acquiring)) - 1 }
  /// How often a text got no number for want of room.
  package var refused: UInt64 { table.withLock { $0.refused } }

  /// - Returns: 0 when the text is empty or too long, the source has spent its budget, or the table is full.
  package func number(_ text: String, from source: Source = .host) -> UInt32 {
    guard !text.isEmpty, text.utf8.count <= Self.textLimit else { return 0 }
    return table.withLock { table in
      if let known = table.numbers[text] { return known }
      let number = published.load(ordering: .relaxed)
      let (chunk, index) = Int(number).quotientAndRemainder(dividingBy: Self.chunkSize)
      guard chunk < chunkCount, table.charge(source, chunkCount * Self.chunkSize) else {
        table.refused += 1
        return 0
      }
      if chunks[chunk] == nil {
        let fresh = UnsafeMutablePointer<sy_str>.allocate(capacity: Self.chunkSize)
        fresh.initialize(repeating: sy_str(ptr: nil, len: 0), count: Self.chunkSize)
        ph_pointer_store(chunks + chunk, fresh)
      }
      let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count)
      _ = copy.initialize(from: text.utf8.lazy.map { CChar(bitPattern: $0) })
      chunks[chunk]?.assumingMemoryBound(to: sy_str.self)[index] = sy_str(ptr: copy.baseAddress, len: copy.count)
      table.numbers[text] = number
      published.store(number + 1, ordering: .releasing)
      return number
    }
  }

  /// The number of a text that is known already; 0: it is not.
  package func known(_ text: String) -> UInt32 { table.withLock { $0.numbers[text] ?? 0 } }

  /// The text of a number, without a lock; good as long as the process lives.
  func text(_ number: UInt32) -> sy_str {
    guard number > 0, number < published.load(ordering: .acquiring) else { return sy_str(ptr: nil, len: 0) }
    return entry(Int(number))?.pointee ?? sy_str(ptr: nil, len: 0)
  }

  package func string(_ number: UInt32) -> String { PluginText.read(text(number), limit: Self.textLimit) }

  private func entry(_ number: Int) -> UnsafeMutablePointer<sy_str>? {
    let (chunk, index) = number.quotientAndRemainder(dividingBy: Self.chunkSize)
    return ph_pointer_load(chunks + chunk).map { $0.assumingMemoryBound(to: sy_str.self) + index }
  }
}
