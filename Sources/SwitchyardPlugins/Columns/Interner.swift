import CPluginHost
import CSwitchyard
import Synchronization

/// Texts as numbers, the same in all columns for as long as the process lives (rule 9): append-only, capped, read
/// without locks.
package final class Interner: @unchecked Sendable {
  package static let textLimit = 256
  private static let chunkSize = 1_024
  private let chunkCount: Int
  /// Chunks of texts by number; each is published once, complete entries only.
  private let chunks: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let published = Atomic<UInt32>(1)
  private let numbers = Mutex<[String: UInt32]>([:])

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

  /// - Returns: 0 when the text is empty, too long, or the table is full.
  package func number(_ text: String) -> UInt32 {
    guard !text.isEmpty, text.utf8.count <= Self.textLimit else { return 0 }
    return numbers.withLock { numbers in
      if let known = numbers[text] { return known }
      let number = published.load(ordering: .relaxed)
      let (chunk, index) = Int(number).quotientAndRemainder(dividingBy: Self.chunkSize)
      guard chunk < chunkCount else { return 0 }
      if chunks[chunk] == nil {
        let fresh = UnsafeMutablePointer<sy_str>.allocate(capacity: Self.chunkSize)
        fresh.initialize(repeating: sy_str(ptr: nil, len: 0), count: Self.chunkSize)
        ph_pointer_store(chunks + chunk, fresh)
      }
      let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count)
      _ = copy.initialize(from: text.utf8.lazy.map { CChar(bitPattern: $0) })
      chunks[chunk]?.assumingMemoryBound(to: sy_str.self)[index] = sy_str(ptr: copy.baseAddress, len: copy.count)
      numbers[text] = number
      published.store(number + 1, ordering: .releasing)
      return number
    }
  }

  /// The number of a text that is known already; 0: it is not.
  package func known(_ text: String) -> UInt32 { numbers.withLock { $0[text] ?? 0 } }

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
