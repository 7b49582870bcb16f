/// Memory of one column: aligned to 64 bytes, a multiple of 64 entries, zero behind the last row. Belongs to one
/// thread.
package final class AlignedColumn<Element: BitwiseCopyable> {
  package let pointer: UnsafeMutablePointer<Element>
  /// Entries; a multiple of 64.
  package let capacity: Int

  package init(capacity: Int) {
    self.capacity = paddedRows(capacity)
    let bytes = self.capacity * MemoryLayout<Element>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    pointer = raw.assumingMemoryBound(to: Element.self)
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  package func clear() {
    UnsafeMutableRawPointer(pointer).initializeMemory(
      as: UInt8.self, repeating: 0, count: capacity * MemoryLayout<Element>.stride)
  }

  func copy() -> AlignedColumn {
    let copy = AlignedColumn(capacity: capacity)
    UnsafeMutableRawPointer(copy.pointer).copyMemory(
      from: pointer, byteCount: capacity * MemoryLayout<Element>.stride)
    return copy
  }
}

/// Rows rounded up to whole blocks of 64; at least one block.
package func paddedRows(_ count: Int) -> Int { max(64, (count + 63) & ~63) }
